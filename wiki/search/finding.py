"""From a question to pages in their order: all words, then near spellings, then some words."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from wiki.search import spelling
from wiki.search.asking import Asked, Chain, asked, compounds, terms_of
from wiki.search.engine import Filters, TitleHit
from wiki.search.fields import whole
from wiki.search.matching import (
    OTHER_FORM,
    Deadline,
    Part,
    Way,
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
from wiki.search.snapshot import Leaf, Snapshot
from wiki.search.words import fold

FEW = 3
"""With fewer hits than that, near spellings are tried as well."""
RARELY = 2
"""A word on no more pages than that may be a slip."""
MORE_USUAL = 10
"""How many times more usual a near word must be than one that somebody did write."""
WHOLE_TITLE = 10_000.0
"""What it is worth to be called exactly as asked."""
CLOSE = 0.4
"""The share added to the score of a page in which the words stand side by side."""
LOOKED_AT = 50
"""The best pages whose words are looked at for standing together."""
MOST_TYPED = 8
"""Maximum number of words that are looked up in titles while somebody types."""
MOST_TITLES = 100
"""Beginnings tried, and titles compared, while somebody types."""


@dataclass
class Found:
    """A page that answers."""

    leaf: Leaf
    document: int
    score: float

    @property
    def order(self) -> tuple[float, int, int]:
        """Best first; among equals the newest, then the oldest page."""
        segment = self.leaf.segment
        return (-self.score, -segment.updated[self.document], segment.page_ids[self.document])


class Finder:
    """One search of one snapshot."""

    def __init__(self, snapshot: Snapshot, query: Query, filters: Filters, patience: float) -> None:
        self.snapshot = snapshot
        self.query = query
        self.filters = filters
        self.deadline = Deadline(patience)
        self.options = [
            (
                clause,
                Part("text", (Way((clause.option,), (), 1.0, (clause.option,)),), needed=False),
            )
            for clause in query.without
            if clause.option
        ]
        self.parts = [*parts(snapshot, query), *(one for _, one in self.options)]
        self.corrected: dict[str, tuple[str, ...]] = {}
        self.loosened = False

    def find(self) -> list[Found]:
        """Every page that answers, in order."""
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
        """The words to mark: those asked for, and those found in their place on these pages.

        A beginning or a slip may also stand for words of pages that the asker cannot read; such
        words go nowhere.
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
    def pools(self) -> list[tuple[Leaf, set[int]]]:
        """Return the documents of each segment that the asker may see and that are not excluded.

        A page that contains the word with its minus, as the question has it, is not excluded: `-d`
        may be an option in pasted text.
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
        """Pages with at least half of the words, those with more of them first."""
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
        """A part with near words as further ways, where its own word is hardly found: the word in
        two, or else similar ones."""
        if not one.word or self.deadline.check():
            return one
        there = self._readable(one.field, *(w for w in one.ways if w.worth > OTHER_FORM))
        if len(there) > RARELY:
            return one
        known = {way.terms[0] for way in one.ways}
        ways = [way for way in halves(self.snapshot, one) if self._readable(one.field, way) - there]
        for term, slips in spelling.near(self.snapshot, one.field, one.word) if not ways else ():
            way = Way((term,), (), spelling.worth(slips), (term,))
            if term not in known and len(self._readable(one.field, way)) >= max(
                1, MORE_USUAL * len(there)
            ):
                ways.append(way)
        if ways:
            self.corrected[one.word] = tuple(" ".join(way.terms) for way in ways)
        return replace(one, ways=(*one.ways, *ways))

    def _readable(self, name: str, *ways: Way) -> set[tuple[int, int]]:
        """The asker's pages on which a word is, each by segment and document: nothing else may be
        suggested."""
        one = Part(name, ways)
        return {
            (at, document)
            for at, (leaf, pool) in enumerate(self.pools)
            for document in scores(self.snapshot, leaf, one, pool, self.deadline)
        }

    def _bring_together(self, found: list[Found]) -> None:
        """Orders the best pages anew by how closely the words stand together in them."""
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
    """Pages whose title or path has words beginning so; with `near`, misspelt or some of them."""
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
                    Part("title", (Way((term,), (), spelling.worth(slips)),))
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
    """Return the places where a word being typed may occur: in titles and, with less weight, in
    paths; each with its word.

    In an unspaced script each pair counts as a word, because some of the pairs are enough.
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
                Way((*first, term), chain.steps, share * (1.0 if term == last else 0.7))
                for chain in some
                for *first, last in [chain.terms]
                for term in snapshot.beginning(name, last, MOST_TITLES)
            ]
            group.append(Part(name, tuple(ways)))
        groups.append((some[0].terms[0] if len(some[0].terms) == 1 else "", group))
    return groups


def _titled(
    snapshot: Snapshot,
    pools: Sequence[tuple[Leaf, set[int]]],
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
    """The best by name: called exactly so, then beginning so, then the rest; short before long."""
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
