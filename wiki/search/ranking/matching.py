"""Matching and scoring of pages.

Clauses are applied one after another, the rarest first, to the documents that the actor may read.
That set is computed first, and every later step can only reduce it. So a page outside it is never
scored, counted or read, whatever the query.
"""

import time
from collections.abc import Iterable, Sequence

from wiki.search.engine import Filters
from wiki.search.language.stems import stem
from wiki.search.query import Clause, Field, Query
from wiki.search.ranking.entries import mark
from wiki.search.ranking.index import Segment, SegmentView, Snapshot
from wiki.search.ranking.parts import Alternative, Part

LEAST = 0.5
"""Weight of a word in a page that has it only beyond what its weights tell, as in a title field."""


class Deadline:
    """A time limit after which the search stops."""

    def __init__(self, seconds: float) -> None:
        self.moment = time.monotonic() + seconds
        self.passed = False

    def check(self) -> bool:
        """Return whether the time is over."""
        self.passed = self.passed or time.monotonic() >= self.moment
        return self.passed


def allowed(leaf: SegmentView, query: Query, filters: Filters) -> set[int]:
    """Return the documents of a segment that the actor may read and that satisfy all conditions
    except those on words."""
    segment = leaf.segment
    spaces = filters.spaces
    found = {d for d in leaf.live if segment.space_ids[d] in spaces}
    if filters.hidden:
        found = {d for d in found if segment.page_ids[d] not in filters.hidden}
    if filters.within is not None:
        found &= segment.numbers_of(filters.within)
    if filters.beyond:
        found -= segment.numbers_of(filters.beyond)
    start, end = query.updated.start, query.updated.end
    if start:
        found = {d for d in found if segment.updated[d] >= start.timestamp()}
    if end:
        found = {d for d in found if segment.updated[d] < end.timestamp()}
    for period in query.not_updated:
        low = period.start.timestamp() if period.start else float("-inf")
        high = period.end.timestamp() if period.end else float("inf")
        found = {d for d in found if not low <= segment.updated[d] < high}
    for clause in query.must:
        if clause.field in (Field.TAG, Field.KIND):
            found &= _marked(segment, clause)
    for clause in query.without:
        if clause.field in (Field.TAG, Field.KIND):
            found -= _marked(segment, clause)
    for group in filters.authors:
        found &= _documents(segment, "author", map(str, group))
    if filters.not_authors:
        found -= _documents(segment, "author", map(str, filters.not_authors))
    return found


def scores(
    snapshot: Snapshot, leaf: SegmentView, one: Part, among: set[int], deadline: Deadline
) -> dict[int, float]:
    """Return the documents of `among` that satisfy a part, with their weights for it."""
    found: dict[int, float] = {}
    if not among:
        return found
    among_stems = among - _without_own_words(leaf, one, among) if leaf.own_words_only else among
    for term, boost in one.stems:
        if deadline.check():
            break
        for document, weight in leaf.segment.weights("stem", term).items():
            if weight * boost > found.get(document, 0.0) and document in among_stems:
                found[document] = weight * boost
    for way in one.ways:
        if deadline.check():
            break
        if len(way.terms) == 1:
            some = leaf.segment.weights(one.field, way.terms[0]).keys() & among
        else:
            some = _phrase(leaf.segment, one.field, way, among, deadline)
        if not some:
            continue
        weights = _weights_of(snapshot, leaf.segment, way.terms, some)
        for document in some:
            weight = weights.get(document, LEAST) * way.boost
            if weight > found.get(document, 0.0):
                found[document] = weight
    return found


def _without_own_words(leaf: SegmentView, one: Part, among: set[int]) -> set[int]:
    """Return the documents of `among` that may have a part's stems only in texts of links that do
    not count."""
    found = among & leaf.own_words_only
    for term in dict.fromkeys((*one.near, *(term for term, _ in one.stems))) if found else ():
        found -= leaf.segment.weights("text", term).keys()
    return found


def frequency(snapshot: Snapshot, one: Part) -> int:
    """Return about how many pages have a part as it was typed, in any form; if none has, how many
    have something that means the same."""
    own = [(term, boost) for term, boost in one.stems if boost >= 1.0]
    if found := sum(snapshot.frequency("stem", term) for term, _ in own):
        return found
    stems = sum(snapshot.frequency("stem", term) for term, _ in one.stems)
    return stems + sum(
        min(snapshot.frequency(one.field, term) for term in way.terms) for way in one.ways
    )


