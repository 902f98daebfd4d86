"""Steps shared by all actions that write pages: locking a page, checking that paths are free,
adding a revision."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Delete, Select, Update, bindparam, delete, func, insert, select, update
from sqlalchemy.orm import Session, contains_eager, make_transient_to_detached
from sqlalchemy.orm.attributes import set_committed_value

from wiki.db import now, unused_id
from wiki.errors import Invalid, NotFound
from wiki.outbox.actions import publish
from wiki.outbox.events import PageSaved
from wiki.outbox.models import EventRow
from wiki.pages.access.acl import hold_spaces
from wiki.pages.checks import checked_message
from wiki.pages.links.graph import some_at_once
from wiki.pages.merging import Text
from wiki.pages.models import Action, Page, Redirect, Revision
from wiki.pages.queries import see_page
from wiki.pages.rendering.stored import context_of, keep_rendering
from wiki.pages.texts import get_text, put_text
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


_REVISION = insert(Revision).returning(Revision.id)


@cache
def _new_head() -> Update:
    return (
        update(Page)
        .where(Page.id == bindparam("of_page"), Page.head == bindparam("seen"))
        .execution_options(synchronize_session=False)
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


def add_revision(
    session: Session,
    actor: Actor,
    page: Page,
    text: Text,
    action: Action,
    message: str,
    *,
    base: int | None,
    previous: str | None,
) -> Revision:
    """Insert a revision and make it the head. The caller has locked the page's row.

    :param previous: hash of the text that it replaces.
    """
    moment = now()
    connection = session.connection()
    row = {
        "page_id": page.id,
        "number": page.head + 1,
        "action": action.value,
        "space_id": page.space_id,
        "path": page.path,
        "folder": page.folder,
        "title": text.title,
        "description": text.description,
        "tags": list(text.tags),
        "fields": text.fields,
        "front_matter": text.front_matter,
        "content_hash": put_text(session, text.body, previous),
        "message": checked_message(message),
        "base": base,
        "author_id": actor.person_id,
        "created_at": moment,
    }
    session.flush()  # writes pending changes of the page itself
    row["id"] = connection.execute(_REVISION, row).scalar_one()
    revision = Revision(**row)
    make_transient_to_detached(revision)
    session.add(revision)
    new = {
        "head": revision.number,
        "title": text.title,
        "updated_at": moment,
        "updated_by_id": actor.person_id,
    }
    moved = connection.execute(_new_head(), {"of_page": page.id, "seen": page.head, **new})
    # The lock makes this impossible; the check ensures that nothing is ever overwritten.
    if moved.rowcount != 1:
        raise RuntimeError("The head moved under a locked page.")
    for name, value in new.items():
        set_committed_value(page, name, value)
    return revision


def revise_all(session: Session, actor: Actor, revisions: Sequence[tuple[Page, Revision]]) -> None:
    """Insert revisions and make them the heads of their pages. The caller has locked the pages."""
    if not revisions:
        return
    moment = now()
    heads = []
    for page, revision in revisions:
        revision.page_id = page.id
        revision.number = page.head + 1
        revision.space_id = page.space_id
        revision.path = page.path
        revision.folder = page.folder
        revision.author_id = actor.person_id
        revision.created_at = moment
        session.add(revision)
        new = {
            "head": revision.number,
            "title": revision.title,
            "updated_at": moment,
            "updated_by_id": actor.person_id,
        }
        heads.append({"of_page": page.id, "seen": page.head, **new})
    session.flush()
    changed = session.connection().execute(_new_head(), heads)
    # The lock makes this impossible; the check ensures that nothing is ever overwritten.
    if changed.rowcount != len(heads):
        raise RuntimeError("The head moved under a locked page.")
    for (page, _), values in zip(revisions, heads, strict=True):
        for name in ("head", "title", "updated_at", "updated_by_id"):
            set_committed_value(page, name, values[name])


def render_head(
    session: Session, space: Space, page: Page, revision: Revision, body: str
) -> frozenset[str]:
    return keep_rendering(session, page, revision, body, context_of(space.slug, revision))


def publish_saved(session: Session, actor: Actor, page: Page, revision: Revision) -> None:
    publish(session, actor, PageSaved(page.space_id, page.id, revision.number, revision.action))
