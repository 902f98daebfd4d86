"""Python-Markdown's parse stage, built on markdown-it: conversion of text to an element tree, and
back.

Beside HTML's elements the tree contains `#raw` (HTML as its author wrote it, in `text`), `wikilink`
(attributes target, label), `mention` (handle), `include` (target) and `admonition` (kind, folding),
which the tree processors of `markup` turn into HTML.
"""

from collections.abc import Callable, Iterable, Sequence
from xml.etree.ElementTree import Element, ElementTree

from markdown import Markdown
from markdown.blockparser import BlockParser
from markdown.extensions import Extension
from markdown.util import Registry
from markdown_it.common.utils import unescapeAll
from markdown_it.token import Token

from wiki.text.markdown.autolinks import BARE
from wiki.text.markdown.grammar import MAX_NESTING, grammar
from wiki.text.own_texts import own_text

RAW = "#raw"
MAX_DEPTH = 150  # nested elements, including emphasis
_BLOCKS = frozenset({"p", "ul", "ol", "li", "dl", "dt", "dd", "table", "tr", "blockquote"}) | {
    *("pre", "hr", "div", "section", "h1", "h2", "h3", "h4", "h5", "h6")
}
VOID = frozenset({"br", "hr", "img", "input", "wbr"})


class TooDeepError(ValueError):
    """The text nests deeper than can be shown."""


def pipeline(*extensions: Extension) -> Markdown:
    """Return a Python-Markdown instance with our grammar and serialiser, and with `extensions`."""
    return Markdown(extensions=[_CommonMark(), *extensions], output_format="html")


def parse_line(line: str) -> Element:
    """Return the tree of a line that contains inline markup and no blocks."""
    return _TreeBuilder().build(grammar().parseInline(line, {}))


def build_tree(tokens: Sequence[Token]) -> Element:
    """Return the tree of a parsed text.

    :raises TooDeepError: when it is nested too deeply.
    """
    return _TreeBuilder().build(tokens)


class _CommonMark(Extension):
    """Extension that replaces Python-Markdown's grammar and serialiser and keeps the rest of its
    pipeline."""

    def extendMarkdown(self, md: Markdown) -> None:
        """Install the parse stage in a `Markdown` instance (a hook of Python-Markdown)."""
        md.preprocessors = Registry()
        md.treeprocessors = Registry()
        md.postprocessors = Registry()
        md.parser = _TokenParser(md)
        md.output_formats = {**Markdown.output_formats, "html": serialise}  # type: ignore[misc]
        md.stripTopLevelTags = False


class _TokenParser(BlockParser):
    autolinks: dict[Element, bool]
    lines = False

    def parseDocument(self, lines: Iterable[str]) -> ElementTree:
        builder = _TreeBuilder(self.lines)
        root = builder.build(grammar().parse("\n".join(lines), {}))
        self.autolinks = builder.autolinks
        return ElementTree(root)


def autolinks_of(md: Markdown) -> dict[Element, bool]:
    """Return the autolinks, each with a flag that is True if it is enclosed in `<` and `>`."""
    parser: _TokenParser = md.parser  # type: ignore[assignment]
    return parser.autolinks


def show_lines(md: Markdown, wanted: bool) -> None:
    """Set whether each block gets the number of its first line in the source as `data-line`."""
    parser: _TokenParser = md.parser  # type: ignore[assignment]
    parser.lines = wanted


