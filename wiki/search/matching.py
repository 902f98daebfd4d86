"""Matching and scoring of pages.

Clauses are applied one after another, the rarest first, to the documents that the actor may read.
That set is computed first, and every later step can only reduce it. So a page outside it is never
scored, counted or read, whatever the query.
"""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import islice, product

from wiki.search.asking import Asked, Chain, asked, compounds, shown
from wiki.search.engine import Filters
from wiki.search.fields import BODY, TITLE, mark
from wiki.search.query import Clause, Field, Query
from wiki.search.snapshot import Segment, SegmentView, Snapshot
from wiki.search.words import forms, is_unspaced

MOST_BEGINNINGS = 60
"""Maximum number of words tried for a prefix such as `onboard*`."""
OTHER_FORM = 0.8
"""Weight of another form of a word, relative to the word itself."""
TOGETHER = 1.5
"""Weight of words in a phrase, relative to the same words anywhere."""
COMMON, EVERYWHERE = 0.25, 0.6
"""Shares of the pages above which a word says little beside rarer ones: see `parts`."""
MOST_WAYS = 16
"""Maximum number of ways tried to find several consecutive stretches."""
MOST_SEQUENCES = 4
"""Maximum number of ways tried in a phrase to write neighbouring words as one."""
LARGE = 100
"""Number of pages from which on common words are treated in this way."""


@dataclass(frozen=True)
class Alternative:
    """One way to satisfy a clause: consecutive terms, and their weight.

    `steps` are the distances from the end of each term to the next one; `marks` are the texts to
    highlight: the terms with spaces between them, unless they are pairs of an unspaced script.
    """

    terms: tuple[str, ...]
    steps: tuple[int, ...]
    boost: float
    marks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Part:
    """A clause in terms of the index; it is satisfied by any of its ways."""

    field: str
    ways: tuple[Alternative, ...]
    word: str = ""
    """The plain word of the clause, if it may have been misspelt."""
    common: bool = False
    """True if the word says little; then its field does not affect the score."""
    needed: bool = True
    """True if a page must have it."""


class Deadline:
    """A time limit after which the search stops."""

    def __init__(self, seconds: float) -> None:
        self.moment = time.monotonic() + seconds
        self.passed = False

    def check(self) -> bool:
        """Return whether the time is over."""
        self.passed = self.passed or time.monotonic() >= self.moment
        return self.passed


def part(snapshot: Snapshot, clause: Clause) -> Part | None:
    """Return a clause of words as terms of this index, or None if it has no words."""
    found = asked(clause.text)
    if not found:
        return None
    name = "title" if clause.field is Field.TITLE else "text"
    last = found[-1].chains[0].terms[-1]
    prefix = clause.prefix or (found[-1].unspaced and len(last) == 1)
    stretches = shown(clause.text)
    ways = [way for one in _sequences(snapshot, name, found) for way in _ways(one, stretches)]
    if prefix:
        ends = [(way, snapshot.beginning(name, way.terms[-1], MOST_BEGINNINGS)) for way in ways]
        return Part(name, tuple(_ending(way, end) for way, some in ends for end in some))
    if len(found) > 1 or clause.phrase:
        return Part(name, tuple(ways))
    word = found[0].whole
    if word:
        known = snapshot.known(name, forms(word))
        ways += [Alternative((form,), (), OTHER_FORM, (form,)) for form in known]
    return Part(name, tuple(ways), "" if len(ways[0].terms) > 1 else word)


def _sequences(snapshot: Snapshot, name: str, found: Sequence[Asked]) -> list[Sequence[Asked]]:
    """Return the consecutive stretches as they are, and with neighbours replaced by the one word
    that they form in this index: each pair by itself, and all together."""
    apart = [
        one for one in compounds([each.whole for each in found]) if snapshot.known(name, (one[2],))
    ]
    together: list[tuple[int, int, str]] = []
    for one in apart:
        if not together or one[0] >= together[-1][1]:
            together.append(one)
    sequences = [found]
    for some in (together, *([one] for one in apart)):
        sequence = list(found)
        for first, last, compound in reversed(some):
            whole = Asked((Chain((compound,), ()),), found[first].start, found[last - 1].end)
            sequence[first:last] = [whole]
        if sequence not in sequences:
            sequences.append(sequence)
    return sequences[:MOST_SEQUENCES]


def _ways(found: Sequence[Asked], stretches: tuple[str, ...]) -> list[Alternative]:
    """Return the ways to find consecutive stretches, with all cuts of each.

    :param stretches: the words in unspaced scripts to highlight.
    """
    ways = []
    for chains in islice(product(*(one.chains for one in found)), MOST_WAYS):
        steps: list[int] = []
        for chain in chains:
            steps += [*chain.steps, chain.after]
        terms = tuple(term for chain in chains for term in chain.terms)
        boost = TOGETHER if len(terms) > 1 else 1.0
        ways.append(Alternative(terms, tuple(steps[:-1]), boost, _marks(terms, stretches)))
    return ways


def _marks(terms: tuple[str, ...], stretches: tuple[str, ...]) -> tuple[str, ...]:
    """Return the texts to highlight for consecutive terms: all as one text or, if some are pairs of
    an unspaced script, the stretches as typed and the other terms."""
    if not stretches:
        return (" ".join(terms),)
    spaced = (term for term in terms if not is_unspaced(term))
    return (*stretches, *(term for term in spaced if not any(term in one for one in stretches)))


def _ending(way: Alternative, end: str) -> Alternative:
    """Return the way with another last word. In an unspaced script the highlighted text stays as
    typed."""
    terms = (*way.terms[:-1], end)
    marks = way.marks if is_unspaced(end) else (" ".join(terms),)
    return replace(way, terms=terms, marks=marks)


