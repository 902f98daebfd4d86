"""Queries for the inbox. Notices are shown, listed and counted as far as their reader may read
what they are about now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, func, or_, select, tuple_
from sqlalchemy.orm import Session, contains_eager, joinedload

from wiki.changes.reads import note_reader, of_noted
from wiki.comments.models import Message
from wiki.db import now
from wiki.inbox.kinds import Kind, State
from wiki.inbox.models import Notice
from wiki.outbox.models import EventRow
from wiki.pages.models import Page
from wiki.pages.queries import live_for
from wiki.people.models import Person
from wiki.rules.access import Actor
from wiki.rules.labels import Label
from wiki.rules.roles import Role
from wiki.searches.models import SavedSearch
from wiki.spaces.gate import spaces_with
from wiki.spaces.models import Scope, Space
from wiki.watching.models import Watch
from wiki.watching.queries import searches_of, visible_watches
from wiki.web.paging import Slice, decode_cursor, encode_cursor

ROWS = 50
MOST_COUNTED = 99
MOST_MAILED = 500
"""Maximum number of notices of a person that are looked at for mails at once."""
SHOWS = ("inbox", "mentions", "snoozed", "done")
"""The lists of notices that can be shown."""


@dataclass(frozen=True)
class Told:
    """A notice with what it is shown with, as far as its reader may see it: the newest event, who
    caused it, the message that it posted or changed, the first event, the watch, and the saved
    search that it is of."""

    notice: Notice
    event: EventRow | None
    first: EventRow | None
    who: Person | None
    message: Message | None
    watch: Watch | None
    search: SavedSearch | None = None

    @property
    def space(self) -> Space | None:
        """The space of what it is about."""
        return self.notice.page.space if self.notice.page else self.notice.space

    @property
    def excerpt(self) -> str:
        """The beginning of the message; empty without one, or if it was deleted."""
        shown = self.message is not None and self.message.deleted_at is None
        return self.message.excerpt if shown and self.message else ""

    @property
    def revisions(self) -> tuple[int, int] | None:
        """The revisions before the first and after the last of the edits."""
        if self.notice.kind != Kind.EDIT or self.event is None:
            return None
        first = self.first.payload.get("revision") if self.first else None
        last = int(self.event.payload["revision"])
        return (int(first or last) - 1, last)


def visible_to(actor: Actor) -> ColumnElement[bool]:
    """Return the condition on ``Notice``, outer joined with its ``Page``, that it is the actor's
    and that they may read what it is about."""
    asked = and_(Notice.page_id.is_(None), Notice.space_id.in_(spaces_with(actor, Role.LEAD)))
    return and_(Notice.person_id == actor.person_id, or_(live_for(actor), asked))


def _notices(actor: Actor) -> Select[Any]:
    return select(Notice).outerjoin(Page, Page.id == Notice.page_id).where(visible_to(actor))


def _awake() -> ColumnElement[bool]:
    return or_(Notice.snoozed_until.is_(None), Notice.snoozed_until <= now())


def count_unread(session: Session, actor: Actor) -> int:
    """Return the number of unread notices, at most one more than :data:`MOST_COUNTED`."""
    if actor.person_id is None:
        return 0
    note_reader(actor.person_id)
    return session.scalar(_number_unread(actor), {"moment": now()}) or 0


@lru_cache(maxsize=64)
def _number_unread(actor: Actor) -> Select[int]:
    # Built once, because each screen of somebody who is signed in asks for the number.
    awake = or_(Notice.snoozed_until.is_(None), Notice.snoozed_until <= bindparam("moment"))
    some = (
        select(Notice.id)
        .outerjoin(Page, Page.id == Notice.page_id)
        .where(visible_to(actor), Notice.state == int(State.UNREAD), awake)
        .limit(MOST_COUNTED + 1)
    )
    counted = select(func.count()).select_from(some.subquery())
    return counted.execution_options(**of_noted("notices"))


def list_notices(
    session: Session,
    actor: Actor,
    show: str = "inbox",
    *,
    after: str | None = None,
    limit: int = ROWS,
) -> Slice[Told]:
    """Return notices with what they are shown with, in a fixed number of statements: unread ones
    first, then the newest first.

    :param show: one of :data:`SHOWS`.
    """
    states = [State.DONE] if show == "done" else [State.UNREAD, State.READ]
    cursor = decode_cursor(after, (int, int, int))
    rows: list[Notice] = []
    for state in states:
        if cursor and state < cursor[0]:
            continue
        place = cursor[1:] if cursor and state == cursor[0] else None
        query = _of_state(actor, show, state, place)
        rows += session.scalars(query.limit(limit + 1 - len(rows)))
        if len(rows) > limit:
            break
    following = None
    if len(rows) > limit:
        last = rows[limit - 1]
        following = encode_cursor([last.state, last.last_event, last.id])
    return Slice(_told(session, actor, rows[:limit]), following)


def _of_state(actor: Actor, show: str, state: State, place: Sequence[int] | None) -> Select[Any]:
    query = (
        _notices(actor)
        .where(Notice.state == int(state))
        .options(contains_eager(Notice.page).joinedload(Page.space), joinedload(Notice.space))
        .order_by(Notice.last_event.desc(), Notice.id.desc())
    )
    if show == "snoozed":
        query = query.where(Notice.snoozed_until > now())
    elif show != "done":
        query = query.where(_awake())
    if show == "mentions":
        query = query.where(Notice.kind == Kind.MENTION.value)
    if place:
        query = query.where(tuple_(Notice.last_event, Notice.id) < tuple(place))
    return query


def get_told(session: Session, actor: Actor, notice_id: int) -> Told | None:
    """Return one of the actor's notices, if they may read what it is about."""
    query = _notices(actor).where(Notice.id == notice_id)
    found = session.scalars(
        query.options(contains_eager(Notice.page).joinedload(Page.space), joinedload(Notice.space))
    ).all()
    return next(iter(_told(session, actor, found)), None)


