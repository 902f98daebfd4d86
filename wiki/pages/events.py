"""Events of pages: revisions, moves, deletion, labels, restrictions, secrets in texts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from wiki.i18n import gettext as _
from wiki.i18n import lazy_gettext
from wiki.outbox.event import Category, Event, Policy
from wiki.outbox.models import EventRow
from wiki.outbox.sentences import Names, Part, filled, one_or_many
from wiki.rules.labels import Label
from wiki.rules.words import shown

MOST_NAMED = 4
"""Maximum number of people and groups of a restriction that its sentence names."""


def _moved(row: EventRow, names: Names) -> Iterable[Part]:
    payload = row.payload
    page, old_space = names.page(row), payload.get("old_space_id")
    # Places in a space are told only to readers of both the page and its former space.
    if names.may_read(row) and names.may_read_space(old_space):
        old = Part(names.path(old_space, payload.get("old_path")), name=True)
        new = Part(names.path(row.space_id, payload.get("new_path")), name=True)
        return filled(
            _("moved {page} from {old} to {new}"), {"page": page, "old": [old], "new": [new]}
        )
    if old_space != row.space_id:
        return filled(
            _("moved {page} out of {space}"), {"page": page, "space": [names.space(old_space)]}
        )
    return filled(_("moved {page}"), {"page": page})


def _labelled(row: EventRow, _names: Names) -> str:
    words, none = {str(label.word) for label in Label}, Label.PUBLIC.word
    is_now, was = row.payload.get("label"), row.payload.get("was")
    if is_now not in words:
        return _("changed the label of {page}")
    if was not in words or was == none:
        return _("labelled {page} %(label)s", label=shown(str(is_now)))
    if is_now == none:
        return _("removed the label %(label)s from {page}", label=shown(str(was)))
    return _(
        "changed the label of {page} from %(old)s to %(new)s",
        old=shown(str(was)),
        new=shown(str(is_now)),
    )


def _restricted(row: EventRow, names: Names) -> Iterable[Part]:
    payload, page = row.payload, names.page(row)
    edits = payload.get("may") == "edit"
    if payload.get("lifted"):
        lifted = (
            _("removed the restriction on editing {page}")
            if edits
            else _("removed the restriction on reading {page}")
        )
        return filled(lifted, {"page": page})
    listed = [names.group(id) for id in payload.get("groups") or ()]
    listed += [names.person(id) for id in payload.get("people") or ()]
    if not listed:
        to_leads = (
            _("restricted editing {page} to leads of the space")
            if edits
            else _("restricted reading {page} to leads of the space")
        )
        return filled(to_leads, {"page": page})
    who: list[Part] = []
    for part in listed[:MOST_NAMED]:
        who += [Part(", "), part] if who else [part]
    if len(listed) > MOST_NAMED:
        who.append(Part(" " + _("and %(num)s more", num=len(listed) - MOST_NAMED)))
    text = (
        _("restricted editing {page} to {people}")
        if edits
        else _("restricted reading {page} to {people}")
    )
    return filled(text, {"page": page, "people": who})


def _scanning(row: EventRow, _names: Names) -> str:
    if row.payload.get("kinds"):
        return _("changed the types of secrets scanned for in {space}")
    return _("turned off secret scanning in {space}")


@dataclass(frozen=True)
class PageSaved(Event):
    """A new revision by creating, editing, merging, restoring or importing."""

    policy = Policy(
        Category.CONTENT, expires=False, audited=False, feed="page_saved", recent="edit"
    )
    sentence = lazy_gettext("saved revision {revision} of {page}")

    space_id: int
    page_id: int
    revision: int
    action: str


@dataclass(frozen=True)
class PageMoved(Event):
    """A move of a page to another path or space; ``space_id`` is its present space. ``kept`` is
    True if labels or restrictions applied to it at its former place, ``imported`` if it moved in an
    imported history. ``position`` is its former position among its siblings."""

    policy = Policy(Category.CONTENT, expires=False, feed="page_moved", recent="move")
    title = lazy_gettext("Page moved")
    sentence = _moved

    space_id: int
    page_id: int
    revision: int
    old_space_id: int
    old_path: str
    new_path: str
    kept: bool = False
    imported: bool = False
    position: str = "~"


@dataclass(frozen=True)
class PageReordered(Event):
    """A move of a page among its siblings. ``was`` and ``position`` are its former and its new
    position; the others are the ids of the pages directly before and after it, formerly and now."""

    policy = Policy(
        Category.CONTENT, expires=False, audited=False, feed="page_reordered", recent="order"
    )
    sentence = lazy_gettext("changed the position of {page}")

    space_id: int
    page_id: int
    was: str
    position: str
    was_after: int | None
    was_before: int | None
    after: int | None
    before: int | None


@dataclass(frozen=True)
class PageDeleted(Event):
    """The deletion of a page; its revisions are kept. ``imported`` as in :class:`PageMoved`."""

    policy = Policy(Category.CONTENT, expires=False, feed="page_deleted", recent="delete")
    title = lazy_gettext("Page deleted")
    sentence = lazy_gettext("deleted {page}")

    space_id: int
    page_id: int
    path: str
    imported: bool = False


@dataclass(frozen=True)
class PageRestored(Event):
    """The restoration of a deleted page. ``imported`` as in :class:`PageMoved`."""

    policy = Policy(Category.CONTENT, expires=False, feed="page_restored", recent="restore")
    title = lazy_gettext("Page restored")
    sentence = lazy_gettext("restored {page}")

    space_id: int
    page_id: int
    path: str
    imported: bool = False


@dataclass(frozen=True)
class PageLabelled(Event):
    """A change of a page's own label; ``was`` is the previous one."""

    policy = Policy(Category.ACCESS, expires=False)
    title = lazy_gettext("Page labelled")
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
    title = lazy_gettext("Page restricted")
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
    title = lazy_gettext("Secrets allowed")
    sentence = one_or_many(
        lazy_gettext("saved revision {revision} of {page} with a possible secret in it"),
        lazy_gettext("saved revision {revision} of {page} with {count} possible secrets in it"),
    )

    space_id: int
    page_id: int
    revision: int
    kinds: list[str]
    count: int


@dataclass(frozen=True)
class ScanningChanged(Event):
    """A change of the kinds of secrets that a space looks for."""

    policy = Policy(Category.SETTINGS, expires=True)
    title = lazy_gettext("Scanning changed")
    sentence = _scanning

    space_id: int
    kinds: list[str]
