"""The integrity check of comments."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute, aliased

from wiki.comments.models import Anchor, Message, StateChange, Thread
from wiki.config import Settings
from wiki.db import Database
from wiki.room import Check, Finding, Progress
from wiki.text.counts import counted


def check_threads(database: Database, _settings: Settings, progress: Progress) -> Iterator[Finding]:
    """Check that the number of the last message and the state of each thread agree with its
    messages and its changes of state, and that replies are below messages of their thread."""
    with database.read() as session:
        wrong = session.scalar(_count(Thread, _disagrees())) or 0
        progress(1, 3)
        lost = session.scalar(_count(Message, _is_lost())) or 0
        progress(2, 3)
        unplaced = session.scalar(_count(Thread, _is_unplaced())) or 0
        progress(3, 3)
    if wrong:
        yield Finding(
            f"{counted(wrong, 'discussion does', 'discussions do')} not agree with the messages "
            "and changes of state in it.",
            lambda: _repair(database),
        )
    if lost:
        yield Finding(
            f"{counted(lost, 'reply answers a comment', 'replies answer comments')} that the "
            "discussion doesn’t have.",
            lambda: _raise_lost(database),
        )

    if unplaced:
        yield Finding(
            f"{counted(unplaced, 'discussion is', 'discussions are')} about a passage whose place "
            "is unknown.",
            lambda: _call_lost(database),
        )


def _is_unplaced() -> ColumnElement[bool]:
    placed = exists().where(Anchor.thread_id == Thread.id, Anchor.page_id == Thread.page_id)
    return and_(Thread.kind == "passage", ~placed)


def _call_lost(database: Database) -> None:
    """Make the passages lost, so that their discussions are listed and can be placed again."""
    with database.write() as session:
        for thread in session.scalars(select(Thread).where(_is_unplaced())):
            values = {"revision": thread.revision, "content_hash": "", "start": 0, "end": 0}
            session.merge(
                Anchor(
                    thread_id=thread.id,
                    page_id=thread.page_id,
                    certainty="lost",
                    **values,
                    words="",
                    before="",
                    after="",
                )
            )


def _count(table: type[Thread | Message], condition: ColumnElement[bool]) -> Select[int]:
    return select(func.count()).select_from(table).where(condition)


def _last() -> ColumnElement[int]:
    last = select(func.max(Message.number)).where(Message.thread_id == Thread.id)
    return func.coalesce(last.scalar_subquery(), 0)


def _newest_at() -> ColumnElement[bool]:
    return (
        select(StateChange.resolved)
        .where(StateChange.thread_id == Thread.id)
        .order_by(StateChange.id.desc())
        .limit(1)
        .correlate(Thread)
        .scalar_subquery()
    )


def _disagrees() -> ColumnElement[bool]:
    is_resolved = func.coalesce(_newest_at(), False)
    return or_(
        Thread.last_number != _last(),
        and_(Thread.resolved_at.is_(None), is_resolved),
        and_(Thread.resolved_at.is_not(None), ~is_resolved),
    )


def _is_lost() -> ColumnElement[bool]:
    other = aliased(Message)

    def there(number: InstrumentedAttribute[int]) -> ColumnElement[bool]:
        return exists().where(other.thread_id == Message.thread_id, other.number == number)

    return or_(
        and_(Message.above > 0, ~there(Message.above)),
        and_(Message.answers > 0, ~there(Message.answers)),
    )


def _repair(database: Database) -> None:
    changed_at = (
        select(StateChange.at)
        .where(StateChange.thread_id == Thread.id)
        .order_by(StateChange.id.desc())
        .limit(1)
        .correlate(Thread)
        .scalar_subquery()
    )
    with database.write() as session:
        session.execute(
            update(Thread).values(last_number=_last()).execution_options(synchronize_session=False)
        )
        for resolved, value in ((True, changed_at), (False, None)):
            session.execute(
                update(Thread)
                .where(func.coalesce(_newest_at(), False).is_(resolved))
                .values(resolved_at=value)
                .execution_options(synchronize_session=False)
            )


def _raise_lost(database: Database) -> None:
    with database.write() as session:
        session.execute(
            update(Message)
            .where(_is_lost())
            .values(above=0, answers=0)
            .execution_options(synchronize_session=False)
        )


CHECKS = (Check(240, "Comments", check_threads),)
