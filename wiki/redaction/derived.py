"""Rows that a redaction cleans besides revisions: derived ones, and words in events."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from wiki.db import now
from wiki.errors import Invalid, NotFound
from wiki.i18n import gettext as _
from wiki.outbox.actions import publish, scrub
from wiki.pages.events import PageSaved
from wiki.pages.links.models import LinkReading, PageAlias, PageAnchor, PageLink
from wiki.pages.merging import Text
from wiki.pages.models import Action, BlameRow, Page, Revision
from wiki.pages.rendering.models import RenderingRow
from wiki.pages.saving.revisions import Attribution, revision_of, write_revisions
from wiki.pages.texts.stored import forget_texts, get_text, hash_of, put_text
from wiki.redaction.text_columns import spoken
from wiki.rules.access import Actor
from wiki.tags.projection import recompute as recompute_tags
from wiki.text.rewrite.redaction import MARK, Span


def scrub_events(
    session: Session, actor: Actor, page: Page, span: Span, paths: dict[str, str]
) -> None:
    """Remove a span from the events of a page."""

    def without(payload: dict[str, Any]) -> dict[str, Any]:
        left: dict[str, Any] = spoken(payload, span, paths)
        return left

    scrub(session, actor, page.space_id, page.id, without, silence=False)


def forget_derived(session: Session, ids: Sequence[int], hashes: Collection[str]) -> None:
    """Update pages to their newest revisions, and delete what was derived from their earlier
    texts."""
    connection = session.connection()
    for table in (BlameRow, PageLink, LinkReading, PageAlias, PageAnchor, RenderingRow):
        connection.execute(delete(table).where(table.page_id.in_(ids)))
    head = (
        select(Revision.title)
        .where(Revision.page_id == Page.id, Revision.number == Page.head)
        .scalar_subquery()
    )
    connection.execute(
        update(Page)
        .where(Page.id.in_(ids))
        .values(title=func.coalesce(head, Page.title), rendered=0, redacted=Page.redacted + 1)
    )
    session.expire_all()
    forget_texts(session, hashes)
    recompute_tags(session, ids)


def follow_with_mark(session: Session, actor: Actor, page: Page) -> None:
    """Add a newest revision with nothing but the title and a mark, so that the one before it can be
    emptied. Users with that one open in an editor are told when they save."""
    revision = session.scalar(
        select(Revision).where(Revision.page_id == page.id, Revision.number == page.head)
    )
    text = f"{MARK}\n"
    if revision is None:
        raise NotFound
    if revision.content_hash == hash_of(text):
        raise Invalid(_("This revision has already been redacted."), field="revision")
    by = Attribution(actor.person_id, now())
    key = put_text(session, text, None)
    row = revision_of(page, Text(revision.title, text), key, Action.EDIT, by)
    write_revisions(session, [row])
    publish(session, actor, PageSaved(page.space_id, page.id, row["number"], row["action"]))


def words_of(session: Session, page_id: int, number: int) -> int:
    key = session.scalar(
        select(Revision.content_hash).where(
            Revision.page_id == page_id,
            Revision.number == number,
            Revision.purged_at.is_(None),
        )
    )
    if key is None:
        raise Invalid(_("This revision no longer exists."), field="revision")
    return len(get_text(session, key).split())
