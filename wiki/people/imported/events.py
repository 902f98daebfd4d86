"""Events of placeholders: authors of imported histories, and people who claim their work."""

from __future__ import annotations

from dataclasses import dataclass

from wiki.i18n import gettext as _
from wiki.i18n import lazy_gettext
from wiki.outbox.event import Category, Event, Policy
from wiki.outbox.models import EventRow
from wiki.outbox.sentences import Names, is_own


def _claimed(row: EventRow, _names: Names) -> str:
    proven = row.payload.get("proven")
    if is_own(row) and proven:
        return _("claimed the work of {placeholder} after verifying its address")
    if is_own(row):
        return _("claimed the work of {placeholder} without verifying its address")
    if proven:
        return _("assigned the work of {placeholder} to {person} after verifying its address")
    return _("assigned the work of {placeholder} to {person} without verifying its address")


@dataclass(frozen=True)
class PersonImported(Event):
    """The creation of a placeholder for an author of an imported Git history."""

    # An import creates hundreds of them, and reports them itself.
    policy = Policy(Category.ACCOUNT, expires=True, audited=False, automatic=True)
    sentence = lazy_gettext("recorded {person} as an author of imported pages")

    person_id: int


@dataclass(frozen=True)
class AddressClaimRequested(Event):
    """A claim to an address; the row has the person and the address."""

    policy = Policy(Category.ACCOUNT, expires=True)
    title = lazy_gettext("Address claim requested")
    sentence = lazy_gettext("claimed an address of imported work")

    claim_id: int


@dataclass(frozen=True)
class PlaceholderClaimed(Event):
    """The merge of a placeholder into a person, who proved its address or was assigned it by an
    administrator."""

    # Proves why events have another actor now.
    policy = Policy(Category.ACCOUNT, expires=False)
    title = lazy_gettext("Placeholder claimed")
    sentence = _claimed

    person_id: int
    placeholder_id: int
    proven: bool
