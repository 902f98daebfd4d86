"""Actions of redaction. One transaction does what it can; handlers of its event do the rest."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from wiki.attachments.models import Attachment
from wiki.attachments.queries import FileSeen, get_file, versions_at
from wiki.attachments.storage import Storage
from wiki.db import now
from wiki.errors import Invalid, NotFound
from wiki.outbox.actions import publish, scrub
from wiki.pages.access.acl import hold_spaces
from wiki.pages.events import PageSaved
from wiki.pages.merging import Text
from wiki.pages.models import (
    Action,
    BlameRow,
    LinkReading,
    Page,
    PageAlias,
    PageAnchor,
    PageLink,
    Revision,
)
from wiki.pages.queries import readable_by, see_page
from wiki.pages.redacted import remember
from wiki.pages.saving.revisions import Attribution, revision_of, write_revisions
from wiki.pages.saving.submit import MovedOn
from wiki.pages.texts import get_text, hash_of, put_text
from wiki.purging.actions import empty_revisions, forget_unread
from wiki.redaction.addresses import forget_redirects, new_paths, readdress
from wiki.redaction.bodies import (
    INSTEAD,
    FileFound,
    files_with,
    hide_in_file_names,
    hide_in_texts,
    replace_file,
)
from wiki.redaction.events import RedactionLifted
from wiki.redaction.models import Redaction
from wiki.redaction.records import new_record, store_record
from wiki.redaction.text_columns import hide, spoken
from wiki.room import text_columns_of
from wiki.rules.access import Actor, May, may_administer
from wiki.rules.labels import Label
from wiki.spaces.queries import SpaceAccess
from wiki.tags.projection import recompute as recompute_tags
from wiki.tags.projection import take_turn as take_turn_of_tags
from wiki.text.paths import path_key
from wiki.text.rewrite.redaction import MARK, Span
from wiki.text_columns import Area

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
        raise Invalid("Enter a reason. It’s kept in place of the text.", field="reason")
    if len(reason) > MAX_REASON:
        raise Invalid(f"Use at most {MAX_REASON} characters for the reason.", field="reason")
    if span is not None and span.pattern.search(reason):
        raise Invalid(
            "The reason is kept, so don’t repeat the redacted text in it.", field="reason"
        )
    return reason


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
        raise Invalid(f"You can redact at most {MOST_PAGES} pages at once.", field="text")
    pages, seen = _held(session, actor, ids)
    kind = "title" if target.only_titles else "span"
    row = new_record(session, seen, pages, kind, reason, logged_from)
    words, places = _hide(session, actor, storage, pages, span, row)
    if not words:
        raise Invalid("This text isn’t there any more.", field="text")
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
    [page], seen = _held(session, actor, [target.page_id])
    row = new_record(session, seen, [page], "revision", reason, logged_from)
    row.which = target.number
    row.words = _words_of(session, page.id, target.number)
    if target.seen != page.head:
        raise MovedOn
    if target.number == page.head:
        _follow_with_mark(session, actor, page)
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
        [page], seen = _held(session, actor, [page.id])
    row = new_record(session, seen, [page] if page else [], "file", reason, logged_from)
    row.which = file.id
    files = _versions_of(session, actor, found) if target.all_versions else [file]
    stored = storage.put(io.BytesIO(INSTEAD), max_bytes=1 << 10)
    hashes = {one.sha256 for one in files} - {stored.sha256}
    if not hashes and not target.name_too:
        raise Invalid("This file has already been redacted.")
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


def _held(session: Session, actor: Actor, ids: Sequence[int]) -> tuple[list[Page], SpaceAccess]:
    """Lock the pages and their spaces; return them, and the view of the first."""
    take_turn_of_tags(session)
    spaces = session.scalars(select(Page.space_id).where(Page.id.in_(ids)).distinct()).all()
    hold_spaces(session, spaces)
    found = {id: page_to_redact(session, actor, id, lock=True) for id in sorted(ids)}
    return [found[id][0] for id in ids], found[ids[0]][1]


def _versions_of(session: Session, actor: Actor, found: FileSeen) -> list[Attachment]:
    """Return all versions of a file on its page."""
    versions = versions_at(session, actor, found.seen.space, path_key(found.path))
    return [one for one in versions if one.page_id == found.file.page_id]


def _hide_file_name(session: Session, actor: Actor, page: Page, name: str) -> int:
    """Replace the last part of a file's name with marks; return how many words that removed."""
    span = Span(name.rpartition("/")[2], whole=True)
    if span.fault:
        raise Invalid(
            "The file’s name is too short to tell it from other words. Leave it as it is."
        )
    paths = {page.path: page.path}
    area = Area((page.id,), (page.space_id,), paths=paths)
    words = sum(hide_in_file_names(session, [page.id], span).values())
    for columns in text_columns_of(session):
        # The page's own title and path are not the name of the file.
        if columns.title and columns.counted and not {"title", "path"} & columns.columns.keys():
            hide(session, columns, area, span)
    _scrub(session, actor, page, span, paths)
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
        _scrub(session, actor, page, span, paths)
        gone = forget_redirects(session, [page.id], span)
        words[page.id] += gone
        places["former addresses"] += gone
    if new:
        readdress(session, pages, new)
    _forget_derived(session, ids, before)
    return +words, +places


def _owners(session: Session, found: FileFound, ids: Sequence[int]) -> list[int]:
    owners = select(Attachment.page_id).where(
        Attachment.page_id.in_(ids), Attachment.sha256 == found.sha256
    )
    return [id for id in session.scalars(owners.distinct()) if id is not None]


def _scrub(session: Session, actor: Actor, page: Page, span: Span, paths: dict[str, str]) -> None:
    """Remove a span from the events of a page."""

    def without(payload: dict[str, Any]) -> dict[str, Any]:
        left: dict[str, Any] = spoken(payload, span, paths)
        return left

    scrub(session, actor, page.space_id, page.id, without, silence=False)


def _forget_derived(session: Session, ids: Sequence[int], hashes: Collection[str]) -> None:
    """Update pages to their newest revisions, and delete what was derived from their earlier
    texts."""
    connection = session.connection()
    for table in (BlameRow, PageLink, LinkReading, PageAlias, PageAnchor):
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
    forget_unread(session, hashes)
    recompute_tags(session, ids)


def _follow_with_mark(session: Session, actor: Actor, page: Page) -> None:
    """Add a newest revision with nothing but the title and a mark, so that the one before it can be
    emptied. Users with that one open in an editor are told when they save."""
    revision = session.scalar(
        select(Revision).where(Revision.page_id == page.id, Revision.number == page.head)
    )
    text = f"{MARK}\n"
    if revision is None:
        raise NotFound
    if revision.content_hash == hash_of(text):
        raise Invalid("This revision has already been redacted.", field="revision")
    by = Attribution(actor.person_id, now())
    key = put_text(session, text, None)
    row = revision_of(page, Text(revision.title, text), key, Action.EDIT, by)
    write_revisions(session, [row])
    publish(session, actor, PageSaved(page.space_id, page.id, row["number"], row["action"]))


def _words_of(session: Session, page_id: int, number: int) -> int:
    key = session.scalar(
        select(Revision.content_hash).where(
            Revision.page_id == page_id,
            Revision.number == number,
            Revision.purged_at.is_(None),
        )
    )
    if key is None:
        raise Invalid("This revision no longer exists.", field="revision")
    return len(get_text(session, key).split())
