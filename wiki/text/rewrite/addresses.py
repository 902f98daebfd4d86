"""Positions of addresses in a text: each link and picture with the characters of its target.

The addresses are found by the grammar that renders pages, with rules that also record positions, so
that both always agree.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property, lru_cache
from typing import Any, Literal

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

from wiki.text.markdown.context import RenderContext
from wiki.text.markdown.destinations import (
    Destination,
    resolve_embedded,
    resolve_link,
    resolve_wiki_link,
)
from wiki.text.markdown.links import Links
from wiki.text.markdown.markup import clean_source
from wiki.text.markdown.rawhtml import RawHtml
from wiki.text.markdown.wikilinks import shown
from wiki.text.paths import path_key
from wiki.text.rewrite.positions import build_recording_grammar

Span = tuple[int, int]
Place = tuple[str, str, str]  # kind of link (page or file), slug of the space, key of the path

_NOTED = ("at", "label", "target", "known")  # keys of meta that are left out of the rest


@dataclass(frozen=True)
class Address:
    """An address of a text, as the renderer reads it (`written`), and its position (`span`).

    `span` is None if the position is unknown. `definition` is the label of the `[label]: address`
    that several links may share. `shown` is the visible text of a wiki link without a label.
    """

    form: Literal["markdown", "html", "wiki", "auto"]
    written: str
    span: Span | None
    image: bool = False
    definition: str = ""
    shown: str = ""
    in_heading: bool = False
    in_cell: bool = False
    included: bool = False

    def leads_to(self, context: RenderContext) -> Destination:
        """Return the destination of the address in a text at this location."""
        return _meaning(self.form, self.written, self.image, context)


@lru_cache(maxsize=2048)
def _meaning(form: str, written: str, is_image: bool, context: RenderContext) -> Destination:
    if form == "wiki" and is_image:
        return resolve_embedded(written, context)
    if form == "wiki":
        return resolve_wiki_link(written, context)
    return resolve_link(written, context, is_image)


@dataclass
class Survey:
    """An analysed text: its addresses in order, and everything else.

    Two texts with equal `rest` differ only in the targets of their links.
    """

    addresses: list[Address] = field(default_factory=list)
    rest: list[object] = field(default_factory=list)
    definitions: dict[str, str] = field(default_factory=dict)
    # The results of each piece of inline text, by the piece and whether it is in a heading.
    pieces: dict[tuple[str, bool], tuple[list[Address], list[object]]] = field(default_factory=dict)


def survey(text: str, like: Survey | None = None) -> Survey:
    """Return the addresses of `text`, which has line ends of `\\n` only.

    :param like: the survey of a similar text; pieces that both have in common are not parsed again.
        The spans of their addresses are those in the other text and must not be used.
    """
    env: dict[str, Any] = {"like": like}
    tokens = _parser().parse(text, env)
    return _Surveyor(text, env).survey(tokens)


def lines_of(source: str, context: RenderContext) -> list[tuple[int, bool, Place]]:
    """Return for each link of a text to a page or file of this wiki its line number, from 1,
    whether the page is included rather than linked to, and its target."""
    text = clean_source(source)
    ends = [at for at, character in enumerate(text) if character == "\n"]
    found: list[tuple[int, bool, Place]] = []
    for one in survey(text).addresses:
        to = one.leads_to(context)
        if to.kind in ("page", "file") and one.span:
            line = bisect_left(ends, one.span[0]) + 1
            found.append((line, one.included, (to.kind, to.space, path_key(to.path))))
    return found


@cache
def _parser() -> MarkdownIt:
    parser = build_recording_grammar()
    parser.core.ruler.at("inline", _pieces)
    return parser


def _pieces(state: StateCore) -> None:
    """Parse the pieces of inline text that may contain an address and are not known yet."""
    like: Survey | None = state.env["like"]
    known: set[str] = set()
    references = state.env.get("references", {})
    # The meaning of a piece depends on the definitions, and footnotes are numbered in order.
    if (
        like
        and not state.env.get("footnotes")
        and like.definitions == {label: one["href"] for label, one in references.items()}
    ):
        known = {content for content, _ in like.pieces if not content.startswith("[")}
    for token in state.tokens:
        if token.type != "inline":
            continue
        token.children = token.children or []
        if token.content in known:
            token.meta["known"] = True
        elif any(mark in token.content for mark in ("[", "<", "://")):
            state.md.inline.parse(token.content, state.md, state.env, token.children)


class _Surveyor:
    def __init__(self, text: str, env: dict[str, Any]) -> None:
        self.starts = [0]
        self.lines = text.split("\n")
        for line in self.lines:
            self.starts.append(self.starts[-1] + len(line) + 1)
        self.env = env
        self.found = Survey()
        self.heading = self.cell = False
        self.row, self.cursor = -1, 0  # table row and position up to which its cells are read

    def survey(self, tokens: Sequence[Token]) -> Survey:
        references = self.env.get("references", {})
        for label, one in references.items():
            self.found.definitions[label] = one["href"]
            self.found.rest.append((label, one["title"], one["map"]))
        for one in self.env.get("duplicate_refs", []):
            self.found.rest.append((one["label"], one["title"], one["map"], one["href"]))
        above: list[int] | None = None
        for token in tokens:
            if token.type == "heading_open":
                self.heading = True
            elif token.type == "heading_close":
                self.heading = False
            elif token.type in ("th_open", "td_open"):
                self.cell = True
            elif token.type in ("th_close", "td_close"):
                self.cell = False
            above = token.map or above
            if token.type == "inline":
                self.note(token)
                self.piece(token, self.place(token, token.map or above))
            elif token.type == "html_block":
                self.html(token, self.place(token, token.map), 0)
            elif token.type == "include":
                self.include(token, self.place(token, token.map))
            else:
                self.note(token, token.content)
        return self.found

    def place(self, token: Token, lines: Sequence[int] | None) -> _Place:
        number = lines[0] if lines else -1
        if not self.cell or not 0 <= number < len(self.lines):
            return _Place(self, token.content, number)
        if self.row != number:
            self.row, self.cursor = number, 0
        wanted = token.content.replace("|", "\\|")
        at = self.lines[number].find(wanted, self.cursor)
        if at >= 0:
            self.cursor = at + len(wanted)
        return _Place(self, token.content, number, at)

    def piece(self, token: Token, place: _Place) -> None:
        found = self.found
        like: Survey | None = self.env["like"]
        name = token.content, self.heading
        if like and token.meta.get("known") and name in like.pieces:
            addresses, rest = like.pieces[name]
            found.addresses += addresses
            found.rest += rest
            return
        addresses_before, rest_before = len(found.addresses), len(found.rest)
        if token.children:
            self.inline(token, place)
        else:
            found.rest.append(token.content)
        found.pieces[name] = found.addresses[addresses_before:], found.rest[rest_before:]

    def inline(self, token: Token, place: _Place) -> None:
        is_address = False  # the text of a bare address is its target
        for child in token.children or []:
            if is_address and child.type == "text":
                self.note(child)
            elif child.type in ("link_open", "image"):
                self.link(child, place)
            elif child.type in ("wikilink", "embed"):
                self.wiki(child, place)
            elif child.type == "html_inline":
                self.html(child, place, child.meta["at"][0])
            else:
                self.note(child, child.content)
            is_address = child.type == "link_open" and child.info == "auto"

    def note(self, token: Token, content: str = "", **more: object) -> None:
        attributes = {name: v for name, v in token.attrs.items() if name not in ("href", "src")}
        meta = {name: v for name, v in token.meta.items() if name not in _NOTED}
        self.found.rest.append(
            (
                *(token.type, token.tag, token.nesting, token.level, token.hidden, token.map),
                *(token.info, token.markup, content, attributes, meta, more),
            )
        )

    def link(self, token: Token, place: _Place) -> None:
        is_image = token.type == "image"
        label = token.meta.get("label", "")
        at = token.meta.get("at")
        span = place.span(*at) if at else None
        if label:
            span = self.env.get("spans", {}).get(label)
        written = str(token.attrs.get("src" if is_image else "href", ""))
        self.note(token, token.content if is_image else "", label=label)
        form: Literal["markdown", "auto"] = "auto" if token.info == "auto" else "markdown"
        self.found.addresses.append(Address(form, written, span, is_image, label))

    def wiki(self, token: Token, place: _Place) -> None:
        target, label = token.meta["target"], token.meta["label"]
        words = label or shown(target)
        self.note(token, words if self.heading else label)
        self.found.addresses.append(
            Address(
                "wiki",
                target,
                place.span(*token.meta["at"]),
                shown="" if label else words,
                in_heading=self.heading,
                in_cell=self.cell,
                image=token.type == "embed",
            )
        )

    def include(self, token: Token, place: _Place) -> None:
        self.note(token)
        span = place.span(*token.meta["at"])
        self.found.addresses.append(Address("wiki", token.meta["target"], span, included=True))

    def html(self, token: Token, place: _Place, offset: int) -> None:
        tags = _Tags()
        tags.rewrite(token.content)
        pieces, last = [], 0
        for written, start, end, is_image in tags.found:
            pieces.append(token.content[last:start])
            last = end
            span = place.span(offset + start, offset + end)
            self.found.addresses.append(Address("html", written, span, is_image))
        pieces.append(token.content[last:])
        self.note(token, "\0".join(pieces))


class _Place:
    """The position of a token's content in the text, line by line. A table cell begins at `column`
    of its row, where each `|` is written as `\\|`."""

    def __init__(
        self, whole: _Surveyor, content: str, first: int, column: int | None = None
    ) -> None:
        self.whole = whole
        self.content = content
        self.first = first
        self.column = column
        self.shifts: dict[int, int | None] = {}  # by line of the content

    @cached_property
    def line_ends(self) -> list[int]:
        return [at for at, character in enumerate(self.content) if character == "\n"]

    @cached_property
    def bars(self) -> list[int]:
        return [at for at, character in enumerate(self.content) if character == "|"]

    def span(self, start: int, end: int) -> Span | None:
        """Return the span in the text for a span of the content; None if it is uncertain."""
        row = bisect_left(self.line_ends, start)
        number = self.first + row
        if self.first < 0 or number >= len(self.whole.lines) or self.column == -1:
            return None
        source, wanted = self.whole.lines[number], self.content[start:end]
        if self.column is not None:
            shift: int | None = self.column + bisect_left(self.bars, start)
            wanted = wanted.replace("|", "\\|")
        else:
            if row not in self.shifts:
                self.shifts[row] = self.shift_of(row)
            shift = self.shifts[row]
        if shift is None:
            return None
        start += shift
        end = start + len(wanted)
        if source[start:end] != wanted:
            return None
        return start + self.whole.starts[number], end + self.whole.starts[number]

    def shift_of(self, row: int) -> int | None:
        """Return how much further right a line of the content begins in its line of the text."""
        begin = self.line_ends[row - 1] + 1 if row else 0
        stop = self.line_ends[row] if row < len(self.line_ends) else None
        line = self.content[begin:stop]
        at = self.whole.lines[self.first + row].rfind(line.strip())
        return at - (len(line) - len(line.lstrip())) - begin if at >= 0 else None


class _Tags(RawHtml):
    """Recorder of the addresses in one piece of raw HTML: value, span, and whether it is a
    picture."""

    def __init__(self) -> None:
        super().__init__(Links(RenderContext("", "")), str)
        self.found: list[tuple[str, int, int, bool]] = []

    def _link(self, given: dict[str, str]) -> None:
        if "href" in given:
            self._find("href", given["href"], False)

    def _picture(self, given: dict[str, str]) -> None:
        if "src" in given:
            self._find("src", given["src"], True)

    def _embed(self, tag: str, address: str | None) -> None:
        if address:
            self._find("src", address, False)

    def _find(self, name: str, value: str, is_image: bool) -> None:
        start, end = self.spans[name]
        if start >= 0:
            self.found.append((value, start, end, is_image))
