"""Actions of purging. Rows are deleted in one transaction; handlers of its event delete files,
index and log."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Any
from urllib.parse import unquote

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session, joinedload

from wiki.attachments.models import Attachment
from wiki.db import now
from wiki.errors import Invalid, NotFound, require_allowed
from wiki.i18n import gettext as _
from wiki.outbox.actions import publish, scrub
from wiki.pages.access.acl import hold_spaces, recompute_acls
from wiki.pages.access.inheriting import (
    copy_restrictions_before_purge,
    preserve_inherited_restrictions,
    spaces_kept_by,
)
from wiki.pages.diffs import forget_diffs
from wiki.pages.models import AllowedSecret, BlameRow, Page, Revision
from wiki.pages.queries import readable_by
from wiki.pages.rendering.models import RenderingRow
from wiki.pages.rendering.own_renderer import forget_rendered
from wiki.pages.revisions import head_of
from wiki.pages.saving.secrets import forget_looked
from wiki.pages.saving.submit import MovedOn
from wiki.pages.texts.stored import forget_texts, get_text, put_text
from wiki.pages.tree import settle_folders
from wiki.purging.events import PagePurged, RevisionPurged
from wiki.rules.access import Actor, may_administer
from wiki.text.paths import name_of
from wiki.transfer.models import Import

# Keys of an event of a purged page whose strings may stay; numbers stay, too.
_HARMLESS = frozenset({"action", "proof"})


def page_to_purge(
    session: Session, actor: Actor, page_id: int, *, anywhere: bool = False, lock: bool = False
) -> Page:
    """Return the page, live or deleted, that the actor may purge.

    :param anywhere: also in spaces that the actor may not read: for the shell of the machine, which
        has access to every byte anyway.
    :raises NotFound: if there is none that the actor may read.
    :raises Forbidden: unless the actor is an admin.
    """
    query = (
        select(Page)
        .where(Page.id == page_id)
        .options(joinedload(Page.space, innerjoin=True))
        .execution_options(populate_existing=lock)
    )
    if not anywhere:
        query = query.where(readable_by(actor))
    if lock:
        query = query.with_for_update(of=Page)
    page = session.scalar(query)
    if page is None:
        raise NotFound
    require_allowed(may_administer(actor))
    return page


def purge_page(
    session: Session, actor: Actor, page_id: int, *, seen: int, anywhere: bool = False
) -> None:
    """Delete a page with its revisions, files and everything derived from them; an event stays.

    :param seen: the head that the actor saw when they decided.
    :raises MovedOn: if the head has changed.
    :raises NotFound: as :func:`page_to_purge`.
    :raises Forbidden: as :func:`page_to_purge`.
    """
    where = page_to_purge(session, actor, page_id, anywhere=anywhere).space_id
    hold_spaces(session, [where, *spaces_kept_by(session, page_id)])
    page = page_to_purge(session, actor, page_id, anywhere=anywhere, lock=True)
    if page.head != seen:
        raise MovedOn
    space_id, path, was_live = page.space_id, page.path, page.deleted_at is None
    key = page.path_key
    if was_live:
        preserve_inherited_restrictions(session, [page])
    left = copy_restrictions_before_purge(session, page_id)
    hashes = set(session.scalars(select(Revision.content_hash).where(Revision.page_id == page_id)))
    revisions = session.scalar(
        select(func.count()).select_from(Revision).where(Revision.page_id == page_id)
    )
    files = files_of_it_alone(session, page_id)
    _scrub_reports(session, page_id)
    session.expunge_all()
    # Foreign keys delete everything that belongs to the page.
    session.connection().execute(delete(Page).where(Page.id == page_id))
    if was_live:
        settle_folders(session, space_id, [path])
        left.setdefault(space_id, []).append(key)
    for settled, keys in sorted(left.items()):
        recompute_acls(session, settled, keys)
    forget_texts(session, hashes)
    scrub(session, actor, space_id, page_id, _scrubbed)
    publish(session, actor, PagePurged(space_id, page_id, path, revisions or 0, sorted(files)))


def purge_revisions(
    session: Session,
    actor: Actor,
    page_id: int,
    numbers: Collection[int],
    *,
    seen: int,
    anywhere: bool = False,
) -> None:
    """Empty revisions of a page. Their rows stay as tombstones, and each gets an event.

    :raises Invalid: for the newest revision, or one that does not exist or was purged already.
    :raises MovedOn: if the head is not ``seen`` any more.
    :raises NotFound: as :func:`page_to_purge`.
    :raises Forbidden: as :func:`page_to_purge`.
    """
    page = page_to_purge(session, actor, page_id, anywhere=anywhere, lock=True)
    empty_revisions(session, actor, page, numbers, seen=seen)


def empty_revisions(
    session: Session, actor: Actor, page: Page, numbers: Collection[int], *, seen: int
) -> None:
    """Empty revisions of a page; the caller has locked the page and checked permission.

    :raises Invalid: as :func:`purge_revisions`.
    :raises MovedOn: as :func:`purge_revisions`.
    """
    page_id = page.id
    if page.head != seen:
        raise MovedOn
    if page.head in numbers:
        raise Invalid(
            _("The latest revision can’t be purged. Save or restore another one first."),
            field="revision",
        )
    going = session.scalars(
        select(Revision)
        .where(
            Revision.page_id == page_id,
            Revision.number.in_(numbers),
            Revision.purged_at.is_(None),
        )
        .order_by(Revision.number)
    ).all()
    if not going or len(going) != len(set(numbers)):
        raise Invalid(
            _("This revision doesn’t exist or has already been purged."), field="revision"
        )
    hashes = {one.content_hash for one in going}
    told = [(one.number, one.path) for one in going]
    empty = put_text(session, "")
    _empty_rows(session, actor, going, empty)
    _forget_routes(session, page)
    session.expire_all()
    forget_texts(session, hashes - {empty})
    for number, path in told:
        publish(session, actor, RevisionPurged(page.space_id, page_id, number, path))


def _empty_rows(session: Session, actor: Actor, rows: Sequence[Revision], empty_hash: str) -> None:
    """Remove the words of a page's revisions, and what was derived from them."""
    page_id, numbers = rows[0].page_id, [one.number for one in rows]
    session.connection().execute(
        update(Revision)
        .where(Revision.id.in_([one.id for one in rows]))
        .values(
            title="",
            description="",
            tags=[],
            fields={},
            front_matter="",
            message="",
            content_hash=empty_hash,
            purged_at=now(),
            purged_by_id=actor.person_id,
        )
    )
    session.connection().execute(
        delete(BlameRow).where(BlameRow.page_id == page_id, BlameRow.number >= min(numbers))
    )
    # The newest revision may not be rendered yet, so that an older rendering is still stored.
    session.connection().execute(
        delete(RenderingRow).where(
            RenderingRow.page_id == page_id, RenderingRow.number.in_(numbers)
        )
    )
    session.connection().execute(
        delete(AllowedSecret).where(
            AllowedSecret.page_id == page_id,
            AllowedSecret.revision.in_(numbers),
        )
    )


