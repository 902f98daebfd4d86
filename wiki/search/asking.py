"""The words that somebody asks for, in each of the ways in which a page may have them."""

from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from wiki.search.words import Stretch, Word, cuts, fold, stretches

MOST_WAYS = 8
"""Ways to cut one stretch that are tried."""


class Chain(NamedTuple):
    """Words that follow each other in a page.

    `steps` are the distances from each word's end to the next word; `after` is the distance to what
    follows the chain.
    """

    terms: tuple[str, ...]
    steps: tuple[int, ...]
    after: int = 1


class Asked(NamedTuple):
    """A stretch of a question: any of its chains will do, the one with the smallest words first."""

    chains: tuple[Chain, ...]
    start: int
    end: int
    unspaced: bool = False

    @property
    def whole(self) -> str:
        """The stretch as one word, if that is one of its cuts; else empty."""
        return next((c.terms[0] for c in self.chains if len(c.terms) == 1), "")


def asked(text: str) -> list[Asked]:
    """The stretches of a text that somebody asks for, in order."""
    return [_asked(stretch) for stretch in stretches(text)]


def terms_of(text: str) -> set[str]:
    """Every word of a question in every cut."""
    return {term for one in asked(text) for chain in one.chains for term in chain.terms}


def begins(text: str, name: str) -> bool:
    """Whether each word of `text` begins a word of `name`; false for a text without words."""
    there = {cut.text for cut in cuts(name)}
    found = asked(text)
    return bool(found) and all(
        any(
            all(any(one.startswith(term) for one in there) for term in chain.terms)
            for chain in each.chains
        )
        for each in found
    )


def shown(text: str) -> tuple[str, ...]:
    """What to mark of the words in unspaced scripts: the stretches as they were typed.

    The pairs in the index are no words to a reader. What touches such a stretch belongs to it.
    """
    marks: list[str] = []
    start = end = -1
    unspaced = False
    for one in [*asked(text), None]:
        if one and one.start == end:
            end, unspaced = one.end, unspaced or one.unspaced
            continue
        if unspaced:
            marks.append(fold(text[start:end]))
        if one:
            start, end, unspaced = one.start, one.end, one.unspaced
    return tuple(marks)


def _asked(stretch: Stretch) -> Asked:
    start, end = stretch.words[0].start, stretch.words[-1].end
    if stretch.unspaced:
        # The last character alone is in the index for questions of one character: in a page its
        # neighbour may follow.
        found = stretch.words[:-1] or stretch.words
        terms = tuple(word.text for word in found)
        after = 2 if len(stretch.words) > 1 else 1
        return Asked((Chain(terms, (1,) * (len(terms) - 1), after),), start, end, unspaced=True)
    ways = [*islice(_ways(stretch, 0), MOST_WAYS), *_without_v(stretch.words)]
    if stretch.joined and (0, len(stretch.words)) in stretch.joined:
        ways.append((stretch.text(0, len(stretch.words)),))
    if stretch.option:
        ways.append((stretch.option,))
    chains = tuple(Chain(way, (1,) * (len(way) - 1)) for way in dict.fromkeys(ways))
    return Asked(chains, start, end)


def _ways(stretch: Stretch, first: int) -> Iterator[tuple[str, ...]]:
    """The ways to cut a stretch from its word number `first` on."""
    if first == len(stretch.words):
        yield ()
        return
    for last in (first + 1, *(end for begin, end in stretch.joined if begin == first)):
        for rest in _ways(stretch, last):
            yield (stretch.text(first, last), *rest)


def _without_v(words: tuple[Word, ...]) -> list[tuple[str, ...]]:
    """1.2.3 for v1.2.3."""
    terms = tuple(word.text for word in words)
    version = len(terms) > 2 and terms[0] == "v" and all(term.isdigit() for term in terms[1:])
    return [terms[1:]] if version else []