class _TreeBuilder:
    """Builder of a tree from tokens. Text is collected in a buffer, because appending it piece by
    piece is quadratic."""

    def __init__(self, lines: bool = False) -> None:
        self.lines = lines
        self.root = Element("div")
        self.stack = [self.root]
        self.buffer: list[str] = []
        self.autolinks: dict[Element, bool] = {}
        self.leaves: dict[str, Callable[[Token], object]] = {
            "text": lambda token: self.buffer.append(token.content),
            "text_special": lambda token: self.buffer.append(token.content),
            "softbreak": lambda _: self.buffer.append("\n"),
            "hardbreak": self.hard_break,
            "code_inline": lambda token: self.leaf("code", text=token.content),
            "html_inline": lambda token: self.leaf(RAW, text=token.content),
            "html_block": lambda token: self.leaf(RAW, text=token.content),
            "code_block": self.code,
            "fence": self.code,
            "hr": lambda _: self.leaf("hr"),
            "image": self.image,
            "inline": lambda token: self.add_all(token.children or []),
            "wikilink": lambda token: self.leaf("wikilink", **token.meta),
            "embed": lambda token: self.leaf("embed", **token.meta),
            "mention": lambda token: self.leaf("mention", **token.meta),
            "include": lambda token: self.leaf("include", target=token.meta["target"]),
            "footnote_ref": self.footnote_reference,
            "footnote_anchor": self.footnote_back,
        }

    def build(self, tokens: Sequence[Token]) -> Element:
        """Return the root element.

        :raises TooDeepError: when markdown-it has omitted text because of its nesting.
        """
        if any(token.level >= MAX_NESTING - 1 for token in tokens):
            raise TooDeepError(f"The text nests more than {MAX_NESTING // 2} levels deep.")
        self.add_all(tokens)
        self.flush()
        return self.root

    def add_all(self, tokens: Sequence[Token]) -> None:
        for token in tokens:
            if token.nesting == 1:
                self.open(token)
            elif token.nesting == -1:
                self.close(token)
            else:
                self.leaves[token.type](token)

    def open(self, token: Token) -> None:
        if token.hidden:  # a paragraph of a tight list
            return
        attributes = {name: str(value) for name, value in token.attrs.items()}
        if self.lines and token.map:
            attributes["data-line"] = str(token.map[0] + 1)
        if token.type in _FOOTNOTE_TAGS:
            self.open_footnote(token)
        elif token.type == "admonition_open":
            self.push(Element("admonition", token.meta))
        elif token.type in ("th_open", "td_open"):
            style = attributes.pop("style", "")
            if style:
                attributes["align"] = style.partition(":")[2]
            self.push(Element(token.tag, attributes))
        else:
            self.push(Element(token.tag, attributes))
            if token.info == "auto":
                self.autolinks[self.stack[-1]] = token.markup != BARE
            if token.type == "list_item_open" and "checked" in token.meta:
                self.checkbox(token.meta["checked"])

    def close(self, token: Token) -> None:
        if token.hidden:
            return
        self.flush()
        self.stack.pop()
        if token.type == "footnote_block_close":
            self.stack.pop()

    def push(self, element: Element) -> None:
        self.flush()
        if len(self.stack) > MAX_DEPTH:
            raise TooDeepError(f"The text nests more than {MAX_DEPTH} levels deep.")
        self.stack[-1].append(element)
        self.stack.append(element)

    def leaf(self, tag: str, text: str | None = None, **attributes: str) -> Element:
        self.flush()
        element = Element(tag, attributes)
        element.text = text
        self.stack[-1].append(element)
        return element

    def flush(self) -> None:
        if not self.buffer:
            return
        text = "".join(self.buffer)
        self.buffer.clear()
        parent = self.stack[-1]
        if len(parent):
            parent[-1].tail = (parent[-1].tail or "") + text
        else:
            parent.text = (parent.text or "") + text

    def hard_break(self, _: Token) -> None:
        self.leaf("br")
        self.buffer.append("\n")

    def code(self, token: Token) -> None:
        self.flush()
        pre = self.leaf("pre")
        if self.lines and token.map:
            pre.set("data-line", str(token.map[0] + 1))
        code = Element("code")
        words = unescapeAll(token.info).split(maxsplit=1)
        if words:
            code.set("class", f"language-{words[0]}")
        code.text = token.content
        pre.append(code)

    def image(self, token: Token) -> None:
        attributes = {name: str(value) for name, value in token.attrs.items()}
        attributes["alt"] = _plain(token.children or [])
        self.leaf("img", **attributes)

    def checkbox(self, checked: bool) -> None:
        state = {"checked": ""} if checked else {}
        label = own_text("done" if checked else "to-do")
        self.leaf("input", type="checkbox", disabled="", **{"aria-label": label}, **state)
        self.buffer.append(" ")

    def footnote_reference(self, token: Token) -> None:
        number, again = token.meta["id"] + 1, token.meta.get("subId", 0)
        sup = self.leaf("sup", **{"class": "footnote-ref"})
        anchor = Element("a", {"id": _reference_id(number, again), "href": f"#fn-{number}"})
        anchor.text = str(number)
        sup.append(anchor)

    def footnote_back(self, token: Token) -> None:
        number, again = token.meta["id"] + 1, token.meta.get("subId", 0)
        self.buffer.append(" ")
        back = self.leaf(
            "a",
            **{
                "class": "footnote-back",
                "href": f"#{_reference_id(number, again)}",
                "aria-label": own_text("back", str(number)),
            },
        )
        back.text = "↩"

    def open_footnote(self, token: Token) -> None:
        if token.type == "footnote_block_open":
            label = own_text("footnotes")
            attributes = {"class": "footnotes", "role": "doc-endnotes", "aria-label": label}
            self.push(Element("section", attributes))
            self.push(Element("ol"))
        else:
            self.push(Element("li", {"id": f"fn-{token.meta['id'] + 1}"}))


_FOOTNOTE_TAGS = ("footnote_block_open", "footnote_open")


def _reference_id(number: int, again: int) -> str:
    return f"fnref-{number}-{again + 1}" if again else f"fnref-{number}"


def _plain(tokens: Sequence[Token]) -> str:
    parts = []
    for token in tokens:
        if token.type in ("text", "text_special", "code_inline", "html_inline"):
            parts.append(token.content)
        elif token.type in ("softbreak", "hardbreak"):
            parts.append("\n")
        elif token.type in ("wikilink", "embed"):
            parts.append(token.meta["label"] or token.meta["target"])
        elif token.type == "mention":
            parts.append("@" + token.meta["handle"])
        else:
            parts.append(_plain(token.children or []))
    return "".join(parts)


def serialise(root: Element) -> str:
    """Return the HTML of the content of `root`. Every `&`, `<` and `>` of the text is escaped."""
    parts: list[str] = []
    _write_children(root, parts.append)
    return "".join(parts)


def _write_children(element: Element, write: Callable[[str], None]) -> None:
    if element.text:
        write(escape(element.text))
    for child in element:
        _write(child, write)
        if child.tail:
            write(escape(child.tail))


def _write(element: Element, write: Callable[[str], None]) -> None:
    tag = element.tag
    if tag == RAW:
        write(element.text or "")
        return
    attributes = "".join(
        f' {name}="{escape(value).replace(chr(34), "&quot;")}"'
        for name, value in element.attrib.items()
    )
    write(f"<{tag}{attributes}>")
    if tag not in VOID:
        _write_children(element, write)
        write(f"</{tag}>")
    if tag in _BLOCKS:
        write("\n")


def escape(text: str) -> str:
    """Return `text` as HTML character data."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
