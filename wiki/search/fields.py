"""The Whoosh schema, and how a page becomes its fields.

Ranking is decided here rather than while searching. Each posting carries one finished weight that
says how strongly the page is about the word: BM25F with the fields' boosts, saturation and length
norm worked in (Robertson, Zaragoza and Taylor, "Simple BM25 extension to multiple weighted
fields", 2004; kept as impacts after Anh and Moffat, "Pruned query evaluation using pre-computed
impacts", 2006). A query then reads one posting list per word, whatever the number of fields, and
no lengths. The boosts are steps: the smallest weight of a word in a title exceeds the largest of
one in headings, tags, path and text together, also after the bonus for words that stand together.
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
"""Length of a page, in words, at which its text counts neither more nor less."""
KEPT_TEXT = 100_000
"""Characters of a page's text kept for excerpts."""
GAP = 50
"""Positions left free between fields, so that no phrase runs across."""

Postings = list[tuple[str, float, list[int]]]


class Impacts(fields.FieldType):  # type: ignore[misc]
    """A field given as finished postings: (word, weight, positions)."""

    def __init__(self, column: bool = False) -> None:
        super().__init__(formats.Positions(), None, sortable=column)

    def index(
        self, value: Sequence[tuple[str, float, list[int]]], **_: Any
    ) -> Iterator[tuple[bytes, int, float, bytes]]:
        """Whoosh's hook: (word, frequency, weight, encoded positions) for each word."""
        for word, weight, positions in value:
            yield word.encode(), len(positions), weight, self.format.encode(positions)


class Marks(fields.FieldType):  # type: ignore[misc]
    """A field of exact values without weights: tags, authors, kind, whole title."""

    def __init__(self, column: columns.Column | None = None) -> None:
        super().__init__(formats.Existence(), None, sortable=column or False)

    def index(self, value: Sequence[str], **_: Any) -> Iterator[tuple[bytes, int, float, bytes]]:
        """Whoosh's hook: each value once."""
        for mark in dict.fromkeys(value):
            yield mark.encode(), 1, 1.0, b""


class Numbers(columns.NumericColumn):  # type: ignore[misc]
    """A column of 64-bit numbers that loads in one read instead of one per page."""

    class Reader(columns.NumericColumn.Reader):  # type: ignore[misc]
        """The reading half."""

        def load(self) -> "array[int]":
            """The number of every page of the segment."""
            numbers = array("q")
            numbers.frombytes(self._dbfile.get(self._basepos, self._count * self._fixedlen))
            if sys.byteorder == "little":
                numbers.byteswap()
            numbers.extend([self._default] * (self._doccount - len(numbers)))
            return numbers


class Fact(fields.FieldType):  # type: ignore[misc]
    """A whole number per page, read by filters; not searchable."""

    indexed = False

    def __init__(self) -> None:
        super().__init__(None, None, sortable=Numbers("q", default=-1))

    def to_column_value(self, value: int) -> int:
        """Whoosh's hook: numbers are stored as they are."""
        return value

    def from_column_value(self, value: int) -> int:
        """Whoosh's hook."""
        return value


def schema() -> fields.Schema:
    """The index's fields."""
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
    """The form under which two titles are the same to somebody who types one."""
    return "".join(word.text for word in words(title))


def mark(value: str) -> str:
    """The form under which two tags or kinds are the same to somebody who types one."""
    return " ".join(fold(value).split())


def entry(document: Document) -> dict[str, Any]:
    """The arguments of Whoosh's `add_document` for a page."""
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
    """Words of a short title weigh more: it is about little else."""
    length = sum(1 for _ in words(title))
    return max(SHORTEST_TITLE_SHARE, 1 / (1 + 0.08 * max(0, length - 1)))


def _plain(text: str, share: float = 1.0) -> Postings:
    positions: dict[str, set[int]] = defaultdict(set)
    for cut in cuts(text):
        positions[cut.text].update(range(cut.position, cut.position + cut.length))
    return [(word, share, sorted(places)) for word, places in positions.items()]


def _text(document: Document) -> Postings:
    """Every word of the page, wherever it stands, with its weight and its positions."""
    weights: dict[str, float] = defaultdict(float)
    positions: dict[str, set[int]] = defaultdict(set)
    base = 0

    def place(text: str) -> Counter[str]:
        """Record the positions of each word of `text`, and return the number of its occurrences."""
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
