"""HTML as authors write it between their Markdown: known tags kept and dressed, all else shown.

What comes out is still not trusted: `sanitize` has the last word over the whole page.
"""

import re
from collections.abc import Callable
from html.parser import HTMLParser
from xml.etree.ElementTree import Element

from wiki.text.destinations import host_of, resolve_link
from wiki.text.headings import fragment_id
from wiki.text.links import Links
from wiki.text.tree import escape, serialise

INLINE = frozenset(
    [
        "a",
        "abbr",
        "b",
        "bdi",
        "bdo",
        "br",
        "cite",
        "code",
        "data",
        "del",
        "dfn",
        "em",
        "i",
        "img",
        "ins",
        "kbd",
        "mark",
        "q",
        "rp",
        "rt",
        "ruby",
        "s",
        "samp",
        "small",
        "span",
        "strike",
        "strong",
        "sub",
        "sup",
        "time",
        "tt",
        "u",
        "var",
        "wbr",
    ]
)
BLOCKS = frozenset(
    [
        "article",
        "aside",
        "blockquote",
        "caption",
        "center",
        "col",
        "colgroup",
        "dd",
        "details",
        "div",
        "dl",
        "dt",
        "figcaption",
        "figure",
        "footer",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "li",
        "main",
        "nav",
        "ol",
        "p",
        "pre",
        "section",
        "summary",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
        "ul",
    ]
)
# Shown as another element; None drops the tag and keeps what is inside.
REPLACED: dict[str, str | None] = {
    "center": "div", "tt": "code", "strike": "s", "main": "div", "nav": "div", "header": "div",
    "footer": "div", "article": "div", "aside": "div", "font": None, "big": None, "nobr": None,
    "form": None, "fieldset": None, "legend": None, "label": None, "input": None, "button": None,
    "select": None, "option": None, "optgroup": None, "picture": None, "track": None,
    "html": None, "body": None, "section": "div",
}  # fmt: skip
EMBEDS = {"iframe": "src", "video": "src", "audio": "src", "source": "src", "embed": "src"}
HIDDEN = frozenset({"script", "style"})
VOID = frozenset({"br", "col", "hr", "img", "wbr"})

ATTRIBUTES: dict[str, frozenset[str]] = {
    "*": frozenset({"id", "lang", "dir", "title", "align"}),
    "td": frozenset({"colspan", "rowspan", "valign"}),
    "th": frozenset({"colspan", "rowspan", "valign", "scope"}),
    "col": frozenset({"span"}),
    "colgroup": frozenset({"span"}),
    "ol": frozenset({"start", "type", "reversed"}),
    "li": frozenset({"value"}),
    "details": frozenset({"open"}),
    "time": frozenset({"datetime"}),
    "del": frozenset({"datetime", "cite"}),
    "ins": frozenset({"datetime", "cite"}),
    "q": frozenset({"cite"}),
    "blockquote": frozenset({"cite"}),
    "data": frozenset({"value"}),
}
_Attributes = list[tuple[str, str | None]]
_LANGUAGE = re.compile(r"(?:^|\s)(language-[\w+#.-]{1,30})(?:\s|$)")


