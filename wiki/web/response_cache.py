"""Response and value cache that is valid until the database changes.

An entry is valid for one version of the database (see ``Database.version``): any commit, in any
process, invalidates all entries. So a cached value is never older than the last change of a text, a
permission or a session.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable
from functools import wraps
from time import monotonic
from typing import TYPE_CHECKING, Any, ParamSpec

from flask import Flask, current_app, g, make_response, request
from flask.typing import ResponseReturnValue

from wiki.db import Database
from wiki.web.request import parts

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

P = ParamSpec("P")

# Screens say "3 minutes ago", so no entry may be kept for long, even if nothing changes.
SECONDS = 30.0
LARGEST = 1 << 20


class ResponseCache:
    """A cache of at most ``limit`` bytes that drops the least recently used values first."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._version: Hashable = None
        self._entries: OrderedDict[Hashable, tuple[float, int, Any]] = OrderedDict()
        self._size = 0
        self._lock = threading.Lock()

    def get(self, version: Hashable, key: Hashable) -> Any | None:
        """Return the value of ``key`` for this version of the database, or None."""
        with self._lock:
            entry = self._entries.get(key) if version == self._version else None
            if entry is None or entry[0] < monotonic():
                return None
            self._entries.move_to_end(key)
            return entry[2]

    def put(self, version: Hashable, key: Hashable, value: Any, size: int) -> None:
        """Store a value of about ``size`` bytes that was read at this version of the database or a
        newer one."""
        with self._lock:
            if version != self._version:
                self._entries.clear()
                self._size = 0
                self._version = version
            old = self._entries.pop(key, None)
            self._size += size - (old[1] if old else 0)
            self._entries[key] = (monotonic() + SECONDS, size, value)
            while self._size > self._limit:
                self._size -= self._entries.popitem(last=False)[1][1]

    def clear(self) -> None:
        """Drop all entries."""
        with self._lock:
            self._entries.clear()
            self._size = 0


def init_app(app: Flask, database: Database, *, limit: int) -> None:
    """Add a cache of ``limit`` bytes to the app, and answer repeated requests from it."""
    response_cache = app.extensions["wiki.response_cache"] = ResponseCache(limit)
    app.wsgi_app = CachedResponses(app.wsgi_app, database, response_cache)  # type: ignore[method-assign]


def response_cache() -> ResponseCache:
    """Return the app's cache."""
    found: ResponseCache = current_app.extensions["wiki.response_cache"]
    return found


def version() -> Hashable:
    """Return the database version that this request saw first, before it read anything."""
    if "version" not in g:
        g.version = parts().database.version()
    seen: Hashable = g.version
    return seen


def cached(view: Callable[P, ResponseReturnValue]) -> Callable[P, ResponseReturnValue]:
    """Mark the responses of a view as cacheable by :class:`CachedResponses`.

    The view's output may depend only on the address, the cookie and the database.
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
    and the version of the database is the same. Only responses of views marked with
    :func:`cached` are cached, and never a response that sets a cookie. A client that already
    has the response gets 304.
    """

    def __init__(
        self, application: WSGIApplication, database: Database, response_cache: ResponseCache
    ) -> None:
        self.application = application
        self.database = database
        self.response_cache = response_cache

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] != "GET" or "HTTP_AUTHORIZATION" in environ:
            return self.application(environ, start_response)
        version = self.database.version()
        key = tuple(map(environ.get, _WHAT_MAKES_IT_THE_SAME))
        found: tuple[list[tuple[str, str]], bytes] | None = self.response_cache.get(version, key)
        if found is None:
            begun: list[Any] = []

            def start(*given: Any) -> Callable[[bytes], object]:
                begun[:] = given
                return _no_write

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
                self.response_cache.put(version, key, found, len(found[1]) + 2000)
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
