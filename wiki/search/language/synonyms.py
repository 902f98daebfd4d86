"""Words that mean the same at work, for queries in other words than the pages'."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from importlib.resources import files

from wiki.search.asking import asked
from wiki.search.language.function_words import DEFAULT
from wiki.search.language.stems import stem

MOST_WORDS = 4
"""Maximum number of words of one expression."""

Expression = tuple[str, ...]
"""One or more folded words."""


class Synonyms:
    """Groups of expressions with the same meaning."""

    def __init__(self, groups: Iterable[Sequence[str]] = ()) -> None:
        self._others: dict[Expression, list[Expression]] = {}
        for group in groups:
            expressions = list(dict.fromkeys(one for text in group for one in _forms(text)))
            for one in expressions:
                known = self._others.setdefault(_key(one), [])
                known += [other for other in expressions if other != one and other not in known]

    def found_in(self, names: Sequence[str]) -> Iterator[tuple[int, int, list[Expression]]]:
        """Yield the expressions among neighbouring words of a query, the longest first: the numbers
        of the first word and of the one behind the last, and the other expressions."""
        taken: set[int] = set()
        for length in range(min(MOST_WORDS, len(names)), 0, -1):
            for first in range(len(names) - length + 1):
                place = range(first, first + length)
                others = self._others.get(_key(names[first : first + length]))
                if others and not taken & set(place):
                    taken |= set(place)
                    yield first, first + length, others


def expression(text: str) -> Expression:
    """Return a text as its smallest words, folded, or as stretches of unspaced scripts; empty if it
    has none or too many."""
    found = tuple(
        term
        for one in asked(text)
        for term in ([one.text] if one.unspaced else one.chains[0].terms)
    )
    return found if len(found) <= MOST_WORDS else ()


def _forms(text: str) -> Iterator[Expression]:
    """Yield a text as its smallest words and, if signs join some of them, with these as one word:
    `e mail` and `email` for `e-mail`."""
    if smallest := expression(text):
        yield smallest
        joined = tuple(one.text or one.whole for one in asked(text))
        if all(joined) and joined != smallest:
            yield joined


def _key(found: Iterable[str]) -> Expression:
    return tuple(stem(word, DEFAULT) for word in found)


def parse(text: str) -> list[list[str]]:
    """Return the groups of a text: one a line, its expressions separated by commas. Lines that
    begin with `#` are comments."""
    lines = (line.strip() for line in text.splitlines())
    groups = (
        [one.strip() for one in line.split(",")] for line in lines if line[:1] not in ("", "#")
    )
    return [found for group in groups if len(found := [one for one in group if one]) > 1]


def built_in() -> str:
    """Return the built-in list, as text."""
    return (files(__package__) / "synonyms.txt").read_text(encoding="utf-8")


@cache
def standard() -> Synonyms:
    """Return the built-in synonyms."""
    return Synonyms(parse(built_in()))
