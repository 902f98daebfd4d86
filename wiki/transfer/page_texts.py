"""Texts of pages in files: their encoding, their front matter, and their title: the stated one, the
first heading, or words made from the path."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from functools import cache, lru_cache

from markdown_it import MarkdownIt

from wiki.errors import Invalid, WikiError
from wiki.i18n import gettext as _
from wiki.pages.merging import Text
from wiki.pages.saving.checks import checked
from wiki.pages.saving.submit import Conflict
from wiki.spaces.models import Space
from wiki.text.compare.lines import normalise_line_ends
from wiki.text.front_matter import block as frontmatter
from wiki.text.markdown.grammar import build_grammar
from wiki.text.markdown.markup import text_of_line
from wiki.text.paths import PathError, title_from
from wiki.transfer.git.command import Missing
from wiki.transfer.report import OVERLAPS, Kind, Problem

_MAY_BE_HEADING = re.compile(r"^ {0,3}(?:#{1,6}(?:[ \t]|$)|(?:=+|-+)[ \t]*$|<)", re.MULTILINE)
_LEADING = re.compile(r"\n*#{1,6}[ \t]+(?P<text>[^\s#][^\n]*?)(?:[ \t]+#+)?[ \t]*(?:\n|\Z)")
_HTML_HEADING = re.compile(
    r"<h([1-6])(?:\s[^<>]*)?>(.{0,2000}?)</h\1\s*>", re.DOTALL | re.IGNORECASE
)
_CUSTOM_ID = re.compile(r"\s*\{#[^\s{}]+\}$")
_NOTE = re.compile(r"\[\^[^\]\s]+\]")
_LONGEST = 300
_FIRST_LOOK = 1_000  # number of characters after a possible first heading
_FURTHEST = 64_000  # number of characters searched for a title

# Most revisions of a page have the same heading.
_plain = lru_cache(maxsize=8192)(text_of_line)


_MARKS = {  # longer marks first
    codecs.BOM_UTF32_LE: "UTF-32",
    codecs.BOM_UTF32_BE: "UTF-32",
    codecs.BOM_UTF16_LE: "UTF-16",
    codecs.BOM_UTF16_BE: "UTF-16",
}
_POINTER = re.compile(rb"version https://git-lfs\.github\.com/spec/v1\n(?:[a-z0-9.-]+ [^\n]+\n)+")


def page_text(data: bytes, path: str, space: Space, most: int) -> Text:
    """Return the content of a file as the text of a page.

    :param path: the path of the page, for its title. The home page has the title of its space.
    :param most: the maximum size in bytes.
    :raises Invalid: when it is no text, or a value is beyond its limits. :raises TooLarge:
    """
    source = decode(contents(data))
    _, body = frontmatter.split(source)
    return checked(Text(leading_title(body, path) or space.title, source), most)


def refusal(file: str, error: WikiError | PathError) -> Problem:
    """Return the problem of a file that cannot become a page or an attachment."""
    match error:
        case Conflict():
            return Problem(Kind.CONFLICT, file, str(OVERLAPS))
        case NoText():
            return Problem(Kind.UNREADABLE, file, error.sentence)
        case Missing():
            return Problem(Kind.MISSING, file, error.sentence)
        case WikiError():
            return Problem(Kind.REFUSED, file, error.sentence)
    return Problem(Kind.REFUSED, file, str(error))


def contents(data: bytes) -> bytes:
    """Return the content of a file.

    :raises Invalid: when it is a Git LFS pointer, whose content is stored elsewhere.
    """
    if _POINTER.fullmatch(data[:1024]):
        raise Invalid(_("It is only a Git LFS pointer: its content is stored elsewhere."))
    return data


class NoText(Invalid):
    """An error for bytes that cannot be read as text."""


def decode(data: bytes) -> str:
    """Decode the text of a file from UTF-8, or from UTF-16 or UTF-32 if it has a byte order mark.

    :raises NoText: when it is none of them.
    """
    encoding = next((name for mark, name in _MARKS.items() if data.startswith(mark)), "UTF-8")
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        raise NoText(
            _(
                "Its text isn’t %(encoding)s. Save it as UTF-8 and import it again.",
                encoding=encoding,
            )
        ) from None
    if "\0" in text:
        raise NoText(_("It contains null characters, as binary files do, so it isn’t text."))
    return text


def leading_title(body: str, path: str) -> str:
    """Return the plain text of the first heading of `body` with words, or else a title made from
    `path`; it may be `""`.

    Headings of any level count, except those in lists and quotes.

    :param body: Markdown without front matter.
    """
    has_notes = "[^" in body and "]:" in body
    for heading in _headings(body):
        words = _CUSTOM_ID.sub("", heading)
        title = _plain(_NOTE.sub("", words) if has_notes else words)
        if title:
            return title if len(title) <= _LONGEST else title_from(path)[:_LONGEST]
    return title_from(path)[:_LONGEST]


def _headings(body: str) -> Iterator[str]:
    """Yield the Markdown of the headings in order; the text is read only as far as needed."""
    body = normalise_line_ends(body[:_FURTHEST])
    given = 0
    if leading := _LEADING.match(body):  # the start of almost all pages, found without parsing
        yield leading["text"]
        given = 1
    candidate = _MAY_BE_HEADING.search(body)
    if candidate is None:
        return
    length = candidate.end() + _FIRST_LOOK
    while True:
        end = body.find("\n", length) + 1 or len(body)
        found = _headings_of(body[:end], end == len(body))
        yield from found[given:]
        if end == len(body):
            return
        given, length = len(found), 8 * length


def _headings_of(text: str, is_all: bool) -> list[str]:
    """Return the headings of a text. If it is only the start of a text, leave out those that may
    continue beyond it."""
    most = text.count("\n") + 1 - (not is_all) * 2
    tokens = _blocks().parse(text)
    found: list[str] = []
    for number, token in enumerate(tokens):
        if token.level or not token.map or token.map[1] > most:
            continue
        if token.type == "heading_open":
            found.append(tokens[number + 1].content)
        elif token.type == "html_block":
            html = _HTML_HEADING.search(_without_comment(token.content))
            if html:
                found.append(html[2])
    return found


def _without_comment(html: str) -> str:
    return html.partition("-->")[2] if html.lstrip().startswith("<!--") else html


@cache
def _blocks() -> MarkdownIt:
    """Return a parser with only the block rules of the grammar of pages."""
    parser = build_grammar()
    parser.core.ruler.enableOnly(["normalize", "block"])
    return parser
