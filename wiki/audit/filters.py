"""Filters of the log of events: what each of them means in SQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.orm import Session

from wiki.errors import Invalid, NotFound
from wiki.i18n import gettext as _
from wiki.outbox.event import EVENTS, Category, names_in, title_of
from wiki.outbox.models import EventRow
from wiki.pages.models import Page
from wiki.pages.queries import look_up, readable_by
from wiki.people.actions import find_person
from wiki.people.events import GroupDeleted
from wiki.people.models import Group, Person
from wiki.rules.access import Actor
from wiki.spaces.models import Space

LONGEST = 200
"""Maximum number of characters of a filter."""
# The fields of events that contain the ids of people, apart from the actor.
PEOPLE = ("person_id", "placeholder_id", "second")


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


def kinds() -> Sequence[tuple[str, str]]:
    """Return the names of audited events, each with its name in words, sorted by words."""
    named = [(name, title_of(name)) for name, event in EVENTS.items() if event.policy.audited]
    return sorted(named, key=lambda one: one[1])


def _who(session: Session, _actor: Actor, typed: str) -> ColumnElement[bool]:
    person = find_person(session, typed.removeprefix("@"))
    if person is None:
        raise Invalid(_("There is no user %(typed)s.", typed=typed))
    return EventRow.actor_id == person.id


def _category(_session: Session, _actor: Actor, typed: str) -> ColumnElement[bool]:
    try:
        category = Category(typed)
    except ValueError:
        raise Invalid(_("There is no such category.")) from None
    return EventRow.name.in_(names_in(category))


def _kind(_session: Session, _actor: Actor, typed: str) -> ColumnElement[bool]:
    if typed not in EVENTS:
        raise Invalid(_("There is no such event."))
    return EventRow.name == typed


def _space(session: Session, _actor: Actor, typed: str) -> ColumnElement[bool]:
    found = session.scalar(select(Space.id).where(Space.slug == typed.strip("/").lower()))
    if found is None:
        raise Invalid(_("There is no space %(typed)s.", typed=typed))
    return EventRow.space_id == found


def _page(session: Session, actor: Actor, typed: str) -> ColumnElement[bool]:
    return EventRow.page_id == page_id_of(session, actor, typed)


def page_id_of(session: Session, actor: Actor, typed: str) -> int:
    """Return the id of a page, given as a number or as an address that the actor may read.

    :raises Invalid: when there is none.
    """
    if typed.isascii() and typed.isdigit() and len(typed) < 16:
        return int(typed)
    slug, _slash, path = typed.strip("/").partition("/")
    try:
        page = look_up(session, actor, slug, path).page
    except NotFound:
        page = None
    if page is None:
        raise Invalid(_("There is no page there that you can read."))
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
        raise Invalid(_("Enter a valid date, such as 2026-03-31.")) from None
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
        *(told(name, people) for name in PEOPLE),
        told("group_id", groups),
        told("part_id", groups),
        EventRow.space_id.in_(places),
        EventRow.page_id.in_(pages),
        and_(EventRow.name == GroupDeleted.__name__, gone),
    )


MEANINGS = {
    "who": _who,
    "category": _category,
    "kind": _kind,
    "space": _space,
    "page": _page,
    "since": _since,
    "until": _until,
    "words": _words,
}
