"""The feed of changes since an event, for programs that follow a wiki."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from flask import Response, request, url_for
from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session, joinedload

from wiki.api import wire
from wiki.api.resources import changes as resources
from wiki.outbox.event import feed_types, policy_of
from wiki.outbox.models import EventRow
from wiki.pages.events import PageMoved
from wiki.pages.models import Page
from wiki.pages.queries import live_for, unhidden_from
from wiki.people.models import Person
from wiki.purging.events import PagePurged
from wiki.rules.access import Actor
from wiki.spaces.models import Space
from wiki.spaces.queries import list_spaces, see_space
from wiki.web.operations import (
    MOST_CHANGES,
    Answer,
    Query,
    answer,
    limit_query,
    number_asked,
    number_query,
    operation,
    with_next,
)
from wiki.web.request import actor, reading


@operation(
    "GET",
    "/changes",
    "List what happened after an event.",
    {200: Answer("Changes, oldest first.", resources.ChangeList)},
    queries=(
        number_query(
            "after",
            "Id of the last change you have seen; 0 starts from the beginning.",
            least=0,
            default=0,
        ),
        Query("space", "Slug of a space, to return its changes only."),
        limit_query(100, MOST_CHANGES),
    ),
)
def list_changes() -> Response:
    """Ids increase in the order in which changes become visible: a client that continues after the
    last one misses nothing in the spaces it can read. A page that moves out of them is reported as
    deleted. After getting access to a space, read its pages first, because its earlier changes are
    not repeated."""
    after = number_asked("after")
    limit = number_asked("limit")
    slug = request.args.get("space", "")
    if slug:
        spaces: Sequence[Space] = [see_space(reading(), actor(), slug).space]
    else:
        spaces = list_spaces(reading(), actor())
    rows = _rows(reading(), actor(), [space.id for space in spaces], after, limit + 1)
    more, rows = len(rows) > limit, rows[:limit]
    last = rows[-1].id if rows else after
    changes = _told(reading(), actor(), rows, {space.id: space.slug for space in spaces})
    following = (
        url_for("api.list_changes", after=last, limit=limit, space=slug or None) if more else None
    )
    return with_next(answer(resources.ChangeList(changes, last, more)), following)


def _rows(
    session: Session, actor: Actor, spaces: Sequence[int], after: int, limit: int
) -> list[EventRow]:
    """Return the events in these spaces, and moves of pages out of them, in order. Events of pages
    hidden from the actor are left out, and so are moves out of these spaces of pages that were
    protected there."""
    moved_out = and_(
        EventRow.name == PageMoved.__name__,
        EventRow.payload["old_space_id"].as_integer().in_(spaces),
        EventRow.payload["kept"].as_boolean().is_not(True),
    )
    page = select(Page.id).where(Page.id == EventRow.page_id, unhidden_from(actor))
    told = or_(
        EventRow.page_id.is_(None),
        EventRow.name == PagePurged.__name__,
        page.correlate(EventRow).exists(),
    )
    return list(
        session.scalars(
            select(EventRow)
            .where(
                EventRow.id > after,
                EventRow.name.in_(feed_types()),
                or_(and_(EventRow.space_id.in_(spaces), told), moved_out),
            )
            .order_by(EventRow.id)
            .limit(limit)
        )
    )


def _told(
    session: Session, actor: Actor, rows: Sequence[EventRow], slugs: dict[int, str]
) -> list[resources.Change]:
    people = {
        person.id: person
        for person in session.scalars(select(Person).where(Person.id.in_(_ids(rows, "actor_id"))))
    }
    pages = {
        page.id: page
        for page in session.scalars(
            select(Page)
            .where(Page.id.in_(_ids(rows, "page_id")), live_for(actor))
            .options(joinedload(Page.space))
        )
    }
    return [_change(row, slugs, people, pages) for row in rows]


def _ids(rows: Iterable[EventRow], name: str) -> set[int]:
    return {value for row in rows if (value := getattr(row, name)) is not None}


def _change(
    row: EventRow, slugs: dict[int, str], people: dict[int, Person], pages: dict[int, Page]
) -> resources.Change:
    payload, kind, where = row.payload, policy_of(row.name).feed, row.space_id or 0
    path, old_path = payload.get("path"), None
    if kind == "page_moved":
        came_from = payload["old_space_id"]
        if where not in slugs:
            # Its new place must not be revealed to this reader.
            kind, where, path = "page_deleted", came_from, payload["old_path"]
        else:
            path = payload["new_path"]
            old_path = payload["old_path"] if came_from == where else None
    if row.name == PagePurged.__name__:
        path = None  # permissions of a purged page are unknown
    page = pages.get(row.page_id or 0)
    return resources.Change(
        id=row.id,
        type=kind,  # type: ignore[arg-type]
        at=row.at,
        actor=wire.somebody(people.get(row.actor_id or 0)),
        space=slugs[where],
        page=wire.page_line(page) if page else None,
        page_id=row.page_id,
        revision=payload.get("revision") if kind != "page_deleted" else None,
        path=path,
        old_path=old_path,
        file=payload.get("name"),
    )
