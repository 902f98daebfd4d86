"""The Whoosh schema: how the fields of a page are stored (`ranking/entries.py`)."""

import sys
from array import array
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from whoosh import columns, fields, formats


class Impacts(fields.FieldType):  # type: ignore[misc]
    """A field indexed from finished postings: (word, weight, positions)."""

    def __init__(self, column: bool = False) -> None:
        super().__init__(formats.Positions(), None, sortable=column)

    def index(
        self, value: Sequence[tuple[str, float, list[int]]], **_: Any
    ) -> Iterator[tuple[bytes, int, float, bytes]]:
        """Yield (word, frequency, weight, encoded positions) for each word, as Whoosh expects."""
        for word, weight, positions in value:
            yield word.encode(), len(positions), weight, self.format.encode(positions)


class Weights(fields.FieldType):  # type: ignore[misc]
    """A field indexed from finished weights by word, without positions: the fastest to read."""

    def __init__(self) -> None:
        super().__init__(formats.Existence(), None)

    def index(
        self, value: Mapping[str, float], **_: Any
    ) -> Iterator[tuple[bytes, int, float, bytes]]:
        """Yield each word with its weight, as Whoosh expects."""
        for word, weight in value.items():
            yield word.encode(), 1, weight, b""


class Marks(fields.FieldType):  # type: ignore[misc]
    """A field of exact values without weights: tags, authors, kind, whole title."""

    def __init__(self, column: columns.Column | None = None) -> None:
        super().__init__(formats.Existence(), None, sortable=column or False)

    def index(self, value: Sequence[str], **_: Any) -> Iterator[tuple[bytes, int, float, bytes]]:
        """Yield each value once, as Whoosh expects."""
        for mark in dict.fromkeys(value):
            yield mark.encode(), 1, 1.0, b""


class Numbers(columns.NumericColumn):  # type: ignore[misc]
    """A column of 64-bit numbers that loads in one read instead of one per page."""

    class Reader(columns.NumericColumn.Reader):  # type: ignore[misc]
        """The reader of the column."""

        def load(self) -> "array[int]":
            """Return the number of every page of the segment."""
            numbers = array("q")
            numbers.frombytes(self._dbfile.get(self._basepos, self._count * self._fixedlen))
            if sys.byteorder == "little":
                numbers.byteswap()
            numbers.extend([self._default] * (self._doccount - len(numbers)))
            return numbers


class Fact(fields.FieldType):  # type: ignore[misc]
    """An integer per page for filters; not searchable."""

    indexed = False

    def __init__(self) -> None:
        super().__init__(None, None, sortable=Numbers("q", default=-1))

    def to_column_value(self, value: int) -> int:
        """Return the number as it is, as Whoosh stores it."""
        return value

    def from_column_value(self, value: int) -> int:
        """Return the stored number as it is."""
        return value


class Texts(fields.FieldType):  # type: ignore[misc]
    """A text per page that is neither searched nor shown."""

    indexed = False

    def __init__(self) -> None:
        super().__init__(None, None, sortable=columns.VarBytesColumn())

    def to_column_value(self, value: str) -> bytes:
        """Return the text as Whoosh stores it."""
        return value.encode()

    def from_column_value(self, value: bytes) -> str:
        """Return the stored text."""
        return value.decode()


def schema() -> fields.Schema:
    """Return the schema of the index."""
    return fields.Schema(
        text=Impacts(),
        stem=Weights(),
        title=Impacts(column=True),
        path=Impacts(),
        whole_title=Marks(),
        tag=Marks(columns.VarBytesColumn()),
        author=Marks(),
        kind=Marks(),
        language=Marks(),
        page=Marks(),
        page_id=Fact(),
        space_id=Fact(),
        revision=Fact(),
        updated=Fact(),
        links=Fact(),
        link_sources=Texts(),
        body=fields.STORED(),
        sections=fields.STORED(),
    )