def due_mails(session: Session, actor: Actor) -> Sequence[Told]:
    """Return the notices of a person that are due to be mailed, as far as they are unread and the
    person may read what they are about. Those that have waited longest come first, so that of too
    many for a day the same are mailed if the process is killed in between."""
    query = _notices(actor).where(
        Notice.mail_at <= now(), Notice.state == int(State.UNREAD), _awake()
    )
    found = session.scalars(
        query.options(contains_eager(Notice.page).joinedload(Page.space), joinedload(Notice.space))
        .order_by(Notice.mail_at, Notice.id)
        .limit(MOST_MAILED)
    ).all()
    return _told(session, actor, found)


def labels_of(session: Session, told: Sequence[Told]) -> dict[int, Label]:
    """Return the labels that hold for the pages of notices, by the id of the page."""
    page_ids = {one.notice.page_id for one in told} - {None}
    rows = session.execute(
        select(Page.id, Space.label, Scope.label)
        .join(Page.space)
        .outerjoin(Scope, Scope.id == Page.scope_id)
        .where(Page.id.in_(page_ids))
    )
    return {page_id: Label(max(of_space, of_page or 0)) for page_id, of_space, of_page in rows}


def _told(session: Session, actor: Actor, rows: Sequence[Notice]) -> list[Told]:
    if not rows:
        return []
    ids = {one for row in rows for one in (row.first_event, row.last_event)}
    events = {row.id: row for row in session.scalars(select(EventRow).where(EventRow.id.in_(ids)))}
    newest = [event for row in rows if (event := events.get(row.last_event))]
    message_ids = {event.payload.get("message_id") for event in newest} - {None}
    people_ids = {event.actor_id for event in newest} - {None}
    messages = _by_id(session, Message, message_ids)
    people = _by_id(session, Person, people_ids)
    watches = visible_watches(session, actor, [row.watch_id for row in rows if row.watch_id])
    searches = searches_of(session, actor, list(watches.values()))
    told = []
    for row in rows:
        event = events.get(row.last_event)
        told.append(
            Told(
                notice=row,
                event=event,
                first=events.get(row.first_event),
                who=people.get(event.actor_id) if event else None,
                message=messages.get(event.payload.get("message_id")) if event else None,
                watch=watches.get(row.watch_id or 0),
                search=searches.get(row.watch_id or 0),
            )
        )
    return told


def _by_id(session: Session, table: Any, ids: set[Any]) -> dict[Any, Any]:
    if not ids:
        return {}
    return {row.id: row for row in session.scalars(select(table).where(table.id.in_(ids)))}


@dataclass(frozen=True)
class Group:
    """Notices about the same page, or about the same space."""

    first: Told
    told: Sequence[Told]


def grouped(told: Sequence[Told]) -> list[Group]:
    """Return the notices of a slice by page, in the order of the first of each."""
    groups: dict[tuple[int | None, int | None], list[Told]] = {}
    for one in told:
        groups.setdefault((one.notice.page_id, one.notice.space_id), []).append(one)
    return [Group(some[0], some) for some in groups.values()]
