"""Handlers that let people watch what they write and comment on."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Integer, Select, String, bindparam, func, literal, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from wiki.comments.models import Thread
from wiki.config import Settings
from wiki.db import Database, insert_into, now
from wiki.outbox.deliver import Happening
from wiki.pages.models import Action, Page
from wiki.people.models import Person
from wiki.people.queries import can_sign_in
from wiki.watching.levels import Level, Reason
from wiki.watching.models import Watch, WatchPreference
from wiki.watching.subjects import Subject

_COLUMNS = ("person_id", "subject", "page_id", "thread_id", "level", "reason", "since")
_BY_HAND = frozenset({Action.CREATE, Action.EDIT, Action.MERGE, Action.REVERT, Action.UNDO})


def watch_written(database: Database, _settings: Settings, batch: Sequence[Happening]) -> None:
    """Let authors watch the pages that they write: everything on those that they created, and
    changes to others."""
    for one in batch:
        if one.actor_id is None or one.page_id is None or one.payload["action"] not in _BY_HAND:
            continue
        level = Level.EVERYTHING if one.payload["revision"] == 1 else Level.CHANGES
        subject = Subject(page_id=one.page_id)
        there = select(Page.id).where(Page.id == one.page_id)
        _watch(database, one.actor_id, subject, there, (level, Reason.WROTE))


def watch_commented(database: Database, _settings: Settings, batch: Sequence[Happening]) -> None:
    """Let people watch the discussions in which they write."""
    for one in batch:
        thread_id = int(one.payload["thread_id"])
        if one.actor_id is None:
            continue
        subject = Subject(page_id=one.page_id, thread_id=thread_id)
        there = select(Thread.id).where(Thread.id == thread_id)
        _watch(database, one.actor_id, subject, there, (Level.EVERYTHING, Reason.COMMENTED))


def _watch(
    database: Database,
    person_id: int,
    subject: Subject,
    there: Select[int],
    how: tuple[Level, Reason],
) -> None:
    """Store a watch of somebody who has none of this subject and wants such watches."""
    with database.read() as session:
        mine = {"person": person_id, "subject": subject.key}
        if session.connection().scalar(_OWN, mine) is not None:
            return
    with database.write(durable=False) as session:  # delivered again if it is lost
        _insert(session, person_id, subject, there, how)


_OWN = select(Watch.id).where(
    Watch.person_id == bindparam("person"), Watch.subject == bindparam("subject")
)


def _insert(
    session: Session,
    person_id: int,
    subject: Subject,
    there: Select[int],
    how: tuple[Level, Reason],
) -> None:
    level, reason = how
    wanted: InstrumentedAttribute[bool] = (
        WatchPreference.written if reason is Reason.WROTE else WatchPreference.commented
    )
    row = (
        select(
            Person.id,
            literal(subject.key, String),
            literal(subject.page_id, Integer),
            literal(subject.thread_id, Integer),
            literal(int(level), Integer),
            literal(reason.value, String),
            literal(now()),
        )
        .outerjoin(WatchPreference, WatchPreference.person_id == Person.id)
        .where(Person.id == person_id, can_sign_in(), there.exists(), func.coalesce(wanted, True))
    )
    session.execute(insert_into(session, Watch).from_select(_COLUMNS, row).on_conflict_do_nothing())
