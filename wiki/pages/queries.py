"""Reading pages, always as somebody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TypeAlias

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Select,
    and_,
    bindparam,
    exists,
    literal,
    or_,
    select,
)
from sqlalchemy.orm import Session, aliased, contains_eager, joinedload

from wiki.db import BigId
from wiki.errors import NotFound
from wiki.pages.models import Folder, Page, PageLink, Redirect, Revision
from wiki.rules.access import Actor, May
from wiki.spaces import queries as spaces
from wiki.spaces.models import Membership, Space
from wiki.spaces.queries import SpaceSeen
from wiki.text.paths import PathError, ancestors_of, normalise_path, path_key


def readable_by(actor: Actor) -> ColumnElement[bool]:
    """The condition on ``Page`` that the actor may read it.

    Deleted pages are readable by those who could have edited them.
    """
    return and_(
        Page.space_id.in_(select(Space.id).where(spaces.readable_by(actor))),
        or_(
            Page.deleted_at.is_(None),
            Page.space_id.in_(select(Space.id).where(spaces.editable_by(actor))),
        ),
    )


def live_for(actor: Actor) -> ColumnElement[bool]:
    """The condition on ``Page`` that it is there (not deleted) and the actor may read it."""
    return and_(
        Page.deleted_at.is_(None),
        Page.space_id.in_(select(Space.id).where(spaces.readable_by(actor))),
    )


@dataclass(frozen=True)
class Place:
    """What is at a path of a space, for somebody: a page, or a trace of one, or nothing."""

    seen: SpaceSeen
    path: str
    page: Page | None
    moved_to: Page | None = None
    deleted: tuple[Page, ...] = ()

    @property
    def space(self) -> Space:
        """The space of the place."""
        return self.seen.space


# Building a statement costs more than running it, so those of every page view are built once.
@cache
def _place() -> Select[Space, int | None, Page | None]:
    person = bindparam("person_id", type_=BigId)
    return (
        select(Space, Membership.role, Page)
        .outerjoin(
            Membership, and_(Membership.space_id == Space.id, Membership.person_id == person)
        )
        .outerjoin(
            Page,
            and_(
                Page.space_id == Space.id,
                Page.path_key == bindparam("key"),
                Page.deleted_at.is_(None),
            ),
        )
        .where(Space.slug == bindparam("slug"))
    )


def look_up(session: Session, actor: Actor, slug: str, raw_path: str) -> Place:
    """What the actor finds at ``/<slug>/<raw_path>``.

    :raises NotFound: when there is no such space, or none that they may read, or the path cannot
        name a page.
    """
    try:
        path = normalise_path(raw_path)
    except PathError:
        raise NotFound from None
    key = path_key(path)
    row = session.execute(
        _place(), {"slug": slug, "key": key, "person_id": actor.person_id}
    ).one_or_none()
    if row is None:
        raise NotFound
    seen = spaces.seen(row[0], row[1], actor)
    if row[2] is not None:
        return Place(seen, row[2].path, row[2])
    moved_to = session.scalar(
        select(Page)
        .join(Redirect, Redirect.page_id == Page.id)
        .where(
            Redirect.space_id == seen.space.id,
            Redirect.path_key == key,
            Page.deleted_at.is_(None),
            live_for(actor),
        )
        .options(joinedload(Page.space))
    )
    deleted: tuple[Page, ...] = ()
    if seen.may(May.EDIT):
        deleted = tuple(
            session.scalars(
                select(Page)
                .where(
                    Page.space_id == seen.space.id,
                    Page.path_key == key,
                    Page.deleted_at.is_not(None),
                )
                .options(joinedload(Page.deleted_by))
                .order_by(Page.deleted_at.desc())
                .limit(20)
            )
        )
    return Place(seen, path, None, moved_to, deleted)


def get_page(session: Session, actor: Actor, page_id: int) -> Page:
    """The page of that id, deleted or not.

    :raises NotFound: when there is none, or none that the actor may read.
    """
    page = session.scalar(
        select(Page).where(Page.id == page_id, readable_by(actor)).options(joinedload(Page.space))
    )
    if page is None:
        raise NotFound
    return page


def head_of(session: Session, page: Page) -> Revision:
    """The newest revision of a page that the caller may already read."""
    return get_revision(session, page, page.head)


def get_revision(session: Session, page: Page, number: int) -> Revision:
    """One revision of a page that the caller may already read.

    :raises NotFound: when the page has no revision of that number.
    """
    revision = session.scalar(_revision(), {"page_id": page.id, "number": number})
    if revision is None:
        raise NotFound
    return revision


@cache
def _revision() -> Select[Revision]:
    return (
        select(Revision)
        .where(Revision.page_id == bindparam("page_id"), Revision.number == bindparam("number"))
        .options(joinedload(Revision.author))
    )


@dataclass(frozen=True)
class TreeNode:
    """A line of a space's tree: a page, or a folder without one (``page_id`` None)."""

    path: str
    path_key: str
    parent_key: str
    title: str
    page_id: int | None
    has_children: bool


