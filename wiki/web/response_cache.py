"""Cache of responses and values that are valid until something that they were read from changes.

An entry has the time, by the clock of :class:`wiki.changes.log.Changes`, before anything was read
for it, and the scopes that were read. It is valid while none of these has changed in any process
since then. So a cached value is never older than the last change of a text, a permission or a
session that it depends on.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from functools import wraps
from time import monotonic
from typing import TYPE_CHECKING, Any, NamedTuple, ParamSpec, TypeVar

from flask import Flask, current_app, make_response, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from wiki.changes import reads
from wiki.changes.log import Changes
from wiki.i18n import best_language
from wiki.web.request import CLOCK, parts

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

P = ParamSpec("P")
Value = TypeVar("Value")

# Screens say "3 minutes ago", so no entry may be kept for long, even if nothing changes.
SECONDS = 30.0
LONG = 1800.0
LARGEST = 1 << 20


class Read(NamedTuple):
    """The scopes that a value was read from, and the time of the clock before that."""

    clock: int
    scopes: AbstractSet[str]


class _Entry(NamedTuple):
    clock: int
    scopes: AbstractSet[str]
    ends: float
    size: int
    value: Any


class ResponseCache:
    """A cache of at most ``limit`` bytes that drops the least recently used values first, and those
    whose time is over.

    :param changes: the changes of the database that the values are read from.
    """

    def __init__(self, limit: int, changes: Changes) -> None:
        self.changes = changes
        self._limit = limit
        self._entries: OrderedDict[Hashable, _Entry] = OrderedDict()
        self._size = 0
        self._lock = threading.Lock()

    def share(self, processes: int) -> None:
        """Divide the memory evenly among processes that are about to be forked."""
        self._limit //= processes

    def get(self, key: Hashable) -> Any | None:
        """Return the value of ``key`` if it is valid as far as ``changes`` has looked, else None.
        What it was read from counts as read."""
        with self._lock:
            entry = self._entries.get(key)
            if entry is None:
                return None
            is_valid = self.changes.is_current(entry.scopes, entry.clock)
            if not is_valid or entry.ends < monotonic():
                self._size -= self._entries.pop(key).size
                return None
            self._entries.move_to_end(key)
        reads.note(entry.scopes)
        return entry.value

    def put(
        self,
        key: Hashable,
        value: Any,
        size: int,
        read: Read,
        *,
        long: bool = False,
    ) -> None:
        """Store a value of about ``size`` bytes.

        :param read: what was read for it. :param long: whether it may be kept for longer, because
            it does not depend on the time.
        """
        ends = monotonic() + (LONG if long else SECONDS)
        with self._lock:
            old = self._entries.pop(key, None)
            self._size += size - (old.size if old else 0)
            self._entries[key] = _Entry(*read, ends, size, value)
            while self._entries and (self._size > self._limit or self._is_over()):
                self._size -= self._entries.popitem(last=False)[1].size

    def _is_over(self) -> bool:
        """Return whether the time of the least recently used entry is over."""
        return next(iter(self._entries.values())).ends < monotonic()

    def forget(self, key: Hashable) -> None:
        """Drop the value of ``key``."""
        with self._lock:
            entry = self._entries.pop(key, None)
            self._size -= entry.size if entry else 0

    def clear(self) -> None:
        """Drop all entries."""
        with self._lock:
            self._entries.clear()
            self._size = 0


def connect(app: Flask, changes: Changes, *, limit: int) -> None:
    """Give the app an empty cache of ``limit`` bytes."""
    app.extensions["wiki.response_cache"] = ResponseCache(limit, changes)


def init_app(app: Flask) -> None:
    """Answer repeated requests from the app's cache."""
    app.wsgi_app = CachedResponses(app.wsgi_app, app.extensions)  # type: ignore[method-assign]


def response_cache() -> ResponseCache:
    """Return the app's cache."""
    found: ResponseCache = current_app.extensions["wiki.response_cache"]
    return found


def remembered(key: Hashable, make: Callable[[Session], Value | None], size: int) -> Value | None:
    """Return the value of ``key``, made now unless a valid one is cached. None is not cached.

    :param make: makes the value from the key and what it reads in a session of its own, which
        begins after the time of the value and has no objects that were read earlier.
    """
    clock = _clock()
    cache = response_cache()
    found: Value | None = cache.get(key)
    if found is None:
        with reads.recording() as scopes, parts().database.read() as session:
            found = make(session)
        if found is not None:
            cache.put(key, found, size, Read(clock, scopes))
    return found


