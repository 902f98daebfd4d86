"""What was computed from the database, remembered while nothing in the database has changed.

An entry is good for one version of the database (see ``Database.version``): the first commit of
anybody, in any process, makes all of them worthless. So nothing remembered can be older than the
last change of a text, a right or a sign-in.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from functools import wraps
from time import monotonic
from typing import Any, ParamSpec

from flask import Response, current_app, g, make_response, request, session
from flask.typing import ResponseReturnValue

from wiki.web.request import parts, viewer_key

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
    """Remember a screen's response for the one who looks (each sign-in on its own)."""

    @wraps(view)
    def answer(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
        if request.method != "GET" or "_flashes" in session:
            return view(*args, **kwargs)
        seen = version()
        key = (viewer_key(), request.full_path)
        found = memo().get(seen, key)
        if found is None:
            response = make_response(view(*args, **kwargs))
            if response.status_code != 200 or session.modified or response.is_streamed:
                return response
            response.add_etag()
            found = (response.get_data(), response.get_etag()[0], response.content_type)
            if len(found[0]) <= LARGEST:
                memo().put(seen, key, found, len(found[0]) + 500)
        body, etag, content_type = found
        response = Response(body, content_type=content_type)
        response.set_etag(etag or "")
        return response.make_conditional(request)

    return answer
