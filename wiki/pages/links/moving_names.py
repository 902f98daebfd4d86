"""Links by name that a move affects: those that keep their meaning, and those that have to be
rewritten to keep it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from sqlalchemy.orm import Session

from wiki.db import batches
from wiki.pages.links.candidates import Candidates, Named, Standing
from wiki.pages.links.models import PageLink
from wiki.pages.links.naming import named_links
from wiki.pages.links.naming_files import files_meant
from wiki.pages.links.repairing import Link, only
from wiki.text.paths import path_key
from wiki.text.rewrite.repair import Moves, Section


@dataclass
class Names:
    """Links by name that a move affects (pairs of page id and ordinal). For each page, by the
    written place: ``meant`` has the present targets of links that the move would change, ``holds``
    the links whose targets stay the same."""

    links: set[tuple[int, int]] = field(default_factory=set)
    meant: dict[int, dict[Section, tuple[Standing, str]]] = field(default_factory=dict)
    holds: dict[int, set[Section]] = field(default_factory=dict)

    def add(
        self, link: Named, now: Candidates, later: Candidates, place: tuple[str, str] | None
    ) -> None:
        """Add a link.

        :param place: the space and path to which the page with the link moves.
        """
        chosen = now.choose(link)
        if chosen is None:
            return
        page, spot = chosen
        said = (link.plain.space, link.plain.key, link.plain.fragment)
        self.links.add((link.page_id, link.ordinal))
        then = None
        if place is None or place[0] == link.space:  # else the text may mean another place
            stands = path_key(place[1]) if place else link.stands
            then = later.choose(replace(link, stands=stands))
        if then and (then[0].page_id, then[1].fragment) == (page.page_id, spot.fragment):
            self.holds.setdefault(link.page_id, set()).add(said)
        else:
            self.meant.setdefault(link.page_id, {})[said] = page, spot.fragment

    def add_files(self, session: Session, page_ids: Iterable[int]) -> None:
        """Add the links of pages that find a file by its name at another place than the written
        one: these links work from every place."""
        for ids in batches(sorted(page_ids)):
            links = named_links(session, PageLink.page_id.in_(ids), kinds=("file",))
            found = files_meant(session, links)
            for link in links:
                at = link.page_id, link.ordinal
                if at in found and found[at].key != link.plain.key:
                    self.links.add(at)
                    said = (link.plain.space, link.plain.key, link.plain.fragment)
                    self.holds.setdefault(link.page_id, set()).add(said)

    def targets(self) -> set[int]:
        """Return the ids of the pages that the links to rewrite lead to."""
        return {page.page_id for some in self.meant.values() for page, _ in some.values()}

    def leave(self, hidden: set[int]) -> None:
        """Leave links to these pages as they are written, because their new paths must not be
        disclosed."""
        for id, some in list(self.meant.items()):
            self.meant[id] = {said: to for said, to in some.items() if to[0].page_id not in hidden}
            if not self.meant[id]:
                del self.meant[id]

    def among(self, moves: Moves, page_id: int, links: Iterable[Link]) -> Moves:
        """Return the moves that concern the links of a page, with the targets of its links by
        name."""
        meant = self.meant.get(page_id, {})
        actual: list[Link] = [
            ("page", page.space, page.key, fragment) for page, fragment in meant.values()
        ]
        return replace(
            only(moves, [*links, *actual]),
            meant={said: (to.space, to.path, section) for said, (to, section) in meant.items()},
            holds=frozenset(self.holds.get(page_id, ())),
        )
