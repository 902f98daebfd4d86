"""Queries for threads and their messages, in a fixed number of statements."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal, get_args

from sqlalchemy import ColumnElement, Select, bindparam, case, func, or_, select
from sqlalchemy.orm import Session, joinedload

from wiki.changes.reads import note_page, of_noted
from wiki.comments.models import (
    Anchor,
    EarlierText,
    Message,
    Reaction,
    StateChange,
    SuggestedText,
    Thread,
)
from wiki.comments.signs import SIGNS
from wiki.pages.models import Page, Revision
from wiki.people.models import Person
from wiki.web.paging import Slice, decode_cursor, encode_cursor

State = Literal["open", "lost", "resolved", "all"]
COUNTED: tuple[State, ...] = ("open", "lost", "resolved")
STATES: tuple[State, ...] = get_args(State)

THREADS = 50
"""Number of threads in a list."""
LAST = 1
"""Number of the last replies of each thread in a list."""
MESSAGES = 100
"""Number of messages of a thread that is shown alone."""
MOST_COUNTED = 100
"""Counts of threads end here; then there are “99+”."""
FEW = 3
"""Number of threads below a page."""
MOST_PASSAGES = 500
"""Number of passages that are marked on a page."""
MOST_CHANGES = 20
"""Number of the newest changes of state that are shown of a thread."""


@dataclass(frozen=True)
class ReactionCount:
    """The number of people who reacted with a sign, and whether the actor did."""

    sign: str
    count: int
    mine: bool


@dataclass
class ThreadRead:
    """A thread with some of its messages in the order in which they are shown, and what belongs to
    them."""

    thread: Thread
    messages: list[Message] = field(default_factory=list)
    reactions: dict[int, list[ReactionCount]] = field(default_factory=dict)
    changes: list[StateChange] = field(default_factory=list)
    names: dict[int, str] = field(default_factory=dict)
    """The names of the authors of messages that others answer, by number."""
    anchor: Anchor | None = None
    """The place of its passage; None for a thread about the page."""
    suggestion: SuggestedText | None = None

    @property
    def left_out(self) -> int:
        """The number of messages that are not shown."""
        return self.thread.last_number - len(self.messages)


@dataclass(frozen=True)
class Opening:
    """A thread with its first message, for a short list."""

    thread: Thread
    message: Message
    anchor: Anchor | None

    @property
    def replies(self) -> int:
        """The number of replies, deleted ones included."""
        return self.thread.last_number - 1


def _in_state(state: State) -> list[ColumnElement[bool]]:
    if state == "all":
        return []
    resolved = Thread.resolved_at
    if state == "lost":
        return [resolved.is_(None), Thread.id.in_(_lost())]
    return [resolved.is_(None) if state == "open" else resolved.is_not(None)]


def _lost() -> Select[int]:
    at = Anchor.page_id == Thread.page_id
    return select(Anchor.thread_id).where(at, Anchor.certainty == "lost")


def list_threads(
    session: Session, page: Page, state: State, *, after: str | None = None, limit: int = THREADS
) -> Slice[Thread]:
    """Return threads of a page, the newest first. The caller has checked permission for the page.

    :param after: the cursor of the previous slice; an invalid one starts at the beginning.
    """
    query = (
        select(Thread)
        .where(Thread.page_id == page.id, *_in_state(state))
        .options(joinedload(Thread.opened_by))
        .order_by(Thread.id.desc())
        .limit(limit + 1)
    )
    values = decode_cursor(after, (int,))
    if values is not None:
        query = query.where(Thread.id < values[0])
    rows = session.scalars(query).all()
    if len(rows) <= limit:
        return Slice(rows, None)
    return Slice(rows[:limit], encode_cursor([rows[limit - 1].id]))


def count_threads(session: Session, page: Page) -> dict[State, int]:
    """Return the numbers of threads of a page in each state, up to :data:`MOST_COUNTED`. Lost ones
    are among the open ones."""
    row = session.execute(
        select(
            *(
                select(func.count())
                .select_from(_some(state).where(Thread.page_id == page.id).subquery())
                .scalar_subquery()
                for state in COUNTED
            )
        )
    ).one()
    return dict(zip(COUNTED, row, strict=True))


def _some(state: State) -> Select[Any]:
    return select(Thread.id).where(*_in_state(state)).limit(MOST_COUNTED)


OPEN_THREADS: ColumnElement[int] = (
    select(func.count())
    .select_from(
        _some("open").where(Thread.page_id == Revision.page_id).correlate(Revision).subquery()
    )
    .scalar_subquery()
)
"""The number of open threads of the page of a revision, up to :data:`MOST_COUNTED`."""


@cache
def _openings() -> Select[Thread, Message, Anchor | None]:
    return (
        select(Thread, Message, Anchor)
        .join(Message, (Message.thread_id == Thread.id) & (Message.number == 1))
        .outerjoin(Anchor, Anchor.thread_id == Thread.id)
        .where(Thread.page_id == bindparam("page_id"), *_in_state("open"))
        .options(joinedload(Message.author))
        .order_by(Thread.id.desc())
        .limit(FEW + 1)
        .execution_options(**of_noted("threads", "messages", "anchors"))
    )


def newest_open(session: Session, page: Page) -> list[Opening]:
    """Return the newest open threads of a page, at most one more than :data:`FEW`, in one
    statement. The caller has checked permission for the page."""
    note_page(page.id)
    rows = session.execute(_openings(), {"page_id": page.id})
    return [Opening(*row) for row in rows]


def passages_of(session: Session, page: Page) -> Sequence[tuple[Anchor, int]]:
    """Return the places of the passages of open threads on a page that are not lost, each with the
    id of the thread's first message. The caller has checked permission for the page."""
    note_page(page.id)
    return [
        (anchor, message_id)
        for anchor, message_id in session.execute(
            select(Anchor, Message.id)
            .join(Thread, Thread.id == Anchor.thread_id)
            .join(Message, (Message.thread_id == Thread.id) & (Message.number == 1))
            .where(
                Anchor.page_id == page.id,
                Anchor.certainty != "lost",
                Thread.resolved_at.is_(None),
            )
            .order_by(Anchor.start, Anchor.thread_id)
            .limit(MOST_PASSAGES)
            .execution_options(**of_noted("threads", "messages", "anchors"))
        )
    ]


