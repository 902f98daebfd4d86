"""Routes: addresses in the texts of a tree whose target in the wiki differs from their wording.

In a tree, `/guide/page.md` starts at a root of the tree; in the wiki, `guide` would be a space. A
file can also be kept at another place than its name gives. Texts are not changed; the targets of
such addresses are stored beside them as routes.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from html import unescape

from wiki.text.markdown.context import RenderContext
from wiki.text.markdown.destinations import resolve_link, route_key
from wiki.text.paths import (
    FOLDER_PAGES,
    PathError,
    ancestors_of,
    name_of,
    normalise_path,
    parent_of,
    path_key,
    resolve,
)
from wiki.transfer.layout import Layout, PlannedPage
from wiki.transfer.routes.kept import MOST_ROUTES, read_routes
from wiki.transfer.routes.sites import Site, roots_for

Place = tuple[str, str]
"""Kind of destination (page or file) and path in the space."""
_ANGLE = re.compile(r"<([^<>\n]{1,2000})>")
_QUOTED = re.compile(
    r"""(?:src|href)\s*=\s*(?:"([^"\n]{1,2000})"|'([^'\n]{1,2000})')""", re.IGNORECASE
)
_BARE = re.compile(r"""(?:[(=]|\]:)\s*["']?([^\s"'<>]{1,2000})""")
_ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~])")
_MOST_CUTS = 4


class Router:
    """The places of all files of a tree, and the addresses that need a route to them.

    :param kept_routes: the text of the routes file that an export wrote beside the tree.
    """

    def __init__(
        self, space: str, layout: Layout, sites: Collection[Site], kept_routes: str = ""
    ) -> None:
        self.space = space
        self.sites = sites
        self._kept = read_routes(kept_routes, layout)
        self._exact: dict[str, Place] = {}
        self._named: dict[str, Place] = {}
        self._derived: dict[str, Place] = {}
        self._odd: set[str] = set()  # names of files kept at another place
        for page in layout.pages:
            self._note(page.entry.path, "page", page.path)
        for file in layout.files:
            self._note(file.entry.path, "file", file.path)
        for page in layout.pages:
            self._note_page(page)
        for path in [*self._exact]:
            for above in ancestors_of(path)[1:]:
                self._derived.setdefault(_key(above), ("page", above))

    def routes(self, page: PlannedPage, source: str) -> list[list[str]]:
        """Return the routes that a page needs so that each address in its text leads to the file it
        names."""
        context = RenderContext(self.space, page.path, page.folder)
        roots = roots_for(page.entry.path, self.sites)
        found: dict[str, list[str]] = {}
        for address in dict.fromkeys(_addresses(source, self._odd)):
            place = self._place(address, page.entry.path, roots)
            key = route_key(address, context)
            if not place or not key or _leads_to(address, context, place):
                continue
            try:
                found[key] = [key, place[0], self.space, normalise_path(place[1])]
            except PathError:
                continue
            if len(found) == MOST_ROUTES:
                break
        for key, kind, path in self._kept.get(page.entry.path, ()):
            found[key] = [key, kind, self.space, path]
        return [found[key] for key in sorted(found)]

    def _note(self, name: str, kind: str, path: str) -> None:
        self._exact[name] = kind, path
        self._named.setdefault(_key(name), (kind, path))
        if not _leads_to(name, RenderContext("", ""), (kind, path)):
            self._odd.add(name_of(name).casefold())

    def _note_page(self, page: PlannedPage) -> None:
        """Record the addresses under which site generators publish a page."""
        stem = page.entry.path.rpartition(".")[0]
        names = [stem, f"{stem}.html"]
        if name_of(stem).casefold() in {*FOLDER_PAGES, "_index"}:
            above = parent_of(stem) or ""
            names += [above, f"{above}.html", f"{above}/index.html"]
        for name in names:
            self._derived.setdefault(_key(name), ("page", page.path))

    def _place(self, address: str, file: str, roots: list[str]) -> Place | None:
        """Return the place of the file that an address in a text names."""
        path = route_key(address, RenderContext("", ""))
        if not path.startswith("/"):
            name = resolve(parent_of(file) or "", path)
            return self._exact.get(name or "") or self._named.get(_key(name or ""))
        for root in roots:
            name = resolve(root, path)
            if name is None:
                continue
            key = _key(name)
            place = self._exact.get(name) or self._named.get(key) or self._derived.get(key)
            if place:
                return place
        return None


def _addresses(source: str, odd: Collection[str]) -> Iterator[str]:
    """Yield possible addresses in a text that begin with a slash or name one of the odd files. Some
    of them may be no addresses."""
    for pattern in (_ANGLE, _QUOTED, _BARE):
        for match in pattern.finditer(source):
            written = next(filter(None, match.groups()), "")
            cuts = [at for at, character in enumerate(written) if character == ")"]
            for end in [len(written), *cuts[:_MOST_CUTS]]:
                address = _ESCAPE.sub(r"\1", unescape(written[:end])).strip()
                if address.startswith("/") or (odd and _name_in(address) in odd):
                    yield address


def _name_in(address: str) -> str:
    """Return the last part of an address, wherever it starts."""
    path = route_key(f"/{address}", RenderContext("", ""))
    return name_of(path).casefold()


def _leads_to(address: str, context: RenderContext, place: Place) -> bool:
    """Return whether an address leads to a place without a route."""
    to = resolve_link(address, context)
    return (to.kind, to.space, path_key(to.path)) == (place[0], context.space, path_key(place[1]))


def _key(name: str) -> str:
    """Return a key that is equal for names that people would consider the same."""
    if name.isascii() and " " not in name:
        return name.lower()
    try:
        return path_key(normalise_path(name))
    except PathError:  # e.g. hidden folders
        return path_key(name)
