"""Queries for the log of events, for administrators: newest first, filtered, as sentences."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session, contains_eager, joinedload

from wiki.audit.filters import MEANINGS, PEOPLE, Filters, page_id_of
from wiki.audit.models import ChainCheck
from wiki.audit.sentences import Known, sentence, who_did
from wiki.db import batches
from wiki.errors import Invalid, require_allowed
from wiki.outbox.event import Category, policy_of
from wiki.outbox.models import AUDITED, EventRow
from wiki.outbox.sentences import Part, Sentence
from wiki.pages.models import Page
from wiki.pages.queries import readable_by
from wiki.people.models import Group, Person
from wiki.redaction.events import Redacted
from wiki.redaction.models import Redaction
from wiki.rules.access import Actor, may_administer
from wiki.spaces import queries as spaces
from wiki.spaces.models import Invitation, Space
from wiki.web.paging import Slice


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
            conditions.append(MEANINGS[name](session, actor, getattr(filters, name)))
        except Invalid as error:
            errors[name] = error.sentence
    if "page" in told and "page" not in errors:
        told["page"] = str(page_id_of(session, actor, filters.page))
    if "words" in told:
        told["words"] = "given"
    return Found(tuple(conditions), errors, told)


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
        people |= _ids(row.actor_id, *(payload.get(name) for name in PEOPLE))
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


def _ids(*values: object) -> set[int]:
    return {one for one in values if isinstance(one, int) and not isinstance(one, bool)}


def _list(value: object) -> Sequence[Any]:
    return value if isinstance(value, list) else ()


def _by_id(session: Session, query: Select[Any], ids: set[int]) -> dict[int, Any]:
    return {one.id: one for one in session.scalars(query)} if ids else {}
