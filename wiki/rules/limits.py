"""How often something may be tried or asked for: windows and buckets, as facts and decisions."""

from __future__ import annotations

import ipaddress
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


@dataclass(frozen=True)
class Pace:
    """At most ``burst`` at once, and ``per_second`` from then on."""

    burst: int
    per_second: float


@dataclass(frozen=True)
class Bucket:
    """How many were left at a moment, in seconds of a clock that only goes on."""

    left: float
    at: float


def draw(bucket: Bucket | None, pace: Pace, at: float, price: float = 1.0) -> tuple[Bucket, float]:
    """Return the bucket after an action that costs ``price``, and the seconds to wait. If that is
    not 0, nothing was taken. An action that costs more than a full bucket takes all of it."""
    left, price = float(pace.burst), min(price, pace.burst)
    if bucket is not None:
        left = min(left, bucket.left + max(at - bucket.at, 0.0) * pace.per_second)
    if left >= price:
        return Bucket(left - price, at), 0.0
    return Bucket(left, at), (price - left) / pace.per_second


def network_of(address: str) -> str:
    """What counts as one address: an IPv4 address, or the /64 that an IPv6 customer gets whole."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address[:64]
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped:
            return str(ip.ipv4_mapped)
        return str(ipaddress.ip_network((ip, 64), strict=False))
    return str(ip)
