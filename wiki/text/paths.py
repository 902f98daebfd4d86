"""Page paths: conversion of names to paths, and comparison of paths."""

import re
import unicodedata

from wiki.text.own_texts import own_text, sentence_of

MAX_SEGMENT = 120
MAX_SEGMENT_BYTES = 240  # with ".md" appended, a valid file name on every file system
MAX_PATH = 500

FOLDER_PAGES = frozenset({"index", "readme"})
"""File names, without extension, that denote the page of their folder."""

_RESERVED = frozenset({"-", ".", ".."})
_DROPPED = dict.fromkeys([0x00AD, 0x200B, 0x2060, 0xFEFF])  # invisible and without meaning
_IGNORED_IN_KEY = dict.fromkeys(
    [0x034F, 0x180B, 0x180C, 0x180D, 0x200C, 0x200D, *range(0xFE00, 0xFE10)]
)
_DIRECTION = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_INNER_DOT = re.compile(r"(?<=[^\W_])\.(?=[^\W_])")
_SPACES = re.compile(r"\s+")
_APOSTROPHES = dict.fromkeys(map(ord, "'’‘ʼ`"))


class PathError(ValueError):
    """A path that cannot name a page; ``str(error)`` is one sentence for the user.

    ``stored`` is the sentence as it is stored (:mod:`wiki.text.own_texts`).
    """

    def __init__(self, code: str, *values: object) -> None:
        self.stored = own_text(f"path-{code}", *map(str, values))
        super().__init__(self.stored)

    def __str__(self) -> str:
        return sentence_of(self.stored)


def normalise_path(raw: str) -> str:
    """Return the path as it is stored: NFC, white space inside a segment as `-`, no slash at either
    end.

    `""` is a space's home page. The function is idempotent.

    :raises PathError: for segments that are empty, `-` or begin with a dot, for control characters,
        and for paths that are too long.
    """
    if len(raw) > 8 * MAX_PATH:
        raise PathError("too-long", MAX_PATH)
    trimmed = raw.strip().strip("/").strip()
    if not trimmed:
        return ""
    path = "/".join(_normalise_segment(segment) for segment in trimmed.split("/"))
    if len(path) > MAX_PATH:
        raise PathError("longer", MAX_PATH, len(path))
    return path


def _normalise_segment(raw: str) -> str:
    for character in raw:
        if character in _DIRECTION:
            raise PathError("direction")
        category = unicodedata.category(character)
        if category in ("Cc", "Cs") and not character.isspace():
            raise PathError("control")
        code = ord(character)
        if code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF:
            raise PathError("no-character")
    text = unicodedata.normalize("NFC", raw.translate(_DROPPED)).strip()
    text = unicodedata.normalize("NFC", _SPACES.sub("-", text))
    if not text:
        if raw:
            raise PathError("invisible")
        raise PathError("empty-part")
    folded = _fold(text)
    if text in _RESERVED or folded in _RESERVED:
        raise PathError("reserved", text)
    if text.startswith(".") or folded.startswith("."):
        raise PathError("dot", text)
    if "/" in folded or "\\" in folded:
        raise PathError("slash", text)
    if not folded.strip():
        raise PathError("invisible")
    if len(text) > MAX_SEGMENT or len(text.encode()) > MAX_SEGMENT_BYTES:
        raise PathError("part-too-long", MAX_SEGMENT, MAX_SEGMENT_BYTES, text[:20])
    return text


def path_key(path: str) -> str:
    """Return a key that is equal for paths that users regard as the same.

    Case, composed and compatibility forms, and invisible characters make no difference (nearly
    Unicode's NFKC_Casefold). `path` is a normalised path.
    """
    return "/".join(_fold(segment) for segment in path.split("/"))


def _fold(text: str) -> str:
    # Case folding can undo normalisation and vice versa; a few rounds make every string stable.
    for _ in range(4):
        folded = unicodedata.normalize("NFKC", text).translate(_IGNORED_IN_KEY).casefold()
        folded = unicodedata.normalize("NFKC", folded)
        if folded == text:
            break
        text = folded
    return text


def slugify(title: str) -> str:
    """Return a path segment for a title: lower case, letters, marks and digits of any script, and
    `-`.

    `"Q&A: what’s new in v1.2?"` becomes `"q-a-whats-new-in-v1.2"`. A title without such characters
    becomes `"untitled"`. `normalise_path` does not change the result.
    """
    text = unicodedata.normalize("NFC", title[: 4 * MAX_SEGMENT].translate(_DROPPED)).lower()
    text = unicodedata.normalize("NFC", text).translate(_APOSTROPHES)
    text = _INNER_DOT.sub("\0", text.replace("\0", "-"))  # \0 stands for a dot that is kept
    kept = "".join(character if _is_kept(character) else "-" for character in text)
    slug = _shorten(re.sub(r"-{2,}", "-", kept).replace("\0", ".").strip("-"))
    while slug.endswith(".md"):
        slug = slug[:-3].rstrip("-.")
    try:
        return normalise_path(slug) or "untitled"
    except PathError:
        return "untitled"


def _is_kept(character: str) -> bool:
    return character in "\0_\u200c\u200d" or unicodedata.category(character)[0] in "LMN"


def _shorten(slug: str) -> str:
    short = slug[:MAX_SEGMENT].encode()[:MAX_SEGMENT_BYTES].decode(errors="ignore")
    if short != slug and "-" in short[MAX_SEGMENT // 2 :]:
        short = short.rpartition("-")[0]  # cut between words if that does not lose half
    return short.rstrip("-.")


def parent_of(path: str) -> str | None:
    """Return the parent path: `"a/b"` gives `"a"`, `"a"` gives `""` (the home page), which has
    none."""
    return path.rpartition("/")[0] if path else None


def ancestors_of(path: str) -> list[str]:
    """Return every ancestor path, the home page first: `"a/b/c"` gives `["", "a", "a/b"]`."""
    parts = path.split("/") if path else []
    return ["/".join(parts[:count]) for count in range(len(parts))]


def name_of(path: str) -> str:
    """Return the last segment; `""` for the home page."""
    return path.rpartition("/")[2]


def join(folder: str, name: str) -> str:
    """Return `folder` and `name` as one path; either may be empty."""
    return f"{folder}/{name}" if folder and name else folder or name


def resolve(folder: str, relative: str) -> str | None:
    """Resolve `relative` (with `.` and `..`) from inside `folder`.

    Return `None` if it leads out of the space. The result is not normalised.
    """
    parts = folder.split("/") if folder else []
    for segment in relative.split("/"):
        if segment == "..":
            if not parts:
                return None
            parts.pop()
        elif segment not in ("", "."):
            parts.append(segment)
    return "/".join(parts)


def title_from(path: str) -> str:
    """Return a readable title for a path without a page: `"eng/on-call_rota"` gives `"On call
    rota"`."""
    words = re.sub(r"[-_\s]+", " ", name_of(path)).strip()
    return words[:1].upper() + words[1:]
