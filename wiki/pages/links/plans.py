"""Moves as they are asked for, and plans of them with the repairs of links."""

from __future__ import annotations

from dataclasses import dataclass, field

from wiki.pages.links.repairing import Link, Repairs, Task
from wiki.pages.models import Page, Revision
from wiki.spaces.models import Space
from wiki.text.paths import path_key
from wiki.text.rewrite.repair import Moves, Repair


@dataclass(frozen=True)
class MoveTo:
    """The place that a page is moved to: a path of a space, by default of its own.

    ``with_subtree`` moves the pages below it too. ``repair`` repairs links to the moved pages in
    the pages that stay; each of these gets a revision. ``message`` describes the revisions of
    moved pages. ``spot`` is the place of the page among its siblings there, as
    :func:`wiki.pages.ordering.siblings.place` takes it (without one it keeps its position under
    the same parent, and else comes last), ``title`` its new title, if it gets one.
    """

    path: str
    space: Space | None = None
    with_subtree: bool = True
    repair: bool = True
    message: str = ""
    spot: str = ""
    title: str = ""


@dataclass
class Plan:
    """A checked plan of a move, or of renamed sections (then no page moves).

    ``targets`` are the new paths of ``pages``, the named page first. ``own`` are the repairs of
    moved pages, ``others`` those of other pages; a text that cannot be repaired in time has None.
    ``held`` is the number of linking pages that the actor may read but not edit, ``beyond`` the
    number of pages over the limit for repairs. ``named`` are the links by name, as pairs of page id
    and ordinal.
    """

    pages: list[Page]
    targets: list[str]
    heads: dict[int, Revision]
    moves: Moves
    links: dict[int, dict[int, Link]]
    own: list[tuple[Task, Repair | None]] = field(default_factory=list)
    others: list[tuple[Task, Repair | None]] = field(default_factory=list)
    held: int = 0
    beyond: int = 0
    named: frozenset[tuple[int, int]] = frozenset()
    repairs: Repairs = field(default_factory=Repairs)

    @property
    def changed(self) -> list[tuple[Task, Repair]]:
        """The pages that stay and whose links are repaired, with their repairs."""
        return [(task, made) for task, made in self.others if made is not None and made.changed]

    @property
    def changed_links(self) -> int:
        """Number of repaired links in these pages."""
        return sum(made.changed for _, made in self.changed)

    @property
    def own_changed(self) -> list[tuple[Task, Repair]]:
        """The moved pages whose own links are rewritten, with their repairs."""
        return [(task, made) for task, made in self.own if made is not None and made.changed]

    @property
    def left(self) -> list[Page]:
        """Pages that stay and keep links that could not be repaired; these work through
        redirects."""
        return [task.page for task, made in self.others if made is None or made.left]

    @property
    def unclear(self) -> list[Page]:
        """Moved pages in which a link could not be rewritten and may lead elsewhere now."""
        return [task.page for task, made in self.own if made is None or made.left]

    def new_links(self) -> list[tuple[int, int, Link]]:
        """Return page, ordinal and new value of the links that the repairs change, or that move
        with their page."""
        found = []
        for task, made in (*self.own, *self.others):
            if made is None or made.left:
                continue
            for ordinal, old in self.links[task.page.id].items():
                new = _renewed(old, task.moves, (task.page.id, ordinal) in self.named)
                if new != old:
                    found.append((task.page.id, ordinal, new))
        return found


def _renewed(link: Link, moves: Moves, is_named: bool) -> Link:
    """Return a link as it is after its repair."""
    kind, slug, key, fragment = link
    if is_named and (slug, key, fragment) in moves.holds:
        return link
    if is_named and (slug, key, fragment) in moves.meant:
        slug, path, fragment = moves.meant[slug, key, fragment]
        key = path_key(path)
    name = moves.sections.get((slug, key, fragment), fragment)
    new = moves.places.get(("page" if kind == "anchor" else kind, slug, key))
    return (kind, new[0], path_key(new[1]), name) if new else (kind, slug, key, name)
