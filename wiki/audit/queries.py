"""Queries for the log of events, for administrators: newest first, filtered, as sentences."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.orm import Session, contains_eager, joinedload

from wiki.audit.models import ChainCheck
from wiki.audit.sentences import Known, sentence, who_did
from wiki.db import batches
from wiki.errors import Invalid, NotFound, require_allowed
from wiki.outbox.event import EVENTS, Category, names_in, policy_of
from wiki.outbox.models import AUDITED, EventRow
from wiki.outbox.sentences import Part, Sentence
from wiki.pages.models import Page
from wiki.pages.queries import look_up, readable_by
from wiki.people.actions import find_person
from wiki.people.events import GroupDeleted
from wiki.people.models import Group, Person
from wiki.redaction.events import Redacted
from wiki.redaction.models import Redaction
from wiki.rules.access import Actor, may_administer
from wiki.spaces import queries as spaces
from wiki.spaces.models import Invitation, Space
from wiki.web.paging import Slice

LONGEST = 200
"""Maximum number of characters of a filter."""

# The fields of events that contain the ids of people, apart from the actor.
_PEOPLE = ("person_id", "placeholder_id", "second")


@dataclass(frozen=True)
class Filters:
    """Filters on events as they were typed; an empty one matches everything."""

    who: str = ""
    category: str = ""
    kind: str = ""
    space: str = ""
    page: str = ""
    since: str = ""
    until: str = ""
    words: str = ""

    def given(self) -> dict[str, str]:
        """Return the filters that are not empty, by name."""
        return {one.name: value for one in fields(self) if (value := getattr(self, one.name))}


def filters_of(sent: Mapping[str, str]) -> Filters:
    """Return the filters of a request, without unprintable and surplus characters."""
    values = {}
    for one in fields(Filters):
        words = "".join(each for each in sent.get(one.name, "") if each.isprintable())
        values[one.name] = words.encode("utf-8", "ignore").decode().strip()[:LONGEST]
    return Filters(**values)


@dataclass(frozen=True)
class Found:
    """Conditions on events, and a sentence for each filter that matches nothing that exists.
    ``told`` describes the filters for the log, without names that other administrators may not
    know."""

    conditions: tuple[ColumnElement[bool], ...]
    errors: Mapping[str, str]
    told: Mapping[str, str]


@dataclass(frozen=True)
class Entry:
    """An event as administrators read it. For a redaction, ``could_read`` and ``did_read`` name
    those who could read the redacted content, and those who did according to the log of reads."""

    id: int
    at: datetime
    name: str
    category: Category
    who: Part
    person: Person | None
    sentence: Sentence
    address: str
    space: str
    page: Page | None
    page_id: int | None
    link: str
    could_read: str = ""
    did_read: str = ""


def list_audit(
    session: Session,
    actor: Actor,
    found: Found,
    *,
    before: int | None = None,
    limit: int = 50,
) -> Slice[Entry]:
    """Return audited events, newest first.

    :param before: only those before the event with this id; the cursor of the next slice.
    :raises Forbidden: unless the actor is an administrator.
    """
    require_admin(actor)
    if found.errors:
        return Slice([], None)
    query = select(EventRow).where(AUDITED, *found.conditions).order_by(EventRow.id.desc())
    if before is not None:
        query = query.where(EventRow.id < before)
    rows = session.scalars(query.limit(limit + 1)).all()
    known = known_of(session, actor, rows[:limit])
    entries = [_entry(row, known) for row in rows[:limit]]
    if any(row.name == Redacted.__name__ for row in rows[:limit]):
        entries = _with_readers(session, rows[:limit], entries, known)
    return Slice(entries, str(entries[-1].id) if len(rows) > limit else None)


def find(session: Session, actor: Actor, filters: Filters) -> Found:
    """Convert filters to conditions.

    :raises Forbidden: unless the actor is an administrator.
    """
    require_admin(actor)
    conditions: list[ColumnElement[bool]] = []
    errors: dict[str, str] = {}
    told = filters.given()
    for name in told:
        try:
            conditions.append(_MEANING[name](session, actor, getattr(filters, name)))
        except Invalid as error:
            errors[name] = error.sentence
    if "page" in told and "page" not in errors:
        told["page"] = str(page_id_of(session, actor, filters.page))
    if "words" in told:
        told["words"] = "given"
    return Found(tuple(conditions), errors, told)


def kinds() -> Sequence[tuple[str, str]]:
    """Return the names of audited events, each with its name in words, sorted by words."""
    named = [(name, words_of(name)) for name, event in EVENTS.items() if event.policy.audited]
    return sorted(named, key=lambda one: one[1])


def words_of(name: str) -> str:
    """Return the name of an event in words: ``Page deleted`` for PageDeleted."""
    words = "".join(f" {one.lower()}" if one.isupper() else one for one in name).strip()
    return words.capitalize()


def last_checks(session: Session, actor: Actor) -> tuple[ChainCheck | None, ChainCheck | None]:
    """Return the last finished check of the chain, and one that is waiting.

    :raises Forbidden: unless the actor is an administrator.
    """
    require_admin(actor)
    newest = select(ChainCheck).options(joinedload(ChainCheck.asked_by)).limit(1)
    newest = newest.order_by(ChainCheck.id.desc())
    done = session.scalar(newest.where(ChainCheck.done_at.is_not(None)))
    return done, session.scalar(newest.where(ChainCheck.done_at.is_(None)))


def known_of(session: Session, actor: Actor, rows: Iterable[EventRow]) -> Known:
    """Return the people, groups, spaces, pages and invitations that some events name, as far as the
    actor may know them."""
    people, groups, places, pages, invitations = (set[int]() for _ in range(5))
    for row in rows:
        payload = row.payload
        people |= _ids(row.actor_id, *(payload.get(name) for name in _PEOPLE))
        people |= _ids(*_list(payload.get("people")))
        groups |= _ids(payload.get("group_id"), payload.get("part_id"))
        groups |= _ids(*_list(payload.get("groups")))
        places |= _ids(row.space_id, payload.get("old_space_id"))
        pages |= _ids(row.page_id)
        invitations |= _ids(payload.get("invitation_id"))
    readable = select(Space.id).where(Space.id.in_(places), spaces.readable_by(actor))
    seen = (
        select(Page)
        .join(Page.space)
        .where(Page.id.in_(pages), readable_by(actor))
        .options(contains_eager(Page.space))
    )
    return Known(
        people=_by_id(session, select(Person).where(Person.id.in_(people)), people),
        groups=_by_id(session, select(Group).where(Group.id.in_(groups)), groups),
        spaces=_by_id(session, select(Space).where(Space.id.in_(places)), places),
        readable=frozenset(session.scalars(readable)) if places else frozenset(),
        pages=_by_id(session, seen, pages),
        invitations=_by_id(
            session, select(Invitation).where(Invitation.id.in_(invitations)), invitations
        ),
    )


def require_admin(actor: Actor) -> None:
    """Check that the actor is an administrator. :raises Forbidden:"""
    require_allowed(may_administer(actor))


def _entry(row: EventRow, known: Known) -> Entry:
    space = known.spaces.get(row.space_id or 0)
    return Entry(
        id=row.id,
        at=row.at,
        name=row.name,
        category=policy_of(row.name).category,
        who=who_did(row, known),
        person=known.people.get(row.actor_id or 0),
        sentence=sentence(row, known),
        address=row.address or "",
        space=space.slug if space else "",
        page=known.pages.get(row.page_id or 0),
        page_id=row.page_id,
        link=(row.link or b"").hex(),
    )


def _with_readers(
    session: Session, rows: Sequence[EventRow], entries: Sequence[Entry], known: Known
) -> list[Entry]:
    """Return the entries, with those who could read what was redacted on pages that the actor may
    read."""
    ids = _ids(*(row.payload.get("redaction_id") for row in rows if known.may_read(row)))
    found = {one.id: one for one in session.scalars(select(Redaction).where(Redaction.id.in_(ids)))}
    could = {id: _ids(*_list(one.could_read.get("people"))) for id, one in found.items()}
    did = {id: _ids(*(read[0] for read in one.did_read)) for id, one in found.items()}
    everybody = set().union(*could.values(), *did.values()) if found else set()
    handles: dict[int, str] = {0: "(not signed in)"}
    for some in batches(sorted(everybody)):
        named = select(Person.id, Person.handle).where(Person.id.in_(some))
        handles |= dict(session.execute(named).all())

    def told(who: Mapping[int, set[int]], id: int) -> str:
        names = sorted(handles[one] for one in who.get(id, ()) if one in handles)
        everyone = who is could and id in found and found[id].could_read.get("everyone")
        return " ".join([*(["(everyone)"] if everyone else []), *names])

    result = []
    for row, entry in zip(rows, entries, strict=True):
        id = row.payload.get("redaction_id") if row.name == Redacted.__name__ else None
        if id in found:
            entry = replace(entry, could_read=told(could, id), did_read=told(did, id))
        result.append(entry)
    return result


def _who(session: Session, _actor: Actor, typed: str) -> ColumnElement[bool]:
    person = find_person(session, typed.removeprefix("@"))
    if person is None:
        raise Invalid(f"There is no user {typed}.")
    return EventRow.actor_id == person.id


def _category(_session: Session, _actor: Actor, typed: str) -> ColumnElement[bool]:
    try:
        category = Category(typed)
    except ValueError:
        raise Invalid("There is no such category.") from None
    return EventRow.name.in_(names_in(category))


def _kind(_session: Session, _actor: Actor, typed: str) -> ColumnElement[bool]:
    if typed not in EVENTS:
        raise Invalid("There is no such event.")
    return EventRow.name == typed


def _space(session: Session, _actor: Actor, typed: str) -> ColumnElement[bool]:
    found = session.scalar(select(Space.id).where(Space.slug == typed.strip("/").lower()))
    if found is None:
        raise Invalid(f"There is no space {typed}.")
    return EventRow.space_id == found


def _page(session: Session, actor: Actor, typed: str) -> ColumnElement[bool]:
    return EventRow.page_id == page_id_of(session, actor, typed)


def page_id_of(session: Session, actor: Actor, typed: str) -> int:
    """Return the id of a page, given as a number or as an address that the actor may read.

    :raises Invalid: when there is none.
    """
    if typed.isascii() and typed.isdigit() and len(typed) < 16:
        return int(typed)
    slug, _, path = typed.strip("/").partition("/")
    try:
        page = look_up(session, actor, slug, path).page
    except NotFound:
        page = None
    if page is None:
        raise Invalid("There is no page there that you can read.")
    return page.id


def _since(_session: Session, _actor: Actor, typed: str) -> ColumnElement[bool]:
    return EventRow.at >= _day(typed)


def _until(_session: Session, _actor: Actor, typed: str) -> ColumnElement[bool]:
    after: ColumnElement[bool] = EventRow.at < _day(typed) + timedelta(days=1)
    return after


def _day(typed: str) -> datetime:
    try:
        day = datetime.combine(date.fromisoformat(typed), time(), UTC)
        day + timedelta(days=1)  # fails for the last day that can be represented
    except (ValueError, OverflowError):
        raise Invalid("Enter a valid date, such as 2026-03-31.") from None
    return day


def _words(_session: Session, actor: Actor, typed: str) -> ColumnElement[bool]:
    """Return the condition that an event names a person, group, space or page whose name contains
    these words."""

    def has(*columns: Any) -> ColumnElement[bool]:
        return or_(*(one.icontains(typed, autoescape=True) for one in columns))

    def told(name: str, ids: Select[Any]) -> ColumnElement[bool]:
        condition: ColumnElement[bool] = EventRow.payload[name].as_integer().in_(ids)
        return condition

    people = select(Person.id).where(has(Person.name, Person.handle))
    groups = select(Group.id).where(has(Group.name, Group.handle))
    places = select(Space.id).where(has(Space.title, Space.slug))
    pages = select(Page.id).where(has(Page.title, Page.path), readable_by(actor))
    gone = EventRow.payload["name"].as_string().icontains(typed, autoescape=True)
    return or_(
        EventRow.actor_id.in_(people),
        *(told(name, people) for name in _PEOPLE),
        told("group_id", groups),
        told("part_id", groups),
        EventRow.space_id.in_(places),
        EventRow.page_id.in_(pages),
        and_(EventRow.name == GroupDeleted.__name__, gone),
    )


_MEANING = {
    "who": _who,
    "category": _category,
    "kind": _kind,
    "space": _space,
    "page": _page,
    "since": _since,
    "until": _until,
    "words": _words,
}


def _ids(*values: object) -> set[int]:
    return {one for one in values if isinstance(one, int) and not isinstance(one, bool)}


def _list(value: object) -> Sequence[Any]:
    return value if isinstance(value, list) else ()


def _by_id(session: Session, query: Select[Any], ids: set[int]) -> dict[int, Any]:
    return {one.id: one for one in session.scalars(query)} if ids else {}
