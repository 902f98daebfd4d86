"""What was computed from the database, remembered while nothing in the database has changed.

An entry is good for one version of the database (see ``Database.version``): the first commit of
anybody, in any process, makes all of them worthless. So nothing remembered can be older than the
last change of a text, a right or a sign-in.
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

# Screens say "3 minutes ago": none may be remembered for long even when nothing happens.
SECONDS = 30.0
LARGEST = 1 << 20


class Memo:
    """Values by key, the least recently used forgotten first beyond ``limit`` bytes."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._version: Hashable = None
        self._entries: OrderedDict[Hashable, tuple[float, int, Any]] = OrderedDict()
        self._size = 0
        self._lock = threading.Lock()

    def get(self, version: Hashable, key: Hashable) -> Any | None:
        """The value of ``key`` in this version of the database, or None."""
        with self._lock:
            entry = self._entries.get(key) if version == self._version else None
            if entry is None or entry[0] < monotonic():
                return None
            self._entries.move_to_end(key)
            return entry[2]

    def put(self, version: Hashable, key: Hashable, value: Any, size: int) -> None:
        """Remember a value of about ``size`` bytes, read when the database had this version or
        a newer one."""
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
        """Remember nothing."""
        with self._lock:
            self._entries.clear()
            self._size = 0


def init_app(app: Flask, database: Database, *, limit: int) -> None:
    """Give the app a memo of ``limit`` bytes, and let it answer what it answered before."""
    memo = app.extensions["wiki.memo"] = Memo(limit)
    app.wsgi_app = Remembering(app.wsgi_app, database, memo)  # type: ignore[method-assign]


def memo() -> Memo:
    """The app's memo."""
    found: Memo = current_app.extensions["wiki.memo"]
    return found


def version() -> Hashable:
    """The database's version as this request first saw it, before it read anything."""
    if "version" not in g:
        g.version = parts().database.version()
    seen: Hashable = g.version
    return seen


def remembered(view: Callable[P, ResponseReturnValue]) -> Callable[P, ResponseReturnValue]:
    """Let :class:`Remembering` answer for this view.

    What the view shows may depend on the address, the cookie and the database, and on nothing else
    of the request.
    """

    @wraps(view)
    def answer(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
        response = make_response(view(*args, **kwargs))
        if request.method == "GET" and response.status_code == 200 and not response.is_streamed:
            response.add_etag()
            request.environ[REMEMBER] = True
        return response

    return answer


class Remembering:
    """Answers a request as it answered the very same one before, without asking the application.

    The same is: address, cookie and accepted encodings to the byte, in the same version of the
    database. An answer that sets a cookie is never remembered. Whether an answer may be is for the
    view to say (:func:`remembered`); a client that has it already is told so.
    """

    def __init__(self, application: WSGIApplication, database: Database, memo: Memo) -> None:
        self.application = application
        self.database = database
        self.memo = memo

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] != "GET" or "HTTP_AUTHORIZATION" in environ:
            return self.application(environ, start_response)
        version = self.database.version()
        key = tuple(map(environ.get, _WHAT_MAKES_IT_THE_SAME))
        found: tuple[list[tuple[str, str]], bytes] | None = self.memo.get(version, key)
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
                self.memo.put(version, key, found, len(found[1]) + 2000)
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
