"""Headings: their ids, links to themselves, and the table of contents."""

import re
import unicodedata
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from wiki.text.markdown.elements import is_known
from wiki.text.own_texts import own_text

TAGS = ("h1", "h2", "h3", "h4", "h5", "h6")
PREFIX = "sec-"  # keeps ids from authors apart from the application's own

_CUSTOM = re.compile(r"\s*\{#([^\s{}]{1,100})\}\s*$")
_TAG = re.compile(r"</?([A-Za-z][^\s/<>]*)")


@dataclass(frozen=True)
class Heading:
    """A section of a page; `id` is the fragment in its address."""

    level: int
    id: str
    text: str


def heading_slug(text: str) -> str:
    """Return the id of a heading as on GitHub: lower case, no punctuation, a `-` for each blank."""
    kept = []
    for character in unicodedata.normalize("NFC", text.strip().lower()):
        if character in "-_" or unicodedata.category(character)[0] in "LMN":
            kept.append(character)
        elif character.isspace():
            kept.append("-")
    return "".join(kept)[:200]


def fragment_id(fragment: str) -> str:
    """Return the id for a fragment as written (`on-call`) or copied (`sec-on-call`) by a user."""
    if not fragment or re.fullmatch(r"(?:fn|fnref)-[0-9-]+", fragment):
        return fragment
    if fragment.startswith("^"):
        return block_id(fragment[1:])
    slug = heading_slug(fragment)
    return slug if slug.startswith(PREFIX) or not slug else PREFIX + slug


def block_id(name: str) -> str:
    """Return the id of a block that its author has named with `^name` at its end."""
    return f"{PREFIX}^{name.lower()}"


def text_of(element: Element) -> str:
    """Return the visible text of a heading, without footnote marks and with blanks collapsed."""
    parts: list[str] = []
    _gather(element, parts)
    return " ".join("".join(parts).split())


def title_of(element: Element) -> str:
    """Return the visible text of a heading without its custom id."""
    return _CUSTOM.sub("", text_of(element))


def _gather(element: Element, parts: list[str]) -> None:
    if element.tag == "sup" and element.get("class") == "footnote-ref":
        return
    if element.tag == "#raw":
        tag = _TAG.match(element.text or "")
        if tag is None or is_known(tag[1].lower()):
            return
    if element.tag == "img":
        parts.append(element.get("alt") or "")
    if element.tag == "wikilink":
        parts.append(element.get("label") or element.get("target") or "")
    if element.tag == "mention":
        parts.append("@" + (element.get("handle") or ""))
    parts.append(element.text or "")
    for child in element:
        _gather(child, parts)
        parts.append(child.tail or "")


_BLOCK = re.compile(r"(?:^|(?<=\s))\^(?=[0-9-]*[A-Za-z])([A-Za-z0-9-]{2,60})\s*$")
_NAMED = frozenset({"p", "li"})


def name_blocks(root: Element) -> list[str]:
    """Set the ids of blocks that end in `^name`, remove that text, and return the ids. A `^name` on
    its own names the block before it."""
    found: dict[str, None] = {}
    for parent in list(root.iter()):
        before: Element | None = None
        for block in list(parent):
            match = _BLOCK.search(_last_text(block)) if block.tag in _NAMED else None
            if match is None or block_id(match[1]) in found:
                before = block
                continue
            named = block
            if not len(block) and not (block.text or "")[: match.start()].strip():
                if before is None or before.tag == "#raw":
                    before = block
                    continue
                named = before
                parent.remove(block)
            else:
                _set_last_text(block, _last_text(block)[: match.start()].rstrip())
            if named.get("id") is None:
                named.set("id", block_id(match[1]))
                found[block_id(match[1])] = None
            before = named
    return list(found)


def _last_text(element: Element) -> str:
    return (element[-1].tail if len(element) else element.text) or ""


def _set_last_text(element: Element, text: str) -> None:
    if len(element):
        element[-1].tail = text
    else:
        element.text = text


class Headings:
    """The headings of one page; each gets a unique id and a link to itself."""

    def __init__(self) -> None:
        self.found: list[Heading] = []
        self._used: dict[str, int] = {}

    def add(self, element: Element) -> None:
        """Set the id of `element` (h1 to h6) and append the link to itself."""
        slug = self._custom(element) or heading_slug(text_of(element)) or "section"
        text = text_of(element)
        identifier = self._unique(fragment_id(slug))
        self.found.append(Heading(int(element.tag[1]), identifier, text))
        element.set("id", identifier)
        label = own_text("section", text[:200])
        anchor = Element("a", {"class": "anchor", "href": f"#{identifier}", "aria-label": label})
        element.append(anchor)

    @property
    def names(self) -> list[str]:
        """The ids of all headings, including one that was removed from the list."""
        return list(self._used)

    def _unique(self, identifier: str) -> str:
        count = self._used.get(identifier)
        while count is not None:
            numbered = f"{identifier}-{count}"
            self._used[identifier] = count + 1
            if numbered not in self._used:
                identifier = numbered
                break
            count += 1
        self._used[identifier] = 1
        return identifier

    @staticmethod
    def _custom(element: Element) -> str | None:
        """Remove the custom id in `## Heading {#name}` from the text, and return it."""
        text = element[-1].tail if len(element) else element.text
        match = _CUSTOM.search(text or "")
        if match is None or text is None:
            return None
        if len(element):
            element[-1].tail = text[: match.start()]
        else:
            element.text = text[: match.start()]
        return match[1]


def contents(headings: list[Heading]) -> Element:
    """Return the table of contents as nested lists in a `div`."""
    top = Element("div", {"class": "toc"})
    stack: list[tuple[int, Element]] = [(0, top)]
    for heading in headings:
        while stack[-1][0] >= heading.level:
            stack.pop()
        parent = stack[-1][1]
        if len(parent) and parent[-1].tag == "ul":
            items = parent[-1]
        else:
            items = Element("ul")
            parent.append(items)
        item = Element("li")
        link = Element("a", {"href": f"#{heading.id}"})
        link.text = heading.text
        item.append(link)
        items.append(item)
        stack.append((heading.level, item))
    return top
