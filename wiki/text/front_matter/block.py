"""Front matter at the start of a Markdown file: YAML between two `---` lines, TOML between two
`+++` lines, or an object of JSON. Its values are read, and the block is kept byte by byte."""

from __future__ import annotations

import datetime
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from wiki.text.compare.lines import normalise_line_ends
from wiki.text.front_matter.json_block import read_object
from wiki.text.front_matter.yaml_entries import Entry, Json, NotJson, number_or_text, read_entries

MAX_FRONT_MATTER = 32_768
"""Maximum length in characters; a longer block is part of the page's text."""
MAX_DEPTH = 20

_BLOCK = re.compile(
    r"\A\ufeff?(?:---[ \t]*\n(?P<yaml>.*?)^(?:---|\.\.\.)"
    r"|\+\+\+[ \t]*\n(?P<toml>.*?)^\+\+\+)[ \t]*(?:\n|\Z)",
    re.DOTALL | re.MULTILINE,
)
_OBJECT_END = re.compile(r"[ \t]*(?:\n|\Z)")
BLANK_LINE = re.compile(r"[ \t]*\n")
_LINE_END = re.compile(r"\r\n|\r|\n")
_MEANT = re.compile(r"\s*[\w-]+[ \t]*[:=]")
_MEANT_AS_JSON = re.compile(r"\ufeff?\{[ \t]*\n\s*\"[\w-]+\"\s*:")
_OWN_KEYS = ("title", "description", "tags")


@dataclass(frozen=True)
class _Block:
    """A block of front matter at the start of a text: where its content begins and stops, and where
    the block ends."""

    kind: str
    start: int
    stop: int
    end: int


@dataclass(frozen=True)
class FrontMatter:
    """The values of a front matter block; `rest` holds every key without a field here, as JSON.

    `unread` has the line numbers at which entries begin that are not valid YAML; the value of such
    an entry is its source text.
    """

    title: str | None = None
    description: str | None = None
    tags: tuple[str, ...] = ()
    rest: Mapping[str, Json] = field(default_factory=dict)
    unread: tuple[int, ...] = field(default=(), compare=False)

    def entries(self) -> dict[str, Json]:
        """Return all entries by key. A field takes precedence over an entry of the same name in
        `rest`."""
        own: dict[str, Json] = {
            "title": self.title,
            "description": self.description,
            "tags": list(self.tags) or None,
        }
        found = {key: value for key, value in own.items() if value is not None}
        return found | {key: value for key, value in self.rest.items() if key not in found}


def divide(source: str) -> tuple[str, str]:
    """Split a file into its front matter block, as written and with one blank line after it, and
    the body. The block is empty if there is none that can be read. A byte order mark stays with the
    block and is dropped from a body.

    Broken YAML is a block as long as its lines look like entries. Text between two rules, broken
    TOML and JSON, and blocks beyond :data:`MAX_FRONT_MATTER` belong to the body.
    """
    bare = source.removeprefix("\ufeff")
    if not bare.startswith(("---", "+++", "{")):
        return "", bare
    plain = normalise_line_ends(source[: 2 * MAX_FRONT_MATTER + 64])
    found = match(plain)
    if found is None or _parsed(plain[: found.end]) is None:
        return "", bare
    blank = BLANK_LINE.match(plain, found.end)
    block = plain[: blank.end() if blank else found.end]
    if not source.startswith(block):
        block = _lines_of(source, block.count("\n")) if block.endswith("\n") else source
    return block, source[len(block) :]


def read(block: str) -> FrontMatter:
    """Return the values of a block that :func:`divide` returned; none for an empty one."""
    plain = normalise_line_ends(block)
    found = match(plain) if block else None
    return (_parsed(plain[: found.end]) if found else None) or FrontMatter()


def split(source: str) -> tuple[FrontMatter, str]:
    """Return the front matter of `source` and the body after it."""
    block, body = divide(source)
    return read(block), body


def looks_like_front_matter(body: str) -> bool:
    """Return whether text that `divide` left in the body was meant as front matter: `key: …`
    between rules, or `"key": …` after a brace."""
    plain = normalise_line_ends(body)
    found = _BLOCK.match(plain)
    if found is None:
        return _MEANT_AS_JSON.match(plain) is not None
    return _MEANT.match(found["yaml"] or found["toml"] or "") is not None


