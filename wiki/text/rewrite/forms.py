"""Forms of an address: the ways in which a new target can be written like the old one."""

from __future__ import annotations

import unicodedata
from collections.abc import Container, Iterator
from dataclasses import replace
from urllib.parse import quote, unquote

from markdown_it.common.utils import normalizeReference

from wiki.text.markdown.context import RenderContext, split_own
from wiki.text.markdown.destinations import MARKDOWN_ENDING, Destination, route_key
from wiki.text.markdown.headings import PREFIX, fragment_id
from wiki.text.markdown.wikilinks import OTHER_SPACE, escape, section_in, split_target, unescape
from wiki.text.paths import FOLDER_PAGES, PathError, normalise_path, path_key, slugify
from wiki.text.rewrite.addresses import Address


def same_target(one: Destination, other: Destination) -> bool:
    if one == other:
        return True
    if "anchor" in (one.kind, other.kind) and one.kind in ("anchor", "page"):
        kinds = other.kind in ("anchor", "page")
    else:
        kinds = one.kind == other.kind
    return (
        kinds
        and one.space == other.space
        and one.fragment == other.fragment
        and path_key(one.path) == path_key(other.path)
    )


def forms_of(
    raw: str,
    address: Address,
    wanted: Destination,
    before: RenderContext,
    after: RenderContext,
    defined: Container[str],
) -> str | None:
    """Return an address for `wanted` in the style of the written one; None if none works.

    :param defined: labels that the text defines; a wiki link with such a text would not be one.
    """
    if address.form == "wiki":
        candidates = _wiki_targets(raw, wanted, before, after)
    else:
        if "\\" in raw or "&" in raw:
            raw = address.written
        candidates = _paths(raw, wanted, before, after)
    for new in candidates:
        if not same_target(replace(address, written=new).leads_to(after), wanted):
            continue
        if address.form != "wiki":
            return new
        if address.in_heading and address.shown:
            new = f"{new}|{escape(address.shown)}"  # keeps the heading's text and its id
        if normalizeReference(new) not in defined:
            return new.replace("|", "\\|") if address.in_cell else new
    return None


def _wiki_targets(
    raw: str, wanted: Destination, before: RenderContext, after: RenderContext
) -> Iterator[str]:
    space, path, sections = split_target(raw)
    if not path.strip("/ ") and wanted.kind == "anchor":
        yield "#" + _section(section_in(raw), wanted.fragment)
        return
    tail = ""
    if wanted.fragment:
        written = section_in(raw) if sections else ""
        section = escape(_section(written, wanted.fragment))
        if fragment_id(written) == wanted.fragment:
            section = "#".join(sections)
        tail = f"#{section}"
    segments = wanted.path.split("/") if wanted.path else []
    names = path.split("/")
    kept = _kept(names, segments, lambda name: normalise_path(unescape(name)))
    kept = [one if one in names else escape(one) for one in kept]
    root = "/" if path.startswith("/") or not kept else ""
    new = root + "/".join(kept)
    if wanted.space != after.space or (space and slugify(space[:-1]) == before.space):
        yield f"{wanted.space}:{new}{tail}"
        return
    if not OTHER_SPACE.match(new):
        yield new + tail
    yield f"/{new.lstrip('/')}{tail}"


def _section(written: str, fragment: str) -> str:
    """Return `fragment` in the style of `written`."""
    if fragment_id(written) == fragment:
        return written
    if written.startswith(PREFIX):
        return fragment
    return fragment.removeprefix(PREFIX)


