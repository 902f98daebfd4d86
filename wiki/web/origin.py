"""From where a request comes, for those who write down that something was done by it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from ipaddress import IPv4Address, ip_address

_origin: ContextVar[str | None] = ContextVar("origin", default=None)

# The first that is contained wins: most browsers also claim to be others.
_FAMILIES = (
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
    ("ython", "Python"),
)


def come_from(address: str | None, user_agent: str) -> None:
    """What is done from here on, in this thread or task, is done from that address."""
    try:
        found = ip_address((address or "").partition("%")[0])
    except ValueError:
        _origin.set(None)
        return
    where = str(getattr(found, "ipv4_mapped", None) or found)
    family = next((words for mark, words in _FAMILIES if mark in user_agent), "")
    _origin.set(f"{where} {family}".rstrip())


def come_from_nowhere() -> None:
    """What is done from here on is no longer a request's doing."""
    _origin.set(None)


@contextmanager
def on_behalf() -> Iterator[None]:
    """What is done in the block is somebody else's doing than of who sent the request: it is not
    done from where they are."""
    token = _origin.set(None)
    try:
        yield
    finally:
        _origin.reset(token)


def origin() -> str | None:
    """``203.0.113.7 Firefox``, while a request is answered; None on the shell and in the worker."""
    return _origin.get()


def shorten(origin: str) -> str:
    """The same without what tells one household from the next: ``203.0.113.0/24 Firefox``."""
    where, space, family = origin.partition(" ")
    try:
        address = ip_address(where)
    except ValueError:
        return origin  # it is short already
    bits = 24 if isinstance(address, IPv4Address) else 48
    kept = int(address) >> (address.max_prefixlen - bits) << (address.max_prefixlen - bits)
    return f"{type(address)(kept)}/{bits}{space}{family}"
