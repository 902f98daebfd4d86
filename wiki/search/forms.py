"""The forms in which the words of a query occur in texts."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence

from wiki.search.excerpts import as_folded, pattern_of
from wiki.search.language.stems import stem
from wiki.search.words import is_unspaced

SHORTEST = 3
"""Minimum number of letters that a stem and its forms have in common."""
_ARABIC = re.compile("[\u0621-\u064a]")


def words_with(
    stems: Collection[str], languages: Collection[str], texts: Iterable[str]
) -> Iterator[str]:
    """Yield the folded words of the texts with one of these stems, each once."""
    starts = {_start(one) for one in stems}
    if not starts:
        return
    pattern = re.compile(rf"(?<![^\W\d_])(?:{'|'.join(sorted(starts))})[^\W_]*")
    seen: set[str] = set()
    for text in texts:
        seen.update(pattern.findall(as_folded(text)[0]))
    for word in sorted(seen):
        if word in stems or any(stem(word, language) in stems for language in languages):
            yield word
    yield from (one for one in sorted(stems) if is_unspaced(one))


def present(marks: Iterable[str], typed: Collection[str], texts: Sequence[str]) -> list[str]:
    """Return the marks whose words were typed, and those that are in one of the texts."""
    wanted = list(marks)
    folded = [as_folded(text)[0] for text in texts]
    # All single words at once: a prefix has dozens.
    words = tuple(
        sorted((one for one in wanted if one.isalnum() and not is_unspaced(one)), key=len)[::-1]
    )
    pattern = pattern_of(words) if words else None
    there = {found for text in folded for found in (pattern.findall(text) if pattern else ())}
    return [
        one
        for one in wanted
        if set(one.split()) <= set(typed)
        or one in there
        or (one not in words and any(pattern_of((one,)).search(text) for text in folded))
    ]


def _start(one: str) -> str:
    """Return a pattern of the beginning of words with a stem. Arabic words have an article or a
    preposition before it."""
    if _ARABIC.match(one):
        return r"[\u0621-\u064a]{0,4}" + re.escape(one)
    return re.escape(one if len(one) <= SHORTEST else one[:-1])
