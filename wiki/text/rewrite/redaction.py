"""Redaction of a passage in texts: searching, replacing and recognising it later.

The replacement is a mark on the same line, so lines keep their numbers and histories still compare.
A removed passage is recognised by a keyed hash, so that it need not be stored.
"""

from __future__ import annotations

import hmac
import re
import unicodedata
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from wiki.i18n import gettext as _
from wiki.text.paths import slugify

MARK = "[redacted]"
NAME_MARK = "redacted"
"""The mark in names, paths and addresses, where brackets are not allowed."""
SHORTEST = 3
LONGEST = 20_000
SALT_BYTES = 16

# Separators of two words of a passage, in texts, addresses and file names.
_BETWEEN = r"(?:\s+|[-_+.]|%20)"
_IN_ADDRESS = re.compile(r"(?:\]\(\s*<?|\]:\s*<?|\[\[|https?://)[^\s()<>\[\]]*\Z")
_LOOK_BACK = 400
_LINE = re.compile(r"\S(?:[^\n]*\S)?")
# Number of characters that are compared first, by a checksum.
_FIRST = 48


class Span:
    """A passage to remove, however it is written: in upper or lower case, across line ends, or as a
    part of an address.

    :param whole: match only if it is not part of a longer word.
    """

    def __init__(self, typed: str, *, whole: bool = False) -> None:
        self.whole = whole
        self.text = " ".join(unicodedata.normalize("NFC", typed).split())

    @property
    def fault(self) -> str:
        """A sentence that says why it cannot be removed; empty if it can."""
        if len(self.folded) < SHORTEST:
            return _(
                "Enter at least %(count)s characters, or too much would be redacted.",
                count=SHORTEST,
            )
        if len(self.text) > LONGEST:
            return _("Enter at most %(count)s characters at once.", count=f"{LONGEST:,}")
        if not any(one.isalnum() for one in self.text):
            return _("Enter text that contains letters or digits.")
        if self.folded in MARK:
            return _("Enter more of the text: this is part of the mark %(mark)s itself.", mark=MARK)
        return ""

    @cached_property
    def folded(self) -> str:
        """The normal form, which is the same for all ways to write it."""
        return fold(self.text)

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """The pattern that matches it."""
        ways = [self.text.split()]
        slug = [one for one in re.split(r"[-_]+", slugify(self.text)) if one]
        if len("".join(slug)) >= SHORTEST and slug != ["untitled"]:
            ways.append(slug)
        if ways[-1] == self.text.lower().split():
            del ways[1:]
        found = "|".join(_BETWEEN.join(map(re.escape, way)) for way in ways)
        if self.whole:
            found = rf"(?<![^\W_])(?:{found})(?![^\W_])"
        return re.compile(found, re.IGNORECASE)

    def count(self, text: str) -> int:
        """Count its occurrences in a text."""
        return sum(1 for _match in self.pattern.finditer(text))

    def words(self, text: str) -> int:
        """Count the words that are removed from a text."""
        return sum(len(match[0].split()) for match in self.pattern.finditer(text))

    def hide(self, text: str) -> str:
        """Return a text without it; on each line it is replaced by a mark."""
        return self.pattern.sub(lambda match: _hidden(text, match.start(), match.end()), text)

    def hide_name(self, name: str) -> str:
        """Return a path or a file name without it."""
        return self.pattern.sub(NAME_MARK, name)


def _hidden(text: str, start: int, end: int) -> str:
    before = text[max(0, start - _LOOK_BACK) : start]
    mark = NAME_MARK if _IN_ADDRESS.search(before) else MARK
    return _LINE.sub(mark, text[start:end])


def fold(text: str) -> str:
    """Return the form in which texts are compared: without case, with single blanks."""
    return " ".join(text.casefold().split())


@dataclass(frozen=True)
class Sealed:
    """A removed passage as it is stored: its length, and hashes that are useless without the wiki's
    key. ``in_titles`` is True if it was removed from titles only."""

    length: int
    salt: bytes
    filter: int
    digest: bytes
    whole: bool = False
    in_titles: bool = False


def seal(span: Span, key: bytes, salt: bytes) -> Sealed:
    """Return the stored form of a passage."""
    text = span.folded
    first = zlib.crc32(text[:_FIRST].encode("utf-32-le")) ^ _pad(key, salt)
    return Sealed(len(text), salt, first, _digest(key, salt, text), span.whole)


def occurrences(text: str, sealed: Sealed, key: bytes) -> Iterator[tuple[int, int]]:
    """Yield the start and end of each occurrence of a sealed passage in a text."""
    found = list(_in_folded(fold(text), sealed, key))
    if not found:
        return
    end, where = 0, _places(text)
    for start in found:
        if start >= end:
            end = start + sealed.length
            yield where[start], where[end - 1] + 1


def hide_sealed(text: str, sealed: Sealed, key: bytes) -> str:
    """Return a text without a sealed passage."""
    for start, end in reversed(list(occurrences(text, sealed, key))):
        text = text[:start] + _hidden(text, start, end) + text[end:]
    return text


def _in_folded(folded: str, sealed: Sealed, key: bytes) -> Iterator[int]:
    if len(folded) < sealed.length:
        return
    wanted = sealed.filter ^ _pad(key, sealed.salt)
    data = memoryview(folded.encode("utf-32-le", "surrogatepass"))
    width = 4 * min(sealed.length, _FIRST)
    crc = zlib.crc32
    for at in range(0, 4 * (len(folded) - sealed.length) + 1, 4):
        if crc(data[at : at + width]) == wanted:
            start, end = at // 4, at // 4 + sealed.length
            around = folded[max(start - 1, 0) : start] + folded[end : end + 1]
            if sealed.whole and any(map(str.isalnum, around)):
                continue
            span = folded[start:end]
            if hmac.compare_digest(_digest(key, sealed.salt, span), sealed.digest):
                yield start


def _places(text: str) -> list[int]:
    """Return for each character of the folded text the index of its origin in the text."""
    found: list[int] = []
    blank = -1
    for at, character in enumerate(text):
        if character.isspace():
            blank = at if found and blank < 0 else blank
            continue
        if blank >= 0:
            found.append(blank)
            blank = -1
        found.extend([at] * len(character.casefold()))
    return found


def _pad(key: bytes, salt: bytes) -> int:
    return int.from_bytes(hmac.digest(key, b"first\0" + salt, "sha256")[:4])


def _digest(key: bytes, salt: bytes, span: str) -> bytes:
    return hmac.digest(key, b"span\0" + salt + span.encode("utf-8", "surrogatepass"), "sha256")