def all_remembered(
    keys: Iterable[Hashable], make: Callable[[Session, list[Any]], Mapping[Any, Value]], size: int
) -> dict[Any, Value]:
    """Return the values of some keys, as :func:`remembered` does. They do not depend on the time,
    so they are kept for longer.

    :param make: makes the values of those keys that are not cached, together.
    """
    clock = _clock()
    cache = response_cache()
    found: dict[Any, Any] = {key: cache.get(key) for key in keys}
    missing = [key for key, value in found.items() if value is None]
    if missing:
        with reads.recording() as scopes, parts().database.read() as session:
            made = make(session, missing)
        for key in missing:
            cache.put(key, made[key], size, Read(clock, scopes), long=True)
            found[key] = made[key]
    return found


def _clock() -> int:
    """Return the time at which this request has looked for changes."""
    clock: int | None = request.environ.get(CLOCK)
    return parts().database.changes.look() if clock is None else clock


def cached(view: Callable[P, ResponseReturnValue]) -> Callable[P, ResponseReturnValue]:
    """Mark the responses of a view as cacheable by :class:`CachedResponses`.

    The view's output may depend only on the address, the cookie, the language and the database, as
    its statements read it.
    """

    @wraps(view)
    def answer(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
        response = make_response(view(*args, **kwargs))
        if request.method == "GET" and response.status_code == 200 and not response.is_streamed:
            response.add_etag()
            request.environ[REMEMBER] = True
        return response

    return answer


class CachedResponses:
    """WSGI middleware that answers repeated requests from the cache.

    Requests are the same if their address, cookie and accepted encodings are equal byte for byte,
    and they accept the same one of our languages. Only responses of views marked with
    :func:`cached` are cached, and never a response that sets a cookie. A client that already has
    the response gets 304.

    :param extensions: the app's extensions, with its cache and its parts.
    """

    def __init__(self, application: WSGIApplication, extensions: Mapping[str, Any]) -> None:
        self.application = application
        self.extensions = extensions

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] != "GET" or "HTTP_AUTHORIZATION" in environ:
            return self.application(environ, start_response)
        response_cache: ResponseCache = self.extensions["wiki.response_cache"]
        clock = environ[CLOCK] = response_cache.changes.look()
        language = best_language(environ.get("HTTP_ACCEPT_LANGUAGE", ""))
        key = (language, *map(environ.get, _WHAT_MAKES_IT_THE_SAME))
        found: tuple[list[tuple[str, str]], bytes] | None = response_cache.get(key)
        if found is None:
            begun: list[Any] = []

            def start(*given: Any) -> Callable[[bytes], object]:
                begun[:] = given
                return _no_write

            with reads.recording() as scopes:
                answer = self.application(environ, start)
            status, headers = begun[:2]
            kept = REMEMBER in environ and status.startswith("200")
            if not kept or any(name == "Set-Cookie" for name, _ in headers):
                start_response(status, headers)
                return answer
            found = headers, b"".join(answer)
            if hasattr(answer, "close"):
                answer.close()
            if len(found[1]) <= LARGEST:
                response_cache.put(key, found, len(found[1]) + 2000, Read(clock, scopes))
        headers, body = found
        if "HTTP_IF_NONE_MATCH" in environ and _has_it(environ["HTTP_IF_NONE_MATCH"], headers):
            start_response("304 NOT MODIFIED", [h for h in headers if h[0] not in _OF_THE_BODY])
            return []
        start_response("200 OK", headers)
        return [body]


REMEMBER = "wiki.remember"
_OF_THE_BODY = ("Content-Length", "Content-Type", "Content-Encoding")
_WHAT_MAKES_IT_THE_SAME = (
    "PATH_INFO",
    "QUERY_STRING",
    "HTTP_COOKIE",
    "HTTP_ACCEPT_ENCODING",
    "HTTP_HOST",
    "wsgi.url_scheme",
)


def _has_it(tags: str, headers: list[tuple[str, str]]) -> bool:
    own = next((value for name, value in headers if name == "ETag"), "").removeprefix("W/")
    return bool(own) and own in (tag.strip().removeprefix("W/") for tag in tags.split(","))


def _no_write(_data: bytes) -> object:
    raise NotImplementedError("Answers are returned, not written.")