def read_threads(
    session: Session, threads: Sequence[Thread], me: int | None, *, last: int = LAST
) -> list[ThreadRead]:
    """Return threads with their first message and their last replies.

    :param me: the id of the person whose reactions are marked.
    """
    shown = or_(Message.number == 1, Message.number > Thread.last_number - last)
    return _read(session, threads, me, shown)


def read_thread(session: Session, thread: Thread, me: int | None, *, after: int = 0) -> ThreadRead:
    """Return a thread with its first message and those after a number, up to :data:`MESSAGES`."""
    shown = or_(
        Message.number == 1,
        Message.number.between(after + 1, after + MESSAGES),
    )
    return _read(session, [thread], me, shown)[0]


def _read(
    session: Session, threads: Sequence[Thread], me: int | None, shown: ColumnElement[bool]
) -> list[ThreadRead]:
    found = {thread.id: ThreadRead(thread) for thread in threads}
    if not found:
        return []
    messages = session.scalars(
        select(Message)
        .join(Message.thread)
        .where(Message.thread_id.in_(found), shown)
        .options(joinedload(Message.author), joinedload(Message.deleted_by))
        .order_by(Message.thread_id, Message.number)
    ).all()
    for message in messages:
        found[message.thread_id].messages.append(message)
    for one in found.values():
        one.messages = nested(one.messages)
    reactions = reactions_to(session, [message.id for message in messages], me)
    for message in messages:
        found[message.thread_id].reactions[message.id] = reactions.get(message.id, [])
    for change in _changes(session, list(found)):
        found[change.thread_id].changes.append(change)
    _add_names(session, found)
    _add_passages(session, found)
    return list(found.values())


