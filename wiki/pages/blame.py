"""Blame: which revision each line of a page comes from, made of the blame of an earlier revision.

The blame of a revision follows from that of one other: of the first revision with the same text,
if there is one (a restored text has its first authors again), else of the revision before it that
was not purged. So there is one way back from any revision, as far as a stored blame or the
beginning; and the same result whatever is stored.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session, joinedload

from wiki.pages.models import BlameRow, Page, Revision
from wiki.pages.texts import get_text, get_texts
from wiki.text.blame import blame_lines, pack, step, unpack

SLICE = 200
"""Texts read at once."""
SPACING = 128
"""A blame of every so many revisions is stored, so that older ones are soon found too."""
WORTH = 16
"""Revisions gone through from the nearest stored blame that make the newest worth storing."""
LINES = 2_000
"""Lines on one screen."""
HEATS = 6
"""Steps from the oldest to the newest lines of a page, as classes heat-0 to heat-5."""


@dataclass(frozen=True)
class Blame:
    """A revision's lines and where each comes from. ``when`` has the dates of these revisions,
    ``before`` the one before each; ``worth`` are blames by number that should be stored."""

    revision: Revision
    lines: Sequence[str]
    origins: Sequence[int]
    when: Mapping[int, datetime]
    before: Mapping[int, int]
    worth: Mapping[int, Sequence[int]] = field(default_factory=dict)

    def heat(self, number: int) -> int:
        """How new a revision is among those that the lines come from, from 0 to HEATS - 1."""
        first, span = self._span
        if not span:
            return HEATS - 1
        return round((self.when[number] - first).total_seconds() / span * (HEATS - 1))

    @cached_property
    def _span(self) -> tuple[datetime, float]:
        first, last = min(self.when.values()), max(self.when.values())
        return first, (last - first).total_seconds()


def blame(session: Session, page: Page, revision: Revision) -> Blame:
    """Where the lines of a revision come from, of a page that the caller may already read.

    Three queries, and one for each ``SLICE`` of revisions that no stored blame covers.
    """
    past = _Past(session, page, revision.number)
    way = past.way_to(revision.number)
    origins: list[int] = list(unpack(past.stored[way[0]])) if way[0] in past.stored else []
    texts = _texts(session, past, way)
    lines: list[str] = []
    if len(way) > 1 or way[0] not in past.stored:
        lines = blame_lines(next(texts))
    worth: dict[int, Sequence[int]] = {}
    if way[0] not in past.stored:
        origins = [way[0]] * len(lines)
    for number in way[1:]:
        if past.twins.get(number) is not None:
            continue  # the same text as the one before it on the way
        new = blame_lines(next(texts))
        origins = step(origins, lines, new, number)
        lines = new
        if number % SPACING == 0:
            worth[number] = pack(origins)
    if len(way) > WORTH and revision.number == page.head:
        worth[revision.number] = pack(origins)
    if not lines:
        lines = blame_lines(get_text(session, revision.content_hash))
    numbers = set(origins)
    return Blame(
        revision,
        lines,
        origins,
        when={number: past.when[number] for number in numbers},
        before={number: past.before[number] for number in numbers},
        worth={number: runs for number, runs in worth.items() if number not in past.stored},
    )


class _Past:
    """What the revisions of a page up to one say of themselves, and which blames are stored."""

    def __init__(self, session: Session, page: Page, number: int) -> None:
        self.hashes: dict[int, str] = {}
        self.when: dict[int, datetime] = {}
        self.before: dict[int, int] = {}
        self.twins: dict[int, int] = {}
        first: dict[str, int] = {}
        last = 0
        for one, content_hash, created_at in session.execute(
            select(Revision.number, Revision.content_hash, Revision.created_at)
            .where(
                Revision.page_id == page.id,
                Revision.number <= number,
                Revision.purged_at.is_(None),
            )
            .order_by(Revision.number)
        ):
            self.hashes[one], self.when[one], self.before[one] = content_hash, created_at, last
            if first.setdefault(content_hash, one) != one:
                self.twins[one] = first[content_hash]
            last = one
        self.stored: dict[int, list[int]] = {}
        for one, runs in session.execute(
            select(BlameRow.number, BlameRow.runs)
            .where(BlameRow.page_id == page.id, BlameRow.number <= number)
            .order_by(BlameRow.number)
        ):
            # One that was stored while a revision was being purged names it, and is of no use.
            if one in self.hashes and all(origin in self.hashes for origin in runs[::2]):
                self.stored[one] = runs

    def way_to(self, number: int) -> list[int]:
        """The revisions whose blames lead to that of ``number``, the earliest first: one whose
        blame is stored, or one with nothing before it."""
        way = [number]
        while way[-1] not in self.stored:
            earlier = self.twins.get(way[-1]) or self.before[way[-1]]
            if not earlier:
                break
            way.append(earlier)
        return way[::-1]


def _texts(session: Session, past: _Past, way: Sequence[int]) -> Iterator[str]:
    """The texts along the way but for those that are the same as the one before."""
    keys = [past.hashes[way[0]]]
    keys += [past.hashes[number] for number in way[1:] if number not in past.twins]
    for start in range(0, len(keys), SLICE):
        some = keys[start : start + SLICE]
        found = get_texts(session, some)
        yield from (found[key] for key in some)


def keep_blames(session: Session, page_id: int, worth: Mapping[int, Sequence[int]]) -> None:
    """Store blames of a page; of those between the evenly spaced ones the newest is enough."""
    newest = max(worth)
    there = set(
        session.scalars(
            select(BlameRow.number).where(
                BlameRow.page_id == page_id, BlameRow.number.in_(worth.keys())
            )
        )
    )
    rows = [
        {"page_id": page_id, "number": number, "runs": list(runs)}
        for number, runs in worth.items()
        if number not in there
    ]
    if rows:
        session.execute(insert(BlameRow), rows)
    session.execute(
        delete(BlameRow).where(
            BlameRow.page_id == page_id, BlameRow.number < newest, BlameRow.number % SPACING != 0
        )
    )


@dataclass(frozen=True)
class Group:
    """Lines in a row that one revision brought. ``lines`` are numbers and texts, and whether the
    layout has meaning; ``before`` is the number of the revision before that one, or 0."""

    revision: Revision
    before: int
    heat: int
    lines: tuple[tuple[int, str, bool], ...]


@dataclass(frozen=True)
class BlamePart:
    """As much of a blame as fits a screen."""

    groups: tuple[Group, ...]
    number: int
    count: int


def part_of(
    session: Session, page: Page, found: Blame, code: Sequence[bool], number: int
) -> BlamePart:
    """The ``number``-th part, from 1 (the nearest one that there is) of a blame.

    :param code: for each line whether its layout has meaning.
    """
    count = max((len(found.lines) + LINES - 1) // LINES, 1)
    number = min(max(number, 1), count)
    start = (number - 1) * LINES
    origins = found.origins[start : start + LINES]
    revisions = revisions_of(session, page, origins)
    groups: list[Group] = []
    at = start
    while at < start + len(origins):
        origin = found.origins[at]
        end = at
        while end < start + len(origins) and found.origins[end] == origin:
            end += 1
        groups.append(
            Group(
                revisions[origin],
                found.before[origin],
                found.heat(origin),
                tuple((k + 1, found.lines[k], code[k]) for k in range(at, end)),
            )
        )
        at = end
    return BlamePart(tuple(groups), number, count)


def revisions_of(session: Session, page: Page, origins: Sequence[int]) -> dict[int, Revision]:
    """The revisions that lines come from, by number, with their authors."""
    found = session.scalars(
        select(Revision)
        .where(Revision.page_id == page.id, Revision.number.in_(set(origins)))
        .options(joinedload(Revision.author))
    )
    return {one.number: one for one in found}
