"""Boxes of task lists: one of them is ticked in the source of a text."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from markdown_it.token import Token

from wiki.text.markdown.grammar import grammar

MAX_WORDS = 80

# The markers of blocks that a line can begin with, and a box after the last of them.
_BOX = re.compile(
    r"(?:[ \t]*(?:>|[-+*:~]|\d{1,9}[.)]|\[\^[^\]\n]+\]:))+[ \t]+\[([ xX])\](?=[ \t]|$)"
)


@dataclass(frozen=True)
class Ticked:
    """A text with one box ticked or cleared, and the beginning of the words beside the box."""

    text: str
    words: str


@dataclass(frozen=True)
class _Box:
    line: int
    done: bool
    words: str


def tick(source: str, number: int, count: int, done: bool) -> Ticked | None:
    """Return a text with a box ticked, or cleared.

    :param number: which box, from 0, in the order in which a page shows them.
    :param count: the number of boxes that the reader saw on the page.
    :return: None if the page has another number of boxes, or the box is not found in the source.
    """
    boxes = list(_boxes(source))
    if len(boxes) != count or not 0 <= number < count:
        return None
    box = boxes[number]
    lines = source.split("\n")
    match = _BOX.match(lines[box.line])
    if match is None:
        return None
    at = match.start(1)
    line = lines[box.line]
    lines[box.line] = line[:at] + ("x" if done else " ") + line[at + 1 :]
    text = "\n".join(lines)
    # Proof: this box has the wanted state, and all others are as they were.
    wanted = [done if at == number else one.done for at, one in enumerate(boxes)]
    if [one.done for one in _boxes(text)] != wanted:
        return None
    return Ticked(text, box.words)


def _boxes(source: str) -> Iterator[_Box]:
    tokens = grammar().parse(source, {})
    for at, token in enumerate(tokens):
        if token.type == "list_item_open" and "checked" in token.meta and token.map:
            yield _Box(token.map[0], bool(token.meta["checked"]), _words(tokens, at))


def _words(tokens: list[Token], at: int) -> str:
    """Return the text beside a box, without markup."""
    for token in tokens[at + 1 :]:
        if token.type in ("list_item_open", "list_item_close"):
            break
        if token.type == "inline":
            parts = [child.content or " " for child in token.children or () if _is_text(child)]
            words = " ".join("".join(parts).split())
            return words if len(words) <= MAX_WORDS else words[: MAX_WORDS - 1].rstrip() + "…"
    return ""


def _is_text(token: Token) -> bool:
    return token.type in ("text", "code_inline", "softbreak", "hardbreak")