def nested(messages: Sequence[Message]) -> list[Message]:
    """Return messages in the order in which they are shown: each reply below the one that it is
    shown below, if that is among them."""
    numbers = {message.number for message in messages}

    def place(message: Message) -> tuple[int, int]:
        return (message.above if message.above in numbers else message.number, message.number)

    return sorted(messages, key=place)


def _changes(session: Session, thread_ids: Collection[int]) -> Sequence[StateChange]:
    """Return the newest changes of state of threads, oldest first."""
    newest = (
        func.row_number()
        .over(partition_by=StateChange.thread_id, order_by=StateChange.id.desc())
        .label("newest")
    )
    ranked = select(StateChange.id, newest).where(StateChange.thread_id.in_(thread_ids)).subquery()
    return session.scalars(
        select(StateChange)
        .where(StateChange.id.in_(select(ranked.c.id).where(ranked.c.newest <= MOST_CHANGES)))
        .options(joinedload(StateChange.person))
        .order_by(StateChange.id)
    ).all()


def _add_passages(session: Session, found: Mapping[int, ThreadRead]) -> None:
    """Add the places of passages, and suggestions, to the threads that have them."""
    ids = [one.thread.id for one in found.values() if one.thread.kind == "passage"]
    if not ids:
        return
    rows = session.execute(
        select(Anchor, SuggestedText)
        .outerjoin(SuggestedText, SuggestedText.thread_id == Anchor.thread_id)
        .where(Anchor.thread_id.in_(ids))
        .options(joinedload(SuggestedText.settled_by))
    )
    for anchor, suggestion in rows:
        found[anchor.thread_id].anchor = anchor
        found[anchor.thread_id].suggestion = suggestion


def _add_names(session: Session, found: Mapping[int, ThreadRead]) -> None:
    """Add the names of the people whom replies answer, where this is not clear from the order."""
    wanted: set[tuple[int, int]] = set()
    for thread_id, one in found.items():
        names = {each.number: each.author.name if each.author else "" for each in one.messages}
        for message in one.messages:
            if message.answers in names:
                one.names[message.answers] = names[message.answers]
            elif message.answers:
                wanted.add((thread_id, message.answers))
    if not wanted:
        return
    rows = session.execute(
        select(Message.thread_id, Message.number, Person.name)
        .join(Message.author)
        .where(
            Message.thread_id.in_({thread_id for thread_id, _ in wanted}),
            Message.number.in_({number for _, number in wanted}),
        )
    )
    for thread_id, number, name in rows:
        if (thread_id, number) in wanted:
            found[thread_id].names[number] = name


def reactions_to(
    session: Session, message_ids: Collection[int], me: int | None
) -> dict[int, list[ReactionCount]]:
    """Return the reactions to messages, by id of the message, in the order of the signs."""
    mine = func.max(case((Reaction.person_id == (me or 0), 1), else_=0))
    rows = session.execute(
        select(Reaction.message_id, Reaction.sign, func.count(), mine)
        .where(Reaction.message_id.in_(message_ids))
        .group_by(Reaction.message_id, Reaction.sign)
    )
    found: dict[int, list[ReactionCount]] = defaultdict(list)
    for message_id, sign, count, is_mine in rows:
        found[message_id].append(ReactionCount(sign, count, bool(is_mine)))
    places = {sign: place for place, sign in enumerate(SIGNS)}
    for counts in found.values():
        counts.sort(key=lambda one: places.get(one.sign, len(places)))
    return found


def earlier_texts(session: Session, message: Message) -> Sequence[EarlierText]:
    """Return the former texts of a message, the newest first."""
    return session.scalars(
        select(EarlierText)
        .where(EarlierText.message_id == message.id)
        .order_by(EarlierText.id.desc())
        .limit(MESSAGES)
    ).all()
