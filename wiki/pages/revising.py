"""Steps shared by all actions that write pages: locking a page, checking that paths are free,
adding a revision."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    Delete,
    Select,
    and_,
    bindparam,
    delete,
    exists,
    false,
    func,
    select,
)
from sqlalchemy.orm import Session, contains_eager

from wiki.db import batches, unused_id
from wiki.errors import Invalid, NotFound
from wiki.i18n import gettext as _
from wiki.outbox.models import EventRow
from wiki.pages.access.acl import hold_spaces
from wiki.pages.merging import Text
from wiki.pages.models import Page, Redirect, Revision
from wiki.pages.queries import see_page
from wiki.pages.revisions import Purged, head_of
from wiki.pages.texts.stored import get_text
from wiki.redaction.models import Redaction
from wiki.rules.access import Actor, May
from wiki.spaces.models import Scope, Space
from wiki.spaces.queries import STANDING, seen
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


@cache
def _page_with_head() -> Select[Any]:
    return (
        _page_to_write()
        .join(Revision, and_(Revision.page_id == Page.id, Revision.number == Page.head))
        .add_columns(Revision)
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


def lock_with_head(session: Session, actor: Actor, page_id: int) -> tuple[Page, Space, Revision]:
    """Do the same, and return the newest revision of the page too."""
    if session.get_bind().dialect.name == "postgresql":
        # A query that waits for a lock returns revisions as they were before: a save or a redaction
        # that it waited for has changed them. The head has to be read by another one.
        page, space = lock_for_edit(session, actor, page_id)
        return page, space, head_of(session, page)
    row = session.execute(
        _page_with_head(), {"page_id": page_id, "person_id": actor.person_id}
    ).one_or_none()
    if row is None:
        raise NotFound
    page, space, *standing, head = row
    seen(space, tuple(standing), actor, page.scope_id).require(May.EDIT)
    if head.purged_at is not None:
        raise Purged(head)
    return page, space, head


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


@dataclass(frozen=True)
class FreePlace:
    """A free path: its space, the nearest page above it, and whether anything was redacted in the
    space, or a redirect leads from the path or one above it."""

    space: Space
    above: Page | None
    redacted: bool
    redirected: bool


def require_free(
    session: Session,
    actor: Actor,
    space: Space,
    paths: Sequence[str],
    besides: Collection[int] = (),
) -> FreePlace:
    """Check that paths of a space are free and that the actor may edit there. The first path is the
    topmost one; the nearest page above it must be editable. The space is locked, so that concurrent
    actions cannot take the paths.

    :param besides: ids of pages that are about to leave.
    :returns: what is known about the first path.
    :raises NotFound: :raises Forbidden: when the actor may not edit there.
    :raises Invalid: when a path is taken.
    """
    hold_spaces(session, [space.id])
    wanted = {path_key(path) for path in paths}
    above: Page | None = None
    known: tuple[Space, bool, bool] | None = None
    for keys in batches([*ancestors_of(path_key(paths[0])), *sorted(wanted)]):
        asked = {"space_id": space.id, "keys": keys, "person_id": actor.person_id}
        rows = session.execute(_space_with_pages(), asked).all()
        if not rows:
            raise NotFound
        found, *standing, redacted, redirected, _ = rows[0]
        seen(found, tuple(standing), actor).require(May.EDIT)
        for row in rows:
            page = row.Page
            if page is None or (page.id in besides and page.path_key in wanted):
                continue
            if page.path_key in wanted:
                raise _taken(session, actor, page)
            above = page
        known = known or (found, redacted, redirected)
    if above is not None and above.scope_id is not None:
        try:
            see_page(session, actor, above).require(May.EDIT)
        except NotFound:
            raise _not_here() from None
    if known is None:
        raise ValueError("There is no path.")
    return FreePlace(known[0], above, *known[1:])


def _taken(session: Session, actor: Actor, page: Page) -> Invalid:
    try:
        see_page(session, actor, page)
    except NotFound:
        return _not_here()
    words = (
        _("There’s already a page at “%(path)s”: “%(title)s”.", path=page.path, title=page.title)
        if page.path
        else _("There’s already a page at “the home of the space”: “%(title)s”.", title=page.title)
    )
    return Invalid(words, field="path")


def _not_here() -> Invalid:
    """Return the error for a path that is taken by, or lies below, a page hidden from the actor."""
    return Invalid(_("A page can’t be created at this path. Choose another one."), field="path")


@cache
def _space_with_pages() -> Select[Any]:
    """Select a space with the actor's access to it, and its live pages at some paths: one row for
    each of them, or one row without a page."""
    keys: BindParameter[list[str]] = bindparam("keys", expanding=True)
    return (
        select(
            Space,
            *STANDING,
            exists().where(Redaction.space_id == Space.id, Redaction.digest.is_not(None)),
            exists().where(Redirect.space_id == Space.id, Redirect.path_key.in_(keys)),
            Page,
        )
        .select_from(Space)
        .outerjoin(Scope, false())
        .outerjoin(
            Page,
            and_(Page.space_id == Space.id, Page.path_key.in_(keys), Page.deleted_at.is_(None)),
        )
        .where(Space.id == bindparam("space_id"))
        .order_by(Page.path_key)
    )
