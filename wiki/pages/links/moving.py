"""Plans of moves: the new place of each page, and the repairs of links.

Planning only reads. The action plans again within its transaction, with the repairs shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import ColumnElement, Select, and_, select
from sqlalchemy.orm import Session, aliased, contains_eager

from wiki.db import batches
from wiki.pages.below import subtree_of
from wiki.pages.links.around import LINK_COLUMNS, range_below, select_to_sections
from wiki.pages.links.models import TO_FILE, PageLink
from wiki.pages.links.moving_files import files_along
from wiki.pages.links.moving_names import Names
from wiki.pages.links.naming import in_parts, pages_concerned
from wiki.pages.links.plans import MoveTo, Plan
from wiki.pages.links.repairing import MOST, Link, Repairs, Task, only
from wiki.pages.models import Folder, Page, Redirect, Revision
from wiki.pages.queries import editable_by, live_for
from wiki.pages.rendering.stored import context_of
from wiki.rules.access import Actor
from wiki.spaces.models import Space
from wiki.text.markdown.context import RenderContext
from wiki.text.paths import path_key
from wiki.text.rewrite.addresses import Place
from wiki.text.rewrite.repair import Moves, Section


def plan_move(
    session: Session, actor: Actor, page: Page, to: MoveTo, repairs: Repairs | None = None
) -> Plan:
    """Plan the move of a page to a path in its normal form.

    :param repairs: repairs that were computed already.
    """
    space, path, with_subtree = to.space or page.space, to.path, to.with_subtree
    pages = [page, *(subtree_of(session, actor, page) if with_subtree else ())]
    targets = [path + one.path[len(page.path) :] for one in pages]
    moving = {one.id for one in pages}
    move = _Move(
        session, actor, page, space, path, with_subtree, dict(zip(pages, targets, strict=True))
    )
    places = move.places()
    links = _links(session, moving)
    around = move.around(places) if to.repair else {}
    named = move.named(links, around, to.repair)
    linked = [link for some in (*links.values(), *around.values()) for link in some.values()]
    at_id = {one.id: target for one, target in move.targets.items()}
    places |= files_along(session, page, at_id, space.slug, linked)
    for found in links.values():
        move.add_wanted(places, found.values())
    moves = Moves(places)

    around = {
        id: found
        for id, found in around.items()
        if id in named.meant or only(moves, found.values()).places
    }
    editable = _editable(session, actor, around)
    held, beyond = len(around) - len(editable), max(len(editable) - MOST, 0)
    links |= {id: around[id] for id in editable[:MOST]}
    heads = _heads(session, moving | links.keys())
    affecting = {id: named.among(moves, id, found.values()) for id, found in links.items()}
    own, staying = _tasks(move, heads, affecting)
    repairs = repairs or Repairs()
    repairs.work(session, [*own, *staying])
    return Plan(
        pages,
        targets,
        heads,
        moves,
        links,
        [(task, repairs.of(task)) for task in own],
        [(task, repairs.of(task)) for task in staying],
        held,
        beyond,
        frozenset(named.links),
        repairs,
    )


def _tasks(
    move: _Move, heads: Mapping[int, Revision], moves: Mapping[int, Moves]
) -> tuple[list[Task], list[Task]]:
    """Return the repairs of the pages that move, and those of the pages that stay.

    :param moves: the moves that affect the links of each page.
    """
    own: list[Task] = []
    staying: list[Task] = []
    for id, mine in moves.items():
        head, page = heads[id], heads[id].page
        before = _standing(page.space.slug, head)
        if page in move.targets:
            after = replace(before, space=move.space.slug, path=move.targets[page])
            own.append(Task(page, head, before, after, mine))
        else:
            staying.append(Task(page, head, before, before, mine))
    staying.sort(key=lambda task: (task.page.space_id, task.page.path_key))
    return own, staying


def plan_renaming(
    session: Session,
    actor: Actor,
    page: Page,
    names: Mapping[str, str],
    repairs: Repairs | None = None,
) -> Plan:
    """Plan the repair of links to renamed sections of a page.

    :param names: new names of the sections by their old ones.
    """
    links: dict[int, dict[int, Link]] = {}
    sections: dict[Section, str] = {}
    for row in session.execute(select_to_sections(actor, page, names)):
        id, ordinal, kind, slug, key, written, fragment = row
        links.setdefault(id, {})[ordinal] = (kind, slug, key, written)
        sections[slug, key, written] = names[fragment]
    moves = Moves(sections=sections)
    editable = _editable(session, actor, links)
    held, beyond = len(links) - len(editable), max(len(editable) - MOST, 0)
    heads = _heads(session, editable[:MOST])
    tasks = []
    for id, head in heads.items():
        stands = _standing(head.page.space.slug, head)
        tasks.append(Task(head.page, head, stands, stands, only(moves, links[id].values())))
    tasks.sort(key=lambda task: (task.page.space_id, task.page.path_key))
    repairs = repairs or Repairs()
    repairs.work(session, tasks)
    others = [(task, repairs.of(task)) for task in tasks]
    return Plan([], [], heads, moves, links, [], others, held, beyond, repairs=repairs)


def _editable(session: Session, actor: Actor, ids: Iterable[int]) -> list[int]:
    """Return those of the pages that the actor may edit, in order."""
    found: list[int] = []
    for some in batches(sorted(ids)):
        found += session.scalars(select(Page.id).where(Page.id.in_(some), editable_by(actor)))
    return sorted(found)


def _standing(slug: str, revision: Revision) -> RenderContext:
    return replace(context_of(slug, revision), title="")


@dataclass
class _Move:
    session: Session
    actor: Actor
    page: Page
    space: Space
    path: str
    with_subtree: bool
    targets: dict[Page, str]

    def places(self) -> dict[Place, tuple[str, str]]:
        """Return the new places of pages and folders by their present and former ones."""
        old, new = self.page.space, self.space
        new_keys = {path_key(target): target for target in self.targets.values()}
        at_id = {page.id: target for page, target in self.targets.items()}
        places: dict[Place, tuple[str, str]] = {}
        for keys in batches(list(new_keys)):
            for key, id, slug, path in self.session.execute(self._gives_way(keys)):
                if id not in at_id:
                    places["page", new.slug, key] = slug, path
        for ids in batches(list(at_id)):
            for slug, key, id in self.session.execute(_former(ids)):
                places["page", slug, key] = new.slug, at_id[id]
        if self.with_subtree:
            inside = select(Folder.path).where(
                Folder.space_id == old.id, range_below(Folder.path_key, self.page.path_key)
            )
            for path in self.session.scalars(inside):
                moved = self.path + path[len(self.page.path) :]
                places["page", old.slug, path_key(path)] = new.slug, moved
        for page, target in self.targets.items():
            places["page", old.slug, page.path_key] = new.slug, target
        return places

    def _gives_way(self, keys: Sequence[str]) -> Select[str, int, str, str]:
        """Select the redirects at new places, which the move will replace, and the pages that they
        lead to."""
        target = aliased(Space)
        return (
            select(Redirect.path_key, Page.id, target.slug, Page.path)
            .join(Page, Page.id == Redirect.page_id)
            .join(target, target.id == Page.space_id)
            .where(
                Redirect.space_id == self.space.id,
                Redirect.path_key.in_(keys),
                live_for(self.actor),
            )
        )

    def around(self, places: dict[Place, tuple[str, str]]) -> dict[int, dict[int, Link]]:
        """Return the links from pages that stay to pages that move, by page."""
        moving = {page.id for page in self.targets}
        conditions: list[ColumnElement[bool]] = [
            PageLink.target_id.in_(ids) for ids in batches(list(moving))
        ]
        for slug in {slug for _, slug, _ in places}:
            keys = [key for kind, at, key in places if (kind, at) == ("page", slug)]
            conditions += [
                and_(PageLink.space_slug == slug, PageLink.path_key.in_(some))
                for some in batches(keys)
            ]
        conditions.append(
            and_(
                PageLink.space_slug == self.page.space.slug,
                TO_FILE,
                range_below(PageLink.path_key, self.page.path_key),
            )
        )
        found: dict[int, dict[int, Link]] = {}
        for condition in conditions:
            rows = self.session.execute(
                select(*LINK_COLUMNS)
                .join(Page, Page.id == PageLink.page_id)
                .where(condition, live_for(self.actor))
            )
            for id, ordinal, kind, slug, key, fragment in rows:
                if id not in moving:
                    found.setdefault(id, {})[ordinal] = (kind, slug, key, fragment)
        return found

    def named(
        self, links: dict[int, dict[int, Link]], around: dict[int, dict[int, Link]], others: bool
    ) -> Names:
        """Resolve the links by name in moved pages and in other pages. Pages whose links would
        change their meaning are added to ``around``."""
        moved = {page.id: (self.space.slug, path) for page, path in self.targets.items()}
        concerned: set[int] = set()
        if others:
            new = [path_key(path) for path in self.targets.values()]
            for keys in batches(new):
                concerned |= pages_concerned(self.session, self.space.slug, keys)
            concerned -= moved.keys()
        found = Names()
        found.add_files(self.session, {*links, *around})
        for asked, now in in_parts(self.session, {*links, *around, *concerned}):
            later = now.after(moved)
            for link in asked:
                found.add(link, now, later, moved.get(link.page_id))
        hidden = found.targets()
        for ids in batches(sorted(hidden)):
            readable = select(Page.id).where(Page.id.in_(ids), live_for(self.actor))
            hidden -= set(self.session.scalars(readable))
        found.leave(hidden)
        for ids in batches(sorted(concerned & found.meant.keys() - around.keys())):
            there = select(Page.id).where(Page.id.in_(ids), live_for(self.actor))
            around |= _links(self.session, self.session.scalars(there))
        return found

    def add_wanted(self, places: dict[Place, tuple[str, str]], links: Iterable[Link]) -> None:
        """Add the new places of missing pages below the moved page, for the links of moved pages to
        them."""
        if not self.with_subtree:
            return
        root = self.page.path_key
        for kind, slug, key, _ in links:
            inside = slug == self.page.space.slug and key.startswith(root + "/")
            if kind == "page" and inside and ("page", slug, key) not in places:
                places["page", slug, key] = self.space.slug, self.path + key[len(root) :]


def _links(session: Session, ids: Iterable[int]) -> dict[int, dict[int, Link]]:
    found: dict[int, dict[int, Link]] = {}
    for some in batches(list(ids)):
        rows = session.execute(select(*LINK_COLUMNS).where(PageLink.page_id.in_(some)))
        for id, ordinal, kind, slug, key, fragment in rows:
            found.setdefault(id, {})[ordinal] = (kind, slug, key, fragment)
    return found


def _heads(session: Session, ids: Iterable[int]) -> dict[int, Revision]:
    found: dict[int, Revision] = {}
    for some in batches(list(ids)):
        rows = session.scalars(
            select(Revision)
            .join(Revision.page)
            .join(Page.space)
            .where(Page.id.in_(some), Revision.number == Page.head)
            .options(contains_eager(Revision.page).contains_eager(Page.space))
        )
        found.update((revision.page_id, revision) for revision in rows)
    return found


def _former(ids: Sequence[int]) -> Select[str, str, int]:
    return (
        select(Space.slug, Redirect.path_key, Redirect.page_id)
        .join(Space, Space.id == Redirect.space_id)
        .where(Redirect.page_id.in_(ids))
    )
