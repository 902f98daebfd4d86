"""Renamed sections: which heading of a text's new version is which of the old one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from wiki.text.headings import Heading

_ALIKE = 0.75  # of two headings' words, from which on they are taken for the same one

MAX_HEADINGS = 400  # that are compared; further ones are offered in their order


@dataclass(frozen=True)
class Renamed:
    """A heading whose name is gone. `choices` are those of the new version, the likeliest first;
    `proposed` is the one that it has become, where that is plain."""

    old: Heading
    choices: tuple[Heading, ...]
    proposed: Heading | None


def renamed(old: Sequence[Heading], new: Sequence[Heading]) -> list[Renamed]:
    """The headings of the old version whose names the new one lacks."""
    old_ids, new_ids = {one.id for one in old}, {one.id for one in new}
    before, after = _gaps(old, new_ids), _gaps(new, old_ids)
    appeared = [one for one in new if one.id not in old_ids]
    found = []
    for gone in (one for one in old if one.id not in new_ids):
        gap = before[gone.id]
        siblings = [one for one in old if before.get(one.id) == gap and one.level == gone.level]
        rivals = [one for one in appeared if after[one.id] == gap and one.level == gone.level]
        proposed = None
        if len(siblings) == len(rivals):
            proposed = rivals[siblings.index(gone)]
            if len(rivals) > 1 and likeness(gone, proposed) < _ALIKE:
                proposed = None
        if proposed is None:
            alike = [one for one in appeared[:MAX_HEADINGS] if likeness(gone, one) >= _ALIKE]
            proposed = alike[0] if len(alike) == 1 else None
        likely = sorted(
            appeared[:MAX_HEADINGS],
            key=lambda one: (one is not proposed, one not in rivals, -likeness(gone, one)),
        )
        rest = [one for one in new if one not in likely]
        found.append(Renamed(gone, (*likely, *rest), proposed))
    return found


def likeness(one: Heading, other: Heading) -> float:
    """How much two headings' texts are alike, from 0 to 1."""
    a, b = one.text.casefold()[:200], other.text.casefold()[:200]
    return SequenceMatcher(None, a, b, autojunk=False).ratio()


def _gaps(headings: Sequence[Heading], kept: set[str]) -> dict[str, str]:
    """For each heading that is not kept the kept one above it."""
    above, found = "", {}
    for heading in headings:
        if heading.id in kept:
            above = heading.id
        else:
            found[heading.id] = above
    return found


def may_lose_sections(old: str, new: str) -> bool:
    """Whether sections of `old` could be missing in `new`: said quickly, and rather too often.

    Compared are all lines that can make a heading or another target of links, or can hide one:
    what has `#`, `<`, a fence or a key of an attribute in it, and underlines with what is above.
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
