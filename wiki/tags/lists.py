"""Lists of pages by tag, author and date of the last change, in three orders, keyset-paged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Select, or_, select, tuple_
from sqlalchemy.orm import Session, aliased, joinedload

from wiki.errors import Invalid
from wiki.i18n import gettext as _
from wiki.pages.models import Page, Revision, title_order
from wiki.pages.queries import live_for
from wiki.people.models import Person
from wiki.rules.access import Actor
from wiki.spaces.models import Space
from wiki.tags.models import PageTag
from wiki.text.tags import spelled, tag_key
from wiki.web.paging import Slice, decode_cursor, encode_cursor, give_up

ROWS = 50
MOST_CHARACTERS = 200


class Order(StrEnum):
    """The order of a list of pages."""

    UPDATED = "updated"
    CREATED = "created"
    TITLE = "title"


@dataclass(frozen=True)
class Wanted:
    """Filters and order of a list of pages. ``author`` is the user name of an author of any of the
    page's revisions. ``since`` and ``until`` are days (UTC) around the page's last change."""

    tag: str = ""
    author: str = ""
    since: date | None = None
    until: date | None = None
    order: Order = Order.UPDATED

    @property
    def filters(self) -> bool:
        """True if any filter is set."""
        return bool(self.tag or self.author or self.since or self.until)

    def query(self) -> dict[str, str]:
        """Return the same as the query of an address, without defaults."""
        values = {
            "tag": self.tag,
            "author": self.author,
            "since": self.since.isoformat() if self.since else "",
            "until": self.until.isoformat() if self.until else "",
            "sort": self.order.value if self.order is not Order.UPDATED else "",
        }
        return {name: value for name, value in values.items() if value}


def wanted_from(sent: Mapping[str, str]) -> Wanted:
    """Parse the query of an address.

    :raises Invalid: when a day or the order is invalid.
    """
    since, until = (_day(sent.get(name, ""), name) for name in ("since", "until"))
    order = sent.get("sort", "") or Order.UPDATED.value
    if order not in tuple(Order):
        raise Invalid(_("Pages can be sorted by “updated”, “created” or “title”."), field="sort")
    return Wanted(
        tag=spelled(sent.get("tag", ""))[:MOST_CHARACTERS],
        author=sent.get("author", "").replace("\0", " ").strip().lstrip("@")[:MOST_CHARACTERS],
        since=since,
        until=until,
        order=Order(order),
    )


def _day(raw: str, name: str) -> date | None:
    raw = raw.strip()
    if not raw:
        return None
    try:
        day = date.fromisoformat(raw)
    except ValueError:
        day = None
    if day is None or day.isoformat() != raw:
        raise Invalid(
            _("“%(text)s” isn’t a valid date. Use the form 2026-01-31.", text=raw[:40]), field=name
        )
    return day


def list_pages(
    session: Session,
    actor: Actor,
    wanted: Wanted,
    *,
    space: Space | None = None,
    after: str | None = None,
    limit: int = ROWS,
) -> Slice[Page]:
    """Return live pages that the actor may read, with their spaces and last authors, in one query.

    :param space: only pages of this space.
    :param after: the cursor of the previous slice; an invalid one starts at the beginning.
    """
    page = aliased(Page)
    # Sorted by the columns of the index that finds the tag's pages.
    updated: Any = PageTag.updated_at if wanted.tag else page.updated_at
    last: Any = PageTag.page_id if wanted.tag else page.id
    key: Any = updated
    if wanted.order is Order.TITLE:
        key, last = title_order(page.title), page.id
    elif wanted.order is Order.CREATED:
        key, last = page.created_at, page.id
    # The access check is a correlated subquery, so that the list is read along the index that sorts
    # it. Otherwise SQLite would gather the pages of all spaces first.
    gate = select(Page.id).where(Page.id == page.id, live_for(actor))
    query = (
        select(page, key)
        .options(joinedload(page.space), joinedload(page.updated_by))
        .limit(limit + 1)
    )
    if wanted.tag:
        query = query.join(PageTag, PageTag.page_id == page.id)
        query = query.where(PageTag.tag_key == tag_key(wanted.tag))
    if space is not None:
        gate = gate.where(Page.space_id == space.id)
        of = PageTag.space_id if wanted.tag else page.space_id
        query = query.where(of == space.id)
    query = query.where(gate.correlate(page).exists())
    if wanted.author:
        query = query.where(page.id.in_(_written_by(wanted.author)))
    if wanted.since:
        query = query.where(updated >= _begin(wanted.since))
    if wanted.until and wanted.until < date.max:
        query = query.where(updated < _begin(wanted.until + timedelta(days=1)))
    if wanted.order is Order.TITLE:
        query = query.order_by(key, last)
        beyond = decode_cursor(after, (str, int))
        if beyond:
            value = title_order(beyond[0])
            # The first condition gives the index its start.
            query = query.where(key >= value, or_(key > value, last > beyond[1]))
    else:
        query = query.order_by(key.desc(), last.desc())
        moment = _moment(after)
        if moment:
            query = query.where(tuple_(key, last) < tuple_(*moment))
    rows = session.execute(query).all()
    found = [row[0] for row in rows[:limit]]
    return Slice(found, _cursor(*rows[limit - 1]) if len(rows) > limit else None)


def _written_by(handle: str) -> Select[int]:
    """Return a query for the ids of pages that a person wrote on."""
    person = select(Person.id).where(Person.handle == handle.casefold()).scalar_subquery()
    return select(Revision.page_id).where(Revision.author_id == person)


def _begin(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _cursor(page: Page, key: str | datetime) -> str:
    return encode_cursor([key if isinstance(key, str) else key.isoformat(), page.id])


def _moment(cursor: str | None) -> tuple[datetime, int] | None:
    values = decode_cursor(cursor, (str, int))
    if values is None:
        return None
    try:
        moment = datetime.fromisoformat(values[0])
        if moment.tzinfo:
            return moment.astimezone(UTC), values[1]
    except (ValueError, OverflowError):
        pass
    give_up(cursor)
    return None
