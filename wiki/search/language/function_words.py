"""Function words of languages, and the language of a text by them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache
from importlib.resources import files

DEFAULT = "en"
"""Language of a text that shows none."""
WEAK = ": weak"
"""Ending of the names of the lists of weak words."""
ENOUGH = 2
"""Number of function words of another language that outweigh the default language."""


@cache
def lists() -> dict[str, frozenset[str]]:
    """Return the lists of words by name, folded. They are read from a file of this package."""
    found: dict[str, frozenset[str]] = {}
    language = ""
    text = (files(__package__) / "function_words.txt").read_text(encoding="utf-8")
    for line in text.splitlines():
        if line.startswith("["):
            language = line.strip("[]")
        elif line and not line.startswith("#"):
            found[language] = found.get(language, frozenset()) | frozenset(line.split())
    return found


@cache
def function_words() -> dict[str, frozenset[str]]:
    """Return the function words by language."""
    return {name: some for name, some in lists().items() if WEAK not in name}


def is_weak(word: str) -> bool:
    """Return whether a word says little beside others."""
    return word in lists()[DEFAULT + WEAK]


def language_of_words(found: Sequence[str]) -> str:
    """Return the language with the most function words among these words.

    Another language than the default must have two of them, and more than the default has.
    """
    counts: Counter[str] = Counter()
    for word, times in Counter(found).items():
        for language in _languages().get(word, ()):
            counts[language] += times
    best = max(counts, key=lambda one: (counts[one], one == DEFAULT, one), default=DEFAULT)
    return best if counts[best] >= ENOUGH else DEFAULT


def fillers(found: Iterable[str], languages: Iterable[str]) -> frozenset[str]:
    """Return the words of a query that only carry it: function words of its language.

    A word of the default language counts in every query, because people mix them.

    :param languages: those of the indexed pages; function words of others are ordinary words.
    """
    found = list(found)
    language = language_of_words(found)
    known = function_words()
    some = known[DEFAULT] if language == DEFAULT or language not in languages else known[language]
    return frozenset(word for word in found if word in some)


@cache
def _languages() -> dict[str, tuple[str, ...]]:
    by_word: dict[str, list[str]] = {}
    for language, some in function_words().items():
        for word in some:
            by_word.setdefault(word, []).append(language)
    return {word: tuple(some) for word, some in by_word.items()}