class RawHtml(HTMLParser):
    """Rewrites the pieces of raw HTML of one page, in the order of the text."""

    def __init__(self, links: Links, open_table: Callable[[], str]) -> None:
        super().__init__(convert_charrefs=False)
        self.links = links
        self.open_table = open_table
        self.parts: list[str] = []
        self.hidden: str | None = None
        self.hidden_from = 0

    def rewrite(self, fragment: str) -> str:
        """`fragment` with only known tags and attributes; a lone unknown tag is text."""
        self.reset()
        self.parts, self.hidden = [], None
        self.feed(fragment)
        self.close()
        return "".join(self.parts)

    def handle_starttag(self, tag: str, attrs: _Attributes) -> None:
        """Called by the parser for `<tag …>`."""
        given = {name: value or "" for name, value in reversed(attrs)}
        if tag in HIDDEN:
            self.hidden, self.hidden_from = tag, len(self.parts)
            self._source()
            return
        if tag in EMBEDS:
            self._embed(tag, given.get(EMBEDS[tag]))
            return
        tag = REPLACED.get(tag, tag) or ""
        if tag == "img":
            self._picture(given)
        elif tag == "a":
            self._link(given)
        elif tag in INLINE or tag in BLOCKS:
            if tag == "table":
                self.parts.append(self.open_table())
            self._tag(tag, self._kept(tag, given))
        elif tag:
            self._source()

    def handle_startendtag(self, tag: str, attrs: _Attributes) -> None:
        """Called by the parser for `<tag … />`, which HTML reads as `<tag …>`."""
        self.handle_starttag(tag, attrs)
        self.clear_cdata_mode()

    def handle_endtag(self, tag: str) -> None:
        """Called by the parser for `</tag>`."""
        if tag == self.hidden:  # a whole script or style: nothing for readers
            del self.parts[self.hidden_from :]
            self.hidden = None
            return
        name = REPLACED.get(tag, tag)
        if name in INLINE or name in BLOCKS:
            if name not in VOID:
                self.parts.append(f"</{name}>")
            if name == "table":
                self.parts.append("</div>")
        elif name and tag not in EMBEDS:
            self.parts.append(escape(f"</{tag}>"))

    def handle_data(self, data: str) -> None:
        """Called by the parser for text."""
        self.parts.append(escape(data))

    def handle_entityref(self, name: str) -> None:
        """Called by the parser for `&name;`."""
        self.parts.append(f"&{name};")

    def handle_charref(self, name: str) -> None:
        """Called by the parser for `&#name;`."""
        self.parts.append(f"&#{name};")

    def parse_marked_section(self, i: int, report: int = 1) -> int:
        """Called by the parser for `<![…]>`; its own version raises for what it does not know."""
        end = self.rawdata.find(">", i)
        return end + 1 if end > 0 else -1

    def unknown_decl(self, data: str) -> None:
        """Called by the parser for `<![CDATA[…]]>` and the like, which are left out."""

    def _source(self) -> None:
        self.parts.append(escape(self.get_starttag_text() or ""))

    def _tag(self, tag: str, attributes: dict[str, str]) -> None:
        element = Element(tag, attributes)
        if tag in VOID:
            self.parts.append(_one(element))
        else:
            self.parts.append(_one(element).removesuffix(f"</{tag}>"))

    def _kept(self, tag: str, given: dict[str, str]) -> dict[str, str]:
        allowed = ATTRIBUTES["*"] | ATTRIBUTES.get(tag, frozenset())
        kept = {name: value for name, value in given.items() if name in allowed}
        if kept.get("id"):
            kept["id"] = fragment_id(kept["id"])
            self.links.named.append(kept["id"])
        language = _LANGUAGE.search(given.get("class", "")) if tag == "code" else None
        if language:
            kept["class"] = language[1]
        return kept

    def _link(self, given: dict[str, str]) -> None:
        if "href" not in given:
            kept = self._kept("a", {"id": given.get("name", ""), **given})
            self._tag("a", kept)
            return
        to = resolve_link(given["href"], self.links.context)
        if to.kind == "broken":
            self.links.note(to, "")
            self._tag("a", {"class": "broken-link", "title": f"This link leads nowhere: {to.path}"})
            return
        self._tag("a", self.links.attributes(to, "") | self._kept("a", given))

    def _picture(self, given: dict[str, str]) -> None:
        element = Element("img", given)
        self.links.picture(element, inside_link=self._inside_link())
        self.parts.append(_one(element))

    def _inside_link(self) -> bool:
        for part in reversed(self.parts):
            if part.startswith("<a"):
                return True
            if part == "</a>":
                return False
        return False

    def _embed(self, tag: str, address: str | None) -> None:
        if not address:
            return
        to = resolve_link(address, self.links.context)
        if to.kind not in ("external", "file"):
            return
        element = Element("a", self.links.attributes(to, "", "image-link"))
        name = host_of(to.url) if to.kind == "external" else to.path.rpartition("/")[2]
        element.text = (
            f"Embedded from {name}" if tag in ("iframe", "embed") else f"Recording: {name}"
        )
        self.parts.append(_one(element))


def _one(element: Element) -> str:
    holder = Element("div")
    holder.append(element)
    return serialise(holder).rstrip("\n")
