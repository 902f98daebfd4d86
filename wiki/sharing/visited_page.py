"""A page as visitors of a link see it: its links lead only to what the link shows."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import unescape
from urllib.parse import quote, unquote

from flask import (
    request,
)
from sqlalchemy.orm import Session

from wiki.attachments.models import Picture
from wiki.attachments.pictures.showing import dressed, key_of_address
from wiki.attachments.versions import pictures_of
from wiki.pages.models import Page
from wiki.pages.rendering.including import find_included, has_includes
from wiki.rules.labels import Label
from wiki.sharing.queries import LinkSeen
from wiki.sharing.shown import (
    Listed,
    files_shown,
    links_within,
    names_within,
    shown_by,
)
from wiki.text.markdown.markup import Marks, mark
from wiki.text.markdown.public_html import for_outsiders
from wiki.text.paths import (
    PathError,
    ancestors_of,
    name_of,
    normalise_path,
    parent_of,
    path_key,
)
from wiki.text.positions import UNPLACED
from wiki.web.request import settings
from wiki.web.urls import split_url

_FILES = re.compile(r'"(/[^"]*-/files/[^"]*)"')


@dataclass(frozen=True)
class Place:
    """URLs of the pages and files of a link, for its visitors."""

    token: str
    seen: LinkSeen

    def page(self, path: str) -> str:
        """Return the URL of a page at or below the shared one."""
        return f"/-/s/{self.token}/{quote(self._below(path))}"

    def file(self, key: str) -> str:
        """Return the URL of the file at a place at or below the shared page."""
        below = self._below(key)
        folder = parent_of(below) or ""
        return (
            f"/-/s/{self.token}/{quote(folder)}{'/' if folder else ''}-/files/"
            f"{quote(name_of(below))}"
        )

    def _below(self, path: str) -> str:
        # Counted in segments, because a key may be longer than its path.
        segments = path.split("/") if path else []
        depth = len(self.seen.page.path.split("/")) if self.seen.page.path else 0
        return "/".join(segments[depth:])


_NONE: tuple[Marks, dict[tuple[str, str], str]] = (Marks(), {})


def html_for_visitors(
    session: Session, place: Place, page: Page, html: str, up_to: Label | None
) -> str:
    """Return a page's HTML for visitors of a link: its links lead only to what the link shows, or
    to other hosts."""
    seen, slug = place.seen, place.seen.space.slug
    marks, named = names_within(session, seen, page, up_to) if "wl-" in html else _NONE
    html = mark(html, marks)
    if has_includes(html) and seen.maker is not None:
        shown = shown_by(seen, up_to)
        included = find_included(session, seen.maker.actor(), html, among=shown)
        html = included.put_into(html, page.id)
    found = {unescape(address).partition("?")[0] for address in _FILES.findall(html)}
    at = {address.partition("#")[0]: "" for address in found}
    keys = {address: key for address in at if (key := key_of_address(address, slug))}
    files = files_shown(session, seen, set(keys.values()), up_to) if keys else {}
    pictures = pictures_of(session, files.values()) if files else {}

    def measured(wanted: set[str]) -> dict[str, Picture]:
        return {
            key: pictures[files[key].sha256]
            for key in wanted
            if key in files and files[key].sha256 in pictures
        }

    links = links_within(session, seen, page, up_to) | named if "<a " in html else {}
    own_host = split_url(settings().base_url).netloc

    def address(written: str) -> str | None:
        if not written.startswith("/"):
            return "" if split_url(written).netloc in (own_host, request.host) else None
        path, mark, fragment = written.partition("#")
        key = keys.get(path.partition("?")[0])
        if key is not None:
            return place.file(key) if key in files else ""
        target = links.get(_spot(path))
        return "" if target is None else place.page(target) + mark + fragment

    return for_outsiders(dressed(html, slug, measured), address)


def _spot(path: str) -> tuple[str, str]:
    """Return the slug and key of a page's path in the wiki, or two empty strings if it is none."""
    slug, _slash, rest = path.removeprefix("/").partition("/")
    try:
        return unquote(slug), path_key(normalise_path(unquote(rest)))
    except PathError:
        return "", ""


@dataclass
class Node:
    """A line of the tree beside a shared page."""

    title: str
    url: str
    position: str = UNPLACED
    current: bool = False
    open: bool = False
    more: bool = False
    children: list[Node] = field(default_factory=list)


def tree_of(place: Place, listed: list[Listed], page: Page) -> list[Node]:
    """Return the tree of pages that a link shows, opened on the way to the current page."""
    nodes = {
        one.path_key: Node(
            one.title, place.page(one.path), one.position, current=one.path_key == page.path_key
        )
        for one in listed
    }
    way = {*ancestors_of(page.path_key), page.path_key}
    tops: list[Node] = []
    for one in listed:
        above = [key for key in ancestors_of(one.path_key) if key in nodes]
        if not above:
            tops.append(nodes[one.path_key])
        elif above[-1] in way:
            nodes[above[-1]].children.append(nodes[one.path_key])
        else:
            nodes[above[-1]].more = True
    for key, node in nodes.items():
        node.open = key in way
        node.children.sort(key=lambda child: (child.position, child.title.casefold()))
    return tops
