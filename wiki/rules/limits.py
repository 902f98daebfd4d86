"""Rate limits as facts and decisions: windows of attempts and token buckets."""

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
    """The number of attempts counted so far, and the time at which the count is reset."""

    count: int
    ends_at: datetime


def _is_open(window: Window | None, limit: Limit, at: datetime) -> bool:
    # A window that ends later than one begun now was written before the clock was set back.
    return window is not None and at < window.ends_at <= at + limit.window


def wait_for(window: Window | None, limit: Limit, at: datetime) -> timedelta:
    """Return the time until one more attempt is admitted: zero if it is admitted now, at most the
    window."""
    if window is None or not _is_open(window, limit, at) or window.count < limit.most:
        return timedelta(0)
    return window.ends_at - at


def spend(window: Window | None, limit: Limit, at: datetime) -> Window:
    """Return the window after one more admitted attempt."""
    if window is None or not _is_open(window, limit, at):
        return Window(1, at + limit.window)
    return Window(window.count + 1, window.ends_at)


def give_back(window: Window) -> Window:
    """Return the window without one attempt, which turned out not to count."""
    return Window(max(window.count - 1, 0), window.ends_at)


@dataclass(frozen=True)
class Pace:
    """At most ``burst`` requests at once, and ``per_second`` from then on."""

    burst: int
    per_second: float


@dataclass(frozen=True)
class Bucket:
    """The number of requests left at a moment, given in seconds of a monotonic clock."""

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
    """Return the network that counts as one client: an IPv4 address, or the /64 of an IPv6 address,
    which is what one IPv6 customer gets."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address[:64]
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped:
            return str(ip.ipv4_mapped)
        return str(ipaddress.ip_network((ip, 64), strict=False))
    return str(ip)