def match(plain: str) -> _Block | None:
    """Find a block of at most :data:`MAX_FRONT_MATTER` characters at the start of a text."""
    start = 1 if plain.startswith("\ufeff") else 0
    if plain.startswith("{", start):
        found = read_object(plain[start : start + MAX_FRONT_MATTER])
        after = found and _OBJECT_END.match(plain, start + found[1])
        return _Block("json", start, start + found[1], after.end()) if found and after else None
    match = _BLOCK.match(plain, 0, MAX_FRONT_MATTER + 64)
    if match is None:
        return None
    kind = "yaml" if match["toml"] is None else "toml"
    block = _Block(kind, match.start(kind), match.end(kind), match.end())
    at_end = block.end == len(plain) or plain[block.end - 1] == "\n"
    return block if at_end and block.stop - block.start <= MAX_FRONT_MATTER else None


def _lines_of(source: str, count: int) -> str:
    at = 0
    for _ in range(count):
        end = _LINE_END.search(source, at)
        at = end.end() if end else len(source)
    return source[:at]


@lru_cache(maxsize=128)
def _parsed(block: str) -> FrontMatter | None:
    """Return the values of a block with plain line ends; None if it has no entries."""
    found = match(block)
    if found is None:
        return None
    text = block[found.start : found.stop]
    if found.kind == "toml":
        return _from_toml(text)
    if found.kind == "json":
        values = read_object(text)
        return _from_values(values[0]) if values else None
    entries = read_entries(text)
    if entries is None:
        return None
    own: dict[str, list[str]] = {}
    rest: dict[str, Json] = {}
    for entry in entries:
        own.pop(entry.key, None)
        rest.pop(entry.key, None)
        words = _words(entry)
        if words is not None:
            own[entry.key] = words
        elif entry.is_named:
            rest[entry.key] = entry.value
    return _front_matter(own, rest, tuple(one.line + 2 for one in entries if one.is_broken))


def _words(entry: Entry) -> list[str] | None:
    """Return the texts of a known key as written; None for every other entry."""
    if entry.key not in _OWN_KEYS or entry.words is None:
        return None
    if entry.key == "tags":
        words = entry.words.split(",") if isinstance(entry.words, str) else entry.words
        return [word.strip() for word in words if word.strip()] or None
    text = entry.words.strip() if isinstance(entry.words, str) else ""
    return [text] if text else None


def _front_matter(
    own: Mapping[str, list[str]], rest: Mapping[str, Json], unread: tuple[int, ...] = ()
) -> FrontMatter:
    title, description = (own[key][0] if key in own else None for key in _OWN_KEYS[:2])
    tags = tuple(dict.fromkeys(own.get("tags", ())))
    return FrontMatter(title, description, tags, rest, unread)


def _from_toml(text: str) -> FrontMatter | None:
    try:
        return _from_values(tomllib.loads(text, parse_float=number_or_text))
    except (tomllib.TOMLDecodeError, RecursionError):
        return None


def _from_values(values: Mapping[str, object]) -> FrontMatter | None:
    """Return the front matter that TOML or JSON holds; None if it has no form in JSON."""
    try:
        rest = {key: _json(value) for key, value in values.items()}
    except NotJson:
        return None
    own: dict[str, list[str]] = {}
    for key in _OWN_KEYS:
        value = rest.get(key)
        words: str | list[str] | None = None
        if isinstance(value, str):
            words = value
        elif isinstance(value, list) and all(isinstance(one, (str, int, float)) for one in value):
            words = [str(one) for one in value]
        taken = _words(Entry(key, value, words))
        if taken is not None:
            own[key] = taken
            del rest[key]
    return _front_matter(own, rest)


def _json(value: object, depth: int = 0) -> Json:
    if depth > MAX_DEPTH:
        raise NotJson
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 2**63:
        return str(value)
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, dict):
        return {key: _json(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list):
        return [_json(item, depth + 1) for item in value]
    return value  # type: ignore[return-value]  # nothing else is there
