"""Taking a span out of texts: where it stands, what takes its place, how it is known again.

What stands for it is a mark on the same line, so lines keep their numbers and histories still
compare. A span that is gone is known again by a keyed hash, so that it need not be kept.
"""

from __future__ import annotations

import hmac
import re
import unicodedata
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from wiki.text.paths import slugify

MARK = "[redacted]"
NAME_MARK = "redacted"
"""The mark in names, paths and addresses, where brackets would be in the way."""
SHORTEST = 3
LONGEST = 20_000
SALT_BYTES = 16

# What stands between two words of a span, in texts, addresses and names of files.
_BETWEEN = r"(?:\s+|[-_+.]|%20)"
_IN_ADDRESS = re.compile(r"(?:\]\(\s*<?|\]:\s*<?|\[\[|https?://)[^\s()<>\[\]]*\Z")
_LOOK_BACK = 400
_LINE = re.compile(r"\S(?:[^\n]*\S)?")
# Of a long span so much is compared first.
_FIRST = 48


class Span:
    """A text that is to go, however it is written: in upper or lower case, over the end of a line,
    or as a part of an address.

    :param whole: only where it is no part of a longer word.
    """

    def __init__(self, typed: str, *, whole: bool = False) -> None:
        self.whole = whole
        self.text = " ".join(unicodedata.normalize("NFC", typed).split())

    @property
    def fault(self) -> str:
        """Why it cannot be taken out, in a sentence; empty when it can."""
        if len(self.folded) < SHORTEST:
            return f"Give at least {SHORTEST} characters, or too much would go."
        if len(self.text) > LONGEST:
            return f"Give at most {LONGEST:,} characters at once."
        if not any(one.isalnum() for one in self.text):
            return "Give a text with letters or digits in it."
        if self.folded in MARK:
            return f"Give more of the text: this is a part of the mark {MARK} itself."
        return ""

    @cached_property
    def folded(self) -> str:
        """What is the same for all ways to write it."""
        return fold(self.text)

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """What finds it."""
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
        """How many times it stands in a text."""
        return sum(1 for _ in self.pattern.finditer(text))

    def words(self, text: str) -> int:
        """How many words of a text go."""
        return sum(len(match[0].split()) for match in self.pattern.finditer(text))

    def hide(self, text: str) -> str:
        """A text without it: on each line a mark stands for what was there."""
        return self.pattern.sub(lambda match: _hidden(text, match.start(), match.end()), text)

    def hide_name(self, name: str) -> str:
        """A path or a file's name without it."""
        return self.pattern.sub(NAME_MARK, name)


def _hidden(text: str, start: int, end: int) -> str:
    before = text[max(0, start - _LOOK_BACK) : start]
    mark = NAME_MARK if _IN_ADDRESS.search(before) else MARK
    return _LINE.sub(mark, text[start:end])


def fold(text: str) -> str:
    """A text as two are compared: without case, with single blanks."""
    return " ".join(text.casefold().split())


@dataclass(frozen=True)
class Sealed:
    """A span as it is remembered when it is gone: its length, and hashes that mean nothing to whom
    the wiki's key is not known. ``in_titles`` says that it is gone from titles only."""

    length: int
    salt: bytes
    filter: int
    digest: bytes
    whole: bool = False
    in_titles: bool = False


def seal(span: Span, key: bytes, salt: bytes) -> Sealed:
    """How a span is remembered."""
    text = span.folded
    first = zlib.crc32(text[:_FIRST].encode("utf-32-le")) ^ _pad(key, salt)
    return Sealed(len(text), salt, first, _digest(key, salt, text), span.whole)


def occurrences(text: str, sealed: Sealed, key: bytes) -> Iterator[tuple[int, int]]:
    """Where a sealed span stands in a text: from which character to before which."""
    found = list(_in_folded(fold(text), sealed, key))
    if not found:
        return
    end, where = 0, _places(text)
    for start in found:
        if start >= end:
            end = start + sealed.length
            yield where[start], where[end - 1] + 1


def hide_sealed(text: str, sealed: Sealed, key: bytes) -> str:
    """A text without a sealed span."""
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
    """For each character of the folded text, which one of the text it comes from."""
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
