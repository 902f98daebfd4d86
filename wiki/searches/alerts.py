"""Notices of new pages that match a saved search, and what they would have been lately."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, String, func, literal, select, update
from sqlalchemy.orm import Session

from wiki.config import Settings
from wiki.db import Database, now
from wiki.inbox.fanout import About, tell
from wiki.inbox.kinds import NEEDED, Because, Kind
from wiki.inbox.models import Notice
from wiki.outbox.deliver import Happening
from wiki.outbox.models import Delivery, EventRow
from wiki.pages.models import Action, Page
from wiki.pages.queries import live_for
from wiki.people.models import Person
from wiki.people.queries import can_sign_in
from wiki.rules.access import Actor
from wiki.search.engine import Engine, IndexUnavailable
from wiki.search.index import engine_of
from wiki.search.listing import SUBSCRIBERS
from wiki.searches.matching import list_matches
from wiki.searches.models import SavedSearch
from wiki.searches.queries import get_saved
from wiki.watching.actions import watch
from wiki.watching.levels import Level
from wiki.watching.models import Watch
from wiki.watching.subjects import SeenSubject, Subject

LATELY = timedelta(days=30)
"""The time that the dry run looks back."""
MOST_PAGES = 500
"""Maximum number of new pages that a saved search is compared with at once, the newest."""
AT_ONCE = 200
"""Maximum number of saved searches that are compared in one run."""
_NOT_BY_HAND = (Action.IMPORT.value, Action.REPAIR.value)


def set_watching(session: Session, actor: Actor, search_id: int, level: Level | None) -> None:
    """Set the level at which the actor watches one of their saved searches, or stop watching it
    with None. Pages that are there already make no notice.

    :raises NotFound: when it is not there, or not theirs.
    """
    row = get_saved(session, actor, search_id)
    subject = Subject(search_id=row.id)
    watch(session, actor, SeenSubject(subject), level)
    row.watch_id = session.scalar(
        select(Watch.id).where(Watch.person_id == actor.person_id, Watch.subject == subject.key)
    )
    row.seen_event = session.scalar(select(func.max(EventRow.id))) or 0
    session.flush()


def list_recent_matches(
    session: Session, actor: Actor, engine: Engine, saved: SavedSearch
) -> list[Page]:
    """Return the pages of the last :data:`LATELY` that would have made a notice, the best first.

    :raises IndexUnavailable: when there is no usable index at the moment.
    """
    recent = select(Page.id).where(Page.created_at >= now() - LATELY, live_for(actor))
    by_others = Page.created_by_id.is_distinct_from(actor.person_id)
    newest = recent.where(by_others).order_by(Page.created_at.desc(), Page.id.desc())
    ids = session.scalars(newest.limit(MOST_PAGES)).all()
    return list_matches(session, actor, engine, saved.query, space=saved.space, among=ids)


class NotifyOfMatches:
    """Chore that compares new pages with the saved searches that are watched.

    It runs once a minute, not with each save: a search is compared once with all pages that were
    written since its last turn, and those of which the last turn is longest ago come first.
    """

    EVERY = timedelta(minutes=1)
    __name__ = "notify of matches"

    def __init__(self) -> None:
        self._due_at = now()

    def __call__(self, database: Database, settings: Settings) -> None:
        if now() >= self._due_at:
            self._due_at = now() + self.EVERY
            notify_of_matches(database, settings)


@dataclass(frozen=True)
class _Turn:
    """Saved searches that were compared with all events up to the same one, and the pages that were
    written since, each with its newest event."""

    search_ids: Sequence[int]
    events: dict[int, EventRow]
    created: dict[int, datetime]


def notify_of_matches(database: Database, settings: Settings) -> None:
    """Write notices of new pages that match saved searches which their owners watch."""
    with database.read() as session:
        until = _indexed_until(session)
        due = session.execute(_watched(until).limit(AT_ONCE)).all()
        turns = [
            _turn(session, seen, until, [row.id for row in due if row.seen_event == seen])
            for seen in sorted({row.seen_event for row in due})
        ]
    for turn in turns:
        for search_id in turn.search_ids if turn.events else ():
            try:
                _compare(database, settings, search_id, turn)
            except IndexUnavailable:
                return
        with database.write(durable=False) as session:  # compared again if it is lost
            session.execute(
                update(SavedSearch)
                .where(SavedSearch.id.in_(turn.search_ids), SavedSearch.seen_event < until)
                .values(seen_event=until)
            )


def _indexed_until(session: Session) -> int:
    """Return the newest event up to which all pages are in the index."""
    waiting = select(func.min(Delivery.event_id)).where(Delivery.subscriber.in_(SUBSCRIBERS))
    first = session.scalar(waiting)
    return first - 1 if first is not None else session.scalar(select(func.max(EventRow.id))) or 0


def _watched(until: int) -> Select[int, int]:
    return (
        select(SavedSearch.id, SavedSearch.seen_event)
        .join(Watch, Watch.id == SavedSearch.watch_id)
        .join(Person, Person.id == SavedSearch.person_id)
        .where(
            Watch.level >= int(NEEDED[Kind.MATCH]), SavedSearch.seen_event < until, can_sign_in()
        )
        .order_by(SavedSearch.seen_event, SavedSearch.id)
    )


def _turn(session: Session, seen: int, until: int, search_ids: Sequence[int]) -> _Turn:
    rows = session.execute(
        select(EventRow, Page.created_at)
        .join(Page, Page.id == EventRow.page_id)
        .where(
            EventRow.name == "PageSaved",
            EventRow.payload["action"].as_string().not_in(_NOT_BY_HAND),
            EventRow.id > seen,
            EventRow.id <= until,
            Page.deleted_at.is_(None),
        )
        .order_by(EventRow.id.desc())
        .limit(MOST_PAGES)
    )
    events: dict[int, EventRow] = {}
    created: dict[int, datetime] = {}
    for event, at in rows:
        if event.page_id is not None:
            events.setdefault(event.page_id, event)
            created[event.page_id] = at
    return _Turn(search_ids, events, created)


def _compare(database: Database, settings: Settings, search_id: int, turn: _Turn) -> None:
    with database.read() as session:
        row = session.execute(
            select(SavedSearch, Watch, Person)
            .join(Watch, Watch.id == SavedSearch.watch_id)
            .join(Person, Person.id == SavedSearch.person_id)
            .where(SavedSearch.id == search_id)
        ).one_or_none()
        if row is None:
            return
        saved, watched, person = row
        told = set(session.scalars(_told(person.id, list(turn.events))))
        among = [
            page_id
            for page_id, event in turn.events.items()
            if turn.created[page_id] >= watched.since
            and event.actor_id != person.id
            and page_id not in told
        ]
        engine, actor = engine_of(settings, database), person.actor()
        matches = list_matches(session, actor, engine, saved.query, space=saved.space, among=among)
    if matches:
        with database.write() as session:
            for page in matches:
                _tell(session, turn.events[page.id], person.id, watched.id)


def _told(person_id: int, page_ids: Sequence[int]) -> Select[int | None]:
    """Select the pages of which the person has or had a notice because of a saved search."""
    return select(Notice.page_id).where(
        Notice.person_id == person_id,
        Notice.kind == Kind.MATCH.value,
        Notice.page_id.in_(page_ids),
    )


def _tell(session: Session, event: EventRow, person_id: int, watch_id: int) -> None:
    happening = Happening(
        0,
        event.id,
        event.name,
        event.at,
        event.actor_id,
        event.space_id,
        event.page_id,
        event.payload,
    )
    recipients = (
        select(Person.id, literal(Because.WATCH.value, String), Watch.id)
        .join(Watch, Watch.person_id == Person.id)
        .where(Person.id == person_id, Watch.id == watch_id, can_sign_in())
    )
    tell(session, happening, About(Subject(page_id=event.page_id), Kind.MATCH), recipients)
