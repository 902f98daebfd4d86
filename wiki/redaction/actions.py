"""Actions of redaction. One transaction does what it can; handlers of its event do the rest."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Sequence

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from wiki.attachments.models import Attachment
from wiki.attachments.queries import get_file
from wiki.attachments.storage import Storage
from wiki.db import now
from wiki.errors import Invalid
from wiki.i18n import gettext as _
from wiki.outbox.actions import publish
from wiki.pages.access.acl import hold_spaces
from wiki.pages.models import Page, Revision
from wiki.pages.saving.redacted import remember
from wiki.pages.saving.submit import MovedOn
from wiki.purging.actions import empty_revisions
from wiki.redaction.addresses import forget_redirects, new_paths, readdress
from wiki.redaction.bodies import (
    INSTEAD,
    FileFound,
    files_with,
    hide_in_file_names,
    hide_in_texts,
    replace_file,
)
from wiki.redaction.derived import follow_with_mark, forget_derived, scrub_events, words_of
from wiki.redaction.events import RedactionLifted
from wiki.redaction.models import Redaction
from wiki.redaction.records import new_record, store_record
from wiki.redaction.targets import (
    MOST_PAGES,
    FileTarget,
    RevisionTarget,
    SpanTarget,
    checked_reason,
    checked_span,
    held_page,
    require_redactor,
    versions_of,
)
from wiki.redaction.text_columns import hide
from wiki.room import text_columns_of
from wiki.rules.access import Actor, may_administer
from wiki.rules.labels import Label
from wiki.spaces.queries import SpaceAccess
from wiki.text.rewrite.redaction import Span
from wiki.text_columns import Area


def redact_span(
    session: Session,
    actor: Actor,
    storage: Storage,
    target: SpanTarget,
    reason: str,
    *,
    logged_from: Label | None = None,
) -> Redaction:
    """Replace a text with a mark wherever it is on the pages.

    Numbers of revisions and lines stay. Saving an old copy of the text there is refused afterwards.

    :param logged_from: the label from which on reads of a page are recorded.
    :raises Invalid: if it is nowhere (any more).
    :raises NotFound: as :func:`page_to_redact`.
    :raises Forbidden: as :func:`page_to_redact`.
    """
    span = checked_span(target.typed, whole=target.whole)
    reason = checked_reason(reason, span)
    ids = list(dict.fromkeys(target.page_ids))[: MOST_PAGES + 1]
    if len(ids) > MOST_PAGES:
        raise Invalid(
            _("You can redact at most %(count)s pages at once.", count=MOST_PAGES), field="text"
        )
    pages, seen = held_page(session, actor, ids)
    kind = "title" if target.only_titles else "span"
    row = new_record(session, seen, pages, kind, reason, logged_from)
    words, places = _hide(session, actor, storage, pages, span, row)
    if not words:
        raise Invalid(_("This text isn’t there any more."), field="text")
    for name, value in remember(session, span).items():
        setattr(row, name, value)
    row.words, row.places = sum(words.values()), dict(places)
    store_record(session, actor, row, words)
    return row


def redact_revision(
    session: Session,
    actor: Actor,
    target: RevisionTarget,
    reason: str,
    *,
    logged_from: Label | None = None,
) -> Redaction:
    """Empty a revision; only its number stays. If it is the newest, a new revision with its title
    and a mark follows it.

    :raises MovedOn: if the user has not seen the head.
    :raises Invalid: if there is no such revision (any more).
    :raises NotFound: as :func:`page_to_redact`.
    :raises Forbidden: as :func:`page_to_redact`.
    """
    reason = checked_reason(reason)
    [page], seen = held_page(session, actor, [target.page_id])
    row = new_record(session, seen, [page], "revision", reason, logged_from)
    row.which = target.number
    row.words = words_of(session, page.id, target.number)
    if target.seen != page.head:
        raise MovedOn
    if target.number == page.head:
        follow_with_mark(session, actor, page)
    empty_revisions(session, actor, page, {target.number}, seen=page.head)
    store_record(session, actor, row, Counter({page.id: row.words}))
    return row


def redact_file(
    session: Session,
    actor: Actor,
    storage: Storage,
    target: FileTarget,
    reason: str,
    *,
    logged_from: Label | None = None,
) -> Redaction:
    """Delete the bytes of one version of a file, or of all; a line of text replaces each.

    :raises Invalid: if it was redacted already, or its name is too short to be redacted.
    :raises NotFound: if there is none that the actor may read.
    :raises Forbidden: if they may not redact it.
    """
    found = get_file(session, actor, target.file_id)
    require_redactor(found.seen)
    file, page, seen = found.file, found.file.page, found.seen
    reason = checked_reason(reason)
    if page is None:
        hold_spaces(session, [seen.space.id])
    else:
        [page], seen = held_page(session, actor, [page.id])
    row = new_record(session, seen, [page] if page else [], "file", reason, logged_from)
    row.which = file.id
    files = versions_of(session, actor, found) if target.all_versions else [file]
    stored = storage.put(io.BytesIO(INSTEAD), max_bytes=1 << 10)
    hashes = {one.sha256 for one in files} - {stored.sha256}
    if not hashes and not target.name_too:
        raise Invalid(_("This file has already been redacted."))
    session.connection().execute(
        update(Attachment)
        .where(Attachment.id.in_([one.id for one in files]))
        .values(sha256=stored.sha256, size=stored.size, content_type=stored.content_type)
    )
    row.files = sorted(hashes)
    if target.name_too and page is not None:
        row.words = _hide_file_name(session, actor, page, file.name)
    session.expire_all()
    store_record(session, actor, row, Counter({page.id: row.words} if page is not None else {}))
    return row


def lift(session: Session, actor: Actor, redaction: Redaction, seen: SpaceAccess) -> None:
    """Permit a redacted text to be written again.

    :raises Forbidden: if the actor may not redact in this space.
    """
    require_redactor(seen)
    if redaction.digest is None:
        return
    redaction.digest = redaction.salt = None
    redaction.filter = redaction.length = 0
    redaction.lifted_at, redaction.lifted_by_id = now(), actor.person_id
    session.flush()
    publish(session, actor, RedactionLifted(redaction.space_id, redaction.page_id, redaction.id))


def _hide_file_name(session: Session, actor: Actor, page: Page, name: str) -> int:
    """Replace the last part of a file's name with marks; return how many words that removed."""
    span = Span(name.rpartition("/")[2], whole=True)
    if span.fault:
        raise Invalid(
            _("The file’s name is too short to tell it from other words. Leave it as it is.")
        )
    paths = {page.path: page.path}
    area = Area((page.id,), (page.space_id,), paths=paths)
    words = sum(hide_in_file_names(session, [page.id], span).values())
    for columns in text_columns_of(session):
        # The page's own title and path are not the name of the file.
        if columns.title and columns.counted and not {"title", "path"} & columns.columns.keys():
            hide(session, columns, area, span)
    scrub_events(session, actor, page, span, paths)
    return words


