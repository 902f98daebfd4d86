"""Similar words for a misspelt one. Callers show them only if they occur on readable pages."""

from wiki.search.ranking.index import Snapshot
from wiki.search.words import is_unspaced

SHORTEST = 4
"""Minimum number of letters of a word that may be misspelt; shorter words are similar to too
many."""
LONG = 8
"""Number of letters from which on two errors are allowed."""


def near(snapshot: Snapshot, name: str, word: str, most: int = 5) -> list[tuple[str, int]]:
    """Return terms of a field with at most one or two errors compared to `word`, the likeliest
    first, each with its number of errors.

    An error is an extra, missing or wrong letter, or two swapped letters (optimal string
    alignment).
    """
    if len(word) < SHORTEST or word.isdigit() or is_unspaced(word):
        return []
    slips = 2 if len(word) >= LONG else 1
    found = {
        term: distance
        for term, distance in snapshot.alike(name, word, slips).items()
        if distance and not term.isdigit() and not term.startswith("-")
    }
    ranked = sorted(found, key=lambda t: (found[t], -snapshot.frequency(name, t), t))
    return [(term, found[term]) for term in ranked[:most]]


def boost(slips: int) -> float:
    """Return the weight of a word with this number of errors, relative to the word itself."""
    return 0.5**slips
