"""Events of spaces: settings, members, invitations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from wiki.outbox.event import Category, Event, Policy
from wiki.outbox.models import EventRow
from wiki.outbox.sentences import Names, changed_fields, is_own

_FIELDS = {
    "title": "the title",
    "description": "the description",
    "visibility": "the visibility",
    "member_role": "the role of members",
    "label": "the label",
    "reader_clearance": "the label limit of readers",
    "commenter_clearance": "the label limit of commenters",
    "editor_clearance": "the label limit of editors",
}


def _changed(row: EventRow, _names: Names) -> str:
    changes = row.payload.get("changes")
    visibility = changes.get("visibility") if isinstance(changes, dict) else None
    known = visibility in ("public", "internal", "private")
    if known and isinstance(changes, dict) and len(changes) == 1:
        return f"made {{space}} {visibility}"
    made = f" and made it {visibility}" if known else ""
    return f"changed {changed_fields(row, _FIELDS)} of {{space}}{made}"


def _member(row: EventRow, _names: Names) -> str:
    if row.payload.get("role"):
        return "gave {person} the role {role} in {space}"
    return "left {space}" if is_own(row) else "removed {person} from {space}"


def _group_role(row: EventRow, _names: Names) -> str:
    if row.payload.get("role"):
        return "gave {group} the role {role} in {space}"
    return "removed {group} from {space}"


def _invited(row: EventRow, names: Names) -> str:
    role = names.invited_as(row.payload.get("invitation_id"))
    return f"invited someone{f' as {role}' if role else ''}{_into(row)}"


def _revoked(row: EventRow, _names: Names) -> str:
    return f"revoked an invitation{_into(row)}"


def _accepted(row: EventRow, _names: Names) -> str:
    return f"accepted an invitation{_into(row)}"


def _into(row: EventRow) -> str:
    return " to {space}" if row.space_id is not None else ""


@dataclass(frozen=True)
class SpaceCreated(Event):
    """The creation of a space."""

    policy = Policy(Category.SETTINGS, expires=False, feed="space_created")
    sentence = "created the space {space}"

    space_id: int


@dataclass(frozen=True)
class SpaceChanged(Event):
    """A change of a space's title, description, visibility or member role."""

    policy = Policy(Category.SETTINGS, expires=False, feed="space_changed")
    sentence = _changed

    space_id: int
    changes: dict[str, Any]


@dataclass(frozen=True)
class MemberChanged(Event):
    """A change of a person's role in a space (``role`` is empty if it was removed)."""

    policy = Policy(Category.ACCESS, expires=True)
    sentence = _member

    space_id: int
    person_id: int
    role: str


@dataclass(frozen=True)
class GroupRoleChanged(Event):
    """A change of a group's role in a space (``role`` is empty if it was removed)."""

    policy = Policy(Category.ACCESS, expires=True)
    sentence = _group_role

    space_id: int
    group_id: int
    role: str


@dataclass(frozen=True)
class LeadTaken(Event):
    """The takeover of the lead role in a space by an administrator who was not given it."""

    policy = Policy(Category.ACCESS, expires=False)
    sentence = "took the lead role in {space} as an admin"

    space_id: int
    person_id: int


@dataclass(frozen=True)
class InvitationCreated(Event):
    """An invitation, perhaps into a space."""

    policy = Policy(Category.ACCESS, expires=True)
    sentence = _invited

    invitation_id: int
    space_id: int | None


@dataclass(frozen=True)
class InvitationRevoked(Event):
    """The revocation of an unused invitation."""

    policy = Policy(Category.ACCESS, expires=True)
    sentence = _revoked

    invitation_id: int
    space_id: int | None


@dataclass(frozen=True)
class InvitationAccepted(Event):
    """The acceptance of an invitation by a person."""

    policy = Policy(Category.ACCESS, expires=True)
    sentence = _accepted

    invitation_id: int
    space_id: int | None
    person_id: int
