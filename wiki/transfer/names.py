"""Decoding of file names whose encoding is not stated.

Programs on older systems wrote names into archives in the code page of the machine. The common code
pages are tried, and the one in which the names look most like words is chosen.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import lru_cache

# In order of preference if names look equally plausible in several.
ENCODINGS = ("cp437", "cp1252", "cp850", "cp866", "cp932", "gb2312", "euc_kr", "big5", "cp1251")
# First bytes of characters in common use; others are rare in names.
_COMMON = {
    "cp932": range(0x81, 0x98),
    "gb2312": range(0xA1, 0xD8),
    "euc_kr": range(0xA1, 0xC9),
    "big5": range(0xA1, 0xC7),
}
_WIDE = frozenset({"HIRAGANA", "KATAKANA", "CJK"})


def decoded_names(names: Sequence[str | bytes]) -> tuple[list[str], str]:
    """Return the names as text, and the encoding found for those given as bytes; empty if they are
    ASCII or UTF-8."""
    raw = [name for name in names if isinstance(name, bytes)]
    encoding = _encoding_of([name for name in raw if not name.isascii()])
    text = [name if isinstance(name, str) else name.decode(encoding) for name in names]
    return text, "" if encoding == "utf-8" else encoding


def _encoding_of(names: Sequence[bytes]) -> str:
    """Return the encoding in which all of the names look best."""
    found, best = "", float("-inf")
    for encoding in ("utf-8", *ENCODINGS):
        try:
            text = [name.decode(encoding) for name in names]
        except UnicodeDecodeError:
            continue
        if encoding == "utf-8":
            return encoding
        score = sum(_likeness(name, encoding) for name in text)
        if score > best:
            found, best = encoding, score
    return found  # cp437 has a character for every byte


def _likeness(name: str, encoding: str) -> float:
    """Score how plausible a name is: the sum over its characters beyond ASCII, less for those that
    rarely stand beside their neighbours."""
    score = 0.0
    before, last = "", ""
    for character in name:
        script = _script(character)
        if character > "\x7f":
            score += _weight(character, script, encoding)
        if script and last and (before > "\x7f" or character > "\x7f"):
            if last != script:
                score -= 1.5  # two alphabets in one word
            elif before.islower() and character.isupper():
                score -= 1
            elif script == "LATIN" and min(before, character) > "\x7f":
                score -= 0.5  # accents mostly stand alone
        before, last = character, script
    return score


def _weight(character: str, script: str, encoding: str) -> float:
    if not script:
        return -1.5 if unicodedata.category(character)[0] in "SC" else -0.5
    if script == "HALFWIDTH" or (script == "GREEK" and encoding in ("cp437", "cp850")):
        return -1  # symbols rather than letters
    if "\u3041" <= character <= "\u318e" and encoding != "cp932":
        return 0.5  # kana and single jamo, which Chinese and Korean names hardly have
    if script == "WIDE":  # two bytes each, so that there are half as many
        return 2.2 if character.encode(encoding)[0] in _COMMON.get(encoding, ()) else 0.5
    if script == "HANGUL":
        return 2.3
    return 1


@lru_cache(maxsize=4096)
def _script(character: str) -> str:
    """Return the alphabet of a letter; empty for other characters."""
    if not character.isalpha():
        return ""
    name = unicodedata.name(character, "").split(" ")[0].split("-")[0]
    return "WIDE" if name in _WIDE else name
