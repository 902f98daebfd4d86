"""Syntax of wiki links: parsing the text between `[[` and `]]`, the pages it can mean, and writing
it.

A path is written as it is. A backslash removes the special meaning of the next character, so that
every path can be written; no path contains a backslash.
"""

from __future__ import annotations

import re
from collections.abc import Container
from typing import NamedTuple
from urllib.parse import quote

from markdown_it.common.utils import normalizeReference

from wiki.text.own_texts import own_text
from wiki.text.paths import (
    FOLDER_PAGES,
    PathError,
    name_of,
    normalise_path,
    parent_of,
    path_key,
    slugify,
)

MAX_WIKI_LINK = 1200  # enough for the longest path with every character escaped

_SIGN = r"[!-/:-@\[-`{-~]"
_PLAIN = rf"\\{_SIGN}|\\(?!{_SIGN})|[^\[\]\n<\\]"
INNER = rf"(?:{_PLAIN}|(?<!\[)\[(?![\[^])(?:{_PLAIN})*\](?!\()){{1,{MAX_WIKI_LINK}}}?(?=\]\])"
"""Pattern of the text between the brackets; it may contain a pair of brackets that is not a
link."""

_INNER = re.compile(INNER)
_GROUP = re.compile(r"(?<!\\)\[([^\[\]]*)\]")
_ESCAPED = re.compile(rf"\\({_SIGN})")
_PIPE = re.compile(r"(?<!\\)\|")
_HASH = re.compile(r"(?<!\\)#")
_NEEDS_ESCAPE = re.compile(r"[#|\[\]<]|^\^")
_ENDING = re.compile(r"\.md$", re.IGNORECASE)
OTHER_SPACE = re.compile(r"([^\W_][\w-]*):(?=\S)")


MEDIA = frozenset(
    [
        *("apng", "avif", "bmp", "gif", "ico", "jpeg", "jpg", "png", "svg", "webp", "pdf"),
        *("3gp", "flac", "m4a", "mkv", "mov", "mp3", "mp4", "oga", "ogg", "ogv", "wav", "webm"),
    ]
)
"""Extensions of names that mean files rather than pages after `![[`."""


def is_media(target: str) -> bool:
    """Return whether the target of `![[…]]` is a file; a trailing slash makes it a page."""
    return any(map(names_media, (target, _HASH.split(target)[0])))


def names_media(path: str) -> bool:
    """Return whether the extension of a path is that of a media file."""
    return path.rstrip().rpartition(".")[2].lower() in MEDIA


class Reading(NamedTuple):
    """A possible meaning of a wiki link. Readings with a rank below 0 are tried before the plain
    one, which has rank 0, the others after it."""

    rank: int
    space: str
    path: str
    section: str


def inner_at(text: str, start: int, end: int, references: Container[str]) -> str:
    """Return the text between `[[`, which ends at `start`, and its `]]`; empty if this is not a
    wiki link, or if CommonMark reads the same text differently.

    :param references: the labels that the text defines.
    """
    match = _INNER.match(text, start, min(end, start + MAX_WIKI_LINK))
    if match is None or normalizeReference(match[0]) in references:
        return ""
    if any(normalizeReference(label) in references for label in _GROUP.findall(match[0])):
        return ""
    return match[0] if split_label(match[0])[0] else ""


def split_label(inner: str) -> tuple[str, str]:
    """Split the inner text of a wiki link into its target, as written, and its label."""
    parts = _PIPE.split(inner, 1)
    return parts[0].strip(), unescape(parts[1]).strip() if len(parts) > 1 else ""


def unescape(written: str) -> str:
    """Return the text without the backslashes that remove the special meaning of characters."""
    return _ESCAPED.sub(r"\1", written)


def shown(target: str) -> str:
    """Return the text that readers see for a wiki link without a label."""
    return unescape(target.lstrip("#").strip("/")) or target


def split_target(target: str) -> tuple[str, str, list[str]]:
    """Split a target into the space with its colon, as written, or an empty text; the path; and the
    part after each `#`."""
    other = OTHER_SPACE.match(target)
    lead = other[0] if other else ""
    path, *sections = _HASH.split(target[len(lead) :])
    return lead, path, sections


