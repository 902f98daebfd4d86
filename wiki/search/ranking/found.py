"""Pages that match a query, their order, and what ranks them higher whatever the query."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from heapq import nlargest
from math import log2
from weakref import WeakKeyDictionary

from wiki.search.ranking.index import Segment, SegmentView

LINKED, FRESH, OWN = 0.1, 0.1, 0.15
"""Largest shares added for links to a page, a recent change, and the actor's own spaces."""
DAY = 86_400
YEAR = 365 * DAY

_priors: WeakKeyDictionary[Segment, tuple[int, Sequence[float]]] = WeakKeyDictionary()


@dataclass(slots=True)
class Found:
    """A page that matches the query."""

    leaf: SegmentView
    document: int
    score: float
    covered: float = 1.0
    """Share of the query that the page has, by the rarity of its words."""

    @property
    def page_id(self) -> int:
        """The id of the page."""
        return self.leaf.segment.page_ids[self.document]

    @property
    def order(self) -> tuple[float, int, int]:
        """Sort key: best first; of equal scores the newest, then the oldest page."""
        segment = self.leaf.segment
        return (-self.score, -segment.updated[self.document], segment.page_ids[self.document])


def best_first(found: Sequence[Found], count: int) -> list[Found]:
    """Return pages with the best of them, at least so many, first and in order."""
    if len(found) <= count:
        return sorted(found, key=lambda one: one.order)
    least = nlargest(count, [one.score for one in found])[-1]
    best = [one for one in found if one.score >= least]
    return [*sorted(best, key=lambda one: one.order), *(x for x in found if x.score < least)]


def priors_of(segment: Segment, today: int) -> Sequence[float]:
    """Return by how much each page of a segment ranks higher whatever the query: by the links to
    it, and by its last change. Those of a day are kept as long as the segment.

    :param today: the number of the day since which changes count as fresh.
    """
    day, found = _priors.get(segment, (0, None))
    if found is None or day != today:
        latest = (today + 1) * DAY
        found = array(
            "d",
            (
                1.0 + LINKED * min(1.0, log2(1 + links) / 5) + FRESH * 0.5 ** ((latest - at) / YEAR)
                for links, at in zip(segment.links, segment.updated, strict=True)
            ),
        )
        _priors[segment] = today, found
    return found
