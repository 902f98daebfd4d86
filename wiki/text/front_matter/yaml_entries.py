"""The entries of a YAML mapping with their positions.

Plain scalars are read by the core schema of YAML 1.2: `NO`, `on` and `2024-01-02` are texts. A
number is read as one only if JSON writes it the same way; `1.10`, `0755` and `0x1F` stay texts. A
value that JSON cannot hold (a tag, a mapping as a key, aliases that multiply) is returned as its
source.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import yaml

Json: TypeAlias = "str | int | float | bool | list[Json] | dict[str, Json] | None"

MAX_DEPTH = 20
MAX_NODES = 5_000
"""Maximum number of values in a mapping; values repeated by aliases count each time."""

_LOADER: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INTEGER = re.compile(r"0|-?[1-9][0-9]*")
_FLOAT = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?:e[-+]?[0-9]+)?")
_CONSTANTS: Mapping[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
STRING = "tag:yaml.org,2002:str"
# The start of an entry in a block that is not valid YAML; other lines continue the entry before.
_KEY = re.compile(r"(?P<key>\"[^\"\n]*\"|'[^'\n]*'|[^\s#:?'\"-][^:\n]{0,99}?)[ \t]*:(?=[ \t\n]|\Z)")
_CONTINUES = re.compile(r"[ \t]|#|-(?:[ \t\n]|\Z)|[\]})]|\n|\Z")


class NotJson(ValueError):
    """A value cannot be represented in JSON."""


@dataclass(frozen=True)
class Entry:
    """A key with its value; `words` are the texts as written of a scalar or of a list of scalars.
    Lines count from 0 within the mapping, positions from its first character.

    ``is_broken``: the entry is not valid YAML, and `value` is its source. ``is_named``: its key is
    a scalar; other entries only keep their place.
    """

    key: str
    value: Json
    words: str | list[str] | None = None
    line: int = 0
    start: int = 0
    colon: int = 0
    value_start: int = 0
    value_end: int = 0
    style: str | None = None
    items: tuple[tuple[int, int], ...] = ()
    is_broken: bool = False
    is_named: bool = True


@dataclass
class _Node:
    """A parsed value with its position: scalars have `text`, collections `items`, mappings also
    `keys`."""

    start: int
    end: int
    text: str | None = None
    keys: list[_Node] | None = None
    items: list[_Node] = field(default_factory=list)
    is_plain: bool = False
    is_foreign: bool = False
    style: str | None = None


class _Composer:
    """A builder of nodes from the events of one document, without following aliases."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.anchors: dict[str, _Node] = {}
        self._events: Iterator[Any] = yaml.parse(text, Loader=_LOADER)

    def document(self) -> _Node | None:
        """Return the root of the only document; None if there is none.

        :raises yaml.YAMLError: when it is broken or nested too deeply.
        """
        next(self._events)
        if not isinstance(next(self._events), yaml.DocumentStartEvent):
            return None
        root = self._node(next(self._events), 0)
        next(self._events)
        return root if isinstance(next(self._events), yaml.StreamEndEvent) else None

    def _node(self, event: Any, depth: int) -> _Node:
        if depth > 2 * MAX_DEPTH:
            raise yaml.YAMLError("nested too deep")
        start, end = int(event.start_mark.index), int(event.end_mark.index)
        if isinstance(event, yaml.AliasEvent):
            if event.anchor not in self.anchors:
                raise yaml.YAMLError("an alias of nothing")
            known = self.anchors[event.anchor]
            return replace(known, start=start, end=end, style="*")
        is_foreign = event.tag not in (None, "!", STRING)
        if isinstance(event, yaml.ScalarEvent):
            is_plain = event.tag is None and event.implicit[0]
            node = _Node(start, end, event.value, None, [], is_plain, is_foreign, event.style or "")
            if event.style in ("|", ">"):
                node.end = start + len(_without_tail(self.text[start:end]))
        else:
            is_mapping = isinstance(event, yaml.MappingStartEvent)
            node = _Node(start, end, None, [] if is_mapping else None, [], False, is_foreign)
            node.style = "[" if self.text[end - 1 : end] in ("[", "{") and end > start else "-"
        if event.anchor:
            self.anchors[event.anchor] = node
        if not isinstance(event, yaml.ScalarEvent):
            self._fill(node, depth)
        return node

    def _fill(self, node: _Node, depth: int) -> None:
        while True:
            event = next(self._events)
            end = int(event.end_mark.index)
            if isinstance(event, (yaml.SequenceEndEvent, yaml.MappingEndEvent)):
                break
            child = self._node(event, depth + 1)
            if node.keys is not None:
                node.keys.append(child)
                child = self._node(next(self._events), depth + 1)
            node.items.append(child)
        if node.style == "[":
            node.end = end
        elif node.items:  # without trailing blank lines and comments
            node.end = max(node.items[-1].end, node.keys[-1].end if node.keys else 0)