def _paths(
    raw: str, wanted: Destination, before: RenderContext, after: RenderContext
) -> Iterator[str]:
    """Yield ways to write the address of a page or file, the most similar to `raw` first."""
    host, raw = split_own(raw, after.base_url)
    cut = min((at for at in (raw.find("#"), raw.find("?")) if at >= 0), default=len(raw))
    path, tail = raw[:cut], raw[cut:]
    query, hash_, fragment = tail.partition("#")
    written = unquote(fragment)
    if hash_ and wanted.kind != "file" and fragment_id(written) != wanted.fragment:
        tail = query + "#" + _encode(_section(written, wanted.fragment), "%" in fragment)
    if not path and wanted.kind == "anchor":
        yield tail
        return
    segments = wanted.path.split("/") if wanted.path else []
    names = [name for name in path.split("/") if name not in ("", ".", "..")]
    is_routed = route_key(raw, before) in before.by_key  # such a path does not begin with a space
    is_absolute = (path.startswith("/") and not is_routed) or wanted.space != after.space
    for ends in _endings(path, names, segments, wanted):
        for keep in (True, False):
            if keep:
                written_names = _kept(names, ends, lambda name: normalise_path(unquote(name)))
                parts = [
                    one if one in names else _encode(one, "%" in path) for one in written_names
                ]
            else:
                parts = [_encode(one, "%" in path) for one in ends]
            if not is_absolute:
                yield _relative(path, parts, ends, segments, after) + tail
            start = [_encode(wanted.space, False)]
            if wanted.kind == "file" and "/-/files/" in path:
                parts = [*parts[:-1], "-", "files", parts[-1]]
            if is_absolute or host:
                yield host + "/" + "/".join([*start, *parts]) + tail
    if not is_absolute:  # last resort, for example for a page that is named like a file
        yield "/" + "/".join(_encode(one, False) for one in (wanted.space, *segments)) + "/" + tail


def _endings(
    path: str, names: list[str], segments: list[str], wanted: Destination
) -> Iterator[list[str]]:
    """Yield the segments of the path in several forms: with the ending that the author used, plain,
    with a trailing slash, and as a Markdown file."""
    last = unquote(names[-1]) if names else ""
    ending = MARKDOWN_ENDING.search(last) if wanted.kind != "file" else None
    if ending and last[: ending.start()].casefold() in FOLDER_PAGES:
        yield [*segments, last]
    elif ending and segments:
        yield [*segments[:-1], segments[-1] + ending[0]]
    if path.endswith("/") and wanted.kind != "file":
        yield [*segments, ""]
    yield segments
    if wanted.kind != "file":
        yield [*segments, ""]
        yield [*segments[:-1], segments[-1] + ".md"] if segments else ["index.md"]


def _kept(names: list[str], wanted: list[str], read: object) -> list[str]:
    """Return the wanted segments; those at the end are written as in `names` if these mean the
    same."""
    made = list(wanted)
    for back in range(1, min(len(names), len(wanted)) + 1):
        try:
            same = path_key(read(names[-back])) == path_key(wanted[-back])  # type: ignore[operator]
        except PathError:
            break
        if not same:
            break
        made[-back] = names[-back]
    return made


def _relative(
    path: str, parts: list[str], ends: list[str], segments: list[str], after: RenderContext
) -> str:
    """Return a path relative to the location of the page."""
    base = after.base.split("/") if after.base else []
    # A page is named relative to its parent, a path with one more part (index.md, a slash) relative
    # to the page.
    most = max(len(segments) - 1, 0) if len(ends) <= len(segments) else len(segments)
    if ends and ends[-1] == "":
        most = max(len(segments) - 1, 0)
    common = 0
    while common < min(most, len(base)) and path_key(base[common]) == path_key(ends[common]):
        common += 1
    way = [".."] * (len(base) - common) + parts[common:]
    if not way or way == [""] or (way[0] != ".." and (path.startswith("./") or ":" in way[0])):
        way = [".", *way]
    return "/".join(way)


_PLAIN = "!$+,;=@:-._~"


def _encode(name: str, strictly: bool) -> str:
    """Encode a segment of a path for an address in Markdown and HTML. Letters of other scripts are
    kept unless the author encodes them too."""
    return "".join(
        character
        if not strictly and ord(character) > 127 and unicodedata.category(character)[0] in "LMN"
        else quote(character, safe=_PLAIN)
        for character in name
    )