def parts(snapshot: Snapshot, query: Query) -> list[Part]:
    """Return the clauses of words as parts, with the words marked that only carry the question.

    These words are recognised by their frequency on the wiki's own pages, in any language. Beside a
    rarer word, a common one gets no higher score in a title. One that is on nearly all pages is not
    required, and beside two rarer words no common one is required.
    """
    clauses = [(c, p) for c in query.words() if (p := part(snapshot, c))]
    found = [p for _, p in clauses]
    for first, last, compound in compounds([_alone(clause) for clause, _ in clauses]):
        ways = tuple(
            Alternative((word,), (), 1.0 if word == compound else OTHER_FORM, (word,))
            for word in snapshot.known("text", (compound, *forms(compound)))
        )
        for at in range(first, last):
            found[at] = replace(found[at], ways=(*found[at].ways, *ways))
    if snapshot.size < LARGE:
        return found
    shares = [
        snapshot.frequency(p.field, p.word) / snapshot.size if p.word and p.field == "text" else 0.0
        for p in found
    ]
    rare = sum(share <= COMMON for share in shares)
    if not rare:
        return found
    limit = COMMON if rare > 1 else EVERYWHERE
    return [
        replace(p, common=True, needed=share <= limit) if share > COMMON else p
        for p, share in zip(found, shares, strict=True)
    ]


def _alone(clause: Clause) -> str:
    """Return the one word that a clause consists of; empty if it cannot be joined with others."""
    plain = clause.field is Field.ANY and not (clause.phrase or clause.prefix)
    found = asked(clause.text) if plain else []
    return found[0].whole if len(found) == 1 else ""


def halves(snapshot: Snapshot, one: Part) -> list[Alternative]:
    """Return the ways to write the word of a part as two: `set up` for `setup`."""
    pairs = [(one.word[:at], one.word[at:]) for at in range(2, len(one.word) - 1)]
    return [
        Alternative(pair, (1,), OTHER_FORM, (" ".join(pair),))
        for pair in pairs
        if len(snapshot.known(one.field, pair)) == 2
    ]


def allowed(leaf: SegmentView, query: Query, filters: Filters) -> set[int]:
    """Return the documents of a segment that the actor may read and that satisfy all conditions
    except those on words."""
    segment = leaf.segment
    spaces = filters.spaces
    found = {d for d in leaf.live if segment.space_ids[d] in spaces}
    if filters.hidden:
        found = {d for d in found if segment.page_ids[d] not in filters.hidden}
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
    """Return the documents of `among` that satisfy a part, with their scores."""
    found: dict[int, float] = {}
    for way in one.ways:
        if deadline.check():
            break
        if len(way.terms) == 1:
            weights = _weights(leaf.segment, one.field, way.terms[0], among, deadline)
            factor = way.boost * snapshot.rarity(way.terms[0])
        else:
            weights = _phrase(snapshot, leaf.segment, one.field, way, among, deadline)
            factor = way.boost
        if one.field == "title":
            factor *= TITLE
        for document, weight in weights.items():
            score = (min(weight, BODY) if one.common else weight) * factor
            if score > found.get(document, 0.0):
                found[document] = score
    return found


def whole_titles(leaf: SegmentView, title: str, among: set[int]) -> set[int]:
    """Return the documents of `among` with exactly this title."""
    return _documents(leaf.segment, "whole_title", [title]) & among if title else set()


def places(segment: Segment, one: Part, documents: Sequence[int]) -> dict[int, list[int]]:
    """Return the positions of a part's words by document, for `documents` (ascending)."""
    found: dict[int, list[int]] = {}
    for way in one.ways:
        cursor = segment.postings("text", way.terms[0])
        if cursor is None:
            continue
        for document in documents:
            if not cursor.is_active():
                break
            cursor.skip_to(document)
            if cursor.is_active() and cursor.id() == document:
                found.setdefault(document, []).extend(cursor.value_as("positions"))
    return {document: sorted(positions) for document, positions in found.items()}


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


def _weights(
    segment: Segment, name: str, term: str, among: set[int], deadline: Deadline
) -> dict[int, float]:
    cursor = segment.postings(name, term)
    found: dict[int, float] = {}
    if cursor is None or not among:
        return found
    if len(among) * 20 < segment.frequency(name, term):
        for document in sorted(among):
            cursor.skip_to(document)
            if not cursor.is_active() or deadline.check():
                break
            if cursor.id() == document:
                found[document] = cursor.weight()
        return found
    seen = 0
    while cursor.is_active():
        document = cursor.id()
        if document in among:
            found[document] = cursor.weight()
        cursor.next()
        seen += 1
        if not seen % 512 and deadline.check():
            break
    return found


def _phrase(
    snapshot: Snapshot,
    segment: Segment,
    name: str,
    way: Alternative,
    among: set[int],
    deadline: Deadline,
) -> dict[int, float]:
    """Return the documents that contain the terms consecutively, scored by the sum of the terms.

    A term that consists of smaller words covers several positions; consecutive positions are taken
    as one occurrence, and the next term may follow the end of it.
    """
    total: dict[int, float] = dict.fromkeys(among, 0.0)
    order = sorted(set(way.terms), key=lambda term: segment.frequency(name, term))
    for term in order:
        weights = _weights(segment, name, term, set(total), deadline)
        rarity = snapshot.rarity(term)
        total = {d: total[d] + weight * rarity for d, weight in weights.items()}
        if deadline.passed:
            return {}
    found = {}
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
            found[document] = total[document]
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
