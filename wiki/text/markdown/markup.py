"""The renderer of pages: Markdown to HTML as a pure function of a text and its location.

`render` runs in the calling process without a time limit. Render texts of untrusted authors with
`sandbox.render_safely`.
"""

import logging
import re
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Literal
from xml.etree.ElementTree import Element

from markdown import Markdown
from markdown.extensions import Extension
from markdown.treeprocessors import Treeprocessor

from wiki.text.compare.lines import normalise_line_ends
from wiki.text.markdown.blocks import Blocks
from wiki.text.markdown.candidates import candidate_links
from wiki.text.markdown.context import RenderContext
from wiki.text.markdown.excerpt import excerpt, text_of_html
from wiki.text.markdown.headings import (
    TAGS,
    Heading,
    Headings,
    contents,
    name_blocks,
    text_of,
    title_of,
)
from wiki.text.markdown.links import Link, Links, Marks, mark
from wiki.text.markdown.rawhtml import RawHtml
from wiki.text.markdown.sanitize import TooDeepHtmlError, sanitise
from wiki.text.markdown.tree import (
    RAW,
    TooDeepError,
    autolinks_of,
    escape,
    parse_line,
    pipeline,
    show_lines,
)
from wiki.text.own_texts import only_values, own_text
from wiki.text.scan.unseen import marked

__all__ = [
    "RENDERER_VERSION",
    "Heading",
    "Link",
    "Marks",
    "RenderContext",
    "Rendering",
    "mark",
    "plain_rendering",
    "render",
    "text_of_line",
]

_LIBRARIES = ("markdown", "markdown-it-py", "mdit-py-plugins", "nh3", "pygments")
RENDERER_VERSION = "9/" + "/".join(version(name) for name in _LIBRARIES)
"""Changes whenever the same text could give other HTML: part of the key of every cached page."""

MAX_SOURCE = 2_000_000  # characters
MAX_HTML = 16_000_000

_log = logging.getLogger(__name__)
_HEADING_TAG = re.compile(r"(</?h)([1-6])(?=[ >])")
_UNREADABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")

CutOff = Literal["", "time", "trouble"]


@dataclass(frozen=True)
class Rendering:
    """The result of rendering a text: HTML for readers, plain text for the index, and its links.

    `html` is safe to write into a page: it lacks a leading heading that repeats the title, and all
    other headings are below the level of the title. `headings` are those in `html`, with the level
    in the source; `text` and `headings_text` have every word. `source_shown` is empty, or the
    `own_text` that says why `html` is the plain source instead of the page. `anchors` are all names
    that a link can use after a `#`, except those of footnotes. If the source is shown, `links` are
    all that the text may contain. `cut_off` says why rendering may succeed later: with more CPU
    `time`, or at another moment after other `trouble`.
    """

    html: str
    headings: list[Heading]
    links: list[Link]
    text: str
    headings_text: str
    excerpt: str
    source_shown: str = ""
    anchors: list[str] = field(default_factory=list)
    cut_off: CutOff = ""


def render(source: str, context: RenderContext) -> Rendering:
    """Render `source`. Never raises; shows the source if rendering fails."""
    if len(source) > MAX_SOURCE:
        return plain_rendering(source, context, own_text("too-long"))
    try:
        return _render(clean_source(source), context)
    except (TooDeepError, TooDeepHtmlError, RecursionError):
        return plain_rendering(source, context, own_text("too-deep"))
    except MemoryError:
        return plain_rendering(source, context, own_text("too-much-memory"), "trouble")
    except Exception:
        _log.exception("rendering %s/%s failed", context.space, context.path)
        return plain_rendering(source, context, own_text("failed"))


def plain_rendering(
    source: str, context: RenderContext, reason: str, cut_off: CutOff = ""
) -> Rendering:
    """Return a rendering that shows the source, for a text that cannot be rendered within the
    limits."""
    text = clean_source(source)
    html = f'<pre class="source" tabindex="0">{marked(text, escape)}</pre>'
    links = candidate_links(text, context)
    return Rendering(html, [], links, text, "", excerpt(text), reason, cut_off=cut_off)


def clean_source(source: str) -> str:
    """Return `source` with line ends as `\\n`, and control characters and lone surrogates
    replaced."""
    text = normalise_line_ends(source.removeprefix("\ufeff"))
    return _UNREADABLE.sub("\ufffd", text)


def text_of_line(line: str) -> str:
    """Return the plain text of a line of Markdown, as in a heading; only its first 300 characters
    are used."""
    try:
        return text_of(parse_line(clean_source(line[:300]).replace("\n", " ").strip()))
    except (TooDeepError, RecursionError):
        return line[:300].strip()


