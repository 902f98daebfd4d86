"""Parts of a query: for each of its words, the terms of the index that match it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import islice, product

from wiki.search.asking import Asked, Chain, asked, compounds, pieces, shown
from wiki.search.excerpts import TIED
from wiki.search.language.function_words import fillers, is_weak, language_of_words
from wiki.search.language.stems import stem
from wiki.search.language.synonyms import Synonyms
from wiki.search.query import Clause, Field, Query
from wiki.search.ranking.compounds import LANGUAGES, related
from wiki.search.ranking.index import Snapshot
from wiki.search.words import forms, is_unspaced

MOST_BEGINNINGS = 60
"""Maximum number of words tried for a prefix such as `onboard*`, the most frequent ones."""
MOST_OF_SHORT = 24
"""The same number for a prefix of up to three letters, whose words are on most pages anyway."""
OTHER_FORM = 0.8
"""Weight of another form of a word, relative to the word itself."""
SYNONYM = 0.6
"""Weight of a synonym, relative to the word itself."""
WEAK = 0.3
"""Importance of a word that says little beside others."""
TOGETHER = 1.5
"""Weight of words in a phrase, relative to the same words anywhere."""
MOST_WAYS = 16
"""Maximum number of ways tried to find several consecutive stretches."""
MOST_SEQUENCES = 4
"""Maximum number of ways tried in a phrase to write neighbouring words as one."""
MOST_PARTS = 24
"""Maximum number of parts of a query."""


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
    """A clause in terms of the index; it is satisfied by any of its ways or stems."""

    field: str
    ways: tuple[Alternative, ...] = ()
    """Ways to find it with positions, in `field`."""
    stems: tuple[tuple[str, float], ...] = ()
    """Stems that satisfy it, each with its weight."""
    near: tuple[str, ...] = ()
    """Words whose positions count for distances."""
    word: str = ""
    """The plain word of the clause, if it may have been misspelt."""
    needed: bool = False
    """True if a page must have it."""
    importance: float = 1.0
    """Its weight, relative to other words as rare."""

    def with_stems(self, more: Iterable[tuple[str, float]]) -> Part:
        """Return the part with further stems; the largest weight of each counts."""
        best: dict[str, float] = dict(self.stems)
        for term, boost in more:
            best[term] = max(boost, best.get(term, 0.0))
        return replace(self, stems=tuple(best.items()))


def part(snapshot: Snapshot, clause: Clause) -> Part | None:
    """Return a clause of words as terms of this index, as a page must have them, or None if it has
    no words."""
    found = asked(clause.text)
    if not found:
        return None
    name = "title" if clause.field is Field.TITLE else "text"
    last = found[-1].chains[0].terms[-1]
    prefix = clause.prefix or (found[-1].unspaced and len(last) == 1)
    stretches = shown(clause.text)
    ways = [way for one in _sequences(snapshot, name, found) for way in _ways(one, stretches)]
    if prefix:
        most = MOST_OF_SHORT if len(last) <= 3 else MOST_BEGINNINGS
        ends = [(way, snapshot.beginning(name, way.terms[-1], most)) for way in ways]
        return Part(
            name, tuple(_ending(way, end) for way, some in ends for end in some), needed=True
        )
    word = found[0].whole if len(found) == 1 and not clause.phrase else ""
    if word:
        known = snapshot.known(name, forms(word))
        ways += [Alternative((form,), (), OTHER_FORM, (form,)) for form in known]
    return Part(name, tuple(ways), word="" if len(ways[0].terms) > 1 else word, needed=True)


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


def parts(snapshot: Snapshot, query: Query, synonyms: Synonyms) -> list[Part]:
    """Return the clauses of words as parts. Plain words are wanted, not needed; function words are
    left out unless there are no others."""
    needed = [
        one for clause in query.words() if not clause.plain and (one := part(snapshot, clause))
    ]
    plain = [clause for clause in query.words() if clause.plain]
    found = [(clause, one) for clause in plain for one in asked(clause.text)]
    names = [one.whole for _, one in found]
    language = language_of_words([term for _, one in found for term in one.chains[0].terms])
    some = [_plain(snapshot, one, language) for _, one in found]
    for first, last, compound in compounds(names):
        if stems := _known(snapshot, compound):
            for at in range(first, last):
                some[at] = [one.with_stems(stems) for one in some[at]]
    empty = _empty(snapshot, found) if not needed else set()
    wanted = [at for at in range(len(found)) if at not in empty] or list(range(len(found)))
    for first, last, others in synonyms.found_in([one.text or one.whole for _, one in found]):
        for at in range(first, last):
            some[at] = [_with_synonyms(snapshot, one, others) for one in some[at]]
    return [*needed, *(one for at in wanted for one in some[at])][:MOST_PARTS]


def _empty(snapshot: Snapshot, found: Sequence[tuple[Clause, Asked]]) -> set[int]:
    """Return the places of function words. One in capitals (IT, US) is a name, unless all are."""
    loud = all(clause.text == clause.text.upper() for clause, _ in found)
    words = [one.chains[0].terms for _, one in found]
    known = fillers((term for terms in words for term in terms), snapshot.languages)
    return {
        at
        for at, ((clause, _), terms) in enumerate(zip(found, words, strict=True))
        if all(term in known for term in terms)
        and (loud or len(clause.text) < 2 or clause.text != clause.text.upper())
    }


def _plain(snapshot: Snapshot, one: Asked, language: str) -> list[Part]:
    """Return a stretch of plain text as parts. A word is one part; a long stretch of an unspaced
    script has a part for each pair of characters that may be a word."""
    if one.unspaced:
        return [_piece(snapshot, piece) for piece in pieces(one)]
    ways = [way for way in _ways([one], ()) if len(way.terms) > 1]
    word = one.whole
    stems = dict.fromkeys(_stems(snapshot, word), 1.0) if word else {}
    near = (word, *snapshot.known("text", forms(word))) if word else ()
    found = Part("text", tuple(ways), tuple(stems.items()), near, "" if ways else word)
    if is_weak(word):
        found = replace(found, importance=WEAK)
    writes_compounds = not ways and LANGUAGES & set(snapshot.languages)
    if word and writes_compounds and (language in LANGUAGES or not snapshot.known("stem", stems)):
        found = found.with_stems(related(snapshot, word))
    return [found]


def _piece(snapshot: Snapshot, piece: Asked) -> Part:
    """Return a piece of an unspaced stretch as a part. A single character may begin a pair."""
    first, *rest = piece.chains[0].terms
    if rest:
        return Part("text", tuple(_ways([piece], (piece.text,))))
    some = snapshot.beginning("stem", first, MOST_BEGINNINGS) if len(first) == 1 else [first]
    ways = (Alternative((first,), (), 0.0, (piece.text,)),)
    return Part("text", ways, tuple((term, 1.0) for term in some), tuple(some))


def _stems(snapshot: Snapshot, word: str) -> list[str]:
    """Return the stems of a word in the languages of the index."""
    return list(dict.fromkeys(stem(word, language) for language in snapshot.languages)) or [word]


def _known(snapshot: Snapshot, word: str) -> list[tuple[str, float]]:
    return [(one, 1.0) for one in snapshot.known("stem", _stems(snapshot, word))]


def _with_synonyms(snapshot: Snapshot, one: Part, others: Iterable[Sequence[str]]) -> Part:
    """Return a part with synonyms: words by their stems, several words as a phrase."""
    ways = list(one.ways)
    stems: list[tuple[str, float]] = []
    for words in others:
        if any(map(is_unspaced, words)):
            text = " ".join(words)
            some = _ways(asked(text), shown(text))
            ways += [replace(way, boost=SYNONYM) for way in some]
        elif len(words) == 1:
            stems += [(term, SYNONYM) for term in _stems(snapshot, words[0])]
        else:
            steps = (1,) * (len(words) - 1)
            ways.append(Alternative(tuple(words), steps, SYNONYM, (TIED.join(words),)))
    return replace(one.with_stems(stems), ways=tuple(ways))


def halves(snapshot: Snapshot, one: Part) -> list[Alternative]:
    """Return the ways to write the word of a part as two: `set up` for `setup`."""
    pairs = [(one.word[:at], one.word[at:]) for at in range(2, len(one.word) - 1)]
    return [
        Alternative(pair, (1,), OTHER_FORM, (" ".join(pair),))
        for pair in pairs
        if len(snapshot.known(one.field, pair)) == 2
    ]
