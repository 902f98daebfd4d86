"""Places among siblings (the pages directly below one path), and the positions that keep them.

Pages with a position come first, in its order; the others follow by title. To place a page after
others without a position, these get one too, so that they stay above it. Their order does not
change by that, so it is no event.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from sqlalchemy import Select, Update, bindparam, or_, select, update
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value
from sqlalchemy.orm.util import identity_key

from wiki.errors import Invalid
from wiki.i18n import gettext as _
from wiki.pages.models import Page, title_order
from wiki.text.positions import LONGEST, UNPLACED, keys_between

IN_ORDER = (Page.position, title_order(Page.title), Page.path_key)
"""The order of pages with the same parent."""


@dataclass(frozen=True)
class Placed:
    """The outcome of placing a page: its former and its new position, and the ids of the pages
    directly before and after it, formerly and now."""

    was: str
    now: str
    was_after: int | None
    was_before: int | None
    after: int | None
    before: int | None


@dataclass(frozen=True)
class _Sibling:
    id: int
    position: str
    is_live: bool


def place(session: Session, page: Page, spot: str, *, arrives: bool = False) -> Placed | None:
    """Place a page among the pages with its parent. The caller has locked the space.

    :param spot: ``first``, ``last``, ``before:ID`` or ``after:ID`` of another page, or ``at:KEY``
        for a former position, to which the page returns.
    :param arrives: whether the page has just come from another parent.
    :returns: None if the page is there already.
    :raises Invalid: when the page to place it beside has another parent.
    """
    here = {"space_id": page.space_id, "parent_key": page.parent_key}
    rows = [_Sibling(*row) for row in session.execute(_siblings(), here)]
    others = [one for one in rows if one.id != page.id]
    was = [one.id for one in (others if arrives else rows) if one.is_live]
    if spot == f"at:{UNPLACED}":
        write_positions(session, {page.id: UNPLACED})
        rows = [_Sibling(*row) for row in session.execute(_siblings(), here)]
        key, ids = UNPLACED, [one.id for one in rows if one.is_live]
        former = page.position
    else:
        index = _index(others, spot)
        ids = [one.id for one in others[:index] if one.is_live]
        ids += [page.id, *(one.id for one in others[index:] if one.is_live)]
        former, changed, key = page.position, {}, ""
        if ids != was:
            changed = _positions(rows, others, index)
            former, key = changed.get(page.id, former), changed.pop(0)
            write_positions(session, {**changed, page.id: key})
    if ids == was:
        return None
    return Placed(former, key, *_beside(was, page.id), *_beside(ids, page.id))


def unplace(session: Session, pages: Iterable[Page]) -> None:
    """Remove the positions of pages, which come last among their siblings then."""
    write_positions(session, {page.id: UNPLACED for page in pages if page.position != UNPLACED})


def write_order(session: Session, page_ids: Sequence[int]) -> None:
    """Give positions to pages with one parent in this order. The caller has locked the space."""
    write_positions(session, dict(zip(page_ids, keys_between("", "", len(page_ids)), strict=True)))


@cache
def _siblings() -> Select[int, str, bool]:
    """Select the live pages below a path in order, and the deleted ones that have a position, which
    they keep."""
    return (
        select(Page.id, Page.position, Page.deleted_at.is_(None))
        .where(
            Page.space_id == bindparam("space_id"),
            Page.parent_key == bindparam("parent_key"),
            or_(Page.deleted_at.is_(None), Page.position != UNPLACED),
        )
        .order_by(*IN_ORDER)
    )


def beside(spot: str) -> int | None:
    """Return the id of the page that a spot is before or after, if it names one."""
    side, __, id = spot.partition(":")
    return int(id) if side in ("before", "after") else None


def _index(others: Sequence[_Sibling], spot: str) -> int:
    if spot in ("first", "last"):
        return 0 if spot == "first" else len(others)
    if spot.startswith("at:"):
        return sum(one.position <= spot[3:] for one in others)
    for index, one in enumerate(others):
        if one.id == beside(spot) and one.is_live:
            return index if spot.startswith("before") else index + 1
    raise Invalid(_("The page to place it next to isn’t at this level any more."), field="position")


def _positions(rows: Sequence[_Sibling], others: Sequence[_Sibling], index: int) -> dict[int, str]:
    """Return the new positions of siblings by id, with that of the page to be placed under 0.

    :param rows: all siblings in order. :param index: the place of the page among the others.
    """
    new: dict[int, str] = {}
    above = {one.id for one in others[:index]}
    placed = [one for one in rows if one.position != UNPLACED]
    unplaced = [one for one in rows if one.position == UNPLACED]
    last = max((n for n, one in enumerate(unplaced, 1) if one.id in above), default=0)
    if last:
        end = placed[-1].position if placed else ""
        keys = keys_between(end, "", last)
        new |= {one.id: key for one, key in zip(unplaced, keys, strict=False)}
    keyed = [(one.id, new.get(one.id, one.position)) for one in others]
    low = keyed[index - 1][1] if index else ""
    high = keyed[index][1] if index < len(keyed) else UNPLACED
    if low < high and len(low) < LONGEST and (len(high) < LONGEST):
        new[0] = keys_between(low, "" if high == UNPLACED else high)[0]
        return new
    # Equal or very long positions: all that have one get a new one.
    order = [id for id, key in keyed if key != UNPLACED]
    order.insert(index, 0)
    return dict(zip(order, keys_between("", "", len(order)), strict=True))


def _beside(ids: Sequence[int], page_id: int) -> tuple[int | None, int | None]:
    if page_id not in ids:
        return None, None
    index = ids.index(page_id)
    return (ids[index - 1] if index else None), (ids[index + 1] if ids[index + 1 :] else None)


@cache
def _set_position() -> Update:
    return (
        update(Page)
        .where(Page.id == bindparam("of_page"))
        .values(position=bindparam("position"))
        .execution_options(synchronize_session=False)
    )


def write_positions(session: Session, positions: Mapping[int, str]) -> None:
    """Store positions, in order of the ids, as other actions lock rows of pages."""
    if not positions:
        return
    session.flush()
    rows = [{"of_page": id, "position": key} for id, key in sorted(positions.items())]
    session.connection().execute(_set_position(), rows)
    for id, key in positions.items():
        page = session.identity_map.get(identity_key(Page, id))
        if page is not None:
            set_committed_value(page, "position", key)
