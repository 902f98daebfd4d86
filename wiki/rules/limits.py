"""How often something may be tried: fixed windows of time, as facts and decisions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True)
class Limit:
    """At most ``most`` attempts within ``window``, which begins with the first of them."""

    most: int
    window: timedelta


@dataclass(frozen=True)
class Window:
    """The attempts that were counted, and when they are forgotten."""

    count: int
    ends_at: datetime


def _is_open(window: Window | None, limit: Limit, at: datetime) -> bool:
    # A window that ends later than one begun now was written by a clock that has been set back.
    return window is not None and at < window.ends_at <= at + limit.window


def wait_for(window: Window | None, limit: Limit, at: datetime) -> timedelta:
    """How long until one more attempt is admitted: zero when it is now, never above the window."""
    if window is None or not _is_open(window, limit, at) or window.count < limit.most:
        return timedelta(0)
    return window.ends_at - at


def spend(window: Window | None, limit: Limit, at: datetime) -> Window:
    """The window after one more admitted attempt."""
    if window is None or not _is_open(window, limit, at):
        return Window(1, at + limit.window)
    return Window(window.count + 1, window.ends_at)


def give_back(window: Window) -> Window:
    """The window without one of its attempts, which turned out not to count."""
    return Window(max(window.count - 1, 0), window.ends_at)
