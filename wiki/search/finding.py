"""Ranked search in stages: pages with all words, then with similar spellings, then with some
words."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from wiki.search import spelling
from wiki.search.asking import Asked, Chain, asked, compounds, terms_of
from wiki.search.engine import Filters, TitleHit
from wiki.search.fields import whole
from wiki.search.matching import (
    OTHER_FORM,
    Alternative,
    Deadline,
    Part,
    allowed,
    halves,
    part,
    parts,
    places,
    scores,
    whole_titles,
    window,
)
from wiki.search.query import Field, Query
from wiki.search.snapshot import SegmentView, Snapshot
from wiki.search.words import fold

FEW = 3
"""Number of hits below which similar spellings are tried as well."""
RARELY = 2
"""Maximum number of pages on which a word may occur to be considered misspelt."""
MORE_USUAL = 10
"""Minimum ratio of the pages with a similar word to those with the word as typed."""
WHOLE_TITLE = 10_000.0
"""Score of a page whose title is exactly the query."""
CLOSE = 0.4
"""Maximum share added to the score of a page in which the words are adjacent."""
LOOKED_AT = 50
"""Number of best pages that are checked for adjacent words."""
MOST_TYPED = 8
"""Maximum number of words that are looked up in titles during typing."""
MOST_TITLES = 100
"""Maximum number of prefix matches tried, and titles compared, during typing."""


@dataclass
class Found:
    """A page that matches the query."""

    leaf: SegmentView
    document: int
    score: float

    @property
    def order(self) -> tuple[float, int, int]:
        """Sort key: best first; of equal scores the newest, then the oldest page."""
        segment = self.leaf.segment
        return (-self.score, -segment.updated[self.document], segment.page_ids[self.document])


class Finder:
    """A search of one snapshot."""

    def __init__(self, snapshot: Snapshot, query: Query, filters: Filters, patience: float) -> None:
        self.snapshot = snapshot
        self.query = query
        self.filters = filters
        self.deadline = Deadline(patience)
        self.options = [
            (
                clause,
                Part(
                    "text",
                    (Alternative((clause.option,), (), 1.0, (clause.option,)),),
                    needed=False,
                ),
            )
            for clause in query.without
            if clause.option
        ]
        self.parts = [*parts(snapshot, query), *(one for _, one in self.options)]
        self.corrected: dict[str, tuple[str, ...]] = {}
        self.loosened = False

    def find(self) -> list[Found]:
        """Return all matching pages, best first."""
        found = self._with_all()
        if len(found) < FEW and self.parts:
            respelt = [self._respelt(one) for one in self.parts]
            if self.corrected:
                self.parts = respelt
                found = self._with_all()
        if not found and len(self.parts) > 1:
            found = self._with_some()
            self.loosened = bool(found)
        found.sort(key=lambda one: one.order)
        self._bring_together(found)
        return found

    def terms(self, shown: Sequence[Found]) -> tuple[str, ...]:
        """Return the words to highlight: those of the query, and the substitutes found on these
        pages.

        A prefix or misspelt word may also match words on pages that the actor cannot read; such
        words are not returned.
        """
        typed = {term for clause in self.query.words() for term in terms_of(clause.text)}
        found: dict[str, None] = {}
        for one in self.parts:
            for way in one.ways:
                if set(way.terms) <= typed or self._on(shown, replace(one, ways=(way,))):
                    found.update(dict.fromkeys(way.marks))
        return tuple(found)

    def _on(self, shown: Sequence[Found], one: Part) -> bool:
        return any(
            scores(
                self.snapshot,
                leaf,
                one,
                {found.document for found in shown if found.leaf is leaf},
                self.deadline,
            )
            for leaf, _ in self.pools
        )

    @cached_property
    def pools(self) -> list[tuple[SegmentView, set[int]]]:
        """The documents of each segment that the actor may read and that are not excluded.

        A page that contains the excluded word with its minus, exactly as in the query, is kept:
        `-d` may be an option in pasted text.
        """
        options = dict(self.options)
        excluded = [
            (one, options.get(clause))
            for clause in self.query.without
            if clause.field in (Field.ANY, Field.TITLE) and (one := part(self.snapshot, clause))
        ]
        pools = []
        for leaf in self.snapshot.leaves:
            pool = allowed(leaf, self.query, self.filters)
            for one, option in excluded:
                gone = set(scores(self.snapshot, leaf, one, pool, self.deadline))
                if option:
                    gone -= scores(self.snapshot, leaf, option, gone, self.deadline).keys()
                pool -= gone
            pools.append((leaf, pool))
        return pools

    def _with_all(self) -> list[Found]:
        found = []
        title = "".join(whole(c.text) for c in self.query.words() if not c.prefix)
        order = sorted((p for p in self.parts if p.needed), key=self._frequency)
        rest = [p for p in self.parts if not p.needed]
        for leaf, pool in self.pools:
            total = dict.fromkeys(pool, 0.0)
            for one in order:
                here = scores(self.snapshot, leaf, one, set(total), self.deadline)
                total = {d: total[d] + score for d, score in here.items()}
            for one in rest:
                here = scores(self.snapshot, leaf, one, set(total), self.deadline)
                for d, score in here.items():
                    total[d] += score
            if self.parts:
                for document in whole_titles(leaf, title, set(total)):
                    total[document] += WHOLE_TITLE
            found += [Found(leaf, document, score) for document, score in total.items()]
        return found

    def _with_some(self) -> list[Found]:
        """Return pages with at least half of the words, ranked higher the more of them they
        have."""
        found = []
        needed = [p for p in self.parts if p.needed]
        least = (len(needed) + 1) // 2
        for leaf, pool in self.pools:
            total: dict[int, float] = {}
            count: dict[int, int] = {}
            for one in needed:
                for d, score in scores(self.snapshot, leaf, one, pool, self.deadline).items():
                    total[d] = total.get(d, 0.0) + score
                    count[d] = count.get(d, 0) + 1
            found += [
                Found(leaf, d, score * (count[d] / len(needed)) ** 2)
                for d, score in total.items()
                if count[d] >= least
            ]
        return found

    def _frequency(self, one: Part) -> int:
        return sum(
            min(self.snapshot.frequency(one.field, term) for term in way.terms) for way in one.ways
        )

    def _respelt(self, one: Part) -> Part:
        """Return a part with similar words as further ways if its own word is rare: the word split
        in two, or otherwise similar spellings. Only words on pages that the actor may read are
        used."""
        if not one.word or self.deadline.check():
            return one
        there = self._readable(one.field, *(w for w in one.ways if w.boost > OTHER_FORM))
        if len(there) > RARELY:
            return one
        known = {way.terms[0] for way in one.ways}
        ways = [way for way in halves(self.snapshot, one) if self._readable(one.field, way) - there]
        for term, slips in spelling.near(self.snapshot, one.field, one.word) if not ways else ():
            way = Alternative((term,), (), spelling.boost(slips), (term,))
            if term not in known and len(self._readable(one.field, way)) >= max(
                1, MORE_USUAL * len(there)
            ):
                ways.append(way)
        if ways:
            self.corrected[one.word] = tuple(" ".join(way.terms) for way in ways)
        return replace(one, ways=(*one.ways, *ways))

    def _readable(self, name: str, *ways: Alternative) -> set[tuple[int, int]]:
        """Return the pages with a word that the actor may read, as segment and document numbers.
        Suggestions come only from these pages."""
        one = Part(name, ways)
        return {
            (at, document)
            for at, (leaf, pool) in enumerate(self.pools)
            for document in scores(self.snapshot, leaf, one, pool, self.deadline)
        }

    def _bring_together(self, found: list[Found]) -> None:
        """Sort the best pages again, by how closely the words occur together in them."""
        best = found[:LOOKED_AT]
        if len(self.parts) < 2 or len(best) < 2 or self.deadline.check():
            return
        for leaf, _ in self.pools:
            here = {one.document: one for one in best if one.leaf is leaf}
            lists = [places(leaf.segment, p, sorted(here)) for p in self.parts]
            for document, one in here.items():
                positions = [p[document] for p in lists if document in p]
                if len(positions) > 1:
                    gap = max(len(positions) - 1, window(positions))
                    share = (len(positions) - 1) / gap * len(positions) / len(lists)
                    one.score *= 1 + CLOSE * share
        found[:LOOKED_AT] = sorted(best, key=lambda one: one.order)


def titles(
    snapshot: Snapshot, text: str, filters: Filters, limit: int, near: bool
) -> list[TitleHit]:
    """Return pages whose title or path has words that begin with the typed words; with `near`, also
    misspelt or partial matches."""
    typed = asked(text[:200])[:MOST_TYPED]
    if not typed:
        return []
    deadline = Deadline(0.5)
    pools = [(leaf, allowed(leaf, Query(text), filters)) for leaf in snapshot.leaves]
    places = [_beginnings(snapshot, one) for one in typed]
    for first, last, compound in compounds([one.whole for one in typed]):
        as_one = Asked((Chain((compound,), ()),), 0, 0)
        for at in range(first, last):
            for _, group in places[at]:
                group += [more for _, some in _beginnings(snapshot, as_one) for more in some]
    wanted = [one for place in places for one in place][:MOST_TYPED]
    groups = [group for _, group in wanted]
    found = _titled(snapshot, pools, groups, deadline, least=len(groups))
    if near and len(found) < limit:
        groups = [
            [
                *group,
                *(
                    Part("title", (Alternative((term,), (), spelling.boost(slips)),))
                    for term, slips in spelling.near(snapshot, "title", word)
                ),
            ]
            for word, group in wanted
        ]
        more = _titled(snapshot, pools, groups, deadline, least=(len(groups) + 1) // 2)
        seen = {(id(one.leaf), one.document) for one in found}
        found += [one for one in more if (id(one.leaf), one.document) not in seen]
    return _named(text, found, limit)


def _beginnings(snapshot: Snapshot, one: Asked) -> list[tuple[str, list[Part]]]:
    """Return the title matches for a word being typed, and with less weight those in paths, each
    with the word.

    In an unspaced script each pair of characters counts as a word, because some of the pairs are
    enough.
    """
    if one.unspaced:
        chains = [[Chain((term,), ())] for term in one.chains[0].terms]
    else:
        chains = [list(one.chains)]
    groups = []
    for some in chains:
        group = []
        for name, share in (("title", 1.0), ("path", 4.0)):
            ways = [
                Alternative((*first, term), chain.steps, share * (1.0 if term == last else 0.7))
                for chain in some
                for *first, last in [chain.terms]
                for term in snapshot.beginning(name, last, MOST_TITLES)
            ]
            group.append(Part(name, tuple(ways)))
        groups.append((some[0].terms[0] if len(some[0].terms) == 1 else "", group))
    return groups


def _titled(
    snapshot: Snapshot,
    pools: Sequence[tuple[SegmentView, set[int]]],
    groups: Sequence[Sequence[Part]],
    deadline: Deadline,
    least: int,
) -> list[Found]:
    found = []
    for leaf, pool in pools:
        total: dict[int, float] = {}
        count: dict[int, int] = {}
        for group in groups:
            best: dict[int, float] = {}
            for one in group:
                for d, score in scores(snapshot, leaf, one, pool, deadline).items():
                    best[d] = max(best.get(d, 0.0), score)
            for d, score in best.items():
                total[d] = total.get(d, 0.0) + score
                count[d] = count.get(d, 0) + 1
        found += [
            Found(leaf, d, score * (count[d] / len(groups)) ** 2)
            for d, score in total.items()
            if count[d] >= least
        ]
    return sorted(found, key=lambda one: one.order)


def _named(text: str, found: list[Found], limit: int) -> list[TitleHit]:
    """Rank titles: exact matches, then titles that begin with the text, both shortest first, then
    the rest."""
    start = fold(text).strip()
    ranked = []
    for place, one in enumerate(found[:MOST_TITLES]):
        segment = one.leaf.segment
        title = segment.title(one.document)
        name = fold(title)
        kind = 0 if name == start else 1 if name.startswith(start) else 2
        ranked.append((kind, place if kind == 2 else len(name), place, one, title))
    ranked.sort(key=lambda item: item[:3])
    return [
        TitleHit(
            one.leaf.segment.page_ids[one.document],
            one.leaf.segment.space_ids[one.document],
            title,
        )
        for *_, one, title in ranked[:limit]
    ]
