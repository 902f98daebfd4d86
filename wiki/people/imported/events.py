"""Events of placeholders: authors of imported histories, and people who claim their work."""

from __future__ import annotations

from dataclasses import dataclass

from wiki.outbox.event import Category, Event, Policy
from wiki.outbox.models import EventRow
from wiki.outbox.sentences import Names, is_own


def _claimed(row: EventRow, _names: Names) -> str:
    how = "after" if row.payload.get("proven") else "without"
    if is_own(row):
        return f"claimed the work of {{placeholder}} {how} verifying its address"
    return f"assigned the work of {{placeholder}} to {{person}} {how} verifying its address"


@dataclass(frozen=True)
class PersonImported(Event):
    """The creation of a placeholder for an author of an imported Git history."""

    # An import creates hundreds of them, and reports them itself.
    policy = Policy(Category.ACCOUNT, expires=True, audited=False, automatic=True)
    sentence = "recorded {person} as an author of imported pages"

    person_id: int


@dataclass(frozen=True)
class AddressClaimRequested(Event):
    """A claim to an address; the row has the person and the address."""

    policy = Policy(Category.ACCOUNT, expires=True)
    sentence = "claimed an address of imported work"

    claim_id: int


@dataclass(frozen=True)
class PlaceholderClaimed(Event):
    """The merge of a placeholder into a person, who proved its address or was assigned it by an
    administrator."""

    # Proves why events have another actor now.
    policy = Policy(Category.ACCOUNT, expires=False)
    sentence = _claimed

    person_id: int
    placeholder_id: int
    proven: bool
