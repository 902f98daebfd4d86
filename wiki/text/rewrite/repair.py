"""Repair of links: the addresses of some links in a text are changed, and nothing else.

A change is made only if parsing the result proves it: the text has the same links in the same
order, the changed ones lead to their new targets, and everything else is as before. Addresses that
cannot be changed in this way are left as they are and reported.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from wiki.text.markdown.context import RenderContext
from wiki.text.markdown.destinations import Destination
from wiki.text.markdown.markup import clean_source
from wiki.text.paths import path_key
from wiki.text.rewrite.addresses import Address, Place, Span, Survey, survey
from wiki.text.rewrite.forms import forms_of, same_target

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
        return None if same_target(address.leads_to(after), wanted) else wanted

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
        new = forms_of(raw, address, wanted, before, after, old.definitions)
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
            if not same_target(now.leads_to(after), intended[number]):
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