def densest(lists: Sequence[tuple[Sequence[int], float]], width: int) -> float:
    """Return the largest sum of values of lists that have positions in one span of this width.

    :param lists: positions, and the value of each list.
    """
    tagged = sorted((place, which) for which, (one, _) in enumerate(lists) for place in one)
    count = [0] * len(lists)
    total = best = 0.0
    first = 0
    for place, which in tagged:
        count[which] += 1
        if count[which] == 1:
            total += lists[which][1]
        while place - tagged[first][0] > width:
            gone = tagged[first][1]
            count[gone] -= 1
            if not count[gone]:
                total -= lists[gone][1]
            first += 1
        best = max(best, total)
    return best


def _weights_of(
    snapshot: Snapshot, segment: Segment, terms: Sequence[str], among: set[int]
) -> dict[int, float]:
    """Return the mean weight of several words in each document, by their stems."""
    total: dict[int, float] = {}
    for term in dict.fromkeys(terms):
        best: dict[int, float] = {}
        for one in dict.fromkeys(stem(term, language) for language in snapshot.languages):
            weights = segment.weights("stem", one)
            for document in among if len(among) < len(weights) else among & weights.keys():
                weight = weights.get(document, 0.0)
                if weight > best.get(document, 0.0):
                    best[document] = weight
        for document, weight in best.items():
            total[document] = total.get(document, 0.0) + weight / len(terms)
    return total


def whole_titles(leaf: SegmentView, title: str, among: set[int]) -> set[int]:
    """Return the documents of `among` with exactly this title."""
    return _documents(leaf.segment, "whole_title", [title]) & among if title else set()


def places(segment: Segment, one: Part, documents: Sequence[int]) -> dict[int, list[int]]:
    """Return the positions of a part's words by document, for `documents` (ascending)."""
    found: dict[int, list[int]] = {}
    for term in dict.fromkeys((*one.near, *(way.terms[0] for way in one.ways))):
        cursor = segment.postings("text", term)
        if cursor is None:
            continue
        for document in documents:
            if not cursor.is_active():
                break
            cursor.skip_to(document)
            if cursor.is_active() and cursor.id() == document:
                found.setdefault(document, []).extend(cursor.value_as("positions"))
    return {document: sorted(positions) for document, positions in found.items()}


def having(segment: Segment, term: str, documents: Sequence[int]) -> set[int]:
    """Return which of the documents (ascending) have a word as it is."""
    found: set[int] = set()
    cursor = segment.postings("text", term)
    for document in documents if cursor is not None else ():
        if not cursor.is_active():
            break
        cursor.skip_to(document)
        if cursor.is_active() and cursor.id() == document:
            found.add(document)
    return found


def window(lists: Sequence[Sequence[int]]) -> int:
    """Return the length of the smallest span that contains a position of each sorted list."""
    tagged = sorted((place, which) for which, one in enumerate(lists) for place in one)
    last: dict[int, int] = {}
    best = tagged[-1][0] - tagged[0][0]
    for place, which in tagged:
        last[which] = place
        if len(last) == len(lists):
            best = min(best, place - min(last.values()))
    return best


def _phrase(
    segment: Segment, name: str, way: Alternative, among: set[int], deadline: Deadline
) -> set[int]:
    """Return the documents of `among` that contain the terms consecutively.

    A term that consists of smaller words covers several positions; consecutive positions are taken
    as one occurrence, and the next term may follow the end of it.
    """
    total = set(among)
    for term in sorted(set(way.terms), key=lambda term: segment.frequency(name, term)):
        total &= segment.weights(name, term).keys()
        if not total or deadline.check():
            return set()
    found = set()
    cursors = [segment.postings(name, term) for term in way.terms]
    for document in sorted(total):
        if deadline.check():
            break
        ends: set[int] | None = None
        for cursor, step in zip(cursors, (0, *way.steps), strict=True):
            cursor.skip_to(document)
            here = set(cursor.value_as("positions"))
            ends = here if ends is None else _reached(ends, step, here)
            if not ends:
                break
        if ends:
            found.add(document)
    return found


def _reached(ends: set[int], step: int, here: set[int]) -> set[int]:
    """Return the positions of `here` that are one step after a position of `ends`, and those next
    to them."""
    reached = {end + step for end in ends} & here
    for place in sorted(reached):
        while place + 1 in here and place + 1 not in reached:
            place += 1
            reached.add(place)
    return reached


def _marked(segment: Segment, clause: Clause) -> set[int]:
    value = mark(clause.text)
    if clause.prefix:
        return _documents(segment, clause.field.value, segment.beginning(clause.field, value))
    return _documents(segment, clause.field.value, [value])


def _documents(segment: Segment, name: str, terms: Iterable[str]) -> set[int]:
    found: set[int] = set()
    for term in terms:
        cursor = segment.postings(name, term)
        if cursor is not None:
            found.update(cursor.all_ids())
    return found
