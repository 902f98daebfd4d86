"""Comparisons as JSON, for the transfer between processes."""

from __future__ import annotations

from typing import Any

from wiki.text.compare.diff import Diff, Row, Section
from wiki.text.compare.stretches import Line
from wiki.text.compare.words import Span

_OF_ALL = ("places", "added", "removed", "part", "parts", "coarse")


def encode_diff(found: Diff) -> dict[str, Any]:
    """Convert a part of a comparison to JSON; of a very long line only the shown part is kept."""
    sections = [
        [
            section.kind,
            [[row.kind, _line(row.old), _line(row.new)] for row in section.rows],
            section.number,
            section.heading,
            section.count,
        ]
        for section in found.sections
    ]
    return {"sections": sections} | {name: getattr(found, name) for name in _OF_ALL}


def decode_diff(fields: dict[str, Any]) -> Diff:
    """Restore the part of a comparison that :func:`encode_diff` converted."""
    sections = [
        Section(
            kind,
            tuple(Row(what, _line_of(old), _line_of(new)) for what, old, new in rows),
            number,
            heading,
            count,
        )
        for kind, rows, number, heading, count in fields["sections"]
    ]
    return Diff(tuple(sections), **{name: fields[name] for name in _OF_ALL})


def _line(line: Line | None) -> list[Any] | None:
    if line is None:
        return None
    words: Any = [list(span) for span in line.spans] if line.spans else line.text
    return [line.number, words, line.ended, line.code, line.left_out]


def _line_of(fields: list[Any] | None) -> Line | None:
    if fields is None:
        return None
    number, words, ended, code, left_out = fields
    if isinstance(words, str):
        return Line(number, words, (), ended, code, left_out)
    spans = tuple(Span(text, changed) for text, changed in words)
    return Line(number, "".join(span.text for span in spans), spans, ended, code, left_out)
