"""Queries for pages, always limited to what an actor may access."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    Boolean,
    ColumnElement,
    Label,
    Select,
    Subquery,
    and_,
    bindparam,
    exists,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import Session, aliased, joinedload

from wiki.db import BigId
from wiki.errors import NotFound, WikiError
from wiki.pages.models import Folder, Page, Redirect, Revision
from wiki.rules.access import NEEDED, Actor, May
from wiki.rules.roles import Role
from wiki.spaces import queries as spaces
from wiki.spaces.gate import in_scopes_of, let_through, scopes_for, spaces_with, stands_in
from wiki.spaces.models import Scope, Space
from wiki.spaces.queries import SpaceAccess
from wiki.text.counts import counted
from wiki.text.paths import PathError, ancestors_of, normalise_path, path_key
from wiki.web.filters import date_words


def readable_by(actor: Actor, page: type[Page] = Page) -> ColumnElement[bool]:
    """Return the condition on ``Page`` (or an alias) that the actor may read it.

    Deleted pages are readable by those who could have edited them.
    """
    return or_(
        live_for(actor, page), and_(page.deleted_at.is_not(None), _open(actor, May.EDIT, page))
    )


def live_for(actor: Actor, page: type[Page] = Page) -> ColumnElement[bool]:
    """Return the condition on ``Page`` that it is live (not deleted) and the actor may read it."""
    return and_(page.deleted_at.is_(None), _open(actor, May.READ, page))


def editable_by(actor: Actor, page: type[Page] = Page) -> ColumnElement[bool]:
    """Return the condition on ``Page`` that it is live and the actor may edit it."""
    return and_(page.deleted_at.is_(None), _open(actor, May.EDIT, page))


def unhidden_from(actor: Actor, page: type[Page] = Page) -> ColumnElement[bool]:
    """Return the condition on ``Page`` that the actor may read it, or could if it were not
    deleted."""
    return _open(actor, May.READ, page)


def _open(actor: Actor, may: May, page: type[Page]) -> ColumnElement[bool]:
    """Return the condition that the space and the scope of a page allow an access."""
    return and_(
        page.space_id.in_(spaces_with(actor, NEEDED[may])),
        or_(page.scope_id.is_(None), page.scope_id.in_(scopes_for(actor, may))),
    )


@dataclass(frozen=True)
class Place:
    """The content of a path of a space, for an actor: a page, its former or deleted pages, or
    nothing."""

    seen: SpaceAccess
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
def _place() -> Select[Any]:
    return (
        select(Space, *spaces.STANDING, Page)
        .outerjoin(
            Page,
            and_(
                Page.space_id == Space.id,
                Page.path_key == bindparam("key"),
                Page.deleted_at.is_(None),
            ),
        )
        .outerjoin(Scope, Scope.id == Page.scope_id)
        .where(Space.slug == bindparam("slug"))
    )


def look_up(session: Session, actor: Actor, slug: str, raw_path: str) -> Place:
    """Find what is at ``/<slug>/<raw_path>`` for the actor. A page that they may not read is
    treated as absent.

    :raises NotFound: when the space does not exist or the actor may not read it, or when the path
        cannot name a page.
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
    space, *standing, page = row
    if page is not None:
        try:
            seen = spaces.seen(space, tuple(standing), actor, page.scope_id)
            return Place(seen, page.path, page)
        except NotFound:
            pass  # access to the space itself is checked next
    alone = (standing[0], standing[1], None, False, False)
    seen = see_above(session, actor, spaces.seen(space, alone, actor), key)
    where = {"space_id": space.id, "key": key}
    moved_to = session.scalar(_moved_to(actor), where)
    deleted: tuple[Page, ...] = ()
    if seen.role >= Role.EDITOR:
        deleted = tuple(session.scalars(_deleted_at(actor), where))
    return Place(seen, path, None, moved_to, deleted)


