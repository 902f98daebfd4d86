"""Events of accounts, groups, API tokens and settings of the site."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from wiki.i18n import gettext as _
from wiki.i18n import lazy_gettext
from wiki.outbox.event import Category, Event, Policy
from wiki.outbox.models import EventRow
from wiki.outbox.sentences import Names, changed_fields, is_own, own_or_other
from wiki.rules.roles import SiteRole

_OF_PEOPLE = {
    "name": lazy_gettext("name"),
    "email": lazy_gettext("email address"),
    "password": lazy_gettext("password"),
    "photo": lazy_gettext("photo"),
}
_OF_GROUPS = {
    "name": lazy_gettext("name"),
    "description": lazy_gettext("description"),
    "handle": lazy_gettext("short name"),
}


def _person_changed(row: EventRow, _names: Names) -> str:
    match row.payload.get("changes", {}):
        case {"disabled": True}:
            return _("disabled the account of {person}")
        case {"disabled": False}:
            return _("enabled the account of {person} again")
        case {"site_role": SiteRole.ADMIN}:
            return _("made {person} an admin")
        case {"site_role": SiteRole.GUEST}:
            return _("made {person} a guest")
        case {"site_role": _role}:
            return _("made {person} a member")
    what = changed_fields(row, _OF_PEOPLE)
    if is_own(row):
        return _("changed their own %(fields)s", fields=what)
    return _("changed the %(fields)s of {person}", fields=what)


def _group_changed(row: EventRow, _names: Names) -> str:
    return _("changed the %(fields)s of {group}", fields=changed_fields(row, _OF_GROUPS))


def _group_member(row: EventRow, _names: Names) -> str:
    if row.payload.get("person_id"):
        inside, outside = _("added {person} to {group}"), _("removed {person} from {group}")
    else:
        inside, outside = _("added {part} to {group}"), _("removed {part} from {group}")
    return inside if row.payload.get("inside") else outside


@dataclass(frozen=True)
class PersonCreated(Event):
    """The creation of an account."""

    policy = Policy(Category.ACCOUNT, expires=True)
    title = lazy_gettext("Person created")
    sentence = own_or_other(
        lazy_gettext("created their account"), lazy_gettext("created the account of {person}")
    )

    person_id: int


@dataclass(frozen=True)
class PersonChanged(Event):
    """A change of an account's name, address, photo, site role, password or state."""

    policy = Policy(Category.ACCOUNT, expires=True)
    title = lazy_gettext("Person changed")
    sentence = _person_changed

    person_id: int
    changes: dict[str, Any]


@dataclass(frozen=True)
class GroupCreated(Event):
    """The creation of a group."""

    policy = Policy(Category.ACCESS, expires=True)
    title = lazy_gettext("Group created")
    sentence = lazy_gettext("created {group}")

    group_id: int


@dataclass(frozen=True)
class GroupChanged(Event):
    """A change of a group's name or description."""

    policy = Policy(Category.ACCESS, expires=True)
    title = lazy_gettext("Group changed")
    sentence = _group_changed

    group_id: int
    changes: dict[str, Any]


@dataclass(frozen=True)
class GroupDeleted(Event):
    """The deletion of a group."""

    policy = Policy(Category.ACCESS, expires=True)
    title = lazy_gettext("Group deleted")
    sentence = lazy_gettext("deleted the group {name}")

    group_id: int
    name: str


@dataclass(frozen=True)
class GroupMemberChanged(Event):
    """The addition of a person or a group to a group or (not ``inside``) their removal."""

    policy = Policy(Category.ACCESS, expires=True)
    title = lazy_gettext("Group member changed")
    sentence = _group_member

    group_id: int
    person_id: int | None
    part_id: int | None
    inside: bool


@dataclass(frozen=True)
class TokenCreated(Event):
    """A new API token of a person."""

    policy = Policy(Category.ACCOUNT, expires=True)
    title = lazy_gettext("Token created")
    sentence = own_or_other(
        lazy_gettext("created an API token"), lazy_gettext("created an API token for {person}")
    )

    person_id: int
    token_id: int


@dataclass(frozen=True)
class TokenRevoked(Event):
    """The revocation of an API token of a person."""

    policy = Policy(Category.ACCOUNT, expires=True)
    title = lazy_gettext("Token revoked")
    sentence = own_or_other(
        lazy_gettext("revoked an API token"), lazy_gettext("revoked an API token of {person}")
    )

    person_id: int
    token_id: int


@dataclass(frozen=True)
class SiteSettingChanged(Event):
    """A change of a setting of the whole site by an administrator."""

    policy = Policy(Category.SETTINGS, expires=True)
    title = lazy_gettext("Site setting changed")
    sentence = lazy_gettext("changed the site setting {key}")

    key: str
    value: Any
