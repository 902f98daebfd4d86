"""Raw HTML in Markdown: known tags are kept and rewritten, all others are shown as text.

The result is not trusted: `sanitize` cleans the whole page afterwards.
"""

import re
from collections.abc import Callable
from html import unescape
from xml.etree.ElementTree import Element

from wiki.text.markdown.context import host_of
from wiki.text.markdown.destinations import resolve_link
from wiki.text.markdown.elements import BLOCKS, EMBEDS, HIDDEN, INLINE, REPLACED, VOID
from wiki.text.markdown.headings import fragment_id
from wiki.text.markdown.links import Links, what_is_wrong
from wiki.text.markdown.tree import escape, serialise
from wiki.text.own_texts import own_text

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
MAX_UNENDED = 32  # failed searches for an end in one piece of HTML

_NAME = re.compile(r"</?([A-Za-z][^\s/<>]*)")
_REST_OF_TAG = re.compile(r"""(?:[^>=]++|=\s*+(?:"[^"]*+"|'[^']*+'|(?!["'])))*+>""")
_ATTRIBUTE = re.compile(r"""([^\s/>=]+)(?:\s*=\s*("[^"]*"|'[^']*'|[^\s>"'][^\s>]*))?""")
_COMMENT_END = re.compile("--!?>")
_LANGUAGE = re.compile(r"(?:^|\s)(language-[\w+#.-]{1,30})(?:\s|$)")


class RawHtml:
    """A rewriter for the pieces of raw HTML of one page, in the order of the text.

    Takes time proportional to their length: the search for a missing end is limited to a fixed
    number of attempts.
    """

    def __init__(self, links: Links, open_table: Callable[[], str]) -> None:
        self.links = links
        self.open_table = open_table
        self.parts: list[str] = []
        self.fragment = ""
        self.tag = (0, 0)  # the span of the tag being rewritten
        self.spans: dict[str, tuple[int, int]] = {}  # the values of its attributes
        self.in_link = False

    def rewrite(self, fragment: str) -> str:
        """Return `fragment` with only known tags and attributes; unknown tags are shown as text."""
        self.fragment, self.parts, self.in_link = fragment, [], False
        unended: dict[str, int] = {}
        position = 0
        while (start := fragment.find("<", position)) >= 0:
            self._text(position, start)
            position = self._construct(start, unended)
            if position < 0:  # not markup: the character is text
                self.parts.append("&lt;")
                position = start + 1
        self._text(position, len(fragment))
        return "".join(self.parts)

    def _construct(self, start: int, unended: dict[str, int]) -> int:
        """Rewrite the construct that begins with `<` at `start`; return its end, or -1 if there is
        none.

        :param unended: number of constructs without an end so far, by kind.
        """
        fragment = self.fragment
        name = _NAME.match(fragment, start)
        if name:
            rest = ">" if fragment.startswith("</", start) else _REST_OF_TAG
            end = self._end(rest, name.end(), unended)
            if end < 0:
                return -1
            self.tag = (start, end)
            if fragment.startswith("</", start):
                self.end_tag(name[1].lower())
                return end
            return self.start_tag(name[1].lower(), self._attributes(name.end(), end - 1))
        if fragment.startswith("<!--", start):
            return self._end(_COMMENT_END, start + 2, unended)
        if fragment.startswith("<![CDATA[", start):
            return self._end("]]>", start, unended)
        if fragment.startswith("<?", start):
            return self._end("?>", start, unended)
        if fragment.startswith("<!", start):
            return self._end(">", start, unended)
        return -1

    def _end(self, what: str | re.Pattern[str], start: int, unended: dict[str, int]) -> int:
        """Return the end of the next `what`; -1 if there is none, or if too many searches for it
        have failed."""
        kind = what if isinstance(what, str) else what.pattern
        if unended.get(kind, 0) >= MAX_UNENDED:
            return -1
        if isinstance(what, str):
            end = self.fragment.find(what, start) + len(what)
            found = end >= len(what)
        else:
            is_tag = what is _REST_OF_TAG
            match = (what.match if is_tag else what.search)(self.fragment, start)
            found, end = match is not None, match.end() if match else 0
        if not found:
            unended[kind] = unended.get(kind, 0) + 1
        return end if found else -1

    def _attributes(self, start: int, end: int) -> dict[str, str]:
        """Return the attributes between two positions; the first of each name counts."""
        given: dict[str, str] = {}
        self.spans = {}
        for found in _ATTRIBUTE.finditer(self.fragment, start, end):
            name, value = found[1].lower(), found[2] or ""
            if name in given:
                continue
            first, last = found.span(2)
            if value[:1] in ("'", '"'):
                first, last = first + 1, last - 1
            given[name] = unescape(self.fragment[first:last])
            self.spans[name] = (first, last)
        return given

    def _text(self, start: int, end: int) -> None:
        """Add the text between two positions; entities in it are kept."""
        if start < end:
            self.parts.append(self.fragment[start:end].replace(">", "&gt;"))

    def start_tag(self, tag: str, given: dict[str, str]) -> int:
        """Rewrite `<tag …>`, and return the position after it."""
        end = self.tag[1]
        if tag in HIDDEN:
            return self._hide(tag, end)
        if tag in EMBEDS:
            self._embed(tag, given.get(EMBEDS[tag]))
            return end
        tag = REPLACED.get(tag, tag) or ""
        if tag == "img":
            self._picture(given)
        elif tag == "a":
            self._link(given)
            self.in_link = True
        elif tag in INLINE or tag in BLOCKS:
            if tag == "table":
                self.parts.append(self.open_table())
            self._tag(tag, self._kept(tag, given))
        elif tag:
            self._source()
        return end

    def end_tag(self, tag: str) -> None:
        """Rewrite `</tag>`."""
        name = REPLACED.get(tag, tag)
        if name in INLINE or name in BLOCKS:
            if name not in VOID:
                self.parts.append(f"</{name}>")
            if name == "table":
                self.parts.append("</div>")
            if name == "a":
                self.in_link = False
        elif name and tag not in EMBEDS:
            self._source()

    def _hide(self, tag: str, start: int) -> int:
        """Drop a whole script or style element; if its end tag is missing, it is shown as text."""
        ending = re.compile(rf"</{tag}(?:[\s/][^>]*)?>", re.IGNORECASE)
        found = ending.search(self.fragment, start)
        if found:
            return found.end()
        self._source()
        self.parts.append(escape(self.fragment[start:]))
        return len(self.fragment)

    def _source(self) -> None:
        """Show the tag as its author wrote it."""
        self.parts.append(escape(self.fragment[slice(*self.tag)]))

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
            self._tag("a", {"class": "broken-link", "title": what_is_wrong(to)})
            return
        self._tag("a", self.links.attributes(to, "") | self._kept("a", given))

    def _picture(self, given: dict[str, str]) -> None:
        element = Element("img", given)
        self.links.picture(element, inside_link=self.in_link)
        self.parts.append(_one(element))

    def _embed(self, tag: str, address: str | None) -> None:
        if not address:
            return
        to = resolve_link(address, self.links.context)
        if to.kind not in ("external", "file"):
            return
        element = Element("a", self.links.attributes(to, "", "image-link"))
        name = host_of(to.url) if to.kind == "external" else to.path.rpartition("/")[2]
        element.text = own_text("embedded" if tag in ("iframe", "embed") else "recording", name)
        self.parts.append(_one(element))


def _one(element: Element) -> str:
    holder = Element("div")
    holder.append(element)
    return serialise(holder).rstrip("\n")
