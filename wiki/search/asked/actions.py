"""Keeping the log of searches: what was asked, opened and answered, until it is deleted."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256

from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from wiki.config import Settings
from wiki.db import Database, insert_into, now
from wiki.errors import NotFound, SignInRequired
from wiki.pages.models import Page
from wiki.pages.queries import live_for
from wiki.rules.access import Actor
from wiki.search.asked.models import AskedSearch
from wiki.search.query import LONGEST_QUESTION
from wiki.search.words import fold

log = logging.getLogger(__name__)

KEPT = timedelta(days=30)
"""The time after which a search is deleted from the log, with the name of the person."""


@dataclass(frozen=True)
class Asked:
    """A search: its words, and the only space that it searched, if there is one."""

    words: str
    space_id: int | None = None

    @property
    def question(self) -> str:
        """The hash under which equal searches are counted."""
        return question_of(self.words, self.space_id)


def question_of(words: str, space_id: int | None) -> str:
    """Return the hash of a search, which is the same for any spelling in upper or lower case."""
    folded = " ".join(fold(words[:LONGEST_QUESTION]).split())
    return sha256(f"{space_id or 0}:{folded}".encode()).hexdigest()


def asked(text: str, space_id: int | None) -> Asked:
    """Return a search as it is logged."""
    printable = "".join(c if c.isprintable() else " " for c in text[:LONGEST_QUESTION])
    return Asked(" ".join(printable.split()), space_id)


def record(database: Database, person_id: int, one: Asked, found: int) -> None:
    """Log a search after its results were sent. A failure is logged and ignored, because nobody
    waits for it."""
    if not one.words:
        return
    values = {
        "person_id": person_id,
        "day": _today(),
        "question": one.question,
        "words": one.words,
        "space_id": one.space_id,
        "found": found,
    }
    try:
        with database.write(durable=False) as session:
            session.execute(
                insert_into(session, AskedSearch)
                .values(**values, times=1)
                .on_conflict_do_update(
                    index_elements=["person_id", "day", "question"],
                    set_={"times": AskedSearch.times + 1, "found": found, "words": one.words},
                )
            )
    except SQLAlchemyError:
        log.warning("a search was not logged", exc_info=True)


def answer(session: Session, actor: Actor, one: Asked, *, helped: bool) -> None:
    """Store whether a search was what the actor looked for; a later answer replaces it.

    :raises SignInRequired: when nobody is signed in.
    :raises NotFound: when the log has no such search of theirs.
    """
    _change(session, actor, one, helped=helped)


def note_opened(session: Session, actor: Actor, one: Asked, page_id: int) -> None:
    """Store which page of the results the actor opened.

    :raises SignInRequired: when nobody is signed in.
    :raises NotFound: when there is no such page that they may read, or the log has no such search.
    """
    found = select(Page.id).where(Page.id == page_id, live_for(actor))
    if session.scalar(found) is None:
        raise NotFound
    _change(session, actor, one, opened_id=page_id)


def _change(session: Session, actor: Actor, one: Asked, **values: object) -> None:
    if actor.person_id is None:
        raise SignInRequired
    newest = select(func.max(AskedSearch.id)).where(
        AskedSearch.person_id == actor.person_id, AskedSearch.question == one.question
    )
    row_id = session.scalar(newest)
    if row_id is None:
        raise NotFound
    session.execute(update(AskedSearch).where(AskedSearch.id == row_id).values(**values))


def forget_old_searches(database: Database, _settings: Settings) -> None:
    """Delete old searches from the log (periodic)."""
    old = AskedSearch.day < _today() - KEPT
    with database.read() as session:
        if session.scalar(select(AskedSearch.id).where(old).limit(1)) is None:
            return
    with database.write() as session:
        session.execute(delete(AskedSearch).where(old))


def _today() -> date:
    return now().date()
