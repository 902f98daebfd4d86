"""Parts of a blame, as they are shown: groups of lines that come from one revision."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from wiki.history.blame import Blame
from wiki.pages.models import Page, Revision
from wiki.text.compare.lines import verbatim

LINES = 2_000
"""Maximum number of lines on one screen."""


@dataclass(frozen=True)
class Group:
    """Consecutive lines that come from one revision. ``lines`` are numbers and texts, and whether
    the layout has meaning; ``before`` is the number of the revision before that one, or 0."""

    revision: Revision
    before: int
    heat: int
    lines: tuple[tuple[int, str, bool], ...]


@dataclass(frozen=True)
class BlamePart:
    """The part of a blame that fits on one screen."""

    groups: tuple[Group, ...]
    number: int
    count: int


def part_of(session: Session, page: Page, found: Blame, number: int) -> BlamePart:
    """Return the ``number``-th part of a blame, from 1, or the nearest existing one."""
    count = max((len(found.lines) + LINES - 1) // LINES, 1)
    number = min(max(number, 1), count)
    start = (number - 1) * LINES
    origins = found.origins[start : start + LINES]
    revisions = revisions_of(session, page, origins)
    code = verbatim(found.lines[: start + LINES])
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
    """Return the revisions that lines come from, by number, with their authors."""
    found = session.scalars(
        select(Revision)
        .where(Revision.page_id == page.id, Revision.number.in_(set(origins)))
        .options(joinedload(Revision.author))
    )
    return {one.number: one for one in found}
