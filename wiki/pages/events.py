"""Events of pages: revisions, moves, deletion, labels, restrictions, secrets in texts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from wiki.outbox.event import Category, Event, Policy
from wiki.outbox.models import EventRow
from wiki.outbox.sentences import Names, Part
from wiki.rules.labels import Label

MOST_NAMED = 4
"""Maximum number of people and groups of a restriction that its sentence names."""


def _moved(row: EventRow, names: Names) -> Iterable[Part]:
    payload = row.payload
    yield Part("moved ")
    yield from names.page(row)
    # Places in a space are told only to readers of both the page and its former space.
    if names.may_read(row) and names.may_read_space(payload.get("old_space_id")):
        yield Part(" from ")
        yield Part(names.path(payload.get("old_space_id"), payload.get("old_path")), name=True)
        yield Part(" to ")
        yield Part(names.path(row.space_id, payload.get("new_path")), name=True)
    elif payload.get("old_space_id") != row.space_id:
        yield Part(" out of ")
        yield names.space(payload.get("old_space_id"))


def _labelled(row: EventRow, _names: Names) -> str:
    words, none = {str(label.word) for label in Label}, Label.PUBLIC.word
    is_now, was = row.payload.get("label"), row.payload.get("was")
    if is_now not in words:
        return "changed the label of {page}"
    if was not in words or was == none:
        return f"labelled {{page}} {is_now}"
    if is_now == none:
        return f"removed the label {was} from {{page}}"
    return f"changed the label of {{page}} from {was} to {is_now}"


def _restricted(row: EventRow, names: Names) -> Iterable[Part]:
    payload = row.payload
    doing = "editing" if payload.get("may") == "edit" else "reading"
    if payload.get("lifted"):
        yield Part(f"removed the restriction on {doing} ")
        yield from names.page(row)
        return
    yield Part(f"restricted {doing} ")
    yield from names.page(row)
    listed = [names.group(id) for id in payload.get("groups") or ()]
    listed += [names.person(id) for id in payload.get("people") or ()]
    yield Part(" to " if listed else " to leads of the space")
    for position, part in enumerate(listed[:MOST_NAMED]):
        yield from ([Part(", ")] if position else [])
        yield part
    if len(listed) > MOST_NAMED:
        yield Part(f" and {len(listed) - MOST_NAMED} more")


def _secrets_allowed(row: EventRow, _names: Names) -> str:
    count = row.payload.get("count")
    what = "a possible secret" if count == 1 else "{count} possible secrets"
    return f"saved revision {{revision}} of {{page}} with {what} in it"


def _scanning(row: EventRow, _names: Names) -> str:
    if row.payload.get("kinds"):
        return "changed the types of secrets scanned for in {space}"
    return "turned off secret scanning in {space}"


@dataclass(frozen=True)
class PageSaved(Event):
    """A new revision by creating, editing, merging, restoring or importing."""

    policy = Policy(
        Category.CONTENT, expires=False, audited=False, feed="page_saved", recent="edit"
    )
    sentence = "saved revision {revision} of {page}"

    space_id: int
    page_id: int
    revision: int
    action: str


@dataclass(frozen=True)
class PageMoved(Event):
    """A move of a page to another path or space; ``space_id`` is its present space. ``kept`` is
    True if labels or restrictions applied to it at its former place, ``imported`` if it moved in an
    imported history."""

    policy = Policy(Category.CONTENT, expires=False, feed="page_moved", recent="move")
    sentence = _moved

    space_id: int
    page_id: int
    revision: int
    old_space_id: int
    old_path: str
    new_path: str
    kept: bool = False
    imported: bool = False


@dataclass(frozen=True)
class PageDeleted(Event):
    """The deletion of a page; its revisions are kept. ``imported`` as in :class:`PageMoved`."""

    policy = Policy(Category.CONTENT, expires=False, feed="page_deleted", recent="delete")
    sentence = "deleted {page}"

    space_id: int
    page_id: int
    path: str
    imported: bool = False


@dataclass(frozen=True)
class PageRestored(Event):
    """The restoration of a deleted page. ``imported`` as in :class:`PageMoved`."""

    policy = Policy(Category.CONTENT, expires=False, feed="page_restored", recent="restore")
    sentence = "restored {page}"

    space_id: int
    page_id: int
    path: str
    imported: bool = False


@dataclass(frozen=True)
class PageLabelled(Event):
    """A change of a page's own label; ``was`` is the previous one."""

    policy = Policy(Category.ACCESS, expires=False)
    sentence = _labelled

    space_id: int
    page_id: int
    label: str
    was: str


@dataclass(frozen=True)
class PageRestricted(Event):
    """A restriction of reading (or editing) a page to these people and groups, by id. With
    ``lifted`` the restriction was removed."""

    policy = Policy(Category.ACCESS, expires=False)
    sentence = _restricted

    space_id: int
    page_id: int
    may: str
    people: list[int]
    groups: list[int]
    lifted: bool = False


@dataclass(frozen=True)
class SecretsAllowed(Event):
    """A revision saved although it contains likely secrets, with their kinds and number."""

    policy = Policy(Category.ACCESS, expires=False)
    sentence = _secrets_allowed

    space_id: int
    page_id: int
    revision: int
    kinds: list[str]
    count: int


@dataclass(frozen=True)
class ScanningChanged(Event):
    """A change of the kinds of secrets that a space looks for."""

    policy = Policy(Category.SETTINGS, expires=True)
    sentence = _scanning

    space_id: int
    kinds: list[str]
