"""Events of spaces: settings, members, invitations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from wiki.i18n import gettext as _
from wiki.i18n import lazy_gettext
from wiki.outbox.event import Category, Event, Policy
from wiki.outbox.models import EventRow
from wiki.outbox.sentences import Names, changed_fields, is_own
from wiki.rules.roles import Visibility
from wiki.rules.words import shown

_FIELDS = {
    "title": lazy_gettext("the title"),
    "description": lazy_gettext("the description"),
    "visibility": lazy_gettext("the visibility"),
    "member_role": lazy_gettext("the role of members"),
    "label": lazy_gettext("the label"),
    "reader_clearance": lazy_gettext("the label limit of readers"),
    "commenter_clearance": lazy_gettext("the label limit of commenters"),
    "editor_clearance": lazy_gettext("the label limit of editors"),
    "icon": lazy_gettext("the icon"),
    "colour": lazy_gettext("the color"),
}


def _changed(row: EventRow, _names: Names) -> str:
    changes = row.payload.get("changes")
    visibility = changes.get("visibility") if isinstance(changes, dict) else None
    if visibility not in set(Visibility):
        return _("changed %(fields)s of {space}", fields=changed_fields(row, _FIELDS))
    if isinstance(changes, dict) and len(changes) == 1:
        return _("made {space} %(visibility)s", visibility=shown(visibility))
    return _(
        "changed %(fields)s of {space} and made it %(visibility)s",
        fields=changed_fields(row, _FIELDS),
        visibility=shown(visibility),
    )


def _member(row: EventRow, _names: Names) -> str:
    if role := row.payload.get("role"):
        return _("gave {person} the role %(role)s in {space}", role=shown(role))
    return _("left {space}") if is_own(row) else _("removed {person} from {space}")


def _group_role(row: EventRow, _names: Names) -> str:
    if role := row.payload.get("role"):
        return _("gave {group} the role %(role)s in {space}", role=shown(role))
    return _("removed {group} from {space}")


def _invited(row: EventRow, names: Names) -> str:
    role = names.invited_as(row.payload.get("invitation_id"))
    here = row.space_id is not None
    if row.actor_id is None and not here:
        return _("asked for an account")
    if role and here:
        return _("invited someone as %(role)s to {space}", role=shown(role))
    if role:
        return _("invited someone as %(role)s", role=shown(role))
    return _("invited someone to {space}") if here else _("invited someone")


def _revoked(row: EventRow, _names: Names) -> str:
    if row.space_id is None:
        return _("revoked an invitation")
    return _("revoked an invitation to {space}")


def _accepted(row: EventRow, _names: Names) -> str:
    if row.space_id is None:
        return _("accepted an invitation")
    return _("accepted an invitation to {space}")


@dataclass(frozen=True)
class SpaceCreated(Event):
    """The creation of a space."""

    policy = Policy(Category.SETTINGS, expires=False, feed="space_created")
    title = lazy_gettext("Space created")
    sentence = lazy_gettext("created the space {space}")

    space_id: int


@dataclass(frozen=True)
class SpaceChanged(Event):
    """A change of a space's settings."""

    policy = Policy(Category.SETTINGS, expires=False, feed="space_changed")
    title = lazy_gettext("Space changed")
    sentence = _changed

    space_id: int
    changes: dict[str, Any]


@dataclass(frozen=True)
class MemberChanged(Event):
    """A change of a person's role in a space (``role`` is empty if it was removed)."""

    policy = Policy(Category.ACCESS, expires=True)
    title = lazy_gettext("Member changed")
    sentence = _member

    space_id: int
    person_id: int
    role: str


@dataclass(frozen=True)
class GroupRoleChanged(Event):
    """A change of a group's role in a space (``role`` is empty if it was removed)."""

    policy = Policy(Category.ACCESS, expires=True)
    title = lazy_gettext("Group role changed")
    sentence = _group_role

    space_id: int
    group_id: int
    role: str


@dataclass(frozen=True)
class LeadTaken(Event):
    """The takeover of the lead role in a space by an administrator who was not given it."""

    policy = Policy(Category.ACCESS, expires=False)
    title = lazy_gettext("Lead taken")
    sentence = lazy_gettext("took the lead role in {space} as an admin")

    space_id: int
    person_id: int


@dataclass(frozen=True)
class InvitationCreated(Event):
    """An invitation, perhaps into a space."""

    policy = Policy(Category.ACCESS, expires=True)
    title = lazy_gettext("Invitation created")
    sentence = _invited

    invitation_id: int
    space_id: int | None


@dataclass(frozen=True)
class InvitationRevoked(Event):
    """The revocation of an unused invitation."""

    policy = Policy(Category.ACCESS, expires=True)
    title = lazy_gettext("Invitation revoked")
    sentence = _revoked

    invitation_id: int
    space_id: int | None


@dataclass(frozen=True)
class InvitationAccepted(Event):
    """The acceptance of an invitation by a person."""

    policy = Policy(Category.ACCESS, expires=True)
    title = lazy_gettext("Invitation accepted")
    sentence = _accepted

    invitation_id: int
    space_id: int | None
    person_id: int
