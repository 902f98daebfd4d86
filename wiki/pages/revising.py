"""Steps shared by all actions that write pages: locking a page, checking that paths are free,
adding a revision."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Delete, Select, bindparam, delete, func, select
from sqlalchemy.orm import Session, contains_eager

from wiki.db import unused_id
from wiki.errors import Invalid, NotFound
from wiki.outbox.models import EventRow
from wiki.pages.access.acl import hold_spaces
from wiki.pages.links.graph import some_at_once
from wiki.pages.merging import Text
from wiki.pages.models import Page, Redirect, Revision
from wiki.pages.queries import see_page
from wiki.pages.texts import get_text
from wiki.rules.access import Actor, May
from wiki.spaces.models import Scope, Space
from wiki.spaces.queries import STANDING, see_space_by_id, seen
from wiki.text.paths import ancestors_of, path_key


def text_of(session: Session, revision: Revision) -> Text:
    """Return everything that the author of a revision wrote."""
    return Text(
        title=revision.title,
        body=get_text(session, revision.content_hash),
        tags=tuple(revision.tags),
        description=revision.description,
        fields=dict(revision.fields),
        front_matter=revision.front_matter,
    )


# Building a statement costs more than running it, so those of every save are built once.
@cache
def _page_to_write() -> Select[Any]:
    return (
        select(Page, Space, *STANDING)
        .join(Page.space)
        .outerjoin(Scope, Scope.id == Page.scope_id)
        .where(Page.id == bindparam("page_id"), Page.deleted_at.is_(None))
        .options(contains_eager(Page.space))
        # FOR NO KEY UPDATE: concurrent inserts of links to the page do not have to wait.
        .with_for_update(of=Page, key_share=True)
    )


def lock_for_edit(session: Session, actor: Actor, page_id: int) -> tuple[Page, Space]:
    """Return a live page, locked against other writers, and its space.

    :raises NotFound: when it does not exist for the actor. :raises Forbidden: when they may not
        edit it.
    """
    row = session.execute(
        _page_to_write(), {"page_id": page_id, "person_id": actor.person_id}
    ).one_or_none()
    if row is None:
        raise NotFound
    page, space, *standing = row
    seen(space, tuple(standing), actor, page.scope_id).require(May.EDIT)
    return page, space


def lock_for_move(
    session: Session, actor: Actor, page_id: int, spaces: Collection[int] = ()
) -> tuple[Page, Space]:
    """Do the same for an action that changes paths or access: the page's space, and the given ones,
    are locked before the page, so that such actions run one at a time."""
    space_id = session.scalar(select(Page.space_id).where(Page.id == page_id))
    if space_id is not None:
        hold_spaces(session, [space_id, *spaces])
    page, space = lock_for_edit(session, actor, page_id)
    if space.id != space_id:  # it was moved there meanwhile
        hold_spaces(session, [space.id])
    return page, space


def unused_page_id(session: Session) -> int | None:
    """Return an id that no page ever had, because the events of purged pages are kept; None if the
    database ensures this itself."""
    return unused_id(session, _last_ids())


@cache
def _last_ids() -> tuple[Select[int | None], Select[int | None]]:
    return select(func.max(Page.id)), select(func.max(EventRow.page_id))


@cache
def no_redirect() -> Delete:
    return (
        delete(Redirect)
        .where(Redirect.space_id == bindparam("in_space"), Redirect.path_key == bindparam("at"))
        .execution_options(synchronize_session=False)
    )


def require_free(
    session: Session,
    actor: Actor,
    space: Space,
    paths: Sequence[str],
    besides: Collection[int] = (),
) -> None:
    """Check that paths of a space are free and that the actor may edit there. The first path is the
    topmost one; the nearest page above it must be editable. The space is locked, so that concurrent
    actions cannot take the paths.

    :param besides: ids of pages that are about to leave.
    :raises NotFound: :raises Forbidden: when the actor may not edit there.
    :raises Invalid: when a path is taken.
    """
    hold_spaces(session, [space.id])
    see_space_by_id(session, actor, space.id).require(May.EDIT)
    for keys in some_at_once([path_key(path) for path in paths]):
        there = select(Page).where(
            Page.space_id == space.id, Page.path_key.in_(keys), Page.deleted_at.is_(None)
        )
        for taken in session.scalars(there.order_by(Page.path_key)):
            if taken.id not in besides:
                raise _taken(session, actor, taken)
    above = session.scalar(
        _page_above(), {"space_id": space.id, "keys": ancestors_of(path_key(paths[0]))}
    )
    if above is not None and above.scope_id is not None:
        try:
            see_page(session, actor, above).require(May.EDIT)
        except NotFound:
            raise _not_here() from None


def _taken(session: Session, actor: Actor, page: Page) -> Invalid:
    try:
        see_page(session, actor, page)
    except NotFound:
        return _not_here()
    return Invalid(
        f"There is already a page at “{page.path or 'the start of the space'}”: “{page.title}”.",
        field="path",
    )


def _not_here() -> Invalid:
    """Return the error for a path that is taken by, or lies below, a page hidden from the actor."""
    return Invalid("A page cannot be made at this path: choose another.", field="path")


@cache
def _page_above() -> Select[Page]:
    return (
        select(Page)
        .where(
            Page.space_id == bindparam("space_id"),
            Page.path_key.in_(bindparam("keys", expanding=True)),
            Page.deleted_at.is_(None),
        )
        .order_by(Page.path_key.desc())
        .limit(1)
    )
