"""Compound words of languages that write them as one, such as Urlaubsantrag in German."""

from __future__ import annotations

from collections.abc import Iterator

from wiki.search.ranking.index import Snapshot

LANGUAGES = frozenset({"da", "de", "fi", "hu", "nl", "no", "sv"})
"""Languages that write compounds as one word."""
SHORTEST = 4
"""Minimum number of letters of a part of a compound."""
MOST = 8
"""Maximum number of compounds tried for a word."""
PART, WHOLE = 0.6, 0.5
"""Weight of a compound for one of its parts, and of a part for the compound."""
_LINKS = ("", "s", "es", "n", "en", "er", "e")


def related(snapshot: Snapshot, word: str) -> Iterator[tuple[str, float]]:
    """Yield the stems of compounds with this word, and those of its parts if it is one itself, each
    with its weight."""
    if len(word) < SHORTEST or not word.isalpha():
        return
    found = [
        *snapshot.beginning("stem", word, MOST),
        *snapshot.ending("stem", word),
    ]
    long = [term for term in dict.fromkeys(found) if len(term) >= len(word) + SHORTEST - 1]
    long.sort(key=lambda term: (-snapshot.frequency("stem", term), term))
    for term in long[:MOST]:
        yield term, PART
    for at in range(SHORTEST, len(word) - SHORTEST + 1):
        end = word[at:]
        starts = (
            word[: at - len(link)]
            for link in _LINKS
            if word[:at].endswith(link) and at - len(link) >= SHORTEST
        )
        both = next((one for one in starts if len(snapshot.known("stem", (one, end))) == 2), "")
        if both:
            yield both, WHOLE
            yield end, WHOLE
