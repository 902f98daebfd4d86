"""The context of a text that is rendered: its place, and the address of the wiki that it is in."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import urlsplit

from wiki.text.paths import parent_of

_OF_A_HOST = re.compile(r"(?:https?:)?//[^/]", re.IGNORECASE)
_own_address = ""


def set_own_address(url: str) -> None:
    """Set the address of the wiki for which this process resolves links."""
    global _own_address
    _own_address = url.rstrip("/")


def own_address() -> str:
    """Return the address of the wiki for which this process resolves links, without a slash."""
    return _own_address


@dataclass(frozen=True)
class RenderContext:
    """The location of a text: links are resolved relative to it, and a heading equal to `title` is
    not repeated.

    `folder` is True if relative links start inside `path` (the page came from `index.md`), not
    beside it. `base_url` is the wiki's own address; links below it are internal.

    `routes` are addresses of an imported text whose target differs from their wording, because they
    begin at the root of the tree or name a file that is stored elsewhere. Each is a list of its
    :func:`route_key`, the kind of destination, its space and its path.

    `lines` says that each block gets the number of its first line in the source as `data-line`, for
    a preview beside the source.
    """

    space: str
    path: str
    folder: bool = False
    title: str = ""
    base_url: str = field(default_factory=own_address)
    routes: Sequence[Sequence[str]] = ()
    lines: bool = False

    def __post_init__(self) -> None:
        # Columns and messages contain lists, which cannot be hashed.
        object.__setattr__(self, "routes", tuple(tuple(route) for route in self.routes))

    @cached_property
    def by_key(self) -> Mapping[str, Sequence[str]]:
        """Routes by their keys."""
        return {route[0]: route[1:] for route in self.routes}

    @property
    def base(self) -> str:
        """The folder that relative links start from."""
        return self.path if self.folder else parent_of(self.path) or ""


def split_own(address: str, base_url: str) -> tuple[str, str]:
    """Split an address of the wiki at `base_url` into the part up to it and the rest, which begins
    with a slash.

    The scheme (http or https), the case of the host and an explicit default port make no
    difference. For any other address the first part is empty.
    """
    if not base_url or not _OF_A_HOST.match(address):
        return "", address
    try:
        given, own = urlsplit(address), urlsplit(base_url)
        same = (given.hostname, _port(given.port)) == (own.hostname, _port(own.port))
    except ValueError:
        return "", address
    authority = address.index("//") + 2 + len(given.netloc)
    rest = address[authority:]
    below = own.path.rstrip("/")
    if not same or given.username is not None or not rest.startswith(below):
        return "", address
    rest = rest[len(below) :]
    if rest and rest[0] not in "/?#":
        return "", address
    return address[: len(address) - len(rest)], rest if rest.startswith("/") else f"/{rest}"


def _port(port: int | None) -> int | None:
    return None if port in (80, 443) else port


def host_of(url: str) -> str:
    """Return the host of an absolute address, for display."""
    try:
        return urlsplit(url).hostname or url
    except ValueError:
        return url
