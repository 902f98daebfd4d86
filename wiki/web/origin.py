"""The network address and browser of the current request, for audit records."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from ipaddress import IPv4Address, ip_address

_origin: ContextVar[str | None] = ContextVar("origin", default=None)


# The first match wins: most browsers also claim to be others.
BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chromium", "Chromium"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
    ("curl", "curl"),
)


def come_from(address: str | None, user_agent: str) -> None:
    """Set the origin of what is done from here on in this thread or task."""
    try:
        found = ip_address((address or "").partition("%")[0])
    except ValueError:
        _origin.set(None)
        return
    where = str(getattr(found, "ipv4_mapped", None) or found)
    family = next(
        (words for mark, words in (*BROWSERS, ("ython", "Python")) if mark in user_agent), ""
    )
    _origin.set(f"{where} {family}".rstrip())


def come_from_nowhere() -> None:
    """Clear the origin, at the end of a request."""
    _origin.set(None)


@contextmanager
def on_behalf() -> Iterator[None]:
    """Clear the origin inside the block, for actions that are recorded on behalf of another user
    than the one who sent the request."""
    token = _origin.set(None)
    try:
        yield
    finally:
        _origin.reset(token)


def origin() -> str | None:
    """Return the origin of the current request, such as ``203.0.113.7 Firefox``; None in commands
    and in the worker."""
    return _origin.get()


def shorten(origin: str) -> str:
    """Shorten the address of an origin to its network, so that it does not identify a household:
    ``203.0.113.0/24 Firefox``."""
    where, space, family = origin.partition(" ")
    try:
        address = ip_address(where)
    except ValueError:
        return origin  # already shortened
    bits = 24 if isinstance(address, IPv4Address) else 48
    kept = int(address) >> (address.max_prefixlen - bits) << (address.max_prefixlen - bits)
    return f"{type(address)(kept)}/{bits}{space}{family}"
