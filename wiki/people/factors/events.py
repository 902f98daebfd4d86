"""Events of second factors and recovery codes."""

from __future__ import annotations

from dataclasses import dataclass

from wiki.outbox.event import Category, Event, Policy
from wiki.outbox.models import EventRow
from wiki.outbox.sentences import Names, Wording

_KINDS = {"passkey": "a passkey", "authenticator": "an authenticator app"}


def _factor(verb: str) -> Wording:
    return lambda row, _names: (
        f"{verb} {_KINDS.get(str(row.payload.get('kind')), 'a second factor')}"
    )


def _required(row: EventRow, _names: Names) -> str:
    verb = "required" if row.payload.get("required") else "stopped requiring"
    return f"{verb} a second factor in {{group}}"


@dataclass(frozen=True)
class FactorAdded(Event):
    """A new second factor of a person: an ``authenticator`` or a ``passkey``."""

    policy = Policy(Category.ACCOUNT, expires=True)
    sentence = _factor("added")

    person_id: int
    kind: str
    factor_id: int


@dataclass(frozen=True)
class FactorRenamed(Event):
    """The renaming of a second factor."""

    policy = Policy(Category.ACCOUNT, expires=True)
    sentence = _factor("renamed")

    person_id: int
    kind: str
    factor_id: int


@dataclass(frozen=True)
class FactorRemoved(Event):
    """The removal of a second factor by its owner."""

    policy = Policy(Category.ACCOUNT, expires=True)
    sentence = _factor("removed")

    person_id: int
    kind: str
    factor_id: int


@dataclass(frozen=True)
class FactorsCleared(Event):
    """The removal of all second factors of a person by an administrator or from the shell."""

    policy = Policy(Category.ACCOUNT, expires=True)
    sentence = "removed all second factors of {person}"

    person_id: int
    count: int


@dataclass(frozen=True)
class FactorRefused(Event):
    """A correct password with a wrong second factor."""

    policy = Policy(Category.SIGN_IN, expires=True)
    sentence = "failed the second factor of {person} after the correct password"

    person_id: int


@dataclass(frozen=True)
class RecoveryCodesMade(Event):
    """New recovery codes of a person; earlier ones no longer work."""

    policy = Policy(Category.ACCOUNT, expires=True)
    sentence = "created new recovery codes"

    person_id: int


@dataclass(frozen=True)
class RecoveryCodeUsed(Event):
    """The use of a recovery code; ``left`` are unused."""

    policy = Policy(Category.SIGN_IN, expires=True)
    sentence = "used a recovery code"

    person_id: int
    left: int


@dataclass(frozen=True)
class GroupFactorChanged(Event):
    """A change of whether members of a group must have a second factor."""

    policy = Policy(Category.ACCESS, expires=True)
    sentence = _required

    group_id: int
    required: bool
