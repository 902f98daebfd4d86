"""Links, pictures and mentions of a page: resolved, listed and converted to HTML."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import unquote
from xml.etree.ElementTree import Element

from wiki.text.markdown.context import RenderContext, host_of
from wiki.text.markdown.destinations import (
    Destination,
    Kind,
    resolve_embedded,
    resolve_link,
    resolve_wiki_link,
)
from wiki.text.markdown.headings import text_of
from wiki.text.markdown.tree import RAW, escape
from wiki.text.markdown.wikilinks import Reading, shown
from wiki.text.own_texts import own_text

REL = "noopener noreferrer nofollow"
PICTURES = frozenset(["apng", "avif", "bmp", "gif", "ico", "jpeg", "jpg", "png", "svg", "webp"])

_MENTION = re.compile(
    r'<a class="wl-\d+ mention" href="/-/people/(?P<handle>[^"]*)">(?P<text>@[^<]*)</a>'
)
_SIZE = re.compile(r"(?:(?P<words>.*)\|)?\s*(?P<width>\d{1,4})(?:x(?P<height>\d{1,4}))?\s*", re.S)
_PICTURE = re.compile(r'<img src="([^"]*)"((?: [a-z]+="[^"]*")*?) class="wl-(\d+)"')
_MARKER = re.compile(r'(<a class="wl-(\d+))((?: [^"]*)?" href=")([^"]*)')


@dataclass(frozen=True)
class Link:
    """A link of a page, in the order of the text; its class in the HTML is `wl-<ordinal>`.

    `space` and `path` are set for pages and files; for `external` the path is the whole address,
    for `mention` the handle, for `broken` the reason. `embedded` is True if a file or page is
    shown, not linked. `others` and `named` are those of the `Destination`.
    """

    ordinal: int
    kind: Kind
    space: str
    path: str
    fragment: str
    text: str
    embedded: bool = False
    others: Sequence[Reading] = ()
    named: bool = False


@dataclass(frozen=True)
class Marks:
    """The reader's view of links, by ordinal: those that are `missing`, and in `lead` the actual
    targets of links that differ from the written ones."""

    missing: Collection[int] = ()
    lead: Mapping[int, str] = field(default_factory=dict)


def mark(html: str, marks: Marks) -> str:
    """Return `html` of a `Rendering` with the class `missing` on missing links, and with the actual
    targets of links by name."""
    missing = {str(ordinal) for ordinal in marks.missing}
    lead = {str(ordinal): escape(url) for ordinal, url in marks.lead.items()}
    if not missing and not lead:
        return html

    def marked(match: re.Match[str]) -> str:
        start, ordinal, between, url = match.groups()
        state = " missing" if ordinal in missing else ""
        return f"{start}{state}{between}{lead.get(ordinal, url)}"

    def shown_elsewhere(match: re.Match[str]) -> str:
        src, between, ordinal = match.groups()
        return f'<img src="{lead.get(ordinal, src)}"{between} class="wl-{ordinal}"'

    html = _MARKER.sub(marked, html)
    return _PICTURE.sub(shown_elsewhere, html) if lead else html


def mentioned(html: str) -> list[str]:
    """Return the handles that `html` of a `Rendering` mentions, without duplicates."""
    if ' mention" ' not in html:
        return []
    return list(dict.fromkeys(unquote(found["handle"]) for found in _MENTION.finditer(html)))


def without_mentions(html: str, known: Collection[str]) -> str:
    """Return `html` of a `Rendering` with mentions of handles outside `known` as plain text."""
    return _MENTION.sub(
        lambda found: found[0] if unquote(found["handle"]) in known else found["text"], html
    )


def what_is_wrong(to: Destination, code: str = "nowhere") -> str:
    """Return the text about a link to `to` that leads nowhere, with the reason if there is one."""
    return own_text(f"{code}-why", to.path) if to.kind == "broken" else own_text(code)


def _sized(words: str) -> tuple[str, dict[str, str]]:
    """Split `words|200x100` into the words and the size of a picture."""
    found = _SIZE.fullmatch(words)
    if found is None:
        return words, {}
    size = {"width": found["width"], "height": found["height"] or ""}
    return (found["words"] or "").strip(), {key: value for key, value in size.items() if value}


class Links:
    """The links of one page: resolves their addresses, and converts and records them."""

    def __init__(self, context: RenderContext) -> None:
        self.context = context
        self.found: list[Link] = []
        self.named: list[str] = []  # ids in raw HTML

    def note(self, to: Destination, text: str, embedded: bool = False) -> int:
        """Record a link and return its ordinal."""
        text = " ".join(text.split())[:300]
        link = Link(
            len(self.found),
            *(to.kind, to.space, to.path, to.fragment, text, embedded, to.others, to.named),
        )
        self.found.append(link)
        return link.ordinal

    def attributes(
        self, to: Destination, text: str, extra: str = "", embedded: bool = False
    ) -> dict[str, str]:
        """Return the class, address and rel of a link to `to`, and record the link."""
        ordinal = self.note(to, text, embedded)
        marked = to.kind in ("page", "file", "mention")
        classes = [f"wl-{ordinal}"] if marked else []
        web = to.kind == "external" and to.url.startswith("http")
        classes += ["external"] if web else []
        classes += extra.split()
        attributes = {"class": " ".join(classes)} if classes else {}
        attributes["href"] = to.url
        if web:
            attributes["rel"] = REL
        return attributes

    def link(self, element: Element) -> None:
        """Convert `<a href>` in place; a broken link becomes a span with the reason."""
        title = element.get("title")
        to = resolve_link(element.get("href", ""), self.context)
        text = text_of(element)
        element.attrib.clear()
        if to.kind == "broken":
            self.broken(element, to, text)
            return
        element.attrib.update(self.attributes(to, text))
        if title:
            element.set("title", title)

    def autolink(self, element: Element, bracketed: bool) -> None:
        """Convert an autolink. If its address is not allowed it becomes text, and so does a tag
        such as `<my:tag>` that looks like an address in brackets."""
        if resolve_link(element.get("href", ""), self.context).kind != "broken":
            self.link(element)
            return
        text = text_of(element)
        element.attrib.clear()
        element.tag, element.text = RAW, escape(f"<{text}>" if bracketed else text)

    def broken(self, element: Element, to: Destination, text: str, code: str = "nowhere") -> None:
        """Turn `element` into a span whose title says what is wrong, and record the link."""
        self.note(to, text)
        element.tag = "span"
        element.attrib.update({"class": "broken-link", "title": what_is_wrong(to, code)})

    def wiki_link(self, element: Element) -> None:
        """Turn `[[target|label]]` into a link in place."""
        target = element.get("target", "")
        to = resolve_wiki_link(target, self.context)
        label = element.get("label") or shown(target)
        element.attrib.clear()
        element.text = label
        if to.kind == "broken":
            self.broken(element, to, label)
            return
        element.tag = "a"
        element.attrib.update(self.attributes(to, label))

    def embed(self, element: Element) -> None:
        """Turn `![[file]]` into a picture, or into a link if it is another kind of file."""
        target, label = element.get("target", ""), element.get("label", "")
        to = resolve_embedded(target, self.context)
        label, size = _sized(label)
        words = label or shown(target).rpartition("/")[2]
        element.attrib.clear()
        if to.kind == "broken":
            element.text = words
            self.broken(element, to, words, "no-picture")
        elif to.path.rpartition(".")[2].lower() in PICTURES:
            element.tag = "img"
            ordinal = self.note(to, words, embedded=True)
            element.attrib.update({"src": to.url, "class": f"wl-{ordinal}", "alt": words} | size)
            element.set("loading", "lazy")
        else:
            element.tag, element.text = "a", words
            element.attrib.update(self.attributes(to, words, "image-link"))

    def include(self, element: Element) -> None:
        """Turn `![[target]]` into a paragraph with a link, which is replaced by the content of that
        page when it is shown."""
        target = element.get("target", "")
        to = resolve_wiki_link(target, self.context)
        label = shown(target)
        element.attrib.clear()
        element.tag = "p"
        link = Element("a")
        link.text = label
        element.append(link)
        if to.kind != "page":
            self.broken(link, to, label, "part-of-itself" if to.kind == "anchor" else "nowhere")
            return
        element.set("class", "include")
        link.attrib.update(self.attributes(to, label, embedded=True))

    def mention(self, element: Element) -> None:
        """Turn `@handle` into a link to the person in place."""
        handle = element.get("handle", "").lower()
        to = Destination("mention", f"/-/people/{handle}", path=handle)
        element.tag, element.text = "a", "@" + element.get("handle", "")
        element.attrib.clear()
        element.attrib.update(self.attributes(to, element.text, "mention"))

    def picture(self, element: Element, inside_link: bool) -> None:
        """Convert `<img>` in place.

        A picture on another host is never loaded automatically. It is shown as its description and
        a link to its address, or only as the description if the picture is inside a link.
        """
        attributes = dict(element.attrib)
        alt, title = attributes.get("alt", ""), attributes.get("title", "")
        if "|" in alt:
            alt, size = _sized(alt)
            attributes = size | attributes
        to = resolve_link(attributes.get("src", ""), self.context, image=True)
        element.attrib.clear()
        if to.kind == "file" and to.path.rpartition(".")[2].lower() in PICTURES:
            ordinal = self.note(to, alt, embedded=True)
            element.attrib.update({"src": to.url, "alt": alt})
            if title:
                element.set("title", title)
            for name in ("width", "height", "align"):
                if name in attributes:
                    element.set(name, attributes[name])
            element.set("loading", "lazy")
            if to.named:
                element.set("class", f"wl-{ordinal}")
            return
        if to.kind in ("broken", "anchor") or (inside_link and to.kind != "external"):
            element.text = alt or own_text("picture")
            self.broken(element, to, alt, "no-picture")
            return
        if to.kind == "external":
            host = host_of(to.url)
            element.text = (
                own_text("picture-at-of", host, alt) if alt else own_text("picture-at", host)
            )
        else:
            element.text = alt or to.path.rpartition("/")[2] or own_text("picture")
        if inside_link:
            self.note(to, alt, embedded=True)
            element.tag = "span"
            element.set("class", "image-link")
        else:
            element.tag = "a"
            element.attrib.update(self.attributes(to, alt, "image-link"))