def _without_tail(source: str) -> str:
    """Return the source of a value or entry without trailing blank lines and comments."""
    lines = source.split("\n")
    while len(lines) > 1 and (not lines[-1].strip() or lines[-1].startswith("#")):
        lines.pop()
    return "\n".join(lines)


class _Converter:
    """A converter of nodes to JSON, within the limits of one mapping."""

    def __init__(self) -> None:
        self.left = MAX_NODES

    def value(self, node: _Node, depth: int = 0) -> Json:
        """Return the JSON value of a node.

        :raises NotJson: when it has none, or is too large.
        """
        self.left -= 1 + len(node.text or "") // 16
        if self.left < 0 or depth > MAX_DEPTH or node.is_foreign:
            raise NotJson
        if node.text is not None:
            return core_value(node.text) if node.is_plain else node.text
        if node.keys is None:
            return [self.value(item, depth + 1) for item in node.items]
        found: dict[str, Json] = {}
        for key, item in zip(node.keys, node.items, strict=True):
            if key.text is None or key.text in found:
                raise NotJson
            found[key.text] = self.value(item, depth + 1)
        return found


def core_value(text: str) -> Json:
    """Return the value of a plain scalar."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    return number_or_text(text)


def number_or_text(text: str) -> int | float | str:
    """Return a number if JSON writes it in exactly this way, otherwise the text."""
    if len(text) > 30:
        return text
    if _INTEGER.fullmatch(text):
        number = int(text)
        return number if abs(number) < 2**63 else text
    if _FLOAT.fullmatch(text):
        value = float(text)
        return value if math.isfinite(value) and json.dumps(value) == text else text
    return text


def read_entries(text: str) -> list[Entry] | None:
    """Return the entries of a mapping in order; None if the text is not a mapping.

    If it is not valid YAML but its lines look like entries, each entry is read by itself.
    """
    composer = _Composer(text)
    try:
        root = composer.document()
    except (yaml.YAMLError, RecursionError):
        return _read_by_lines(text)
    if root is None or root.keys is None or root.is_foreign:
        return None
    return _entries(composer, root)


def _entries(composer: _Composer, root: _Node) -> list[Entry]:
    text, converter = composer.text, _Converter()
    found = []
    for key, node in zip(root.keys or (), root.items, strict=True):
        try:
            value = converter.value(node)
        except NotJson:
            value = text[node.start : node.end].strip()
        words: str | list[str] | None = None
        if node.text is not None and value is not None:
            words = value if node.is_foreign and isinstance(value, str) else node.text
        elif node.text is None and node.keys is None:
            parts = [item.text for item in node.items if item.text is not None]
            words = parts if len(parts) == len(node.items) else None
        found.append(
            Entry(
                key.text or "",
                value,
                words,
                line=text.count("\n", 0, key.start),
                start=key.start,
                colon=text.find(":", key.end) + 1,
                value_start=node.start,
                value_end=node.end,
                style=node.style,
                items=tuple((item.start, item.end) for item in node.items),
                is_named=key.text is not None,
            )
        )
    return found


def _read_by_lines(text: str) -> list[Entry] | None:
    """Read entries that each begin with a key at the start of a line; None if another line could
    not be part of one."""
    starts: list[int] = []
    at = 0
    for line in re.findall(r"[^\n]*\n|[^\n]+", text):
        if _KEY.match(line):
            starts.append(at)
        elif not _CONTINUES.match(line) or (not starts and line.strip() and line[0] != "#"):
            return None
        at += len(line)
    if not starts:
        return None
    ends = [*starts[1:], len(text)]
    return [_entry_of_lines(text, start, end) for start, end in zip(starts, ends, strict=True)]


def _entry_of_lines(text: str, start: int, end: int) -> Entry:
    line = text.count("\n", 0, start)
    composer = _Composer(text[start:end])
    try:
        root = composer.document()
        if root is not None and root.keys is not None and len(root.keys) == 1:
            (one,) = _entries(composer, root)
            return replace(
                one,
                line=line,
                start=one.start + start,
                colon=one.colon + start,
                value_start=one.value_start + start,
                value_end=one.value_end + start,
                items=tuple((first + start, last + start) for first, last in one.items),
            )
    except (yaml.YAMLError, RecursionError):
        pass
    source = _without_tail(text[start:end])
    match = _KEY.match(source)
    key = match["key"] if match else ""
    key = key[1:-1] if key[:1] in ("'", '"') else key
    colon = match.end() if match else 0
    value = source[colon:].strip()
    begins = colon + source[colon:].find(value) if value else colon
    words = value if value and "\n" not in value else None
    place = (start + colon, start + begins, start + begins + len(value))
    return Entry(key, value, words, line, start, *place, style="", is_broken=True)
