"""Blame: the revision that each line of a page comes from, computed from the blame of an earlier
revision.

The blame of a revision follows from that of one other: of the first revision with the same text, if
there is one (the lines of a restored text keep their original authors), else of the previous
revision that was not purged. So there is a single path back from any revision to a stored blame or
to the first revision, and the result does not depend on which blames are stored.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from sqlalchemy import delete, insert, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from wiki.errors import Busy, Invalid
from wiki.i18n import gettext as _
from wiki.i18n import lazy_gettext
from wiki.pages.models import BlameRow, Content, Page, Revision
from wiki.pages.texts.stored import get_texts
from wiki.text.compare.blame import blame_lines, pack, unpack, walk
from wiki.text.sandbox.parent import walk_safely
from wiki.web.limits.lane import in_lane
from wiki.web.limits.rate_limit import charge
from wiki.web.request import reading, writing

log = logging.getLogger(__name__)

SLICE = 200
"""Number of texts read at once, within `SLICE_BYTES` in all."""
SLICE_BYTES = 3 * 2**20
AT_ONCE = 512 * 2**10
"""Bytes of texts up to which blame runs in this process; larger ones are handled in the lane."""
FREE = 256 * 2**10
"""Bytes of texts that are charged as one comparison."""
COSTLIEST = 24 * 2**20
"""Maximum number of bytes charged, because one request hardly processes more."""
SECONDS = 3.0
"""Seconds of computing after which the progress is stored for the next request."""
SPACING = 128
"""Interval of revisions at which blames are stored, so that those of older revisions are found
quickly too."""
WORTH = 16
"""If more revisions than this have to be processed, the blame of the newest one is stored."""
HEATS = 6
"""Steps from the oldest to the newest lines of a page, as classes heat-0 to heat-5."""


@dataclass(frozen=True)
class Blame:
    """A revision's lines and the revision that each comes from. ``when`` has the dates of these
    revisions, ``before`` the revision before each; ``worth`` has blames that should be stored, by
    number."""

    revision: Revision
    lines: Sequence[str]
    origins: Sequence[int]
    when: Mapping[int, datetime]
    before: Mapping[int, int]
    worth: Mapping[int, Sequence[int]] = field(default_factory=dict)

    def heat(self, number: int) -> int:
        """Return the age of a revision among those that the lines come from, from 0 (oldest) to
        HEATS - 1."""
        first, span = self._span
        if not span:
            return HEATS - 1
        return round((self.when[number] - first).total_seconds() / span * (HEATS - 1))

    @cached_property
    def _span(self) -> tuple[datetime, float]:
        first, last = min(self.when.values()), max(self.when.values())
        return first, (last - first).total_seconds()


class Unfinished(Busy):
    """A long history was not processed completely; ``worth`` has the blames to store so that the
    next request can continue."""

    def __init__(self, done: int, number: int, worth: Mapping[int, Sequence[int]]) -> None:
        super().__init__(
            _(
                "This page has a long history, and blame has been computed up to revision "
                "%(done)s of %(number)s so far. Try again in a moment to continue.",
                done=done,
                number=number,
            ),
            retry_after=1,
        )
        self.worth = worth


class Untraceable(Invalid):
    """The texts of a history are too large for a blame."""

    title = lazy_gettext("Too large")


def blame(session: Session, page: Page, revision: Revision) -> Blame:
    """Compute the revision that each line of a revision comes from. The caller has checked that the
    page may be read.

    Takes three queries, and one for each ``SLICE`` of revisions that no stored blame covers. The
    actor is charged by the size of the texts that have to be read.

    :raises Unfinished: when there is more work than one request may do.
    :raises Untraceable: when a text takes too much time or memory.
    :raises TooMany: :raises Busy: as for comparisons.
    """
    past = _Past(session, page, revision.number)
    way = past.way_to(revision.number)
    # A twin has the same text as the revision before it on the path.
    numbers = [way[0], *(number for number in way[1:] if number not in past.twins)]
    size = sum(past.sizes[number] for number in numbers)
    large = size > AT_ONCE and len(numbers) > 1
    runs, text, done, took = past.stored.get(way[0]), "", 0, 0.0
    worth: dict[int, Sequence[int]] = {}
    with in_lane() if large else nullcontext():
        if len(numbers) > 1 and (extra := min(size, COSTLIEST) // FREE):
            charge("comparisons", extra)
        for some in _slices(past, numbers):
            if done and took > SECONDS:
                raise Unfinished(done, revision.number, worth | {done: runs or []})
            found = get_texts(session, [past.hashes[number] for number in some])
            steps = [(number, found[past.hashes[number]]) for number in some]
            if some[0] == way[0]:
                text = steps.pop(0)[1]
                runs = runs or pack([way[0]] * len(blame_lines(text)))
            runs, kept, seconds = _walked(runs or [], text, steps, in_lane=large)
            worth |= kept
            took += seconds
            text, done = steps[-1][1] if steps else text, some[-1]
    runs = runs or []
    if len(way) > WORTH and revision.number == page.head:
        worth[revision.number] = runs
    named = set(runs[::2])
    return Blame(
        revision,
        blame_lines(text),
        unpack(runs),
        when={number: past.when[number] for number in named},
        before={number: past.before[number] for number in named},
        worth={number: runs for number, runs in worth.items() if number not in past.stored},
    )


def _walked(
    runs: Sequence[int], text: str, steps: Sequence[tuple[int, str]], *, in_lane: bool
) -> tuple[list[int], dict[int, list[int]], float]:
    """Return the origins of the lines after the steps, the origins to store by revision, and the
    seconds of computing time."""
    keep = [number for number, _text in steps if number % SPACING == 0]
    if not in_lane:
        return *walk(runs, text, steps, keep), 0.0
    made = walk_safely(runs, text, steps, keep)
    if made is None:
        raise Untraceable(
            _(
                "This page is too large to show who wrote which line. Its history shows what each "
                "revision changed."
            )
        )
    return made


def _slices(past: _Past, steps: Sequence[int]) -> Iterator[list[int]]:
    """Yield the revisions to process in groups whose texts are read together."""
    some: list[int] = []
    size = 0
    for number in steps:
        if some and (len(some) == SLICE or size + past.sizes[number] > SLICE_BYTES):
            yield some
            some, size = [], 0
        some.append(number)
        size += past.sizes[number]
    if some:
        yield some


class _Past:
    """The revisions of a page up to a number, without purged ones, and the stored blames."""

    def __init__(self, session: Session, page: Page, number: int) -> None:
        self.hashes: dict[int, str] = {}
        self.sizes: dict[int, int] = {}
        self.when: dict[int, datetime] = {}
        self.before: dict[int, int] = {}
        self.twins: dict[int, int] = {}
        first: dict[str, int] = {}
        last = 0
        for one, content_hash, created_at, size in session.execute(
            select(Revision.number, Revision.content_hash, Revision.created_at, Content.size)
            .join(Content, Content.hash == Revision.content_hash)
            .where(
                Revision.page_id == page.id,
                Revision.number <= number,
                Revision.purged_at.is_(None),
            )
            .order_by(Revision.number)
        ):
            self.hashes[one], self.when[one], self.before[one] = content_hash, created_at, last
            self.sizes[one] = size
            if first.setdefault(content_hash, one) != one:
                self.twins[one] = first[content_hash]
            last = one
        self.stored: dict[int, list[int]] = {}
        for one, runs in session.execute(
            select(BlameRow.number, BlameRow.runs)
            .where(BlameRow.page_id == page.id, BlameRow.number <= number)
            .order_by(BlameRow.number)
        ):
            # A blame that was stored during a purge may name the purged revision; it is skipped.
            if one in self.hashes and all(origin in self.hashes for origin in runs[::2]):
                self.stored[one] = runs

    def way_to(self, number: int) -> list[int]:
        """Return the revisions whose blames lead to that of ``number``, the earliest first: it has
        a stored blame, or no predecessor."""
        way = [number]
        while way[-1] not in self.stored:
            earlier = self.twins.get(way[-1]) or self.before[way[-1]]
            if not earlier:
                break
            way.append(earlier)
        return way[::-1]


def traced(page: Page, revision: Revision) -> Blame:
    """Do the same in a request, and store the progress if the blame is not complete.

    :raises Unfinished: :raises Untraceable: :raises TooMany: :raises Busy: as :func:`blame` does.
    """
    try:
        return blame(reading(), page, revision)
    except Unfinished as so_far:
        keep(page, so_far.worth)
        raise


def keep(page: Page, worth: Mapping[int, Sequence[int]]) -> None:
    """Store blames from which later requests can continue. Called once the response is ready, so a
    failure is logged and not reported to the reader."""
    page_id = page.id
    try:
        with writing() as session:
            keep_blames(session, page_id, worth)
    except SQLAlchemyError:  # another request stored it, or the page was purged
        log.warning("a blame of page %d could not be stored", page_id, exc_info=True)


def keep_blames(session: Session, page_id: int, worth: Mapping[int, Sequence[int]]) -> None:
    """Store blames of a page. Of those that are not at a multiple of :data:`SPACING`, only the
    newest is kept."""
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
