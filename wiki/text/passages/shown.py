"""Passages of a Markdown text and of what its readers see, found in each other.

The words of the source and of its HTML are aligned as a whole: nearly all that readers see stands
in the source in the same order. So a passage is found wherever it is, in a cell, in code or in a
formula, whatever marks it up, and no grammar is needed.
"""

from __future__ import annotations

import html as entities
import re
from bisect import bisect_left
from functools import cached_property
from itertools import islice

from wiki.text.compare.lines import changes, split, verbatim
from wiki.text.compare.words import tokens
from wiki.text.markdown.excerpt import seen_text
from wiki.text.passages.following import Passage, quote_at

_UNSEEN = re.compile(
    r"(?<=\])\([^()\s]*(?:\([^()\s]*\)[^()\s]*)*(?:\s+\"[^\"\n]*\")?\)"  # the address of a link
    r"|(?<=\])\[[^\]\n]*\]"  # the label of a reference
    r"|<!--.*?-->"
    r"|</?[a-zA-Z][\w-]*(?:\s[^<>]*)?/?>"  # a tag
    r"|(?<=\[\[)[^\[\]|\n]*\|"  # the target of a wiki link with a label
    r"|^ {0,3}\[(?!\^)[^\]\n]+\]:.*$",  # the definition of a reference
    re.MULTILINE | re.DOTALL,
)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,31});")


class Sight:
    """A Markdown text with what its readers see.

    :param source: the text.
    :param html: its HTML.
    """

    def __init__(self, source: str, html: str) -> None:
        self.source = source
        self.text = seen_text(html)

    def occurrences(self, quote: str) -> list[tuple[int, int]]:
        """Return the spans of the shown text with these characters, whatever the white space."""
        letters = "".join(quote.split())
        if not letters:
            return []
        pattern = re.compile(r"\s*".join(map(re.escape, letters)))
        return [match.span() for match in pattern.finditer(self.text)]

    def source_span(self, start: int, end: int) -> tuple[int, int] | None:
        """Return the span of the source that is shown as a span of the shown text; None if the
        span is not from the source."""
        span = _across(self._shown, self._written, self._pairs, start, end)
        return _with_marks(self.source, *span) if span else None

    def shown_span(self, start: int, end: int) -> tuple[int, int] | None:
        """Return the span of the shown text that a span of the source is shown as; None if nothing
        of it is shown."""
        back = self._back
        return _across(self._written, self._shown, back, start, end)

    def quoted(self, start: int, end: int) -> Passage:
        """Return a span of the shown text, with what is shown before and after it."""
        return quote_at(self.text, start, end)

    @cached_property
    def _shown(self) -> _Words:
        return _Words(self.text)

    @cached_property
    def _written(self) -> _Words:
        return _Words(_without_unseen(self.source))

    @cached_property
    def _pairs(self) -> dict[int, int]:
        """The words of the source by the shown words that they are aligned with."""
        left, right = self._shown.words, self._written.words
        found: dict[int, int] = {}
        i = j = 0
        for change in [*changes(left, right), None]:
            a, b, c, d = change or (len(left), 0, len(right), 0)
            found.update(zip(range(i, a), range(j, c), strict=True))
            i, j = b, d
        return found

    @cached_property
    def _back(self) -> dict[int, int]:
        return {written: shown for shown, written in self._pairs.items()}


class _Words:
    """The words and marks of a text without white space, with their places."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.words: list[str] = []
        self.starts: list[int] = []
        at = 0
        for token in tokens(text):
            if not token.isspace():
                self.words.append(token)
                self.starts.append(at)
            at += len(token)

    def end(self, word: int) -> int:
        """Return where a word ends."""
        return self.starts[word] + len(self.words[word])

    def within(self, start: int, end: int) -> range:
        """Return the words that a span contains, or contains a part of."""
        first = bisect_left(self.starts, start)
        if first and self.end(first - 1) > start:
            first -= 1
        return range(first, bisect_left(self.starts, end))


def _across(
    here: _Words, there: _Words, pairs: dict[int, int], start: int, end: int
) -> tuple[int, int] | None:
    """Return the span of the other text for a span of this one."""
    words = here.within(start, end)
    known = [word for word in words if word in pairs]
    if not known or 2 * len(known) < len(words):
        span = _searched(here, there, pairs, words)
        if span is not None or not known:
            return span
    first, last = known[0], known[-1]
    low, high = there.starts[pairs[first]], there.end(pairs[last])
    low += max(0, start - here.starts[first])
    high -= max(0, here.end(last) - end)
    if first > words[0]:  # words before it that are written differently, such as an entity
        before = pairs.get(words[0] - 1)
        if before is not None and before + 1 < pairs[first]:
            low = there.starts[before + 1]
    if last < words[-1]:
        after = pairs.get(words[-1] + 1)
        if after is not None and after - 1 > pairs[last]:
            high = there.end(after - 1)
    return (low, high) if low < high else None


def _searched(
    here: _Words, there: _Words, pairs: dict[int, int], words: range
) -> tuple[int, int] | None:
    """Return the only place in the other text where these words follow each other, with other marks
    between them: text that is shown elsewhere than it is written, such as a footnote."""
    wanted = [here.words[word] for word in words]
    if any(any(one.isalnum() for one in word) for word in wanted):
        wanted = [word for word in wanted if any(one.isalnum() for one in word)]
    if not wanted:
        return None
    pattern = re.compile(r"[^\w]*?".join(map(re.escape, wanted[:400])))
    found = [match.span() for match in islice(pattern.finditer(there.text), 2)]
    if len(found) == 1:
        return found[0]
    before, after = pairs.get(words[0] - 1), pairs.get(words[-1] + 1)
    if before is not None and after is not None and 0 < after - before - 1 <= 2 * len(words) + 8:
        return there.starts[before + 1], there.end(after - 1)
    return None


def _with_marks(source: str, start: int, end: int) -> tuple[int, int]:
    """Return a span with the marks at its ends whose partners are in it, such as the first two
    stars of `**bold** words`."""
    for mark in ("**", "__", "~~", "`", "*", "_"):
        if source[start:end].count(mark) % 2:
            if source.endswith(mark, 0, start):
                start -= len(mark)
            elif source.startswith(mark, end):
                end += len(mark)
    inside = source[start:end]
    if inside.count("]") > inside.count("[") and source.endswith("[", 0, start):
        start -= 2 if source.endswith("[[", 0, start) else 1
    return start, end


def _without_unseen(source: str) -> str:
    """Return a Markdown text of the same length without what is certainly not shown."""
    lines = split(source)
    parts: list[str] = []
    block: list[str] = []
    for line, is_code in zip(lines, verbatim(lines), strict=True):
        if is_code and "|" not in line:
            parts += [_masked("".join(block)), line]
            block = []
        else:
            block.append(line)
    return "".join([*parts, _masked("".join(block))])


def _masked(text: str) -> str:
    text = _UNSEEN.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)
    return _ENTITY.sub(_entity, text)


def _entity(match: re.Match[str]) -> str:
    shown = entities.unescape(match[0])
    return shown.ljust(len(match[0])) if len(shown) == 1 else match[0]
