"""The words of a query, in each form in which a page may contain them."""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import NamedTuple

import regex

from wiki.search.words import Stretch, Word, cuts, fold, stretches

MOST_WAYS = 8
"""Maximum number of ways tried to cut one stretch."""
MOST_COMPOUND = 3
"""Maximum number of words tried as one, except for single letters as in U S A."""

LONGEST_PIECE = 4
"""Maximum number of characters of an unspaced stretch that is searched as one word."""
_HIRAGANA = regex.compile(r"[\p{Hiragana}\u30fc]+")
_SCRIPTS = regex.compile(
    r"\p{Han}+|\p{Hiragana}+|[\p{Katakana}\u30fc]+|\p{Hangul}+|\p{Thai}+|\p{Lao}+|\p{Khmer}+|\p{Myanmar}+"
)


class Chain(NamedTuple):
    """Consecutive words in a page.

    `steps` are the distances from the end of each word to the next one; `after` is the distance to
    the word after the chain.
    """

    terms: tuple[str, ...]
    steps: tuple[int, ...]
    after: int = 1


class Asked(NamedTuple):
    """A stretch of a query: any one of its chains has to match; the one of the smallest words is
    first."""

    chains: tuple[Chain, ...]
    start: int
    end: int
    unspaced: bool = False
    text: str = ""
    """The stretch folded, if it is unspaced."""

    @property
    def whole(self) -> str:
        """The stretch as one word if that is one of its cuts, else empty."""
        return next((c.terms[0] for c in self.chains if len(c.terms) == 1), "")


def asked(text: str) -> list[Asked]:
    """Return the stretches of a query in order."""
    return [_asked(stretch) for stretch in stretches(text)]


def pieces(one: Asked) -> list[Asked]:
    """Return the pieces of an unspaced stretch of which any may be a word.

    A short stretch is one piece. A longer one is divided where the script changes; endings in
    Hiragana count only if there is nothing else. Of longer pieces, each pair of characters is one.
    """
    if len(one.text) <= LONGEST_PIECE:
        return [one]
    found = [match.group() for match in _SCRIPTS.finditer(one.text)]
    some = [text for text in found if not _HIRAGANA.fullmatch(text)] or found
    result = []
    for text in some:
        if len(text) <= LONGEST_PIECE:
            result.append(asked(text)[0])
        else:
            result += [
                Asked((Chain((text[at : at + 2],), ()),), 0, 0, True, text[at : at + 2])
                for at in range(len(text) - 1)
            ]
    return result


def terms_of(text: str) -> set[str]:
    """Return every word of a query, in all cuts."""
    return {term for one in asked(text) for chain in one.chains for term in chain.terms}


def compounds(words: Sequence[str]) -> Iterator[tuple[int, int, str]]:
    """Yield the words that neighbours form when written as one, as in `set up` and `setup`.

    Each comes with the numbers of its first word and of the one behind its last. An empty word
    joins no other, and a number does not join another number.
    """
    for first, compound in enumerate(words):
        for last in range(first + 1, len(words)):
            spelt = len(compound) == last - first
            if not compound or not words[last] or (last - first >= MOST_COMPOUND and not spelt):
                break
            if compound[-1].isdigit() and words[last][0].isdigit():
                break
            compound += words[last]
            yield first, last + 1, compound


def begins(text: str, name: str) -> bool:
    """Return whether each word of `text` begins a word of `name`, alone or together with its
    neighbours; False for a text without words."""
    there = {cut.text for cut in cuts(name)}

    def begun(term: str) -> bool:
        return any(one.startswith(term) for one in there)

    found = asked(text)
    there_too = {
        at
        for first, last, compound in compounds([one.whole for one in found])
        if begun(compound)
        for at in range(first, last)
    }
    return bool(found) and all(
        at in there_too or any(all(map(begun, chain.terms)) for chain in one.chains)
        for at, one in enumerate(found)
    )


def shown(text: str) -> tuple[str, ...]:
    """Return the words in unspaced scripts to highlight: the stretches as they were typed.

    The pairs of characters in the index are not words for a reader. Adjacent characters belong to
    the stretch.
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
        # The last character alone is indexed for queries of one character; in a page another
        # character may follow it.
        found = stretch.words[:-1] or stretch.words
        terms = tuple(word.text for word in found)
        after = 2 if len(stretch.words) > 1 else 1
        text = "".join(word.text[0] for word in stretch.words)
        return Asked((Chain(terms, (1,) * (len(terms) - 1), after),), start, end, True, text)
    ways = [*islice(_ways(stretch, 0), MOST_WAYS), *_versions(stretch.words)]
    if stretch.joined and (0, len(stretch.words)) in stretch.joined:
        ways.append((stretch.text(0, len(stretch.words)),))
    if stretch.option:
        ways.append((stretch.option,))
    chains = tuple(Chain(way, (1,) * (len(way) - 1)) for way in dict.fromkeys(ways))
    return Asked(chains, start, end)


def _ways(stretch: Stretch, first: int) -> Iterator[tuple[str, ...]]:
    """Yield the ways to cut a stretch, starting at its word number `first`."""
    if first == len(stretch.words):
        yield ()
        return
    for last in (first + 1, *(end for begin, end in stretch.joined if begin == first)):
        for rest in _ways(stretch, last):
            yield (stretch.text(first, last), *rest)


def _versions(words: tuple[Word, ...]) -> list[tuple[str, ...]]:
    """Return the words of a version number as others write it: 1.2.3 for v1.2.3, and the other way
    round."""
    terms = tuple(word.text for word in words)
    numbers = terms[1:] if terms[0] == "v" else terms
    if len(numbers) < 2 or not all(term.isdigit() for term in numbers):
        return []
    return [numbers if numbers != terms else ("v", *terms)]
