"""The Whoosh schema, and the conversion of pages to its fields.

Ranking is computed when a page is indexed, not when it is searched. Each posting carries one
finished weight that says how strongly the page is about the word: BM25F including the fields'
boosts, saturation and length norm (Robertson, Zaragoza and Taylor, "Simple BM25 extension to
multiple weighted fields", 2004; kept as impacts after Anh and Moffat, "Pruned query evaluation
using pre-computed impacts", 2006). A query then reads one posting list per word, whatever the
number of fields, and no lengths. The boosts are steps: the smallest weight of a word in a title
exceeds the largest of one in headings, tags, path and text together, even after the bonus for
adjacent words.
"""

import sys
from array import array
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from whoosh import columns, fields, formats

from wiki.search.engine import Document
from wiki.search.words import cuts, fold, words

TITLE, HEADING, NAME, BODY = 16.0, 3.0, 2.0, 1.0
"""Largest weight of a word in the title, in headings, in tags or path, and in the text."""
SHORTEST_TITLE_SHARE = 0.6
TYPICAL_WORDS = 400
"""Length of a page, in words, at which the length norm is neutral."""
KEPT_TEXT = 100_000
"""Maximum number of characters of a page's text stored for excerpts."""
GAP = 50
"""Unused positions between fields, so that no phrase matches across fields."""

Postings = list[tuple[str, float, list[int]]]


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


def schema() -> fields.Schema:
    """Return the schema of the index."""
    return fields.Schema(
        text=Impacts(),
        title=Impacts(column=True),
        path=Impacts(),
        whole_title=Marks(),
        tag=Marks(columns.VarBytesColumn()),
        author=Marks(),
        kind=Marks(),
        page=Marks(),
        page_id=Fact(),
        space_id=Fact(),
        revision=Fact(),
        updated=Fact(),
        body=fields.STORED(),
    )


def whole(title: str) -> str:
    """Return the normal form of a title, under which titles are compared with a typed one."""
    return "".join(word.text for word in words(title))


def mark(value: str) -> str:
    """Return the normal form of a tag or kind, under which it is compared with a typed one."""
    return " ".join(fold(value).split())


def entry(document: Document) -> dict[str, Any]:
    """Return the arguments of Whoosh's `add_document` for a page."""
    updated = int(document.updated.timestamp()) if document.updated else 0
    return {
        "text": _text(document),
        "title": _plain(document.title, share=_title_share(document.title)),
        "_stored_title": document.title,
        "path": _plain(document.path),
        "whole_title": [whole(document.title)],
        "tag": [mark(tag) for tag in document.tags],
        "_stored_tag": "\x1f".join(document.tags),
        "author": [str(author) for author in document.author_ids],
        "kind": [mark(document.kind)],
        "page": [str(document.page_id)],
        "page_id": document.page_id,
        "space_id": document.space_id,
        "revision": document.revision,
        "updated": updated,
        "body": document.body[:KEPT_TEXT],
    }


def _title_share(title: str) -> float:
    """Return the weight factor for words of a title. It is higher for short titles, because they
    are about little else."""
    length = sum(1 for _ in words(title))
    return max(SHORTEST_TITLE_SHARE, 1 / (1 + 0.08 * max(0, length - 1)))


def _plain(text: str, share: float = 1.0) -> Postings:
    positions: dict[str, set[int]] = defaultdict(set)
    for cut in cuts(text):
        positions[cut.text].update(range(cut.position, cut.position + cut.length))
    return [(word, share, sorted(places)) for word, places in positions.items()]


def _text(document: Document) -> Postings:
    """Return the postings of every word of the page, from all fields."""
    weights: dict[str, float] = defaultdict(float)
    positions: dict[str, set[int]] = defaultdict(set)
    base = 0

    def place(text: str) -> Counter[str]:
        """Record the positions of each word of `text`, and return its number of occurrences."""
        nonlocal base
        end = base
        seen: Counter[str] = Counter()
        for cut in cuts(text):
            begin = base + cut.position
            end = max(end, begin + cut.length)
            positions[cut.text].update(range(begin, begin + cut.length))
            seen[cut.text] += 1
        base = end + GAP
        return seen

    title = place(document.title)
    share = _title_share(document.title)
    for word in title:
        weights[word] += TITLE * share

    headings = [cut.text for heading in document.headings for cut in cuts(heading)]
    share = max(0.3, 1 / (1 + len(headings) / 40))
    for word in dict.fromkeys(headings):
        weights[word] += HEADING * share

    names = set(place(document.path))
    for tag in document.tags:
        names |= set(place(tag))
    for word in names:
        weights[word] += NAME

    begin = base
    frequency = place(document.body)
    length = base - GAP - begin
    norm = 1.2 * (0.25 + 0.75 * length / TYPICAL_WORDS)
    for word, times in frequency.items():
        weights[word] += BODY * times / (times + norm)
    return [(word, weights[word], sorted(places)) for word, places in positions.items()]
