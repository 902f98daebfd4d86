"""Detection of renamed sections: the matching headings of two versions of a text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from rapidfuzz.distance import Indel

from wiki.text.markdown.headings import Heading

_ALIKE = 0.75  # similarity from which on two headings are regarded as the same

MAX_HEADINGS = 400  # maximum number of lost headings reported, and of new ones compared with each
CHOICES = 8_000  # maximum number offered in total


@dataclass(frozen=True)
class Renamed:
    """A heading whose id is gone. `choices` are headings of the new version, the likeliest first;
    `proposed` is the one that replaced it, if that is clear."""

    old: Heading
    choices: tuple[Heading, ...]
    proposed: Heading | None


def renamed(old: Sequence[Heading], new: Sequence[Heading]) -> list[Renamed]:
    """Return the headings of the old version whose ids are missing in the new one; of very many
    only the first, with the likeliest choices for each."""
    old_ids, new_ids = {one.id for one in old}, {one.id for one in new}
    before, after = _gaps(old, new_ids), _gaps(new, old_ids)
    appeared = [one for one in new if one.id not in old_ids]
    compared = appeared[:MAX_HEADINGS]
    lost = list(islice((one for one in old if one.id not in new_ids), MAX_HEADINGS))
    found = []
    for gone in lost:
        gap = before[gone.id]
        siblings = [one for one in old if before.get(one.id) == gap and one.level == gone.level]
        rivals = [one for one in appeared if after[one.id] == gap and one.level == gone.level]
        alike = {one.id: likeness(gone, one) for one in compared}
        proposed = None
        if len(siblings) == len(rivals):
            proposed = rivals[siblings.index(gone)]
            if len(rivals) > 1 and likeness(gone, proposed) < _ALIKE:
                proposed = None
        if proposed is None:
            near = [one for one in compared if alike[one.id] >= _ALIKE]
            proposed = near[0] if len(near) == 1 else None
        rival_ids = {one.id for one in rivals}
        further = [proposed] if proposed and proposed.id not in alike else []
        likely = sorted(
            further + compared,
            key=lambda one: (one is not proposed, one.id not in rival_ids, -alike.get(one.id, 0.0)),
        )
        named = {one.id for one in likely}
        room = max(CHOICES // len(lost), 20)
        rest = islice((one for one in new if one.id not in named), max(room - len(likely), 0))
        found.append(Renamed(gone, (*likely[:room], *rest), proposed))
    return found


def likeness(one: Heading, other: Heading) -> float:
    """Return the similarity of two headings' texts, from 0 to 1."""
    a, b = one.text.casefold()[:200], other.text.casefold()[:200]
    return Indel.normalized_similarity(a, b)


def _gaps(headings: Sequence[Heading], kept: set[str]) -> dict[str, str]:
    """Return for each heading that is not kept the id of the kept one above it."""
    above, found = "", {}
    for heading in headings:
        if heading.id in kept:
            above = heading.id
        else:
            found[heading.id] = above
    return found


def may_lose_sections(old: str, new: str) -> bool:
    """Return whether sections of `old` may be missing in `new`: a quick check that errs towards
    True.

    It compares all lines that can create or hide a heading or another link target: lines with `#`,
    `<`, a fence or a key of an attribute, and underlines with the line above.
    """
    return old != new and _telling(old) != _telling(new)


def _telling(text: str) -> list[str]:
    lines = text.split("\n")
    found = []
    for number, line in enumerate(lines):
        if _TELLING.search(line):
            found.append(line)
        elif _UNDERLINE.match(line):
            found += lines[max(number - 1, 0) : number + 1]
    return found


_TELLING = re.compile(r"[#<{]|```|~~~|\[\^")
_UNDERLINE = re.compile(r"[\s>]*(?:=+|-+)\s*$")
