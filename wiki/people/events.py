"""Events of accounts, groups, API tokens and settings of the site."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from wiki.outbox.event import Category, Event, Policy
from wiki.outbox.models import EventRow
from wiki.outbox.sentences import Names, changed_fields, is_own, own_or_other
from wiki.rules.roles import SiteRole

_OF_PEOPLE = {"name": "name", "email": "email address", "password": "password"}
_OF_GROUPS = {"name": "name", "description": "description", "handle": "short name"}


def _person_changed(row: EventRow, _names: Names) -> str:
    match row.payload.get("changes", {}):
        case {"disabled": True}:
            return "disabled the account of {person}"
        case {"disabled": False}:
            return "enabled the account of {person} again"
        case {"site_role": role}:
            article = "an" if role == SiteRole.ADMIN else "a"
            return f"made {{person}} {article} {role if role in set(SiteRole) else 'member'}"
    what = changed_fields(row, _OF_PEOPLE)
    return f"changed their own {what}" if is_own(row) else f"changed the {what} of {{person}}"


def _group_changed(row: EventRow, _names: Names) -> str:
    return f"changed the {changed_fields(row, _OF_GROUPS)} of {{group}}"


def _group_member(row: EventRow, _names: Names) -> str:
    who = "{person}" if row.payload.get("person_id") else "{part}"
    if row.payload.get("inside"):
        return f"added {who} to {{group}}"
    return f"removed {who} from {{group}}"


@dataclass(frozen=True)
class PersonCreated(Event):
    """The creation of an account."""

    policy = Policy(Category.ACCOUNT, expires=True)
    sentence = own_or_other("created their account", "created the account of {person}")

    person_id: int


@dataclass(frozen=True)
class PersonChanged(Event):
    """A change of an account's name, address, site role, password or state."""

    policy = Policy(Category.ACCOUNT, expires=True)
    sentence = _person_changed

    person_id: int
    changes: dict[str, Any]


@dataclass(frozen=True)
class GroupCreated(Event):
    """The creation of a group."""

    policy = Policy(Category.ACCESS, expires=True)
    sentence = "created {group}"

    group_id: int


@dataclass(frozen=True)
class GroupChanged(Event):
    """A change of a group's name or description."""

    policy = Policy(Category.ACCESS, expires=True)
    sentence = _group_changed

    group_id: int
    changes: dict[str, Any]


@dataclass(frozen=True)
class GroupDeleted(Event):
    """The deletion of a group."""

    policy = Policy(Category.ACCESS, expires=True)
    sentence = "deleted the group {name}"

    group_id: int
    name: str


@dataclass(frozen=True)
class GroupMemberChanged(Event):
    """The addition of a person or a group to a group or (not ``inside``) their removal."""

    policy = Policy(Category.ACCESS, expires=True)
    sentence = _group_member

    group_id: int
    person_id: int | None
    part_id: int | None
    inside: bool


@dataclass(frozen=True)
class TokenCreated(Event):
    """A new API token of a person."""

    policy = Policy(Category.ACCOUNT, expires=True)
    sentence = own_or_other("created an API token", "created an API token for {person}")

    person_id: int
    token_id: int


@dataclass(frozen=True)
class TokenRevoked(Event):
    """The revocation of an API token of a person."""

    policy = Policy(Category.ACCOUNT, expires=True)
    sentence = own_or_other("revoked an API token", "revoked an API token of {person}")

    person_id: int
    token_id: int


@dataclass(frozen=True)
class SiteSettingChanged(Event):
    """A change of a setting of the whole site by an administrator."""

    policy = Policy(Category.SETTINGS, expires=True)
    sentence = "changed the site setting {key}"

    key: str
    value: Any
