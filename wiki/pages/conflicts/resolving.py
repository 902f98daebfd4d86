"""The form to resolve conflicts of a merge: its questions, and their answers.

The form holds no state of its own: it sends back the author's text and the numbers of the two
revisions, from which the same merge, with the same questions, is computed again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from wiki.kind_registry import kind_of
from wiki.pages.merging import Dispute, Text, TextMerge
from wiki.text.compare.diff import EFFORT, Row, diff
from wiki.text.compare.lines import normalise_line_ends, split
from wiki.text.compare.merge import Chunk
from wiki.text.compare.stretches import LINE, Line
from wiki.text.compare.words import Effort

AROUND = 2
"""Maximum number of lines of text shown before and after a conflict."""

NEAR = 2_000
"""Number of characters in which these lines are looked for."""

LINES = 400
"""Maximum number of lines shown of one side of a question."""

ROOM = 400_000
"""Maximum number of characters (plus `PER_LINE` for each line) in which the questions of a screen
show differences. Questions beyond it show their first lines without marks."""

PER_LINE = 50

FEW = 20

NAMES = {"title": "Title", "description": "Description"}


@dataclass(frozen=True)
class Side:
    """One side of a question: its first lines, with differences from the base marked, and the
    number of further lines."""

    rows: tuple[Row, ...]
    more: int = 0


class _Room:
    """The remaining room for the questions of one screen."""

    def __init__(self) -> None:
        self.left = ROOM
        self.effort = Effort(EFFORT)

    def sides(self, base: str, mine: str, theirs: str) -> tuple[Side, Side, Side]:
        """Return the three sides of a question for display."""
        texts = base, mine, theirs
        self.left -= sum(len(text) + PER_LINE * text.count("\n") for text in texts)
        if self.left < 0:
            return _few(base), _few(mine), _few(theirs)
        return self._side(base, base), self._side(base, mine), self._side(base, theirs)

    def _side(self, base: str, side: str) -> Side:
        found = diff(base, side, None, effort=self.effort)
        rows = tuple(row for row in found.rows if row.new)[:LINES]
        return Side(rows, len(split(side)) - len(rows))


def _few(text: str) -> Side:
    lines = split(text[: FEW * LINE])[:FEW]
    shown = (line.removesuffix("\n")[:LINE] for line in lines)
    rows = tuple(Row("same", None, Line(n, line)) for n, line in enumerate(shown, start=1))
    return Side(rows, text.count("\n") + (not text.endswith("\n")) - len(rows) if text else 0)


@dataclass(frozen=True)
class Question:
    """A conflict to be decided: in the text, or about a property of the page.

    ``choice`` is ``mine``, ``theirs``, ``both`` or ``own`` (which takes the text in ``own``), or
    empty.
    """

    key: str
    name: str
    base: Side
    mine: Side
    theirs: Side
    before: tuple[str, ...]
    after: tuple[str, ...]
    choice: str
    own: str
    in_text: bool
    can_write: bool

    @property
    def choices(self) -> tuple[str, ...]:
        """The possible choices."""
        both = ("both",) if self.in_text else ()
        return ("mine", "theirs", *both, *(("own",) if self.can_write else ()))


class Unanswered(Exception):
    """A question has no answer, or the questions have changed since they were answered."""


def seal(merge: TextMerge) -> str:
    """Return a hash of all questions, to be sent along with the answers."""
    asked = [[c.base, c.ours, c.theirs] for c in merge.body.conflicts]
    asked += [[d.name, _said(d.base), _said(d.mine), _said(d.theirs)] for d in merge.disputes]
    return hashlib.sha256(json.dumps(asked).encode()).hexdigest()[:32]


def questions(merge: TextMerge, sent: Mapping[str, str]) -> list[Question]:
    """Return the questions of a merge, with the choices made so far in ``sent``."""
    room = _Room()
    names = NAMES | {
        f"fields.{name}": label for name, label in kind_of(merge.theirs.fields).labels.items()
    }
    found = [
        _about_value(dispute, names.get(dispute.name, ""), sent, room) for dispute in merge.disputes
    ]
    number = 0
    for at, chunk in enumerate(merge.body.chunks):
        if chunk.kind == "conflict":
            number += 1
            found.append(_about_text(merge, at, number, sent, room))
    return found


def settled(merge: TextMerge) -> int:
    """Return the number of changes in the text that were merged automatically."""
    return sum(chunk.kind in ("ours", "theirs", "both") for chunk in merge.body.chunks)


def answered(merge: TextMerge, sent: Mapping[str, str]) -> Text:
    """Return the merged text, with the answers in ``sent``.

    :raises Unanswered: when an answer is missing.
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
            return normalise_line_ends(sent[f"own-{key}"])
    raise Unanswered


def _about_text(
    merge: TextMerge, at: int, number: int, sent: Mapping[str, str], room: _Room
) -> Question:
    chunks = merge.body.chunks
    chunk = chunks[at]
    before, after = _around(chunks, at)
    base, mine, theirs = room.sides(chunk.base, chunk.ours, chunk.theirs)
    key = f"text-{number}"
    return Question(
        key=key,
        name="Text",
        base=base,
        mine=mine,
        theirs=theirs,
        before=before,
        after=after,
        choice=sent.get(f"choice-{key}", ""),
        own=sent.get(f"own-{key}", chunk.ours),
        in_text=True,
        can_write=True,
    )


def _about_value(dispute: Dispute, name: str, sent: Mapping[str, str], room: _Room) -> Question:
    said = _said(dispute.base), _said(dispute.mine), _said(dispute.theirs)
    base, mine, theirs = room.sides(*said)
    return Question(
        key=dispute.name,
        name=name or dispute.name.removeprefix("fields."),
        base=base,
        mine=mine,
        theirs=theirs,
        before=(),
        after=(),
        choice=sent.get(f"choice-{dispute.name}", ""),
        own=sent.get(f"own-{dispute.name}", said[1]),
        in_text=False,
        can_write=dispute.name in NAMES,
    )


def _around(chunks: tuple[Chunk, ...], at: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    before = chunks[at - 1].text or "" if at else ""
    after = chunks[at + 1].text or "" if at + 1 < len(chunks) else ""
    above = [line for line in before[-NEAR:].splitlines() if line.strip()]
    below = [line for line in after[:NEAR].splitlines() if line.strip()]
    return tuple(above[-AROUND:]), tuple(below[:AROUND])


def _said(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