_Node: TypeAlias = "Select[str, str, str | None, str | None, int | None, bool]"


@cache
def _children() -> tuple[_Node, _Node]:
    space_id: BindParameter[int] = bindparam("space_id")
    keys: BindParameter[list[str]] = bindparam("keys", expanding=True)
    below, lower = aliased(Page), aliased(Folder)
    has_below = or_(
        exists().where(
            below.space_id == space_id,
            below.parent_key == Page.path_key,
            below.deleted_at.is_(None),
        ),
        exists().where(lower.space_id == space_id, lower.parent_key == Page.path_key),
    )
    pages = select(Page.path, Page.path_key, Page.parent_key, Page.title, Page.id, has_below).where(
        Page.space_id == space_id, Page.parent_key.in_(keys), Page.deleted_at.is_(None)
    )
    folders = select(
        Folder.path, Folder.path_key, Folder.parent_key, literal(None), literal(None), literal(True)
    ).where(Folder.space_id == space_id, Folder.parent_key.in_(keys))
    return pages.limit(bindparam("limit")), folders.limit(bindparam("limit"))


def children_of(
    session: Session, space: Space, keys: Sequence[str], limit: int = 1000
) -> dict[str, list[TreeNode]]:
    """What lies directly below each of the paths ``keys``, by title, in two queries.

    The caller may already read the space.
    """
    wanted = {"space_id": space.id, "keys": list(keys), "limit": limit}
    pages, folders = (session.execute(statement, wanted) for statement in _children())
    found: dict[str, list[TreeNode]] = {key: [] for key in keys}
    for path, key, parent, title, id, has in [*pages, *folders]:
        found[parent].append(TreeNode(path, key, parent, title or _name(path), id, bool(has)))
    for nodes in found.values():
        nodes.sort(key=lambda node: (node.title.casefold(), node.path_key))
    return found


def _name(path: str) -> str:
    return path.rsplit("/", 1)[-1]


@dataclass(frozen=True)
class Crumb:
    """A step on the way from the space to a page; ``exists`` is false for a folder."""

    path: str
    title: str
    exists: bool


def breadcrumbs(session: Session, space: Space, path: str) -> list[Crumb]:
    """The pages and folders above ``path``, the space's own page left out, topmost first."""
    above = [ancestor for ancestor in ancestors_of(path) if ancestor]
    if not above:
        return []
    titles = {
        key: (found, title)
        for key, found, title in session.execute(
            _titles(), {"space_id": space.id, "keys": [path_key(ancestor) for ancestor in above]}
        )
    }
    crumbs = []
    for ancestor in above:
        found = titles.get(path_key(ancestor))
        crumbs.append(
            Crumb(found[0], found[1], True) if found else Crumb(ancestor, _name(ancestor), False)
        )
    return crumbs


@cache
def _titles() -> Select[str, str, str]:
    return select(Page.path_key, Page.path, Page.title).where(
        Page.space_id == bindparam("space_id"),
        Page.path_key.in_(bindparam("keys", expanding=True)),
        Page.deleted_at.is_(None),
    )


def missing_links(session: Session, actor: Actor, page: Page) -> list[int]:
    """Ordinals of the head's links that lead nowhere for the actor: nothing is there, or nothing
    that they may read."""
    return list(session.scalars(_missing_links(actor), {"page_id": page.id}))


