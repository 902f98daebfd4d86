"""Ranked search: pages with the needed words, best those with most of the wanted ones."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from wiki.search.asking import shown as stretches_of
from wiki.search.asking import terms_of
from wiki.search.engine import Filters
from wiki.search.forms import present, words_with
from wiki.search.language.function_words import fillers
from wiki.search.language.stems import stem
from wiki.search.language.synonyms import Synonyms
from wiki.search.query import Field, Query
from wiki.search.ranking import spelling
from wiki.search.ranking.entries import whole
from wiki.search.ranking.found import DAY, OWN, Found, best_first, priors_of
from wiki.search.ranking.index import SegmentView, Snapshot
from wiki.search.ranking.matching import (
    Deadline,
    allowed,
    densest,
    frequency,
    having,
    places,
    scores,
    whole_titles,
    window,
)  # fmt: skip
from wiki.search.ranking.parts import Alternative, Part, halves, part, parts
from wiki.search.words import is_unspaced
from wiki.search.words import words as all_words

RARELY = 2
"""Maximum number of pages on which a word may occur to be considered misspelt."""
MORE_USUAL = 10
"""Minimum ratio of the pages with a similar word to those with the word as typed."""
MOST_RESPELT = 4
"""Maximum number of words of a query that are compared with all others."""
WHOLE_TITLE = 10_000.0
"""Score of a page whose title is exactly the query."""
COVERED = 2.0
"""Exponent by which the score falls with the share of the query that a page lacks."""
LONG, HALF = 4, 3.0
"""Number of parts of a long query, and the weight at which a part counts half in it. There a page
with most of the words stands before one with few of them in its title."""
KEPT = 0.5
"""Pages with this share of what the best page covers, or less, are no results."""
CLOSE = 0.4
"""Maximum share added to the score of a page in which the words are adjacent."""
EXACT = 0.1
"""Maximum share added to the score of a page that has the words as they were typed."""
PASSAGE = 0.6
"""Maximum share added to the score of a page with the words of the query in one passage."""
SPAN = 40
"""Number of words of a passage."""
TITLED = 0.6
"""Maximum share added to the score of a page whose title is the query in other words."""
RARE = 0.4
"""Weight of a correction of a word that is in the index, relative to that of an unknown one."""
LOOKED_AT = 50
"""Number of best pages that are compared more closely."""
CERTAIN = 0.999


@dataclass(frozen=True)
class Limits:
    """The time limit of a search, the synonyms it uses, and how many pages it has to sort."""

    patience: float
    synonyms: Synonyms = field(default_factory=Synonyms)
    shown: int = LOOKED_AT
    """The number of best pages that are put in order."""


class Finder:
    """A search of one snapshot."""

    def __init__(self, snapshot: Snapshot, query: Query, filters: Filters, limits: Limits) -> None:
        self.snapshot = snapshot
        self.query = query
        self.filters = filters
        self.deadline = Deadline(limits.patience)
        self.shown = max(limits.shown, LOOKED_AT)
        self.options = [
            (
                clause,
                Part("text", (Alternative((clause.option,), (), 1.0, (clause.option,)),)),
            )
            for clause in query.without
            if clause.option
        ]
        self.parts = parts(snapshot, query, limits.synonyms)
        self.corrected: dict[str, tuple[str, ...]] = {}
        self.rarities: list[float] = []
        self.loosened = False

    def find(self) -> list[Found]:
        """Return all matching pages: the best ones first and in order, the others in none."""
        some = [one for one in self.parts if one.word][:MOST_RESPELT]
        self.parts = [self._respelt(one) if one in some else one for one in self.parts]
        found = self._with_most()
        self.loosened = bool(found) and max(one.covered for one in found) < CERTAIN
        if self.query.by_date:
            found.sort(key=lambda one: (-one.leaf.segment.updated[one.document], one.order))
            return found
        found = best_first(found, self.shown)
        self._compare(found)
        return found

    def terms(self, shown: Sequence[Found]) -> tuple[str, ...]:
        """Return the words to highlight: those on the pages shown that the query means, in whatever
        form."""
        texts = [
            text
            for one in shown
            for text in (
                one.leaf.segment.title(one.document),
                one.leaf.segment.body(one.document),
            )
        ]
        whole_runs = present(
            (run for clause in self.query.words() for run in stretches_of(clause.text)), (), texts
        )
        stems = {term for one in self.parts for term, _ in one.stems}
        if whole_runs:
            stems = {term for term in stems if not is_unspaced(term)}
        marks = dict.fromkeys(whole_runs)
        for one in [*self.parts, *(option for _, option in self.options)]:
            some = [mark for way in one.ways for mark in way.marks]
            if one.near and not is_unspaced(one.near[0]):
                some.append(one.near[0])
            marks.update((m, None) for m in some if not any(m in run for run in whole_runs))
        typed = {term for clause in self.query.words() for term in terms_of(clause.text)}
        found = words_with(stems, self.snapshot.languages, texts)
        return tuple(dict.fromkeys((*found, *present(marks, typed, texts))))

    def groups(self, terms: Sequence[str]) -> tuple[frozenset[str], ...]:
        """Return which of the words to highlight satisfy each part."""
        stems = {word: {stem(word, each) for each in self.snapshot.languages} for word in terms}
        return tuple(
            frozenset(
                word
                for word in terms
                if stems[word] & dict(one.stems).keys()
                or word in one.near
                or any(word in way.marks for way in one.ways)
            )
            for one in self.parts
            if one.importance == 1.0
        )

    def is_in(self, title: str) -> bool:
        """Return whether a title has every plain word of the query."""
        named = {
            stem(word.text, each) for word in all_words(title) for each in self.snapshot.languages
        }
        return all(named & dict(one.stems).keys() for one in self.parts if one.stems)

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
        for each in self.snapshot.leaves:
            leaf = each.without_links_from(self.filters.hidden)
            pool = allowed(leaf, self.query, self.filters)
            for one, option in excluded:
                gone = set(scores(self.snapshot, leaf, one, pool, self.deadline))
                if option:
                    gone -= scores(self.snapshot, leaf, option, gone, self.deadline).keys()
                pool -= gone
            pools.append((leaf, pool))
        return pools

    def _with_most(self) -> list[Found]:
        """Return the pages with every needed part and enough of the wanted ones."""
        if not self.parts:
            return [one for leaf, pool in self.pools for one in self._without_words(leaf, pool)]
        found = []
        title = "".join(whole(c.text) for c in self.query.words() if not c.prefix)
        self.rarities = [
            one.importance * self.snapshot.rarity(frequency(self.snapshot, one))
            for one in self.parts
        ]
        whole_rarity = sum(self.rarities)
        for leaf, pool in self.pools:
            score: dict[int, float] = {}
            covered: dict[int, float] = {}
            among = pool
            for one, rarity in sorted(
                zip(self.parts, self.rarities, strict=True), key=lambda pair: not pair[0].needed
            ):
                here = scores(self.snapshot, leaf, one, among, self.deadline)
                if len(self.parts) >= LONG:
                    here = {d: weight / (weight + HALF) for d, weight in here.items()}
                if one.needed:
                    among = set(here)
                    score = {d: score.get(d, 0.0) for d in here}
                for d, weight in here.items():
                    score[d] = score.get(d, 0.0) + weight * rarity
                    covered[d] = covered.get(d, 0.0) + rarity
            for _, one in self.options:
                rarity = self.snapshot.rarity(frequency(self.snapshot, one))
                here = scores(self.snapshot, leaf, one, set(score), self.deadline)
                for d, weight in here.items():
                    score[d] += weight * rarity
            titled = whole_titles(leaf, title, set(score))
            for d, value in score.items():
                if value:
                    bonus = WHOLE_TITLE if d in titled else 0.0
                    found.append((leaf, d, value, covered[d] / whole_rarity, bonus))
        least = KEPT * max((one[3] for one in found), default=0.0)
        priors = {id(leaf): priors_of(leaf.segment, self._today) for leaf, _ in self.pools}
        own = self.filters.own
        return [
            Found(
                leaf,
                d,
                value
                * share**COVERED
                * (priors[id(leaf)][d] + (OWN if leaf.segment.space_ids[d] in own else 0.0))
                + bonus,
                share,
            )
            for leaf, d, value, share, bonus in found
            if share > least
        ]

    @property
    def _today(self) -> int:
        """The day of the latest change of any page, as a number."""
        return self.snapshot.newest // DAY

    def _without_words(self, leaf: SegmentView, pool: set[int]) -> list[Found]:
        """Return all pages of a query without words; first those with an excluded word and its
        minus, exactly as in the query."""
        best: dict[int, float] = {}
        for _, one in self.options:
            best |= scores(self.snapshot, leaf, one, pool, self.deadline)
        return [Found(leaf, document, best.get(document, 0.0)) for document in pool]

    def _respelt(self, one: Part) -> Part:
        """Return a part with similar words as weaker ways if its own word is on no page, or on very
        few: the word split in two, or otherwise similar spellings. Only words on pages that the
        actor may read are used."""
        if not one.word or self.deadline.check() or self._is_frequent(one):
            return one
        there = self._readable(one)
        if len(there) > RARELY:
            return one
        known = {term for term, _ in one.stems}
        ways = [
            way
            for way in halves(self.snapshot, one)
            if self._readable(Part(one.field, (way,))) - there
        ]
        stems: list[tuple[str, float]] = []
        words = [" ".join(way.terms) for way in ways]
        for term, slips in spelling.near(self.snapshot, one.field, one.word) if not ways else ():
            if there and slips > 1:
                continue
            some = {stem(term, language) for language in self.snapshot.languages}
            other = Part(one.field, stems=tuple((each, 1.0) for each in some))
            enough = max(1, MORE_USUAL * len(there))
            if not some & known and len(self._readable(other)) >= enough:
                boost = spelling.boost(slips) * (RARE if there else 1.0)
                stems += [(each, boost) for each in some]
                words.append(term)
        if words:
            self.corrected[one.word] = tuple(dict.fromkeys(words))
        more = one.with_stems(stems)
        return replace(more, ways=(*more.ways, *ways), near=(*more.near, *words))

    def _is_frequent(self, one: Part) -> bool:
        """Return whether a part's stems are on more pages that the actor may read than a misspelt
        word may be. Few pages are looked at."""
        found = set()
        for at, (leaf, pool) in enumerate(self.pools):
            for term, _ in one.stems:
                for document in leaf.segment.weights("stem", term):
                    if document in pool and document not in leaf.own_words_only:
                        found.add((at, document))
                        if len(found) > RARELY:
                            return True
        return False

    def _readable(self, one: Part) -> set[tuple[int, int]]:
        """Return the pages that satisfy a part and that the actor may read, as segment and document
        numbers. Suggestions come only from these pages."""
        return {
            (at, document)
            for at, (leaf, pool) in enumerate(self.pools)
            for document in scores(self.snapshot, leaf, one, pool, self.deadline)
        }

    def _compare(self, found: list[Found]) -> None:
        """Sort the best pages again, by how closely the words occur together in them, and by how
        much of their titles the query is."""
        best = found[:LOOKED_AT]
        if not self.parts or len(best) < 2 or self.deadline.check():
            return
        for leaf, _ in self.pools:
            here = {one.document: one for one in best if one.leaf is leaf}
            lists = [places(leaf.segment, p, sorted(here)) for p in self.parts]
            exact = [having(leaf.segment, p.word, sorted(here)) for p in self.parts if p.word]
            for document, one in here.items():
                spots = [
                    (p[document], rarity)
                    for p, rarity in zip(lists, self.rarities, strict=True)
                    if document in p
                ]
                if len(spots) > 1:
                    positions = [each for each, _ in spots]
                    gap = max(len(positions) - 1, window(positions))
                    share = (len(positions) - 1) / gap * len(positions) / len(lists)
                    one.score *= 1 + CLOSE * share
                if exact:
                    one.score *= 1 + EXACT * sum(document in some for some in exact) / len(exact)
                one.score *= 1 + PASSAGE * densest(spots, SPAN) / sum(self.rarities)
                one.score *= 1 + TITLED * self._titled(leaf.segment.title(document))
        found[:LOOKED_AT] = sorted(best, key=lambda one: one.order)

    def _titled(self, title: str) -> float:
        """Return how much a title and the query are the same: the share of the title's words that
        the query has, times the share of the query's parts that the title has."""
        words = [one.text for one in all_words(title)]
        named = [{stem(word, lang) for lang in self.snapshot.languages} for word in words]
        empty = fillers(words, self.snapshot.languages)
        counted = [some for word, some in zip(words, named, strict=True) if word not in empty]
        asked = [dict(one.stems) for one in self.parts if one.stems]
        if not counted or not asked:
            return 0.0
        hit = sum(
            max((max((one.get(s, 0.0) for s in some), default=0.0) for one in asked), default=0.0)
            for some in counted
        )
        part_hit = sum(
            max((one.get(s, 0.0) for some in counted for s in some), default=0.0) for one in asked
        )
        return hit / len(counted) * part_hit / len(asked)
