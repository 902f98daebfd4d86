"""Search for every address that a text could link to, without parsing it, in linear time.

This is for texts that are shown as their source: the files and pages that they might embed or link
to must be protected, repaired on moves and checked for labels as if the page were rendered. The
result therefore includes too many addresses rather than too few, for example those inside code.
`tests/text/test_candidates.py` compares it with the renderer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

from markdown_it.common.utils import unescapeAll

from wiki.text.markdown.context import RenderContext, host_of
from wiki.text.markdown.destinations import (
    Destination,
    resolve_embedded,
    resolve_link,
    resolve_wiki_link,
)
from wiki.text.markdown.links import PICTURES, Link
from wiki.text.markdown.wikilinks import INNER, is_media, split_label
from wiki.text.paths import path_key

MOST = 20_000
"""Maximum number of distinct places that are listed for one text."""

MAX_WRITTEN = 2400  # characters of an address with its escapes; longer ones are not links
_MAX_PARENTHESES = 32  # nesting depth, as in the grammar

# The repetition of each pattern stops at the characters it starts with, so no text is read twice.
_WIKI = re.compile(rf"(!?)\[\[({INNER})")
_BLANK = r"[\x00-\x20\x7f]"
_QUOTED = r"[\x00-\x20\x7f>]*"  # including quote marks at the start of lines
# Two readings of the text after it: a quote mark, or the start of an address.
_CHARACTER = r"(?:\\[^ ]|[^\x00-\x20\x7f])"  # also a line end that is escaped
_WRITTEN = rf"{_CHARACTER}{{1,2400}}"
_GAP = rf"(?={_BLANK}*({_WRITTEN}))(?={_QUOTED}({_WRITTEN})?)"
_POINTED = re.compile(rf"\](?:\(|:){_QUOTED}<((?:\\.|[^<>\\\n])*)>")
_DEFINED = re.compile(rf"(?<![^\s>])\[(?:\\.|[^\[\]\\]){{1,999}}\]:{_GAP}", re.DOTALL)
_AFTER_BLANKS = re.compile(rf"\]\((?={_BLANK}){_GAP}")
_RUN = re.compile(rf"{_CHARACTER}+")
_SIGNIFICANT = re.compile(r"\\.|[()]", re.DOTALL)
# A value in either kind of quotation marks, or in none. Matches may overlap, because only the whole
# text decides which of them is in a tag.
_NAMED = r"(?:href|src)[\s>]*=[\s>]*"
_ATTRIBUTES = (
    re.compile(rf'(?={_NAMED}"([^"]{{0,2400}})")', re.IGNORECASE),
    re.compile(rf"(?={_NAMED}'([^']{{0,2400}})')", re.IGNORECASE),
    re.compile(rf"{_NAMED}(?![\"'])([^\s>]{{1,2400}})", re.IGNORECASE),
)
_PUNCTUATION = "?!.,:;*_~'\"()[]|>`\\\u00a0"


def candidate_links(text: str, context: RenderContext) -> list[Link]:
    """Return the links to pages and files of this wiki that `text` may contain, without duplicates
    and numbered in the order in which they are found."""
    found: dict[tuple[object, ...], Link] = {}
    for to, written, embedded in _destinations(text, context):
        if to.kind not in ("page", "file"):
            continue
        shown = embedded or (to.kind == "file" and to.path.rpartition(".")[2].lower() in PICTURES)
        key = (to.kind, to.space, path_key(to.path), to.fragment, shown, to.others, to.named)
        if key not in found:
            label = " ".join(written.split())[:300]
            place = (to.kind, to.space, to.path, to.fragment)
            found[key] = Link(len(found), *place, label, shown, to.others, to.named)
            if len(found) == MOST:
                break
    return list(found.values())


def _destinations(text: str, context: RenderContext) -> Iterator[tuple[Destination, str, bool]]:
    """Yield the destination of each address, its written form, and whether it embeds the target."""
    for included, written in dict.fromkeys(_wiki_targets(text)):
        if included and is_media(written):
            yield resolve_embedded(written, context), written, True
        else:
            yield resolve_wiki_link(written, context), written, included
    has_pictures = "![" in text or "<" in text
    for written in dict.fromkeys(_addresses(text, context)):
        as_link = resolve_link(written, context)
        yield as_link, written, False
        if has_pictures:
            as_picture = resolve_link(written, context, image=True)
            if as_picture != as_link:
                yield as_picture, written, True


def _wiki_targets(text: str) -> Iterator[tuple[bool, str]]:
    for match in _WIKI.finditer(text):
        for inner in _as_in_cells(match[2]):
            target = split_label(inner)[0]
            if target:
                yield bool(match[1]), target


def _as_in_cells(written: str) -> tuple[str, ...]:
    """Return the written form and, if it differs, its form inside a table."""
    return (written, written.replace("\\|", "|")) if "\\|" in written else (written,)


def _addresses(text: str, context: RenderContext) -> Iterator[str]:
    """Yield the addresses of links, pictures, definitions and raw HTML, and full addresses of this
    wiki."""
    for pattern in (_POINTED, _DEFINED):
        for match in pattern.finditer(text):
            for written in filter(None, match.groups()):
                yield from _read(written)
    for match in _AFTER_BLANKS.finditer(text):
        for run in filter(None, match.groups()):
            yield from _read(_until_closed(run))
    for match in _RUN.finditer(text):
        if "](" in match[0]:
            for written in _in_parentheses(match[0]):
                yield from _read(written)
    for attribute in _ATTRIBUTES:
        for match in attribute.finditer(text):
            for value in _as_in_cells(match[1]):
                yield unescape(value)
    if context.base_url:
        yield from _full_addresses(text, host_of(context.base_url))


def _full_addresses(text: str, host: str) -> Iterator[str]:
    """Yield the addresses on this host, also with trailing punctuation removed in several ways."""
    for found in re.finditer(rf"(?:https?:)?//{re.escape(host)}", text, re.IGNORECASE):
        whole = _UNTIL_BLANK.match(text, found.start())[0]  # type: ignore[index]
        ends = (whole, *(whole.partition(end)[0] for end in ">|"), whole.split()[0])
        for one in dict.fromkeys(ends):
            shortest = one.rstrip(_PUNCTUATION)
            yield shortest
            for end in range(max(len(shortest), len(one) - 20), len(one) + 1):
                for written in _as_in_cells(one[:end]):
                    yield written
                    yield unescape(written)


_UNTIL_BLANK = re.compile(r"[^\x00-\x20\x7f<]{1,1000}")


def _read(written: str) -> Iterator[str]:
    if len(written) <= MAX_WRITTEN:
        yield unescapeAll(written)


def _until_closed(run: str) -> str:
    """Return the part of a run before the first `)` that has no opening bracket in it."""
    depth = 0
    for match in _SIGNIFICANT.finditer(run):
        if match[0] == "(":
            depth += 1
        elif match[0] == ")":
            if not depth:
                return run[: match.start()]
            depth -= 1
    return run


def _in_parentheses(run: str) -> Iterator[str]:
    """Yield what follows each `](` in a run without white space: up to the closing bracket, or for
    the last unclosed one to the end."""
    opened: list[int] = []
    depths: list[int] = []  # how deep parentheses nest in each of those
    for match in _SIGNIFICANT.finditer(run):
        if match[0] == "(":
            opened.append(match.end())
            depths.append(0)
        elif match[0] == ")" and opened:
            start, depth = opened.pop(), depths.pop()
            if depths:
                depths[-1] = max(depths[-1], depth + 1)
            if run.startswith("](", start - 2) and depth <= _MAX_PARENTHESES:
                yield run[start : match.start()]
    if opened and run.startswith("](", opened[-1] - 2):
        yield run[opened[-1] :]
