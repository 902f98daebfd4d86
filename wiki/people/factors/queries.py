"""Second factors of a person: listing and removing them, and recovery codes."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, exists, func, select
from sqlalchemy.orm import Session

from wiki.config import Settings
from wiki.db import now
from wiki.errors import Forbidden, Invalid, NotFound, require_allowed
from wiki.i18n import gettext as _
from wiki.mail import messages as mails
from wiki.outbox.actions import publish
from wiki.people.factors.events import (
    FactorAdded,
    FactorRemoved,
    FactorRenamed,
    FactorsCleared,
    RecoveryCodesMade,
    RecoveryCodeUsed,
)
from wiki.people.factors.mfa_policy import has_factor, must_have_factor
from wiki.people.factors.models import Authenticator, Passkey, RecoveryCode
from wiki.people.models import Person
from wiki.people.names import checked_name
from wiki.people.one_time import hash_token
from wiki.rules.access import Actor, may_administer

MOST = 20
CODES = 10
# Crockford's base 32: no letter looks like a digit. A code has 80 bits, so a plain hash is safe.
ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
LENGTH = 16
_ALIKE = str.maketrans({"o": "0", "i": "1", "l": "1", "-": None, " ": None})


@dataclass(frozen=True)
class Factors:
    """The second factors of a person, and the number of unused recovery codes."""

    authenticators: Sequence[Authenticator]
    passkeys: Sequence[Passkey]
    codes_left: int

    def __bool__(self) -> bool:
        return bool(self.authenticators or self.passkeys)

    @property
    def count(self) -> int:
        """The number of second factors, without recovery codes."""
        return len(self.authenticators) + len(self.passkeys)


def factors_of(session: Session, person_id: int) -> Factors:
    """Return all second factors of a person. The caller must check permission."""
    mine = Authenticator.person_id == person_id
    return Factors(
        session.scalars(
            select(Authenticator)
            .where(mine, Authenticator.proven_at.is_not(None))
            .order_by(Authenticator.id)
        ).all(),
        session.scalars(
            select(Passkey).where(Passkey.person_id == person_id).order_by(Passkey.id)
        ).all(),
        session.scalar(
            select(func.count()).where(
                RecoveryCode.person_id == person_id, RecoveryCode.used_at.is_(None)
            )
        )
        or 0,
    )


def holds_factor(session: Session, person_id: int) -> bool:
    """Return whether a person has a second factor, so that a password alone is not enough."""
    return session.scalar(select(exists().where(Person.id == person_id, has_factor()))) or False


def checked_factor_name(raw: str, usual: str) -> str:
    """Return the name for a factor, or ``usual`` if nothing was typed.

    :raises Invalid: if it is longer than 100 characters.
    """
    name = checked_name(raw) or usual
    if len(name) > 100:
        raise Invalid(_("Use at most 100 characters for the name."), field="factor_name")
    return name


def welcome(
    session: Session, actor: Actor, settings: Settings, person: Person, kind: str, factor_id: int
) -> list[str]:
    """Announce a factor that was just added and tell its owner by mail. Return new recovery codes,
    which are shown only this once, or an empty list if unused ones remain."""
    codes: list[str] = []
    if not factors_of(session, person.id).codes_left:
        codes = _make_codes(session, person.id)
    mails.post(session, settings, actor, person, "people/mail/factor_added.txt", kind=kind)
    publish(session, actor, FactorAdded(person.id, kind, factor_id))
    if codes:
        publish(session, actor, RecoveryCodesMade(person.id))
    return codes


def _announce_removal(
    session: Session, actor: Actor, settings: Settings, person: Person, kind: str, factor_id: int
) -> None:
    """Announce a factor that was just removed and tell its owner by mail. Delete the recovery codes
    with the last factor.

    :raises Invalid: if it was the last factor of a person who must have one.
    """
    if not factors_of(session, person.id):
        if must_have_factor(session, person):
            raise Invalid(
                _("Your account needs a second factor. Add another one before you remove this one.")
            )
        session.execute(delete(RecoveryCode).where(RecoveryCode.person_id == person.id))
    mails.post(session, settings, actor, person, "people/mail/factor_removed.txt", kind=kind)
    publish(session, actor, FactorRemoved(person.id, kind, factor_id))


def own_factor(session: Session, actor: Actor, kind: str, id: int) -> Authenticator | Passkey:
    """Return one of the actor's factors, by its kind and id.

    :raises NotFound: if there is none, or it is an authenticator that is not proven.
    """
    row: Authenticator | Passkey | None = (
        session.get(Passkey, id) if kind == "passkey" else session.get(Authenticator, id)
    )
    if row is None or row.person_id != actor.person_id:
        raise NotFound
    if isinstance(row, Authenticator) and row.proven_at is None:
        raise NotFound
    return row


def rename_factor(
    session: Session, actor: Actor, kind: str, id: int, name: str
) -> Authenticator | Passkey:
    """Rename a factor.

    :raises NotFound: as :func:`own_factor`.
    """
    row = own_factor(session, actor, kind, id)
    name = checked_factor_name(name, row.name)
    if name != row.name:
        row.name = name
        session.flush()
        publish(session, actor, FactorRenamed(row.person_id, kind, row.id))
    return row


def remove_factor(
    session: Session, actor: Actor, settings: Settings, person: Person, kind: str, id: int
) -> Authenticator | Passkey:
    """Remove a factor of the actor's own.

    :raises NotFound: as :func:`own_factor`.
    :raises Invalid: if it is the last factor of a person who must have one.
    """
    require_self(actor, person)
    hold(session, person)
    row = own_factor(session, actor, kind, id)
    session.delete(row)
    session.flush()
    _announce_removal(session, actor, settings, person, kind, id)
    return row


def renew_codes(session: Session, actor: Actor, settings: Settings, person: Person) -> list[str]:
    """Replace all recovery codes; return the new ones, which are shown only this once.

    :raises Forbidden: for another person's account.
    :raises Invalid: if the person has no second factor.
    """
    require_self(actor, person)
    hold(session, person)
    if not factors_of(session, person.id):
        raise Invalid(_("You get recovery codes with your first second factor. Set one up."))
    codes = _make_codes(session, person.id)
    mails.post(session, settings, actor, person, "people/mail/codes_renewed.txt")
    publish(session, actor, RecoveryCodesMade(person.id))
    return codes


def use_recovery_code(session: Session, settings: Settings, person: Person, typed: str) -> bool:
    """Use up a recovery code and tell its owner by mail; return whether it was valid."""
    code = normal_code(typed)
    if len(code) != LENGTH:
        return False
    if RecoveryCode.use(session, code, RecoveryCode.person_id == person.id) is None:
        return False
    left = factors_of(session, person.id).codes_left
    template = "people/mail/recovery_code_used.txt"
    mails.post(session, settings, person.actor(), person, template, left=left)
    publish(session, person.actor(), RecoveryCodeUsed(person.id, left))
    return True


def clear_factors(session: Session, actor: Actor, settings: Settings, person: Person) -> int:
    """Remove all second factors and recovery codes of a person who has lost them; return how many
    factors there were. The person is told by mail and signs in with their password alone until they
    add new ones.

    :raises Forbidden: unless the actor is an admin.
    """
    require_allowed(may_administer(actor))
    hold(session, person)
    count = factors_of(session, person.id).count
    for table in (Authenticator, Passkey, RecoveryCode):
        session.execute(delete(table).where(table.person_id == person.id))
    if not count:
        return 0
    template = "people/mail/factors_cleared.txt"
    mails.post(session, settings, actor, person, template, admin=actor.name)
    publish(session, actor, FactorsCleared(person.id, count))
    return count


def count_factors(session: Session, actor: Actor, person: Person) -> Factors:
    """Return a person's second factors, for an admin.

    :raises Forbidden: unless the actor is an admin.
    """
    require_allowed(may_administer(actor))
    return factors_of(session, person.id)


def normal_code(typed: str) -> str:
    """Return a typed code without gaps, in lower case, with look-alikes replaced by digits."""
    return typed[:100].lower().translate(_ALIKE)


def shown_code(code: str) -> str:
    """Return a recovery code in groups of four."""
    return "-".join(code[at : at + 4] for at in range(0, len(code), 4))


def are_codes(lines: Sequence[str]) -> bool:
    """Return whether these could be the recovery codes that were just shown."""
    return len(lines) == CODES and all(
        len(code := normal_code(line)) == LENGTH and set(code) <= set(ALPHABET) for line in lines
    )


def require_self(actor: Actor, person: Person) -> None:
    """Check that the factors are the actor's own.

    :raises Forbidden: otherwise.
    """
    if actor.person_id != person.id:
        raise Forbidden(_("Only the owner of the account can change this."))


def hold(session: Session, person: Person) -> None:
    """Lock a person's row, so that concurrent changes to their factors take turns and the last
    required factor cannot be removed."""
    session.execute(select(Person.id).where(Person.id == person.id).with_for_update())


def refuse_too_many(session: Session, person: Person) -> None:
    """Check that a person may add one more factor.

    :raises Invalid: if they have the maximum already.
    """
    if factors_of(session, person.id).count >= MOST:
        raise Invalid(
            _("You can have at most %(limit)s second factors. Remove one first.", limit=MOST)
        )


def _make_codes(session: Session, person_id: int) -> list[str]:
    session.execute(delete(RecoveryCode).where(RecoveryCode.person_id == person_id))
    codes = ["".join(secrets.choice(ALPHABET) for _ in range(LENGTH)) for _ in range(CODES)]
    session.add_all(
        RecoveryCode(person_id=person_id, token_hash=hash_token(code), created_at=now())
        for code in codes
    )
    session.flush()
    return [shown_code(code) for code in codes]
