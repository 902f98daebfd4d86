"""Queries for the extent of a redaction before it is made, and for past redactions."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session, contains_eager

from wiki.attachments.models import Attachment
from wiki.attachments.storage import Storage
from wiki.outbox.models import EventRow
from wiki.pages.models import Page, Redirect, Revision
from wiki.pages.queries import readable_by
from wiki.pages.texts.stored import get_texts
from wiki.redaction.bodies import MOST_BYTES, files_with, hashes_of, texts_with
from wiki.redaction.text_columns import find, spoken
from wiki.room import text_columns_of
from wiki.rules.access import Actor, may_administer
from wiki.rules.roles import Role
from wiki.spaces.gate import spaces_with
from wiki.text.rewrite.redaction import Span
from wiki.text_columns import Area

MOST_LINES = 20
"""The maximum number of lines in a preview."""
MOST_OTHERS = 100
"""The maximum number of other pages in a preview."""
SECONDS = 3.0
"""Seconds for which other pages are searched while the user waits."""
AT_ONCE = 200
AROUND = 60
"""Characters shown before and after the text."""


@dataclass(frozen=True)
class Line:
    """A match in the newest text: the number of its line, and the text around it."""

    number: int
    before: str
    gone: str
    after: str


@dataclass(frozen=True)
class Other:
    """Another page with the same text, and how many of its revisions have it."""

    page: Page
    revisions: int


@dataclass(frozen=True)
class Preview:
    """The extent of redacting a text. ``places`` counts words by kind of place; ``revisions`` of
    ``of`` contain the text; ``whole`` are names of files that have to be deleted as a whole;
    ``unseen`` are names of files that are too large to be searched.

    ``others`` are pages that the actor may redact, too. ``looked`` of ``texts`` revisions of such
    pages were searched in time.
    """

    revisions: int
    of: int
    places: dict[str, int] = field(default_factory=dict)
    lines: Sequence[Line] = ()
    whole: Sequence[str] = ()
    unseen: Sequence[str] = ()
    others: Sequence[Other] = ()
    looked: int = 0
    texts: int = 0

    @property
    def words(self) -> int:
        """The number of words that are removed."""
        return sum(self.places.values())


def preview(
    session: Session, actor: Actor, storage: Storage, page: Page, span: Span, *, only_titles: bool
) -> Preview:
    """Return the extent of redacting a text on a page that the actor may redact."""
    ids = (page.id,)
    area = Area(ids, (page.space_id,))
    places: dict[str, int] = {}
    revisions = 0
    lines: list[Line] = []
    whole: list[str] = []
    if not only_titles:
        counts = {
            key: span.words(text)
            for key, text in texts_with(session, hashes_of(session, ids), span)
        }
        rows = session.scalars(select(Revision.content_hash).where(Revision.page_id == page.id))
        found = [counts[key] for key in rows if key in counts]
        revisions, places["texts"] = len(found), sum(found)
        lines = _lines(session, page, span)
        for file in files_with(session, storage, ids, span):
            places["files"] = places.get("files", 0) + file.words
            if file.replaced is None:
                whole += file.names
        names = session.scalars(select(Attachment.name).where(Attachment.page_id == page.id))
        places["names of files"] = sum(map(span.words, names))
    for columns in text_columns_of(session):
        if columns.counted and (columns.title or not only_titles):
            count = sum(one.words for one in find(session, columns, area, span))
            places[columns.words] = places.get(columns.words, 0) + count
    keys = session.scalars(select(Redirect.path_key).where(Redirect.page_id == page.id))
    places["former addresses"] = sum(1 for key in keys if span.pattern.search(key))
    events = session.scalars(select(EventRow.payload).where(EventRow.page_id == page.id))
    places["the log of events"] = sum(1 for one in events if spoken(one, span) != one)
    others, looked, texts = _others(session, actor, page, span)
    unseen = session.scalars(
        select(Attachment.name)
        .where(Attachment.page_id == page.id, Attachment.size > MOST_BYTES)
        .distinct()
    )
    return Preview(
        revisions=revisions,
        of=page.head,
        places={name: count for name, count in places.items() if count},
        lines=lines,
        whole=list(dict.fromkeys(whole)),
        unseen=list(unseen),
        others=others,
        looked=looked,
        texts=texts,
    )


def _lines(session: Session, page: Page, span: Span) -> list[Line]:
    key = session.scalar(
        select(Revision.content_hash).where(
            Revision.page_id == page.id, Revision.number == page.head
        )
    )
    text = get_texts(session, [key or ""]).get(key or "", "")
    found = []
    for match in span.pattern.finditer(text):
        start, end = match.span()
        before = text[max(0, start - AROUND) : start].rpartition("\n")[2]
        after = text[end : end + AROUND].partition("\n")[0]
        number = text.count("\n", 0, start) + 1
        found.append(Line(number, before, " ".join(match[0].split()), after))
        if len(found) == MOST_LINES:
            break
    return found


def redactable_by(actor: Actor) -> ColumnElement[bool]:
    """Return the condition that the actor may redact a ``Page``."""
    if may_administer(actor):
        return readable_by(actor)
    return Page.space_id.in_(spaces_with(actor, Role.LEAD)) & readable_by(actor)


def _others(session: Session, actor: Actor, page: Page, span: Span) -> tuple[list[Other], int, int]:
    """Search other pages for the text; return them, how many revisions were searched, and of how
    many."""
    those = redactable_by(actor)
    total = session.scalar(
        select(func.count())
        .select_from(Revision)
        .join(Page, Page.id == Revision.page_id)
        .where(those, Revision.page_id != page.id)
    )
    until = time.monotonic() + SECONDS
    counts: dict[int, int] = {}
    # Pages of the same space first, as the time is limited.
    rows = session.execute(
        select(
            Revision.page_id,
            Revision.title,
            Revision.path,
            Revision.description,
            Revision.tags,
            Revision.fields,
            Revision.front_matter,
            Revision.message,
            Revision.content_hash,
        )
        .join(Page, Page.id == Revision.page_id)
        .where(those, Revision.page_id != page.id)
        .order_by(Page.space_id != page.space_id, Revision.page_id, Revision.number)
        .execution_options(yield_per=AT_ONCE)
    )
    looked = 0
    for some in rows.partitions(AT_ONCE):
        have = {key for key, _ in texts_with(session, [row.content_hash for row in some], span)}
        for row in some:
            words = "\n".join(
                (
                    row.title,
                    row.path,
                    row.description,
                    row.message,
                    *row.tags,
                    str(row.fields),
                    row.front_matter,
                )
            )
            if row.content_hash in have or span.pattern.search(words):
                counts[row.page_id] = counts.get(row.page_id, 0) + 1
        looked += len(some)
        if time.monotonic() > until or len(counts) > MOST_OTHERS:
            break
    rows.close()
    found = session.scalars(
        select(Page)
        .join(Page.space)
        .where(Page.id.in_(list(counts)[:MOST_OTHERS]))
        .options(contains_eager(Page.space))
        .order_by(Page.space_id != page.space_id, Page.title, Page.id)
    )
    return [Other(one, counts[one.id]) for one in found], looked, total or 0
