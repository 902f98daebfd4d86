"""The passage of a page that best answers a query, quoted: text, items, code or a table."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from html.parser import HTMLParser

from wiki.search.excerpts import Pieces, marked
from wiki.text.markdown.fragments import section_of

LONGEST = 700
"""Maximum number of characters of a quoted passage; longer ones are no answers."""
MOST_LINES = 6
"""Maximum number of items of a list, or rows of a table below its head."""
ENOUGH = 0.6
"""Minimum share of the parts of a query that a passage must have."""
_OWN_TEXT = re.compile("\x02[^\x03]*\x03")
_TEXTS = frozenset({"p", "dd", "dt", "summary", "figcaption"})


@dataclass(frozen=True)
class Block:
    """A passage of one kind (`text`, `items`, `code`, `table`): lines of cells of pieces."""

    kind: str
    lines: tuple[tuple[Pieces, ...], ...]


@dataclass(frozen=True)
class _Found:
    kind: str
    lines: list[list[str]]


def best_passage(
    html: str, fragment: str, groups: Sequence[Collection[str]], terms: Sequence[str]
) -> Block | None:
    """Return the passage of the section with that id, or of the whole page, that has most parts of
    a query; None if none has enough.

    :param groups: the words that satisfy each part of the query, folded.
    :param terms: the words to highlight, folded.
    """
    reader = _Reader()
    reader.feed((section_of(html, fragment) if fragment else None) or html)
    best, value = None, 0
    for one in reader.found:
        some = _reduced(one, groups)
        text = "\n".join(" ".join(line) for line in some.lines)
        parts = sum(_has(text, group) for group in groups)
        if parts > value and len(text) <= LONGEST:
            best, value = some, parts
    if best is None or value < ENOUGH * len(groups):
        return None
    code = best.kind == "code"
    lines = tuple(tuple(marked(cell, terms, as_is=code) for cell in line) for line in best.lines)
    return Block(best.kind, lines)


def _has(text: str, group: Collection[str]) -> bool:
    return any(hit for _, hit in marked(text, tuple(group)))


def _reduced(one: _Found, groups: Sequence[Collection[str]]) -> _Found:
    """Return a long list or table with its best lines only, in their order, and a table's head."""
    if one.kind not in ("items", "table") or len(one.lines) <= MOST_LINES:
        return one
    head = 1 if one.kind == "table" else 0
    values = [sum(_has(" ".join(line), group) for group in groups) for line in one.lines[head:]]
    order = sorted(range(len(values)), key=lambda at: (-values[at], at))
    best = [at for at in order if values[at] == values[order[0]]][:MOST_LINES]
    return _Found(one.kind, [*one.lines[:head], *(one.lines[head + at] for at in sorted(best))])


class _Reader(HTMLParser):
    """A reader of sanitised HTML that collects its passages. Parts of other pages are not in it."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[_Found] = []
        self.open = ""
        self.text = ""
        self.lines: list[list[str]] = []
        self.depth = 0

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        """Begin a passage, a line or a cell."""
        if tag in ("ul", "ol"):
            self.depth += 1
        kind = "items" if tag in ("ul", "ol") else {"table": "table", "pre": "code"}.get(tag, "")
        if not self.open and (kind or tag in _TEXTS):
            self.open, self.lines, self.text = kind or "text", [], ""
        elif self.open == "items" and tag == "li":
            self._line()
        elif self.open == "table" and tag == "tr":
            self.lines.append([])
        elif self.open == "table" and tag in ("td", "th"):
            self.text = ""
        elif tag == "br":
            self.text += "\n"

    def handle_endtag(self, tag: str) -> None:
        """End a passage, a line or a cell."""
        if tag in ("ul", "ol"):
            self.depth -= 1
        if self.open == "table" and tag in ("td", "th") and self.lines:
            self.lines[-1].append(_plain(self.text))
        ends = {"table": ("table",), "code": ("pre",), "items": ("ul", "ol")}
        if self.open == "items" and tag in ends["items"] and self.depth:
            return
        if self.open and tag in (ends.get(self.open) or _TEXTS):
            if self.open != "table":
                self._line()
            if lines := [line for line in self.lines if any(line)]:
                self.found.append(_Found(self.open, lines))
            self.open, self.text = "", ""

    def handle_data(self, data: str) -> None:
        """Collect text."""
        if self.open:
            self.text += data

    def _line(self) -> None:
        text = self.text.strip("\n") if self.open == "code" else _plain(self.text)
        if text:
            self.lines.append([_OWN_TEXT.sub("", text)])
        self.text = ""


def _plain(text: str) -> str:
    return " ".join(_OWN_TEXT.sub("", text).split())