@lru_cache(maxsize=64)
def _missing_links(actor: Actor) -> Select[int]:
    target = aliased(Page)
    target_space = aliased(Space)
    readable = select(Space.id).where(spaces.readable_by(actor))
    there = (
        select(literal(1))
        .select_from(target_space)
        .join(target, target.space_id == target_space.id)
        .where(
            target_space.slug == PageLink.space_slug,
            target.path_key == PageLink.path_key,
            target.deleted_at.is_(None),
            target_space.id.in_(readable),
        )
        .exists()
    )
    moved = (
        select(literal(1))
        .select_from(target_space)
        .join(Redirect, Redirect.space_id == target_space.id)
        .join(target, target.id == Redirect.page_id)
        .where(
            target_space.slug == PageLink.space_slug,
            Redirect.path_key == PageLink.path_key,
            target.deleted_at.is_(None),
            target.space_id.in_(readable),
            target_space.id.in_(readable),
        )
        .exists()
    )
    home = (
        select(literal(1))
        .select_from(target_space)
        .where(
            PageLink.path_key == "",
            target_space.slug == PageLink.space_slug,
            target_space.id.in_(readable),
        )
        .exists()
    )
    folder = (
        select(literal(1))
        .select_from(target_space)
        .join(Folder, Folder.space_id == target_space.id)
        .where(
            target_space.slug == PageLink.space_slug,
            Folder.path_key == PageLink.path_key,
            target_space.id.in_(readable),
        )
        .exists()
    )
    return select(PageLink.ordinal).where(
        PageLink.page_id == bindparam("page_id"),
        PageLink.kind == "page",
        ~or_(there, moved, home, folder),
    )


def backlinks(session: Session, actor: Actor, page: Page, limit: int = 200) -> Sequence[Page]:
    """Pages that link to ``page`` under its path or one it had, as far as the actor may read."""
    slug = session.scalar(select(Space.slug).where(Space.id == page.space_id))
    former = session.execute(
        select(Space.slug, Redirect.path_key)
        .join(Space, Space.id == Redirect.space_id)
        .where(Redirect.page_id == page.id)
    )
    places = [(slug, page.path_key), *((row[0], row[1]) for row in former)]
    linking = select(PageLink.page_id).where(
        or_(
            *(
                and_(PageLink.space_slug == space_slug, PageLink.path_key == key)
                for space_slug, key in places
            )
        )
    )
    return (
        session.scalars(
            select(Page)
            .join(Page.space)
            .where(Page.id.in_(linking), Page.id != page.id, live_for(actor))
            .options(contains_eager(Page.space))
            .order_by(Page.title, Page.id)
            .limit(limit)
        )
        .unique()
        .all()
    )


def subtree_of(session: Session, page: Page) -> Sequence[Page]:
    """The live pages below a page, which the caller may already read, nearest first."""
    return session.scalars(
        select(Page)
        .where(Page.space_id == page.space_id, below(page.path_key), Page.deleted_at.is_(None))
        .order_by(Page.path_key)
    ).all()


def below(key: str) -> ColumnElement[bool]:
    """The condition on ``Page`` that its path lies below the path ``key``, as an index range."""
    if not key:
        return Page.path_key != ""
    # "0" is the character after "/".
    return and_(Page.path_key > f"{key}/", Page.path_key < f"{key}0")


def nearest_titles(
    session: Session, actor: Actor, space: Space, path: str, limit: int = 5
) -> list[Page]:
    """Live pages of a space whose last path segment begins like that of ``path``."""
    name = path_key(path).rpartition("/")[2]
    stem = name[: max(3, len(name) // 2)]
    pattern = stem.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_")
    return list(
        session.scalars(
            select(Page)
            .where(
                Page.space_id == space.id,
                live_for(actor),
                or_(
                    Page.path_key.like(f"{pattern}%", escape="\\"),
                    Page.path_key.like(f"%/{pattern}%", escape="\\"),
                ),
            )
            .order_by(Page.title)
            .limit(limit)
        )
    )
