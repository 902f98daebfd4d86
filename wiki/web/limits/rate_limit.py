"""Rate limits on expensive requests, per person and far above normal use.

A request is counted before it is answered, and counts more if it sends a large text. If its cost
depends on stored texts, :func:`charge` counts the rest once their sizes are known. The processes of
`wiki serve` count together, in shared memory. Sign-ins and password links must be counted exactly,
so they are counted in the database (``wiki/people/signin/limiting.py``).
"""

from __future__ import annotations

import ipaddress
import math
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from flask import Flask, current_app, has_request_context, request

from wiki.errors import TooMany
from wiki.i18n import lazy_gettext, ngettext
from wiki.room import Rate, Room
from wiki.rules.limits import Pace, network_of
from wiki.web.limits.shared_buckets import SharedBuckets
from wiki.web.request import actor, is_api, settings
from wiki.web.security import SAFE_METHODS

View = TypeVar("View", bound=Callable[..., Any])

PER_BYTES = 64 * 1024
"""Bytes sent that are counted as one more request."""

_WORDS = {
    "comparisons": lazy_gettext("comparisons"),
    "searches": lazy_gettext("searches"),
    "files": lazy_gettext("files"),
    "previews": lazy_gettext("previews"),
    "saves": lazy_gettext("saves"),
    "comments": lazy_gettext("comments"),
    "feeds": lazy_gettext("feeds"),
}
"""Kinds of requests as readers see them."""


def costs(what: str) -> Callable[[View], View]:
    """Count requests to this view among ``what``; others that write count as saves."""

    def mark(view: View) -> View:
        view.costs = what  # type: ignore[attr-defined]
        return view

    return mark


def rates_of(rooms: Iterable[Room]) -> dict[str, Rate]:
    """Return the rate limits that the rooms declare, by kind of request."""
    return {rate.name: rate for room in rooms for rate in room.rates}


class Paces:
    """The rate-limit buckets by kind of request and client, of this process and of those that are
    forked from it.

    :param rates: the rate limits by kind of request.
    """

    def __init__(
        self, rates: Mapping[str, Rate], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.rates = rates
        self.clock = clock
        self._buckets = SharedBuckets()

    def wait(self, what: str, who: str, factor: float, price: float = 1.0) -> float:
        """Count ``price`` more and return 0, or return the seconds to wait and count nothing."""
        pace = self.rates[what].pace
        pace = Pace(max(1, round(pace.burst * factor)), pace.per_second * factor)
        return self._buckets.draw(f"{what} {who}", pace, self.clock(), price)


def apply_rate_limit() -> None:
    """Count this request; call this once the actor is known.

    :raises TooMany: when the limit is exceeded.
    """
    view = current_app.view_functions.get(request.endpoint or "")
    what = getattr(view, "costs", "" if request.method in SAFE_METHODS else "saves")
    if what:
        by_size = _paces().rates[what].by_size
        sent = request.content_length or 0 if by_size else 0
        charge(what, 1.0 + sent // PER_BYTES)


def charge(what: str, price: float = 1.0) -> None:
    """Count more for the current client; a request of usual size costs 1.

    :raises TooMany: when the limit is exceeded; then nothing is counted.
    """
    factor, who = settings().pace, requester()
    if not factor or not who:
        return
    seconds = math.ceil(_paces().wait(what, who, factor, price))
    if seconds:
        raise TooMany(
            ngettext(
                "Too many %(what)s in a short time. Wait a second and try again.",
                "Too many %(what)s in a short time. Wait %(num)s seconds and try again.",
                seconds,
                what=_WORDS.get(what, what),
            ),
            retry_after=seconds,
        )


def _paces() -> Paces:
    found: Paces = current_app.extensions["paces"]
    return found


def requester() -> str:
    """Return the key that a request is counted under: the person or, for anonymous visitors, the
    network address. The key is empty if the address does not identify a client, as behind a proxy
    on this machine that is not in the settings."""
    person = actor().person_id
    if person is not None:
        return f"person {person}"
    address = request.remote_addr or ""
    try:
        if not settings().trusted_proxies and ipaddress.ip_address(address).is_loopback:
            return ""
    except ValueError:
        return ""
    return network_of(address)


def asker() -> str | None:
    """Return the person or address of the current request; None outside of requests."""
    return requester() if has_request_context() else None


def connect(app: Flask, rooms: Iterable[Room]) -> None:
    """Begin to count the app's requests anew, at the rates of these rooms."""
    app.extensions["paces"] = Paces(rates_of(rooms))


def init_app(app: Flask) -> None:
    """Count browser requests before they are processed. The API counts its requests itself, once
    the caller is known."""

    @app.before_request
    def in_pace() -> None:
        if not is_api():
            apply_rate_limit()
