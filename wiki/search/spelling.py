"""Words close to a word that nobody wrote: for typing errors, never shown unless readable."""

from rapidfuzz import process
from rapidfuzz.distance import OSA

from wiki.search.snapshot import Snapshot
from wiki.search.words import is_unspaced

SHORTEST = 4
"""Letters from which on a word may be misspelt; shorter ones are near to everything."""
LONG = 8
"""Letters from which on two errors are forgiven."""


def near(snapshot: Snapshot, name: str, word: str, most: int = 5) -> list[tuple[str, int]]:
    """Terms of a field within one or two slips of `word`, the likeliest first, with the slips.

    A slip is a letter too many, missing, wrong, or two swapped (optimal string alignment).
    """
    if len(word) < SHORTEST or word.isdigit() or is_unspaced(word):
        return []
    slips = 2 if len(word) >= LONG else 1
    found: dict[str, int] = {}
    for leaf in snapshot.leaves:
        if not leaf.segment.has_field(name):
            continue
        for term, distance, _ in process.extract(
            word, leaf.segment.lexicon(name), scorer=OSA.distance, score_cutoff=slips, limit=50
        ):
            if distance and not term.isdigit() and not term.startswith("-"):
                found[term] = int(distance)
    ranked = sorted(found, key=lambda t: (found[t], -snapshot.frequency(name, t), t))
    return [(term, found[term]) for term in ranked[:most]]


def worth(slips: int) -> float:
    """What a word with so many slips is worth beside the word itself."""
    return 0.5**slips
