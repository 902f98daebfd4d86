"""Targets of redactions, and the checks of a request."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from wiki.attachments.models import Attachment
from wiki.attachments.queries import FileSeen
from wiki.attachments.versions import versions_at
from wiki.errors import Invalid, NotFound
from wiki.i18n import gettext as _
from wiki.pages.access.acl import hold_spaces
from wiki.pages.models import Page
from wiki.pages.queries import readable_by, see_page
from wiki.rules.access import Actor, May, may_administer
from wiki.spaces.queries import SpaceAccess
from wiki.tags.projection import take_turn as take_turn_of_tags
from wiki.text.paths import path_key
from wiki.text.rewrite.redaction import Span

MAX_REASON = 300
MOST_PAGES = 200
"""The maximum number of pages that are redacted at once."""


@dataclass(frozen=True)
class SpanTarget:
    """A text to redact, and the pages to redact it on.

    :param only_titles: keep it in texts, tags and files; redact only titles, addresses and what
        mentions them.
    :param whole: keep it where it is part of a longer word.
    """

    typed: str
    page_ids: Sequence[int]
    only_titles: bool = False
    whole: bool = False


@dataclass(frozen=True)
class RevisionTarget:
    """A revision to redact; ``seen`` is the head of its page that the user saw."""

    page_id: int
    number: int
    seen: int


@dataclass(frozen=True)
class FileTarget:
    """A version of a file to redact; also its other versions and its name, if chosen."""

    file_id: int
    all_versions: bool = False
    name_too: bool = False


def page_to_redact(
    session: Session, actor: Actor, page_id: int, *, lock: bool = False
) -> tuple[Page, SpaceAccess]:
    """Return the page, live or deleted, that the actor may redact: they lead its space, or are an
    admin and may read it.

    :raises NotFound: if there is none that the actor may read.
    :raises Forbidden: if they may not redact it.
    """
    query = (
        select(Page)
        .where(Page.id == page_id, readable_by(actor))
        .execution_options(populate_existing=lock)
    )
    page = session.scalar(query.with_for_update(of=Page) if lock else query)
    if page is None:
        raise NotFound
    seen = see_page(session, actor, page)
    require_redactor(seen)
    return page, seen


def require_redactor(seen: SpaceAccess) -> None:
    """Check that the actor leads the space or is an admin.

    :raises Forbidden: otherwise, with the reason.
    """
    if not may_administer(seen.actor):
        seen.require(May.MANAGE)


def checked_span(typed: str, *, whole: bool = False) -> Span:
    """Return the text to be redacted as a span.

    :raises Invalid: if it cannot be redacted.
    """
    span = Span(typed, whole=whole)
    if span.fault:
        raise Invalid(span.fault, field="text")
    return span


def checked_reason(typed: str, span: Span | None = None) -> str:
    """Return the reason of a redaction on one line.

    :raises Invalid: if it is empty or too long, or contains the redacted text.
    """
    reason = " ".join(typed.replace("\0", " ").split())
    if not reason:
        raise Invalid(_("Enter a reason. It’s kept in place of the text."), field="reason")
    if len(reason) > MAX_REASON:
        raise Invalid(
            _("Use at most %(count)s characters for the reason.", count=MAX_REASON),
            field="reason",
        )
    if span is not None and span.pattern.search(reason):
        raise Invalid(
            _("The reason is kept, so don’t repeat the redacted text in it."), field="reason"
        )
    return reason


def held_page(session: Session, actor: Actor, ids: Sequence[int]) -> tuple[list[Page], SpaceAccess]:
    """Lock the pages and their spaces; return them, and the view of the first."""
    take_turn_of_tags(session)
    spaces = session.scalars(select(Page.space_id).where(Page.id.in_(ids)).distinct()).all()
    hold_spaces(session, spaces)
    found = {id: page_to_redact(session, actor, id, lock=True) for id in sorted(ids)}
    return [found[id][0] for id in ids], found[ids[0]][1]


def versions_of(session: Session, actor: Actor, found: FileSeen) -> list[Attachment]:
    """Return all versions of a file on its page."""
    versions = versions_at(session, actor, found.seen.space, path_key(found.path))
    return [one for one in versions if one.page_id == found.file.page_id]