@lru_cache(maxsize=256)
def _moved_to(actor: Actor) -> Select[Page]:
    return (
        select(Page)
        .join(Redirect, Redirect.page_id == Page.id)
        .where(
            Redirect.space_id == bindparam("space_id"),
            Redirect.path_key == bindparam("key"),
            live_for(actor),
        )
        .options(joinedload(Page.space))
    )


@lru_cache(maxsize=256)
def _deleted_at(actor: Actor) -> Select[Page]:
    return (
        select(Page)
        .where(
            Page.space_id == bindparam("space_id"),
            Page.path_key == bindparam("key"),
            Page.deleted_at.is_not(None),
            readable_by(actor),
        )
        .options(joinedload(Page.deleted_by))
        .order_by(Page.deleted_at.desc())
        .limit(20)
    )


@cache
def _scope_above() -> Select[int | None]:
    return (
        select(Page.scope_id)
        .where(
            Page.space_id == bindparam("space_id"),
            Page.path_key.in_(bindparam("keys", expanding=True)),
            Page.deleted_at.is_(None),
            shown_in_space(Page),
        )
        .order_by(Page.path_key.desc())
        .limit(1)
    )


def see_above(session: Session, actor: Actor, seen: SpaceAccess, key: str) -> SpaceAccess:
    """Return the actor's permissions at a path without a page, in a space that they may read: those
    for the nearest readable page above."""
    wanted = {**parameters_of(seen), "keys": list(ancestors_of(key))}
    above = session.execute(_scope_above(), wanted).scalar()
    if above is None:
        return seen
    return spaces.see_scope(session, actor, seen.space.id, above)


def get_page(session: Session, actor: Actor, page_id: int) -> Page:
    """Return a page by id, deleted or not.

    :raises NotFound: when it does not exist or the actor may not read it.
    """
    page = session.scalar(
        select(Page).where(Page.id == page_id, readable_by(actor)).options(joinedload(Page.space))
    )
    if page is None:
        raise NotFound
    return page


def see_page(session: Session, actor: Actor, page: Page) -> SpaceAccess:
    """Return the actor's permissions for a page, deleted or not.

    :raises NotFound: when they may not read it.
    """
    return spaces.see_scope(
        session, actor, page.space_id, page.scope_id, deleted=page.deleted_at is not None
    )


def head_of(session: Session, page: Page) -> Revision:
    """Return the newest revision of a page. The caller has checked that it may be read."""
    return get_revision(session, page, page.head)


def get_revision(session: Session, page: Page, number: int) -> Revision:
    """Return a revision of a page. The caller has checked that the page may be read.

    :raises NoSuchRevision: when the page has no revision of that number. :raises Purged:
    """
    return get_revision_with(session, page, number)[0]


def get_revision_with(
    session: Session, page: Page, number: int, columns: tuple[Label[Any], ...] = (), **values: Any
) -> tuple[Revision, dict[str, Any]]:
    """Return a revision of a page with other columns by name, read in the same query. The caller
    has checked that the page may be read.

    :param values: the parameters of these columns.
    :raises NoSuchRevision: when the page has no revision of that number. :raises Purged:
    """
    named = {"page_id": page.id, "number": number, **values}
    row = session.execute(_revision(columns), named).one_or_none()
    if row is None:
        raise NoSuchRevision(page)
    revision = row[0]
    if revision.purged_at is not None:
        raise Purged(revision)
    return revision, {column.name: row[n] for n, column in enumerate(columns, 1)}


class NoSuchRevision(NotFound):
    """A page that the actor may read has no revision of the requested number."""

    title = "This revision doesn’t exist"

    def __init__(self, page: Page) -> None:
        super().__init__(f"This page has {counted(page.head, 'revision')}.")
        self.page_id = page.id


class Purged(WikiError):
    """The content of this revision was deleted for good; only its tombstone is left."""

    status = 410
    title = "This revision was purged"

    def __init__(self, revision: Revision) -> None:
        at = revision.purged_at
        on = f" on {date_words(at)}" if at else ""
        super().__init__(
            f"Revision {revision.number} was purged{on}. Its content was permanently removed."
        )
        self.page_id = revision.page_id
        self.number = revision.number


