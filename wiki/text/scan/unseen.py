"""Invisible characters: shown by their code points, and named in a notice where they could deceive.

A bidirectional control makes a line read differently from what is stored, and a character without
width splits a word that looks whole (CVE-2021-42574). Emoji and some scripts need the same
characters; there they are ignored.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Mapping
from typing import NamedTuple

import regex

from wiki.i18n import gettext as _
from wiki.i18n import lazy_gettext, listed, ngettext

MOST = 10  # characters named in a notice

_UNSEEN = re.compile(  # several times as fast here as `regex`
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    r"\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb"
    r"\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)

_EMBEDDINGS = frozenset("\u202a\u202b\u2066\u2067\u2068")
_OVERRIDES = frozenset("\u202d\u202e")
_ENDS = {"\u202c": _EMBEDDINGS | _OVERRIDES, "\u2069": frozenset("\u2066\u2067\u2068")}
_MARKS = frozenset("\u200e\u200f\u061c")
_JOINERS = frozenset("\u200c\u200d")
_WIDTHLESS = frozenset("\u200b\u2060\ufeff\u2061\u2062\u2063\u2064\u180e\u034f")
_FILLERS = frozenset("\u3164\uffa0\u115f\u1160\u17b4\u17b5")
_HARMLESS = frozenset("\x0b\x0c\r\x85")  # they only move the text that follows

# An emoji, and the characters that may join it to another one.
_EMOJI = regex.compile(r"[\p{Extended_Pictographic}\p{Emoji_Modifier}\u20e3]\ufe0f?\Z")
_FLAG = regex.compile("\U0001f3f4[\U000e0020-\U000e007e]+\U000e007f")
_JOINED_SCRIPT = regex.compile(
    r"[\p{Arabic}\p{Syriac}\p{Mandaic}\p{Nko}\p{Mongolian}\p{Devanagari}\p{Bengali}\p{Gurmukhi}"
    r"\p{Gujarati}\p{Oriya}\p{Tamil}\p{Telugu}\p{Kannada}\p{Malayalam}\p{Sinhala}\p{Khmer}"
    r"\p{Myanmar}\p{Tibetan}\p{Phags_Pa}\p{Adlam}\p{Hanifi_Rohingya}]"
)
_UNSPACED_SCRIPT = regex.compile(
    r"[\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}\p{Tibetan}\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}]"
)
_BASE_OF_SELECTOR = regex.compile(r"[\p{Emoji}\p{S}\p{P}\p{Han}\p{Mongolian}\p{Myanmar}\p{Lo}]")

_CONTROLS = {0x08: "BACKSPACE", 0x1B: "ESCAPE", 0x7F: "DELETE", 0x00: "NULL"}


PLACES: Mapping[str, str] = {
    "title": lazy_gettext("the title"),
    "tags": lazy_gettext("the tags"),
    "description": lazy_gettext("the description"),
    "fields": lazy_gettext("the fields"),
    "address": lazy_gettext("the address"),
}
"""Places outside of a text, and their names."""


class Unseen(NamedTuple):
    """A character that could deceive: its name, and its line number from 1, or one of
    :data:`PLACES`."""

    name: str
    line: int = 0
    place: str = ""


def name_of(character: str) -> str:
    """Return the name of a character, with its number."""
    number = ord(character)
    if 0xE0020 <= number <= 0xE007E:
        name = f"TAG {chr(number - 0xE0000)}"
    else:
        name = unicodedata.name(character, "") or _CONTROLS.get(number, "CONTROL CHARACTER")
    return f"{name} ({_number(character)})"


def marked(text: str, escape: Callable[[str], str]) -> str:
    """Return `text` as HTML in which each invisible character is shown by its number.

    :param escape: converts text to HTML.
    """
    if not _UNSEEN.search(text):
        return escape(text)
    parts, last = [], 0
    for found in _UNSEEN.finditer(text):
        at = found.start()
        if _is_part_of_a_sign(text, at):
            continue
        parts.append(escape(text[last:at]))
        number = _number(found[0])
        parts.append(f'<span class="unseen" title="{escape(name_of(found[0]))}">{number}</span>')
        last = at + 1
    return "".join([*parts, escape(text[last:])])


def deceptive(text: str, known: Collection[str] = ()) -> list[Unseen]:
    """Return the characters of `text` that could deceive, in order, except those in lines that
    occur in `known`."""
    if not _UNSEEN.search(text):
        return []
    found = []
    for number, line in enumerate(text.split("\n"), start=1):
        if _UNSEEN.search(line) and line not in known:
            found += [Unseen(name_of(line[at]), number) for at in _in_line(line)]
    return found


def deceptive_in(place: str, value: str, known: str = "") -> list[Unseen]:
    """Return the characters that could deceive in a value outside of a text, such as its title,
    except those in lines that occur in `known`."""
    found = deceptive(value, known.split("\n"))
    return [Unseen(one.name, place=place) for one in found]


def notice(found: Collection[Unseen], file: str = "") -> str:
    """Return a notice for the author that names the characters and their places; "" for none.

    :param file: the name of the file that has the characters, if it is not a page.
    """
    told = named(found)
    if not told:
        return ""
    if file:
        return _(
            "The name of “%(name)s” contains invisible characters that can make it read differently"
            " from what it is: %(characters)s.",
            name=file,
            characters=told,
        )
    return _(
        "This page contains invisible characters that can make it read differently from what it"
        " is: %(characters)s.",
        characters=told,
    )


def named(found: Collection[Unseen]) -> str:
    """Return the characters with their places, in words; "" for none."""
    lines: dict[str, list[int]] = {}
    places: dict[str, list[str]] = {}
    for one in found:
        at, beside = lines.setdefault(one.name, []), places.setdefault(one.name, [])
        if one.line and one.line not in at:
            at.append(one.line)
        if one.place and one.place not in beside:
            beside.append(one.place)
    told = []
    for name, at in list(lines.items())[:MOST]:
        numbers = ", ".join(map(str, at[:MOST])) + (", …" if len(at) > MOST else "")
        where = [ngettext("line %(numbers)s", "lines %(numbers)s", len(at), numbers=numbers)]
        where = [*(where if at else ()), *(str(PLACES[one]) for one in places[name])]
        told.append(_("%(name)s in %(places)s", name=name, places=listed(where)) if where else name)
    characters = "; ".join(told)
    if len(lines) > MOST:
        return _("%(characters)s, and others", characters=characters)
    return characters


def _number(character: str) -> str:
    return f"U+{ord(character):04X}"


def _in_line(line: str) -> list[int]:
    """Return the positions in a line of characters that could deceive."""
    is_rtl = any(
        unicodedata.bidirectional(character) in ("R", "AL")
        for character in line
        if character not in _MARKS
    )
    flags = {at for flag in _FLAG.finditer(line) for at in range(*flag.span())}
    open_at: list[int] = []
    found: set[int] = set()
    for match in _UNSEEN.finditer(line):
        at, character = match.start(), match[0]
        if character in _OVERRIDES or character in _EMBEDDINGS:
            open_at.append(at)
            if character in _OVERRIDES or not is_rtl:
                found.add(at)
        elif character in _ENDS:
            if open_at and line[open_at[-1]] in _ENDS[character]:
                if open_at.pop() in found:
                    found.add(at)
            else:
                found.add(at)
        elif at not in flags and _deceives(line, at, is_rtl):
            found.add(at)
    return sorted({*found, *open_at})  # an unclosed control affects the next line


def _deceives(line: str, at: int, is_rtl: bool) -> bool:
    """Return whether a character, except paired ones, could deceive at its position."""
    character = line[at]
    if character in _MARKS:
        return not is_rtl
    if character in _FILLERS:
        return not _JOINED_SCRIPT.search(line[max(0, at - 1) : at + 2])
    around = line[max(0, at - 1) : at] + line[at + 1 : at + 2]
    is_inside_a_word = len(around) == 2 and around.replace("_", "a").isalnum()
    if character in _JOINERS or character in _WIDTHLESS:
        if _is_part_of_a_sign(line, at) or _UNSPACED_SCRIPT.search(around):
            return False
        return is_inside_a_word or _UNSEEN.search(around) is not None
    if "\ufe00" <= character <= "\ufe0f" or 0xE0100 <= ord(character) <= 0xE01EF:
        return not _BASE_OF_SELECTOR.match(line[max(0, at - 1) : at])
    if 0xE0000 <= ord(character) <= 0xE0FFF:
        return True
    return unicodedata.category(character) == "Cc" and character not in _HARMLESS


def _is_part_of_a_sign(text: str, at: int) -> bool:
    """Return whether a joiner or selector forms one sign with its neighbours: an emoji, or a letter
    of a script that needs it."""
    character = text[at]
    before = text[max(0, at - 3) : at]
    if character == "\u200d" and _EMOJI.search(before):
        return True
    if character in _JOINERS:
        return _JOINED_SCRIPT.search(text[max(0, at - 1) : at + 2]) is not None
    if "\ufe00" <= character <= "\ufe0f":
        return _BASE_OF_SELECTOR.match(text[max(0, at - 1) : at]) is not None
    if 0xE0020 <= ord(character) <= 0xE007F:
        around = text[max(0, at - 32) : at + 32]
        return any(flag.start() <= min(at, 32) < flag.end() for flag in _FLAG.finditer(around))
    return False