def _hide(
    session: Session,
    actor: Actor,
    storage: Storage,
    pages: Sequence[Page],
    span: Span,
    row: Redaction,
) -> tuple[Counter[int], Counter[str]]:
    """Replace a span with marks wherever it is; return how many words that removed from each page,
    and from each kind of place."""
    only_titles = row.kind == "title"
    everywhere = bool(may_administer(actor))
    ids = [page.id for page in pages]
    spaces = tuple({page.space_id for page in pages})
    before = set(
        session.scalars(select(Revision.content_hash).where(Revision.page_id.in_(ids)).distinct())
    )
    words: Counter[int] = Counter()
    places: Counter[str] = Counter()
    if not only_titles:
        in_texts, _ = hide_in_texts(session, ids, span)
        words += in_texts
        places["texts"] = sum(in_texts.values())
        for found in list(files_with(session, storage, ids, span)):
            owners = _owners(session, found, ids)
            replace_file(session, storage, found, ids)
            row.files = [*row.files, found.sha256]
            words.update(dict.fromkeys(owners, found.words))
            places["files"] += found.words
        named = hide_in_file_names(session, ids, span)
        words += named
        places["names of files"] = sum(named.values())
    new = new_paths(session, pages, span)
    for page in pages:
        paths = {page.path: new.get(page.id, page.path)}
        area = Area((page.id,), spaces, everywhere, paths)
        for columns in text_columns_of(session):
            if columns.title or not only_titles:
                count = hide(session, columns, area, span)
                words[page.id] += count
                places[columns.words] += count
        scrub_events(session, actor, page, span, paths)
        gone = forget_redirects(session, [page.id], span)
        words[page.id] += gone
        places["former addresses"] += gone
    if new:
        readdress(session, pages, new)
    forget_derived(session, ids, before)
    return +words, +places


def _owners(session: Session, found: FileFound, ids: Sequence[int]) -> list[int]:
    owners = select(Attachment.page_id).where(
        Attachment.page_id.in_(ids), Attachment.sha256 == found.sha256
    )
    return [id for id in session.scalars(owners.distinct()) if id is not None]
