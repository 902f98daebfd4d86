"""The source of one section of a text, to be edited on its own."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from markdown_it.token import Token

from wiki.text.compare.lines import normalise_line_ends, split
from wiki.text.markdown.grammar import grammar
from wiki.text.markdown.headings import TAGS, Headings
from wiki.text.markdown.markup import clean_source
from wiki.text.markdown.tree import build_tree

_UNDERLINED = re.compile(r"[^\n#>][^\n]*\n(?:[^\n]+\n)*? {0,3}(?:=+|-+)[ \t]*(?:\n|\Z)")


@dataclass(frozen=True)
class SectionText:
    """A section of a text: its heading in words, its source up to its last line that is not blank,
    and what stands before and after it."""

    title: str
    before: str
    text: str
    after: str

    def replaced(self, text: str) -> str:
        """Return the whole text with another source of this section."""
        text = normalise_line_ends(text)
        if text == self.text:
            return self.before + text + self.after
        if text and self.after and not text.endswith("\n"):
            text += "\n"
        if text and _UNDERLINED.match(self.after):
            text += "\n"  # or the heading would take in the line above it
        return self.before + text + self.after


def section_text(source: str, identifier: str) -> SectionText | None:
    """Return the section whose heading has this id on the page, or None if there is none.

    A section ends at the next heading of the same or a higher level, or with the block (a quote, a
    list item) that it is in.

    :raises TooDeepError: when the text is nested too deeply to be rendered.
    """
    tokens = grammar().parse(clean_source(source), {})
    headings = Headings()
    for element in list(build_tree(tokens).iter()):
        if element.tag in TAGS:
            headings.add(element)
    # In the order of their opening tokens; the first may be missing on the page, but it has an id.
    places = [at for at, token in enumerate(tokens) if token.type == "heading_open"]
    for at, heading in zip(places, headings.found, strict=True):
        span = _span(tokens, at)
        if heading.id == identifier and span is not None:
            lines = split(normalise_line_ends(source))
            begin, end = span[0], len(lines) if span[1] is None else span[1]
            while end > begin + 1 and not lines[end - 1].strip():
                end -= 1
            parts = lines[:begin], lines[begin:end], lines[end:]
            return SectionText(heading.text, *("".join(part) for part in parts))
    return None


def _span(tokens: Sequence[Token], at: int) -> tuple[int, int | None] | None:
    """Return the first line of the section that a token opens, and the line after its last one
    (None at the end of the text); None if the section is in a block whose place is unknown."""
    heading = tokens[at]
    if heading.map is None:
        return None
    for token in tokens[at + 1 :]:
        if token.level < heading.level:
            break
        same = token.type == "heading_open" and token.level == heading.level
        if same and token.map and token.tag <= heading.tag:
            return heading.map[0], token.map[0]
        if token.type == "footnote_block_open":
            return heading.map[0], None
    if not heading.level:
        return heading.map[0], None
    around = next(token for token in reversed(tokens[:at]) if token.level == heading.level - 1)
    return (heading.map[0], around.map[1]) if around.map else None