@cache
def _revision(columns: tuple[Label[Any], ...]) -> Select[Any]:
    return (
        select(Revision, *columns)
        .where(Revision.page_id == bindparam("page_id"), Revision.number == bindparam("number"))
        .options(joinedload(Revision.author))
    )


def shown_in_space(page: type[Page]) -> ColumnElement[bool]:
    """Return the condition that a page of a space is visible to the actor described by
    :func:`parameters_of`. It is the same for all actors, so the statements are built once."""
    return or_(
        page.scope_id.is_(None),
        bindparam("leads", type_=Boolean),
        let_through(page.scope_id, bindparam("clearance"), bindparam("person_id", type_=BigId)),
    )


def parameters_of(seen: SpaceAccess) -> dict[str, Any]:
    """Return the parameters of :func:`shown_in_space` for an actor in a space."""
    return {
        "space_id": seen.space.id,
        "person_id": seen.actor.person_id,
        "leads": seen.role is Role.LEAD,
        "clearance": int(seen.clearance),
    }


def holds_readable(actor: Actor, folder: type[Folder]) -> ColumnElement[bool]:
    """Return the condition on a folder that a page below it is visible to the actor. A folder
    without one must not be shown, because it would disclose hidden pages."""
    shown = or_(_below.scope_id.is_(None), in_scopes_of(actor, _below.scope_id))
    return holds_page(folder, _below, shown)


def holds_page(
    folder: type[Folder], page: type[Page], condition: ColumnElement[bool]
) -> ColumnElement[bool]:
    """Return the condition that a live page below a folder satisfies ``condition``."""
    return (
        exists()
        .where(
            page.space_id == folder.space_id,
            page.path_key > folder.path_key + "/",
            page.path_key < folder.path_key + "0",  # the character after "/"
            page.deleted_at.is_(None),
            condition,
        )
        .correlate_except(page)
    )


_below = aliased(Page)


def pages_at(actor: Actor) -> Subquery:
    """Return a subquery of the pages that the actor may read at places named by links, or that have
    moved from there: ``slug``, ``path_key``, ``page_id``. Its parameters are ``slugs`` and
    ``keys``, which are combined with each other. Redirects of a space are followed only for its
    readers."""
    slugs: BindParameter[list[str]] = bindparam("slugs", expanding=True)
    keys: BindParameter[list[str]] = bindparam("keys", expanding=True)
    at, page = aliased(Space), aliased(Page)
    direct = (
        select(at.slug.label("slug"), page.path_key.label("path_key"), page.id.label("page_id"))
        .join(page, page.space_id == at.id)
        .where(at.slug.in_(slugs), page.path_key.in_(keys), live_for(actor, page))
    )
    former, moved = aliased(Space), aliased(Page)
    redirected = (
        select(former.slug, Redirect.path_key, moved.id)
        .select_from(former)
        .join(Redirect, Redirect.space_id == former.id)
        .join(moved, moved.id == Redirect.page_id)
        .where(
            former.slug.in_(slugs),
            Redirect.path_key.in_(keys),
            live_for(actor, moved),
            stands_in(actor, former.id),
        )
    )
    return union_all(direct, redirected).subquery("there")


def subtree_of(session: Session, actor: Actor, page: Page) -> Sequence[Page]:
    """Return the live pages below a page that the actor may edit, in order of their path keys."""
    return session.scalars(
        select(Page)
        .where(Page.space_id == page.space_id, below(page.path_key), editable_by(actor))
        .order_by(Page.path_key)
    ).all()


def below(key: str) -> ColumnElement[bool]:
    """Return the condition on ``Page`` that its path lies below the path ``key``, as an index
    range."""
    if not key:
        return Page.path_key != ""
    # "0" is the character after "/".
    return and_(Page.path_key > f"{key}/", Page.path_key < f"{key}0")
