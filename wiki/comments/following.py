"""The places of passages after each save of a page: followed in the worker, and shown from there.

A row of ``anchors`` says where a passage is in the text of one revision. A handler of saved pages
follows all passages of a page to its newest text. A redaction changes texts without a new revision,
so what counts is the hash of the text.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from functools import cache
from typing import Any

from sqlalchemy import BindParameter, Select, bindparam, select, update
from sqlalchemy.orm import Session

from wiki.comments.locating import shown_columns, sight_of
from wiki.comments.models import Anchor, Thread
from wiki.db import Database, batches
from wiki.pages.models import Page, Revision
from wiki.pages.texts.stored import get_texts
from wiki.spaces.models import Space
from wiki.text.passages.following import CERTAINTIES, LOST, Passage, Spot, Step, find, squeeze
from wiki.text.passages.shown import Sight


def behind(database: Database, page_ids: Collection[int]) -> list[int]:
    """Return those of the pages that have passages to be followed, in order."""
    with database.read() as session:
        found: set[int] = set()
        for some in batches(page_ids):
            found.update(session.connection().scalars(_pages_behind(), {"ids": some}))
    return sorted(found)


@cache
def _pages_behind() -> Select[int]:
    ids: BindParameter[list[int]] = bindparam("ids", expanding=True)
    return (
        select(Anchor.page_id)
        .join(Page, Page.id == Anchor.page_id)
        .join(Revision, (Revision.page_id == Page.id) & (Revision.number == Page.head))
        .where(Anchor.page_id.in_(ids), Anchor.content_hash != Revision.content_hash)
        .distinct()
    )


def follow_page(database: Database, page_id: int) -> None:
    """Follow the passages of one page. Where they are already, nothing is written."""
    with database.read() as session:
        rows = _behind(session, page_id)
        if not rows:
            return
        page, head, slug = session.execute(_head(page_id)).one()
        sight = sight_of(session, slug, page, head)
        values = followed(session, rows, head, sight)
    with database.write(durable=False) as session:
        for some in batches(values):
            session.connection().execute(_placed(), some)


def _head(page_id: int) -> Any:
    return (
        select(Page, Revision, Space.slug)
        .join(Revision, (Revision.page_id == Page.id) & (Revision.number == Page.head))
        .join(Space, Space.id == Page.space_id)
        .where(Page.id == page_id)
    )


def _behind(session: Session, page_id: int) -> Sequence[tuple[Anchor, Thread]]:
    """Return the passages of a page whose places are those in another text than its newest one."""
    return [
        (anchor, thread)
        for anchor, thread in session.execute(
            select(Anchor, Thread)
            .join(Thread, Thread.id == Anchor.thread_id)
            .join(Page, Page.id == Anchor.page_id)
            .join(Revision, (Revision.page_id == Page.id) & (Revision.number == Page.head))
            .where(Anchor.page_id == page_id, Anchor.content_hash != Revision.content_hash)
        )
    ]


def followed(
    session: Session, rows: Sequence[tuple[Anchor, Thread]], head: Revision, sight: Sight
) -> list[dict[str, Any]]:
    """Return the new values of the places of passages in the newest text of their page."""
    by_text: dict[str, list[tuple[Anchor, Thread]]] = defaultdict(list)
    for anchor, thread in rows:
        by_text[anchor.content_hash].append((anchor, thread))
    texts = get_texts(session, by_text)
    found: list[dict[str, Any]] = []
    for key, those in by_text.items():
        text = texts.get(key)
        step = Step(text, sight.source) if text is not None else None
        for anchor, thread in those:
            passage = Passage(thread.quote, thread.prefix, thread.suffix)
            spot = _next(step, passage, anchor, sight.source)
            found.append(_values(anchor, spot, head, sight))
    return found


def _next(step: Step | None, passage: Passage, anchor: Anchor, text: str) -> Spot:
    if step is not None:
        certainty = next(one for one in CERTAINTIES if one == anchor.certainty)
        return step.follow(passage, Spot(anchor.start, anchor.end, certainty))
    # The former text was redacted or purged: only the words are left to find the passage by.
    places = find(passage, text)
    if not places or (len(places) > 1 and places[0].score == places[1].score):
        return LOST
    return Spot(places[0].start, places[0].end, "exact" if len(places) == 1 else "moved")


def _values(anchor: Anchor, spot: Spot, head: Revision, sight: Sight) -> dict[str, Any]:
    values = {
        "of_thread": anchor.thread_id,
        "was": anchor.content_hash,
        "revision": head.number,
        "content_hash": head.content_hash,
        "start": spot.start,
        "end": spot.end,
        "certainty": spot.certainty,
    }
    span = sight.shown_span(spot.start, spot.end) if spot.certainty != "lost" else None
    shown = sight.quoted(*span) if span else Passage(sight.source[spot.start : spot.end])
    return values | shown_columns(shown)


def _placed() -> Any:
    names = ("revision", "content_hash", "start", "end", "certainty", "words", "before", "after")
    return (
        update(Anchor)
        .where(Anchor.thread_id == bindparam("of_thread"), Anchor.content_hash == bindparam("was"))
        .values({name: bindparam(name) for name in names})
        .execution_options(synchronize_session=False)
    )


def forget_quotes(database: Database, page_id: int, number: int) -> None:
    """Remove from threads the words that were quoted from a purged revision and are not in the
    newest one."""
    with database.write() as session:
        row = session.execute(_head(page_id)).one_or_none()
        if row is None:
            return
        text = squeeze(get_texts(session, [row[1].content_hash]).get(row[1].content_hash, ""))
        threads = select(Thread).where(Thread.page_id == page_id, Thread.revision == number)
        for thread in session.scalars(threads):
            if squeeze(thread.quote) not in text:
                thread.quote = thread.words = ""
            for name in ("prefix", "suffix"):
                if squeeze(getattr(thread, name)) not in text:
                    setattr(thread, name, "")