def _forget_routes(session: Session, page: Page) -> None:
    """Remove routes that only the purged revisions may have used."""
    body = get_text(session, head_of(session, page).content_hash) if page.routes else ""
    words = unquote(body)
    kept = [route for route in page.routes if name_of(route[0].rstrip("/")) in words]
    if len(kept) < len(page.routes):
        page.routes, page.rendered = kept, 0
        session.flush()


def files_of_it_alone(session: Session, page_id: int) -> set[str]:
    """Return the hashes of a page's files, including former versions, that no other page has."""
    others = (
        select(Attachment.sha256)
        .where(Attachment.page_id.is_(None) | (Attachment.page_id != page_id))
        .scalar_subquery()
    )
    return set(
        session.scalars(
            select(Attachment.sha256).where(
                Attachment.page_id == page_id, Attachment.sha256.not_in(others)
            )
        )
    )


def _scrub_reports(session: Session, page_id: int) -> None:
    """Remove from import reports the problems that mention the page under any of its names."""
    said = session.execute(
        select(Revision.space_id, Revision.path, Revision.title)
        .where(Revision.page_id == page_id)
        .distinct()
    ).all()
    names = {name for _, path, title in said for name in (path, title) if name}
    named = re.compile("|".join(rf"(?<!\w){re.escape(name)}(?!\w)" for name in sorted(names)))
    reports = session.scalars(
        select(Import).where(Import.space_id.in_({space_id for space_id, _, _ in said}))
    )
    for one in reports:
        problems = one.report.get("problems", [])
        kept = [
            problem
            for problem in problems
            if not names or not named.search(f"{problem['where']}\n{problem['sentence']}")
        ]
        if len(kept) != len(problems):
            one.report = {**one.report, "problems": kept}
    session.flush()


def _scrubbed(payload: dict[str, Any]) -> dict[str, Any]:
    """Return an event's payload without its words: who, when and which ids stay."""
    return {name: _without_words(name, value) for name, value in payload.items()}


def _without_words(name: str, value: Any) -> Any:
    if name in _HARMLESS or isinstance(value, (int, float)) or value is None:
        return value
    return type(value)()


def forget_memory() -> None:
    """Clear everything derived from texts in this process's memory."""
    forget_diffs()
    forget_rendered()
    forget_looked()
