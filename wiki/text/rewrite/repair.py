"""Repair of links: the addresses of some links in a text are changed, and nothing else.

A change is made only if parsing the result proves it: the text has the same links in the same
order, the changed ones lead to their new targets, and everything else is as before. Addresses that
cannot be changed in this way are left as they are and reported.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import quote, unquote

from markdown_it.common.utils import normalizeReference

from wiki.text.markdown.destinations import (
    MARKDOWN_ENDING,
    Destination,
    RenderContext,
    route_key,
    split_own,
)
from wiki.text.markdown.headings import PREFIX, fragment_id
from wiki.text.markdown.markup import clean_source
from wiki.text.markdown.wikilinks import OTHER_SPACE, escape, section_in, split_target, unescape
from wiki.text.paths import FOLDER_PAGES, PathError, normalise_path, path_key, slugify
from wiki.text.rewrite.addresses import Address, Place, Span, Survey, survey

Section = tuple[str, str, str]  # slug of the space, key of the path, fragment

MAX_TRIES = 40  # changes of one text that are tried one by one when they do not work together


@dataclass(frozen=True)
class Moves:
    """Completed moves: the new space and path of places, and the new names of sections.

    Places not listed have not moved. Sections are listed by their old place. ``meant`` has the
    targets of links by name, by their plain reading, if these differ from the written place;
    ``holds`` are the links by name that need no repair.
    """

    places: Mapping[Place, tuple[str, str]] = field(default_factory=dict)
    sections: Mapping[Section, str] = field(default_factory=dict)
    meant: Mapping[Section, Section] = field(default_factory=dict)
    holds: frozenset[Section] = frozenset()

    def wanted(
        self, address: Address, before: RenderContext, after: RenderContext
    ) -> Destination | None:
        """Return the required target of an address in a text that is now at ``after``; None if it
        does not lead to a page or file, or leads there already."""
        to = address.leads_to(before)
        if to.kind not in ("page", "file", "anchor"):
            return None
        if address.form == "wiki" or to.named:
            spot = to.space, path_key(to.path), to.fragment
            if spot in self.holds:
                return None
            if spot in self.meant:
                space, path, fragment = self.meant[spot]
                to = replace(to, space=space, path=path, fragment=fragment)
        wanted = self.new(to)
        return None if _same(address.leads_to(after), wanted) else wanted

    def new(self, old: Destination) -> Destination:
        """Return the new target of a link that led to `old`."""
        key = path_key(old.path)
        fragment = self.sections.get((old.space, key, old.fragment), old.fragment)
        kind = "page" if old.kind == "anchor" else old.kind
        space, path = self.places.get((kind, old.space, key), (old.space, old.path))
        return replace(old, space=space, path=path, fragment=fragment)


@dataclass(frozen=True)
class Repair:
    """The repaired text, the number of changed links, and the addresses that could not be
    changed."""

    text: str
    changed: int = 0
    left: tuple[str, ...] = ()


def repair(source: str, before: RenderContext, after: RenderContext, moves: Moves) -> Repair:
    """Return `source`, written for the location `before`, repaired for `after`: each link keeps its
    target, or leads to its new place if the target has moved."""
    text = clean_source(source)
    if text != source:  # positions would not be those in the source
        return Repair(source, left=_all_to_change(survey(text), before, after, moves))
    old = survey(text)
    changes, left = _wanted(text, old, before, after, moves)
    if not changes:
        return Repair(source, left=tuple(left))
    made = _proved(text, old, changes, after)
    if made is None:
        good: list[_Change] = []
        for change in changes[:MAX_TRIES]:
            if _proved(text, old, [*good, change], after) is not None:
                good.append(change)
        left += [change.address.written for change in changes if change not in good]
        changes, made = good, _proved(text, old, good, after)
    if made is None:
        return Repair(source, left=tuple(left))
    return Repair(made, sum(len(change.wanted) for change in changes), tuple(left))


@dataclass(frozen=True)
class _Change:
    """New characters for a span, and the required targets of the links that use it, by their
    number."""

    span: Span
    new: str
    address: Address
    wanted: dict[int, Destination]


def _wanted(
    text: str, old: Survey, before: RenderContext, after: RenderContext, moves: Moves
) -> tuple[list[_Change], list[str]]:
    """Return the changes to make, in the order of the text, and the addresses that cannot be
    changed."""
    changes: dict[Span, _Change] = {}
    staying: set[Span] = set()
    left: list[str] = []
    for number, address in enumerate(old.addresses):
        wanted = moves.wanted(address, before, after)
        if wanted is None:
            if address.span:
                staying.add(address.span)
            continue
        raw = text[slice(*address.span)] if address.span else ""
        new = _write(raw, address, wanted, before, after, old.definitions)
        if address.span is None or not new:
            left.append(address.written)
            continue
        same = changes.get(address.span)
        if same and same.new != new:  # one definition that needs two different addresses
            left.append(address.written)
            continue
        all_wanted = {**(same.wanted if same else {}), number: wanted}
        changes[address.span] = _Change(address.span, new, address, all_wanted)
    for span in staying & changes.keys():
        left.append(changes.pop(span).address.written)
    return [changes[span] for span in sorted(changes)], left


def _proved(text: str, old: Survey, changes: list[_Change], after: RenderContext) -> str | None:
    """Return the text with the changes, or None if they have any other effect than intended."""
    if not changes:
        return None
    parts, last = [], 0
    for change in sorted(changes, key=lambda change: change.span):
        parts += [text[last : change.span[0]], change.new]
        last = change.span[1]
    made = "".join([*parts, text[last:]])
    new = survey(made, like=old)
    if new.rest != old.rest or len(new.addresses) != len(old.addresses):
        return None
    intended = {number: to for change in changes for number, to in change.wanted.items()}
    for number, (was, now) in enumerate(zip(old.addresses, new.addresses, strict=True)):
        if number in intended:
            if not _same(now.leads_to(after), intended[number]):
                return None
        elif now.written != was.written:
            return None
    changed = {change.address.definition for change in changes}
    for label, written in old.definitions.items():
        if label not in changed and new.definitions.get(label) != written:
            return None
    return made


def _all_to_change(
    old: Survey, before: RenderContext, after: RenderContext, moves: Moves
) -> tuple[str, ...]:
    return tuple(
        address.written
        for address in old.addresses
        if moves.wanted(address, before, after) is not None
    )


def _same(one: Destination, other: Destination) -> bool:
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


def _write(
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
        if not _same(replace(address, written=new).leads_to(after), wanted):
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
