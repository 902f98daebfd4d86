"""Events of consent to changes that let more people read something."""

from __future__ import annotations

from dataclasses import dataclass

from wiki.outbox.event import Category, Event, Policy
from wiki.outbox.models import EventRow
from wiki.outbox.sentences import Names, in_space

_CHANGES = {
    "label": "changing the label of a page",
    "restrict": "changing the list of a restriction",
    "lift": "lifting a restriction",
    "move": "moving a page",
    "space": "changing the settings of the space",
    "role": "changing someone’s role",
    "group_role": "changing the role of a group",
    "group_member": "adding someone to a group",
    "group_part": "adding a group to a group",
    "invite": "an invitation",
}


def _opened(row: EventRow, _names: Names) -> str:
    what = _CHANGES.get(row.payload.get("kind", ""), "a change")
    second = ", approved by {second}" if row.payload.get("second") else ""
    return f"gave more people access{in_space(row)} by {what}{second}"


def _asked(row: EventRow, _names: Names) -> str:
    return f"asked for approval of {{approval}}{in_space(row)}"


def _decided(row: EventRow, _names: Names) -> str:
    verb = "approved" if row.payload.get("approved") else "rejected"
    return f"{verb} {{approval}}{in_space(row)}"


@dataclass(frozen=True)
class Opened(Event):
    """The consent to a change that lets more people read something. ``digest`` identifies the
    change; ``second`` is the person who approved it besides its author."""

    # Proves who agreed to let more people read something.
    policy = Policy(Category.ACCESS, expires=False)
    sentence = _opened

    space_id: int | None
    kind: str
    digest: str
    second: int | None


@dataclass(frozen=True)
class ApprovalAsked(Event):
    """A change that waits for the approval of a second person."""

    policy = Policy(Category.ACCESS, expires=True)
    sentence = _asked

    space_id: int | None
    approval_id: int


@dataclass(frozen=True)
class ApprovalDecided(Event):
    """The approval or rejection of a change by a second person."""

    policy = Policy(Category.ACCESS, expires=True)
    sentence = _decided

    space_id: int | None
    approval_id: int
    approved: bool
