"""Edits of YAML by lines: entries are replaced, added or removed, and others keep every byte."""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import yaml

from wiki.text.front_matter.yaml_entries import STRING, Entry, Json, core_value, read_entries

_DUMPER: type[Any] = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
_ABOVE = re.compile(r"(?:[ \t]*(?:#[^\n]*)?\n)* *")


@dataclass(frozen=True)
class Change:
    """A new value of a key, in a one-element tuple; an empty tuple removes the key."""

    key: str
    new: tuple[Json] | tuple[()] = ()

    @property
    def is_removal(self) -> bool:
        """True if the key is removed."""
        return not self.new

    @property
    def value(self) -> Json:
        """The new value of the key."""
        return self.new[0] if self.new else None


def edit_entries(text: str, lines: Sequence[str], changes: Sequence[Change]) -> str | None:
    """Return the lines of a block with some entries of its mapping changed; None if the mapping has
    no lines of its own for them.

    :param text: the mapping, as :func:`read_entries` takes it.
    :param lines: the lines of the block with their line ends; the first is its opening line.
    """
    entries = read_entries(text)
    if not entries or not _ABOVE.fullmatch(text, 0, entries[0].start):
        return None
    editor = _Editor(text, list(lines), entries)
    for change in changes:
        editor.apply(change)
    return editor.finish()


class _Editor:
    """Collected edits of lines, applied from the last to the first."""

    def __init__(self, text: str, lines: list[str], entries: list[Entry]) -> None:
        self.text = text
        self.lines = lines
        self.entries = entries
        self.indent = " " * (entries[0].start - (text.rfind("\n", 0, entries[0].start) + 1))
        self._starts = [0, *accumulate(len(line) + 1 for line in text.split("\n"))]
        self._edits: list[tuple[int, int, list[str]]] = []
        self._added: list[str] = []

    def apply(self, change: Change) -> None:
        """Record the edits for a change."""
        known = [one for one in self.entries if one.is_named and one.key == change.key]
        if change.is_removal:
            for one in known:
                self._edits.append((*self._span(one), []))
        elif not known:
            self._added += self._dumped(change)
        else:
            first, last = self._span(known[-1])
            self._edits.append((first, last, self._changed(known[-1], change)))

    def finish(self) -> str:
        """Return the block with all edits."""
        lines = list(self.lines)
        closing = self._starts.index(len(self.text)) + 1 if self.text else 1
        lines[closing:closing] = self._added
        for first, last, new in sorted(self._edits, reverse=True):
            lines[first:last] = new
        return "".join(lines)

    def _span(self, entry: Entry) -> tuple[int, int]:
        """Return the lines of the block that an entry occupies."""
        last, column = self._place(max(entry.value_end, entry.colon))
        return self._place(entry.start)[0], last + (1 if column else 0)

    def _place(self, at: int) -> tuple[int, int]:
        """Return the line number and the column of a position in the block."""
        number = bisect_right(self._starts, at) - 1
        return number + 1, at - self._starts[number]

    def _dumped(self, change: Change) -> list[str]:
        made = dump({change.key: change.value}).splitlines(keepends=True)
        return [self.indent + with_line_ends(line, self.lines[0]) for line in made]

    def _changed(self, entry: Entry, change: Change) -> list[str]:
        value = change.value
        first, last = self._span(entry)
        if isinstance(value, dict) or (isinstance(value, list) and not _is_flat(value)):
            return self._dumped(change)
        if isinstance(value, list) and entry.style == "-" and entry.items:
            head = self.lines[first : self._place(entry.items[0][0])[0]]
            return [*head, *self._listed(entry, value)]
        is_scalar = entry.style not in ("-", "[") or not isinstance(value, list)
        in_place = is_scalar and entry.style not in ("-", "|", ">")
        start = entry.value_start if in_place or entry.style == "[" else entry.colon
        line, column = self._place(start)
        end_line, end_column = self._place(max(entry.value_end, start))
        before = "".join(self.lines[first:line]) + self.lines[line][:column]
        if not before.endswith((" ", "\t")):
            before += " "
        made = inline(value, entry.style if entry.style in ("'", '"') else None)
        if entry.style == "" and isinstance(entry.value, str) and _is_word(value):
            made = str(value)  # unquoted, as the old value was
        return [before + made + self.lines[end_line][end_column:], *self.lines[end_line + 1 : last]]

    def _listed(self, entry: Entry, value: Sequence[Json]) -> list[str]:
        """Return the items of a block list, each on its former line."""
        column = self._place(entry.value_start)[1]
        ends = with_line_ends("\n", self.lines[0])
        known: dict[str, str] = {}
        words = entry.words if isinstance(entry.words, list) else []
        for (start, end), word in zip(entry.items, words, strict=False):
            line = self._place(start)[0]
            if self._place(end)[0] == line:
                known[word] = self.lines[line]
        return [known.get(str(one), " " * column + f"- {inline(one)}{ends}") for one in value]


def _is_word(value: Json) -> bool:
    """Return whether a text can be written without quotes."""
    return (
        isinstance(value, str)
        and re.fullmatch(r"\w(?:[\w.-]*\w)?", value) is not None
        and core_value(value) == value
    )


def _is_flat(value: Sequence[Json]) -> bool:
    return not any(isinstance(one, (list, dict)) for one in value)


class _Dumper(_DUMPER):  # type: ignore[misc]
    """YAML writer for values that :func:`core_value` reads back; it quotes texts that other readers
    would take for a number, a date or a truth value."""

    def ignore_aliases(self, data: object) -> bool:
        return True


def _represent_text(dumper: Any, value: str) -> Any:
    style = None if isinstance(core_value(value), str) else "'"
    return dumper.represent_scalar(STRING, value, style=style)


def _represent_float(dumper: Any, value: float) -> Any:
    return dumper.represent_scalar("tag:yaml.org,2002:float", json.dumps(value))


_Dumper.add_representer(str, _represent_text)
_Dumper.add_representer(float, _represent_float)


def dump(entries: Mapping[str, Json]) -> str:
    """Return a mapping as YAML, each entry on its own lines."""
    return _dump(dict(entries), default_flow_style=False, width=100)


def inline(value: Json, quote: str | None = None) -> str:
    """Return a value on one line, in the given kind of quotes if there is one."""
    made = _dump([value], default_flow_style=True, default_style=quote, width=2**31 - 1)
    return made.strip()[1:-1]


def _dump(value: Any, **options: Any) -> str:
    made: str = yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, **options)
    return made


def with_line_ends(text: str, like: str) -> str:
    """Return the text with the line ends of another text, if those are all the same."""
    ends = set(re.findall(r"\r\n|\r|\n", like))
    return text.replace("\n", ends.pop()) if len(ends) == 1 else text
