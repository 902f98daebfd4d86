"""The form in which people decide what a merge could not: its questions, and their answers.

The form holds no state of its own: it sends back the author's text and the numbers of the two
revisions, from which the same merge, with the same questions, is made again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from wiki.pages.merging import Dispute, Text, TextMerge
from wiki.text.diff import Row, diff
from wiki.text.merge import Chunk

AROUND = 2
"""Lines of text shown before and after a stretch in dispute."""

NAMES = {"title": "Title", "description": "Description"}


@dataclass(frozen=True)
class Question:
    """Something to be decided: a stretch of the text, or a property of the page.

    ``mine`` and ``theirs`` are rows of the change from ``base``; ``choice`` is ``mine``,
    ``theirs``, ``both`` or ``own`` (then ``own`` counts), or empty.
    """

    key: str
    name: str
    base: str
    mine_text: str
    theirs_text: str
    mine: tuple[Row, ...]
    theirs: tuple[Row, ...]
    before: tuple[str, ...]
    after: tuple[str, ...]
    choice: str
    own: str
    in_text: bool
    can_write: bool

    @property
    def choices(self) -> tuple[str, ...]:
        """What may be chosen."""
        both = ("both",) if self.in_text else ()
        return ("mine", "theirs", *both, *(("own",) if self.can_write else ()))


class Unanswered(Exception):
    """Some question has no answer, or the questions were others when they were answered."""


def seal(merge: TextMerge) -> str:
    """A hash of all questions, to be sent along with the answers."""
    asked = [[c.base, c.ours, c.theirs] for c in merge.body.conflicts]
    asked += [[d.name, _said(d.base), _said(d.mine), _said(d.theirs)] for d in merge.disputes]
    return hashlib.sha256(json.dumps(asked).encode()).hexdigest()[:32]


def questions(merge: TextMerge, sent: Mapping[str, str]) -> list[Question]:
    """What people have to decide, with what they have chosen so far in ``sent``."""
    found = [_about_value(dispute, sent) for dispute in merge.disputes]
    number = 0
    for at, chunk in enumerate(merge.body.chunks):
        if chunk.kind == "conflict":
            number += 1
            found.append(_about_text(merge, at, number, sent))
    return found


def settled(merge: TextMerge) -> int:
    """How many stretches of the text both sides' changes were put together in without asking."""
    return sum(chunk.kind in ("ours", "theirs", "both") for chunk in merge.body.chunks)


def answered(merge: TextMerge, sent: Mapping[str, str]) -> Text:
    """The merged text, with the answers in ``sent``.

    :raises Unanswered: when one is missing.
    """
    if sent.get("seal") != seal(merge):
        raise Unanswered
    answers: list[str] = []
    for number, chunk in enumerate(merge.body.conflicts, start=1):
        answers.append(_answer(f"text-{number}", chunk.ours, chunk.theirs, sent))
    values: dict[str, Any] = {}
    for dispute in merge.disputes:
        choice = sent.get(f"choice-{dispute.name}")
        if choice in ("mine", "theirs"):
            values[dispute.name] = getattr(dispute, choice)
        else:
            values[dispute.name] = _answer(dispute.name, "", "", sent)
    return merge.resolve(answers, values)


def _answer(key: str, mine: str, theirs: str, sent: Mapping[str, str]) -> str:
    match sent.get(f"choice-{key}"):
        case "mine":
            return mine
        case "theirs":
            return theirs
        case "both":
            return theirs + mine
        case "own" if f"own-{key}" in sent:
            return sent[f"own-{key}"].replace("\r\n", "\n")
    raise Unanswered


def _about_text(merge: TextMerge, at: int, number: int, sent: Mapping[str, str]) -> Question:
    chunks = merge.body.chunks
    chunk = chunks[at]
    before, after = _around(chunks, at)
    key = f"text-{number}"
    return Question(
        key=key,
        name="Text",
        base=chunk.base,
        mine_text=chunk.ours,
        theirs_text=chunk.theirs,
        mine=_rows(chunk.base, chunk.ours),
        theirs=_rows(chunk.base, chunk.theirs),
        before=before,
        after=after,
        choice=sent.get(f"choice-{key}", ""),
        own=sent.get(f"own-{key}", chunk.ours),
        in_text=True,
        can_write=True,
    )


def _about_value(dispute: Dispute, sent: Mapping[str, str]) -> Question:
    base, mine, theirs = map(_said, (dispute.base, dispute.mine, dispute.theirs))
    return Question(
        key=dispute.name,
        name=NAMES.get(dispute.name, dispute.name.removeprefix("fields.")),
        base=base,
        mine_text=mine,
        theirs_text=theirs,
        mine=_rows(base, mine),
        theirs=_rows(base, theirs),
        before=(),
        after=(),
        choice=sent.get(f"choice-{dispute.name}", ""),
        own=sent.get(f"own-{dispute.name}", mine),
        in_text=False,
        can_write=dispute.name in NAMES,
    )


def _rows(base: str, side: str) -> tuple[Row, ...]:
    return tuple(diff(base, side, None).rows)


def _around(chunks: tuple[Chunk, ...], at: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    before = chunks[at - 1].text or "" if at else ""
    after = chunks[at + 1].text or "" if at + 1 < len(chunks) else ""
    above = [line for line in before.splitlines() if line.strip()]
    below = [line for line in after.splitlines() if line.strip()]
    return tuple(above[-AROUND:]), tuple(below[:AROUND])


def _said(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