def _render(source: str, context: RenderContext) -> Rendering:
    page = _Page(context)
    page.has_blocks = "^" in source
    raw = pipeline(page).convert(source)
    if len(raw) > MAX_HTML:
        raise TooDeepHtmlError("The HTML is too long.")
    html = _below_the_title(sanitise(raw, lines=context.lines))
    text = only_values(text_of_html(html))
    if page.title:
        text = f"{page.title}\n{text}".strip()
    headings = page.headings.found
    headings_text = "\n".join([page.title] * bool(page.title) + [each.text for each in headings])
    return Rendering(
        html,
        headings,
        page.links.found,
        text,
        headings_text,
        excerpt(page.opening or text),
        anchors=list(dict.fromkeys([*page.headings.names, *page.links.named])),
    )


def _is_comment(html: str) -> bool:
    """Return whether the HTML consists of comments only."""
    html = html.strip()
    while html.startswith("<!--"):
        html = html[2:].partition("-->")[2].lstrip()
    return not html


def _below_the_title(html: str) -> str:
    """Lower the headings of a page by one level if one is as high as the title."""
    if "<h1" not in html:
        return html
    return _HEADING_TAG.sub(lambda tag: f"{tag[1]}{min(int(tag[2]) + 1, 6)}", html)


class _Page(Extension):
    """Extension of Python-Markdown that collects the results of the tree processor for one page."""

    def __init__(self, context: RenderContext) -> None:
        super().__init__()
        self.context = context
        self.headings = Headings()
        self.links = Links(context)
        self.blocks = Blocks()
        self.title = ""  # the leading heading, if it repeats the page's title
        self.has_blocks = False  # whether blocks have names
        self.opening = ""  # text of the first paragraph

    def extendMarkdown(self, md: Markdown) -> None:
        md.treeprocessors.register(_PageProcessor(md, self), "page", 10)
        show_lines(md, self.context.lines)


class _PageProcessor(Treeprocessor):
    def __init__(self, md: Markdown, page: _Page) -> None:
        super().__init__(md)
        self.page = page
        self.raw = RawHtml(page.links, self.open_table)

    def run(self, root: Element) -> None:
        page = self.page
        self.drop_title(root)
        page.opening = next((text for text in map(text_of, root.findall("p")) if text), "")
        page.links.named += name_blocks(root) if page.has_blocks else ()
        autolinks = autolinks_of(self.md)
        inside_links: set[Element] = set()
        tables_of_contents: list[Element] = []
        for element in list(root.iter()):
            tag = element.tag
            if tag == RAW:
                element.text = self.raw.rewrite(element.text or "")
            elif tag == "a":
                if element.get("href", "").startswith("#fn"):
                    continue
                inside_links.update(element.iter("img"))
                if element in autolinks:
                    page.links.autolink(element, autolinks[element])
                else:
                    page.links.link(element)
            elif tag == "wikilink":
                page.links.wiki_link(element)
            elif tag == "embed":
                page.links.embed(element)
            elif tag == "include":
                page.links.include(element)
            elif tag == "mention":
                page.links.mention(element)
            elif tag == "img":
                page.links.picture(element, element in inside_links)
            elif tag in TAGS:
                page.headings.add(element)
            elif tag == "p" and element.text == "[TOC]" and not len(element):
                tables_of_contents.append(element)
            elif tag == "pre":
                page.blocks.code(element)
            elif tag == "blockquote":
                page.blocks.quote(element)
            elif tag == "admonition":
                page.blocks.admonition(element)
            elif tag == "table":
                page.blocks.table(element)
            elif tag in ("ul", "ol"):
                page.blocks.items(element)
        for place in tables_of_contents:
            place.tag, place.text = "div", None
            place.set("class", "toc")
            place.extend(contents(page.headings.found))

    def drop_title(self, root: Element) -> None:
        """Replace a leading heading that repeats the title by its anchor only."""
        title = " ".join(self.page.context.title.split())
        while len(root) and root[0].tag == RAW and _is_comment(root[0].text or ""):
            root.remove(root[0])
        first = root[0] if len(root) else None
        if first is None or first.tag not in TAGS or not title or title_of(first) != title:
            return
        self.page.title = title
        self.page.headings.add(first)
        self.page.headings.found.pop()
        for child in list(first):
            first.remove(child)
        first.tag, first.text = "span", None

    def open_table(self) -> str:
        """Return the start tag of the box for a table in raw HTML."""
        attributes = self.page.blocks.open_table().items()
        return "<div" + "".join(f' {name}="{value}"' for name, value in attributes) + ">"
