"""Queries for pages, always limited to what an actor may access."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import Boolean, ColumnElement, Select, and_, bindparam, or_, select
from sqlalchemy.orm import Session, joinedload
from sqlalchemy.orm.attributes import set_committed_value

from wiki.changes.reads import note_page, of_noted
from wiki.db import BigId
from wiki.errors import NotFound
from wiki.pages.models import Page, Redirect
from wiki.rules.access import NEEDED, Actor, May
from wiki.rules.roles import Role
from wiki.spaces import queries as spaces
from wiki.spaces.gate import let_through, scopes_for, spaces_with
from wiki.spaces.models import Scope, Space
from wiki.spaces.queries import SpaceAccess
from wiki.text.paths import PathError, ancestors_of, normalise_path, path_key


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
        .execution_options(**of_noted("pages"))
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
        note_page(page.id)
        set_committed_value(page, "space", space)  # a screen may ask for it without a session
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
