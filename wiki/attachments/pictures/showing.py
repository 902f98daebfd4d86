"""Sizes and thumbnails of pictures in pages. With its size known, a picture does not move the text
while it loads.

A stored rendering does not depend on files, which change independently of it. Sizes are therefore
added to the HTML when it is shown, like the marks of missing links. Only addresses are parsed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from html import escape, unescape
from urllib.parse import unquote

from sqlalchemy.orm import Session

from wiki.attachments.models import Picture
from wiki.attachments.pictures.thumbs import widths_of
from wiki.attachments.versions import pictures_at
from wiki.rules.access import Actor
from wiki.spaces.models import Space
from wiki.text.paths import PathError, join, normalise_path, path_key

_IMAGE = re.compile(r'<img src="(/[^"]*?-/files/[^"?#]+)"([^>]*)>')
_OWN_SIZE = re.compile(r'\b(?:width|height)="')
SIZES = "auto, (width < 48rem) 100vw, 40rem"
"""The width of a picture in a page: at most that of the text."""
MOST_PLACES = 4000
"""Maximum number of places at which the pictures of one page are looked up; others stay as they
are."""


def with_sizes(session: Session, actor: Actor, space: Space, html: str) -> str:
    """Return the ``html`` of a page with sizes and thumbnails of the pictures of its own space."""
    return dressed(html, space.slug, lambda keys: pictures_at(session, actor, space, keys))


def dressed(html: str, slug: str, find: Callable[[set[str]], Mapping[str, Picture]]) -> str:
    """Return ``html`` with sizes and thumbnails of the pictures that ``find`` returns by place."""
    if "-/files/" not in html:
        return html
    keys: dict[str, str] = {}
    room = MOST_PLACES
    for match in _IMAGE.finditer(html):
        key = None if match[1] in keys else key_of_address(unescape(match[1]), slug)
        if key:
            room -= key.count("/") + 1
            if room < 0:
                break
            keys[match[1]] = key
    found = find(set(keys.values()))

    def dress(match: re.Match[str]) -> str:
        src, rest = match.groups()
        picture = found.get(keys.get(src, ""))
        if picture is None or picture.failure:
            return match[0]
        return f'<img src="{src}"{rest}{_attributes(src, rest, picture)}>'

    return _IMAGE.sub(dress, html)


def _attributes(src: str, rest: str, picture: Picture) -> str:
    own = bool(_OWN_SIZE.search(rest))
    size = "" if own else f' width="{picture.width}" height="{picture.height}"'
    widths = [] if picture.moves else widths_of(picture.width, picture.height)
    if not widths:
        return size
    choices = [f"{src}?width={width} {width}w" for width in widths]
    choices.append(f"{src} {picture.width}w")
    return f'{size} srcset="{", ".join(choices)}" sizes="{escape(SIZES)}"'


def key_of_address(address: str, slug: str) -> str | None:
    """Return the key of a file's place in a space, given its address; None for addresses of other
    spaces, and for those that are no file's."""
    parts = unquote(address).split("/")
    if len(parts) < 5 or parts[1] != slug or parts[-3:-1] != ["-", "files"]:
        return None
    try:
        return path_key(normalise_path(join("/".join(parts[2:-3]), parts[-1])))
    except PathError:
        return None
