"""The text that a person wrote in a mail, without what their mail program quotes below it."""

from __future__ import annotations

import re
from email.message import EmailMessage
from html.parser import HTMLParser

MARK = "##-"
"""The sign in the first line of mails that can be replied to. What follows it is quoted."""
LONGEST = 200_000
"""Number of characters of a mail that are looked at."""

_BLOCKS = frozenset({"p", "div", "br", "li", "tr", "h1", "h2", "h3", "blockquote"})
_SKIPPED = frozenset({"head", "style", "script", "blockquote"})
_FIELD = re.compile(r"\*?[^\W\d_]{2,15}\*?\s?:")
_RULE = re.compile(r"\s*(-{2,}[^-]{0,60}-{2,}|_{5,})\s*")


def reply_in(message: EmailMessage) -> str:
    """Return the text of a reply; empty if the mail has none."""
    part = message.get_body(("plain", "html"))
    if part is None:
        return ""
    try:
        text = str(part.get_content())[:LONGEST]
    except (LookupError, ValueError):  # a charset or an encoding that does not exist
        return ""
    if part.get_content_subtype() == "html":
        text = _words_of(text)
    return cut(text)


def cut(text: str) -> str:
    """Return a text up to the mail that is quoted below it, without the line that introduces it and
    without a signature."""
    lines = text.replace("\r\n", "\n").split("\n")
    end = next((at for at, line in enumerate(lines) if MARK in line), len(lines))
    is_quoted = end < len(lines)
    lines = lines[:end]
    while lines and (not lines[-1].strip() or lines[-1].lstrip().startswith(">")):
        is_quoted = is_quoted or bool(lines[-1].strip())
        lines.pop()
    if is_quoted:
        _drop_introduction(lines)
    for at, line in enumerate(lines):
        if line in ("-- ", "--"):
            del lines[at:]
            break
    return "\n".join(lines).strip()


def _drop_introduction(lines: list[str]) -> None:
    """Remove the last lines, if they are such as “On Monday, Trellis <…> wrote:”, or the first
    fields of the quoted mail below a rule."""
    last = len(lines) - 1
    if last >= 0 and lines[last].rstrip().endswith(":"):
        first = last
        while first > 0 and last - first < 2 and lines[first - 1].strip():
            first -= 1
        while first < last and "@" not in "".join(lines[first : last + 1]):
            first += 1
        if "@" in "".join(lines[first : last + 1]):
            del lines[first:]
            return
    fields = 0
    while fields < len(lines) and _FIELD.match(lines[-1 - fields]):
        fields += 1
    if fields >= 3:
        del lines[-fields:]
    while lines and (not lines[-1].strip() or _RULE.fullmatch(lines[-1])):
        lines.pop()


class _Words(HTMLParser):
    """The words of an HTML document, without quotations."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.skipped = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SKIPPED:
            self.skipped += 1
        elif tag in _BLOCKS and not self.skipped:
            self.words.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in _SKIPPED:
            self.skipped = max(self.skipped - 1, 0)
        elif tag == "p" and not self.skipped:
            self.words.append("\n")

    def handle_data(self, data: str) -> None:
        if not self.skipped:
            self.words.append(" ".join(data.split("\n")))


def _words_of(html: str) -> str:
    parser = _Words()
    parser.feed(html)
    parser.close()
    return "\n".join(line.strip() for line in "".join(parser.words).split("\n"))