def section_in(target: str) -> str:
    """Return the part after the last `#`, without escapes; for nested headings that is the
    innermost one."""
    return unescape(_HASH.split(target)[-1]).strip()


def readings(target: str, space: str, base: str = "") -> tuple[str, list[Reading], bool]:
    """Return a reason why the target has no readings, or an empty text; its readings, best first;
    and whether it may also mean a page elsewhere whose path ends with it.

    :param space: the space of the text.
    :param base: the folder that `./` and `../` start from.
    """
    own, rest = space, target
    other = OTHER_SPACE.match(target)
    if other:
        space, rest = slugify(other[1]), target[other.end() :]
    path, *sections = _HASH.split(rest)
    section = sections[-1] if sections else ""
    if path.startswith(("./", "../")):
        return _relative(path, section, space, base)
    found = _Readings()
    found.add(-2, space, rest if sections else "", "")
    found.add(-1, space, "#".join([path, *sections[:-1]]) if len(sections) > 1 else "", section)
    reason = found.add(0, space, path, section)
    found.add(1, space, path, section, slugify)
    if name_of(_bare(path)).casefold() in FOLDER_PAGES:
        found.add(2, space, parent_of(_bare(path)) or "/", section)
    if other:
        found.add(3, own, target, "")
        found.add(4, own, other[0] + path, section)
    return reason, found.sorted(), bool(path.strip("/")) and not path.startswith("/")


def _relative(path: str, section: str, space: str, base: str) -> tuple[str, list[Reading], bool]:
    parts = [part for part in base.split("/") if part]
    for part in _segments(path):
        if part == "..":
            if not parts:
                return own_text("out-of-space"), [], False
            parts.pop()
        elif part != ".":
            parts.append(part)
    found = _Readings()
    reason = found.add(0, space, "/" + "/".join(parts), section)
    if parts and _bare(parts[-1]).casefold() in FOLDER_PAGES:
        found.add(2, space, "/" + "/".join(parts[:-1]), section)
    return reason, found.sorted(), False


class _Readings:
    """A collection of readings without duplicates."""

    def __init__(self) -> None:
        self.by_place: dict[tuple[str, str, str], Reading] = {}

    def add(self, rank: int, space: str, written: str, section: str, each: object = str) -> str:
        """Add a reading if it names a place; otherwise return the reason why it does not."""
        if not written.strip():
            return ""
        segments = _segments(_bare(written))
        try:
            path = normalise_path("/".join(each(one) for one in segments))  # type: ignore[operator]
        except PathError as error:
            return error.stored
        place = space, path_key(path), section
        known = self.by_place.get(place)
        if known is None or (rank == 0 and known.rank < 0):
            self.by_place[place] = Reading(rank, space, path, section)
        return ""

    def sorted(self) -> list[Reading]:
        return sorted(self.by_place.values())


def _bare(path: str) -> str:
    """Return a path without the extension of a Markdown file, which no page's path has."""
    return _ENDING.sub("", path.rstrip())


def _segments(path: str) -> list[str]:
    return [one for segment in path.split("/") if (one := unescape(segment).strip())]


def write(space: str, path: str, here: str) -> str:
    """Return the text between `[[` and `]]` that, in a text of the space `here`, names the page at
    exactly this place."""
    target = escape(path) or "/"
    target += "/" if is_media(target) else ""
    if space != here:
        return f"{space}:{target}"
    return f"/{target}" if OTHER_SPACE.match(f"{target}#") else target


def escape(name: str) -> str:
    """Escape a path, or a part of one, so that no character has a special meaning in wiki links."""
    return _NEEDS_ESCAPE.sub(r"\\\g<0>", name)


def inserted(space: str, path: str, title: str, here: str) -> tuple[str, str]:
    """Return what the editor inserts when a writer in the space `here` chooses a page: the target
    of a wiki link (for a home page, whose path has no words, with its title as label) and, if that
    does not work in a table, a Markdown link."""
    target = write(space, path, here) + ("" if path else f"|{escape(title)}")
    if "|" not in target:
        return target, ""
    words = re.sub(_SIGN, r"\\\g<0>", title)
    address = f"/{space}/{quote(path)}/" if path else f"/{space}/"
    return target, f"[{words}]({address})"
