"""Events of signing in and out, and of forgotten passwords."""

from __future__ import annotations

from dataclasses import dataclass

from wiki.i18n import gettext as _
from wiki.i18n import lazy_gettext
from wiki.outbox.event import Category, Event, Policy
from wiki.outbox.models import EventRow
from wiki.outbox.sentences import Names, own_or_other


def _failed(row: EventRow, _names: Names) -> str:
    tries = int(row.payload.get("tries", 1))
    known = row.payload.get("person_id") is not None
    if known and tries == 1:
        return _("failed to sign in as {person}")
    if known:
        return _(
            "failed to sign in as {person} %(tries)s times and has to wait before the next try",
            tries=tries,
        )
    if tries == 1:
        return _("tried an unknown user name")
    return _(
        "tried an unknown user name %(tries)s times and has to wait before the next try",
        tries=tries,
    )


@dataclass(frozen=True)
class SignedIn(Event):
    """A sign-in by password alone, or with (or by) a ``code``, a ``recovery code`` or a
    ``passkey``."""

    policy = Policy(Category.SIGN_IN, expires=True)
    title = lazy_gettext("Signed in")
    sentence = lazy_gettext("signed in")

    person_id: int
    by: str = "password"


@dataclass(frozen=True)
class SignInFailed(Event):
    """A failed sign-in: the first one, or the one (of ``tries``) after which the name has to wait.
    ``person_id`` is None for an unknown name, which is not stored."""

    policy = Policy(Category.SIGN_IN, expires=True)
    title = lazy_gettext("Sign in failed")
    sentence = _failed

    person_id: int | None
    tries: int


@dataclass(frozen=True)
class SignedOut(Event):
    """The end of a sign-in, by its owner or by an administrator."""

    policy = Policy(Category.SIGN_IN, expires=True)
    title = lazy_gettext("Signed out")
    sentence = own_or_other(lazy_gettext("signed out"), lazy_gettext("ended a session of {person}"))

    person_id: int


@dataclass(frozen=True)
class PasswordResetRequested(Event):
    """A request for a link to a new password; the row has what was typed."""

    policy = Policy(Category.SIGN_IN, expires=True, automatic=True)
    title = lazy_gettext("Password reset requested")
    sentence = lazy_gettext("requested a password reset link")

    reset_id: int
