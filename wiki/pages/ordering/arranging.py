"""Whole orders of pages, put in place at once instead of page by page."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from itertools import takewhile

from sqlalchemy.orm import Session

from wiki.outbox.actions import publish_all
from wiki.pages.events import PageReordered
from wiki.pages.ordering.siblings import write_positions
from wiki.rules.access import Actor
from wiki.text.positions import LONGEST, UNPLACED, keys_between


def arrange(
    session: Session,
    actor: Actor,
    space_id: int,
    siblings: Mapping[int, str],
    wanted: Sequence[int],
) -> None:
    """Put pages first among their siblings, in this order. As few of them as possible are moved;
    each has an event that can be undone. The caller has locked the space.

    :param siblings: the positions of all live pages with the same parent by id, in their order.
    :param wanted: ids of some of them, which the actor may edit.
    """
    was, among = list(siblings), set(wanted)
    ordered = [*wanted, *(id for id in was if id not in among)]
    index = {id: at for at, id in enumerate(was)}
    # A page behind one that is not wanted cannot stay where it is: it comes before that one.
    ahead = set(takewhile(among.__contains__, was))
    kept = longest_rising([id for id in wanted if id in ahead], index)
    positions = _positions(siblings, ordered[: len(wanted)], ordered[len(wanted) :], kept)
    write_positions(session, positions)
    events = []
    for now_at, id in enumerate(wanted):
        if id not in kept:
            former, now = siblings[id], positions[id]
            sides = (*_beside(was, index[id]), *_beside(ordered, now_at))
            events.append(PageReordered(space_id, id, former, now, *sides))
    publish_all(session, actor, events)


def longest_rising(ids: Sequence[int], index: Mapping[int, int]) -> set[int]:
    """Return a largest set of ids whose indexes rise in the order of ``ids``."""
    ends: list[int] = []  # of each length, the smallest index that a rising row of ids ends with
    last: list[int] = []  # and its last id
    before: dict[int, int | None] = {}
    for id in ids:
        length = bisect_left(ends, index[id])
        before[id] = last[length - 1] if length else None
        if length == len(ends):
            ends.append(index[id])
            last.append(id)
        else:
            ends[length], last[length] = index[id], id
    found: set[int] = set()
    one = last[-1] if last else None
    while one is not None:
        found.add(one)
        one = before[one]
    return found


def _positions(
    siblings: Mapping[int, str], wanted: Sequence[int], others: Sequence[int], kept: set[int]
) -> dict[int, str]:
    """Return the new positions: of wanted pages, between those of the kept ones; or of all pages
    that have one, if there is no room or they are too long."""
    placed = [id for id in others if siblings[id] != UNPLACED]
    stops = {id: siblings[id] for id in wanted if id in kept and siblings[id] != UNPLACED}
    stops[0] = siblings[placed[0]] if placed else ""
    found: dict[int, str] = {}
    low, run = "", list[int]()
    for id in [*wanted, 0]:
        if id not in stops:
            run.append(id)
            continue
        high = stops[id]
        if high and low >= high:
            break
        found |= zip(run, keys_between(low, high, len(run)) if run else (), strict=True)
        low, run = high, []
    else:
        if all(len(key) < LONGEST for key in found.values()):
            return found
    placed = [*wanted, *placed]
    return dict(zip(placed, keys_between("", "", len(placed)), strict=True))


def _beside(ids: Sequence[int], at: int) -> tuple[int | None, int | None]:
    return (ids[at - 1] if at else None), (ids[at + 1] if at + 1 < len(ids) else None)
