"""Events of second factors and recovery codes."""

from __future__ import annotations

from dataclasses import dataclass

from wiki.i18n import gettext as _
from wiki.i18n import lazy_gettext
from wiki.outbox.event import Category, Event, Policy
from wiki.outbox.models import EventRow
from wiki.outbox.sentences import Names, Wording


def _factor(passkey: str, authenticator: str, other: str) -> Wording:
    texts = {"passkey": passkey, "authenticator": authenticator}
    return lambda row, _names: texts.get(str(row.payload.get("kind")), other)


def _required(row: EventRow, _names: Names) -> str:
    if row.payload.get("required"):
        return _("required a second factor in {group}")
    return _("stopped requiring a second factor in {group}")


@dataclass(frozen=True)
class FactorAdded(Event):
    """A new second factor of a person: an ``authenticator`` or a ``passkey``."""

    policy = Policy(Category.ACCOUNT, expires=True)
    title = lazy_gettext("Factor added")
    sentence = _factor(
        lazy_gettext("added a passkey"),
        lazy_gettext("added an authenticator app"),
        lazy_gettext("added a second factor"),
    )

    person_id: int
    kind: str
    factor_id: int


@dataclass(frozen=True)
class FactorRenamed(Event):
    """The renaming of a second factor."""

    policy = Policy(Category.ACCOUNT, expires=True)
    title = lazy_gettext("Factor renamed")
    sentence = _factor(
        lazy_gettext("renamed a passkey"),
        lazy_gettext("renamed an authenticator app"),
        lazy_gettext("renamed a second factor"),
    )

    person_id: int
    kind: str
    factor_id: int


@dataclass(frozen=True)
class FactorRemoved(Event):
    """The removal of a second factor by its owner."""

    policy = Policy(Category.ACCOUNT, expires=True)
    title = lazy_gettext("Factor removed")
    sentence = _factor(
        lazy_gettext("removed a passkey"),
        lazy_gettext("removed an authenticator app"),
        lazy_gettext("removed a second factor"),
    )

    person_id: int
    kind: str
    factor_id: int


@dataclass(frozen=True)
class FactorsCleared(Event):
    """The removal of all second factors of a person by an administrator or from the shell."""

    policy = Policy(Category.ACCOUNT, expires=True)
    title = lazy_gettext("Factors cleared")
    sentence = lazy_gettext("removed all second factors of {person}")

    person_id: int
    count: int


@dataclass(frozen=True)
class FactorRefused(Event):
    """A correct password with a wrong second factor."""

    policy = Policy(Category.SIGN_IN, expires=True)
    title = lazy_gettext("Factor refused")
    sentence = lazy_gettext("failed the second factor of {person} after the correct password")

    person_id: int


@dataclass(frozen=True)
class RecoveryCodesMade(Event):
    """New recovery codes of a person; earlier ones no longer work."""

    policy = Policy(Category.ACCOUNT, expires=True)
    title = lazy_gettext("Recovery codes made")
    sentence = lazy_gettext("created new recovery codes")

    person_id: int


@dataclass(frozen=True)
class RecoveryCodeUsed(Event):
    """The use of a recovery code; ``left`` are unused."""

    policy = Policy(Category.SIGN_IN, expires=True)
    title = lazy_gettext("Recovery code used")
    sentence = lazy_gettext("used a recovery code")

    person_id: int
    left: int


@dataclass(frozen=True)
class GroupFactorChanged(Event):
    """A change of whether members of a group must have a second factor."""

    policy = Policy(Category.ACCESS, expires=True)
    title = lazy_gettext("Group factor changed")
    sentence = _required

    group_id: int
    required: bool
