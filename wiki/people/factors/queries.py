"""Second factors: which somebody has, the codes that are one, and taking them away."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, exists, func, select, update
from sqlalchemy.orm import Session

from wiki.config import Settings
from wiki.db import now
from wiki.errors import Forbidden, Invalid
from wiki.mail import messages as mails
from wiki.outbox.actions import announce
from wiki.outbox.events import (
    FactorAdded,
    FactorRemoved,
    FactorsCleared,
    RecoveryCodesMade,
    RecoveryCodeUsed,
)
from wiki.people.actions import checked_name
from wiki.people.factors.requiring import has_factor, must_have_factor
from wiki.people.models import Authenticator, Passkey, Person, RecoveryCode
from wiki.people.signin.sign_in import hash_token
from wiki.rules.access import Actor, may_administer

KINDS = {"authenticator": "authenticator app", "passkey": "passkey"}
MOST = 20
CODES = 10
# Crockford's: no letter that could be taken for a digit. 80 bits, so a plain hash keeps them.
ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
LENGTH = 16
_ALIKE = str.maketrans({"o": "0", "i": "1", "l": "1", "-": None, " ": None})


@dataclass(frozen=True)
class Factors:
    """What somebody can show beside their password."""

    authenticators: Sequence[Authenticator]
    passkeys: Sequence[Passkey]
    codes_left: int

    def __bool__(self) -> bool:
        return bool(self.authenticators or self.passkeys)

    @property
    def count(self) -> int:
        """How many there are; recovery codes are none of them."""
        return len(self.authenticators) + len(self.passkeys)


def factors_of(session: Session, person_id: int) -> Factors:
    """All second factors of a person. The caller says who may know."""
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
    """Whether a password alone does not let this person in."""
    return session.scalar(select(exists().where(Person.id == person_id, has_factor()))) or False


def checked_factor_name(raw: str, usual: str) -> str:
    """What a factor is to be called; ``usual`` when nothing was typed.

    :raises Invalid: when it is too long.
    """
    name = checked_name(raw) or usual
    if len(name) > 100:
        raise Invalid("The name has at most 100 characters.", field="factor_name")
    return name


def welcome(
    session: Session, actor: Actor, settings: Settings, person: Person, kind: str, factor_id: int
) -> list[str]:
    """Announce a factor that was just added, tell its owner by mail, and make recovery codes if it
    is the first; the codes, to be shown this once."""
    codes: list[str] = []
    if not factors_of(session, person.id).codes_left:
        codes = _make_codes(session, person.id)
    if person.email:
        letter = mails.factor_added(settings, person.name, KINDS[kind])
        mails.post(session, actor, person.email, letter)
    announce(session, actor, FactorAdded(person.id, kind, factor_id))
    if codes:
        announce(session, actor, RecoveryCodesMade(person.id))
    return codes


def farewell(
    session: Session, actor: Actor, settings: Settings, person: Person, kind: str, factor_id: int
) -> None:
    """The same for one that was just removed; without any factor there is nothing to recover."""
    if not factors_of(session, person.id):
        if must_have_factor(session, person):
            raise Invalid("Add another one first: your account must have a second factor.")
        session.execute(delete(RecoveryCode).where(RecoveryCode.person_id == person.id))
    if person.email:
        letter = mails.factor_removed(settings, person.name, KINDS[kind])
        mails.post(session, actor, person.email, letter)
    announce(session, actor, FactorRemoved(person.id, kind, factor_id))


def renew_codes(session: Session, actor: Actor, settings: Settings, person: Person) -> list[str]:
    """New recovery codes in place of all there were; shown this once.

    :raises Forbidden: for somebody else. :raises Invalid: when there is nothing to recover.
    """
    require_self(actor, person)
    hold(session, person)
    if not factors_of(session, person.id):
        raise Invalid("Recovery codes come with your first second factor: set one up.")
    codes = _make_codes(session, person.id)
    if person.email:
        mails.post(session, actor, person.email, mails.codes_renewed(settings, person.name))
    announce(session, actor, RecoveryCodesMade(person.id))
    return codes


def use_recovery_code(session: Session, settings: Settings, person: Person, typed: str) -> bool:
    """Use a recovery code up, if it is one that is still good; its owner is told."""
    code = normal_code(typed)
    if len(code) != LENGTH:
        return False
    used = (
        update(RecoveryCode)
        .where(
            RecoveryCode.person_id == person.id,
            RecoveryCode.code_hash == hash_token(code),
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=now())
        .returning(RecoveryCode.id)
    )
    if session.scalar(used) is None:
        return False
    left = factors_of(session, person.id).codes_left
    if person.email:
        letter = mails.recovery_code_used(settings, person.name, left)
        mails.post(session, person.actor(), person.email, letter)
    announce(session, person.actor(), RecoveryCodeUsed(person.id, left))
    return True


def clear_factors(session: Session, actor: Actor, settings: Settings, person: Person) -> int:
    """Take all second factors from somebody who has lost them, and their recovery codes; how many
    there were. They are told, and sign in with their password alone until they add new ones.

    :raises Forbidden: unless the actor administers.
    """
    decision = may_administer(actor)
    if not decision:
        raise Forbidden(decision.reason)
    hold(session, person)
    count = factors_of(session, person.id).count
    for table in (Authenticator, Passkey, RecoveryCode):
        session.execute(delete(table).where(table.person_id == person.id))
    if not count:
        return 0
    if person.email:
        letter = mails.factors_cleared(settings, person.name, actor.name)
        mails.post(session, actor, person.email, letter)
    announce(session, actor, FactorsCleared(person.id, count))
    return count


def count_factors(session: Session, actor: Actor, person: Person) -> Factors:
    """What second factors somebody has, for an admin. :raises Forbidden:"""
    decision = may_administer(actor)
    if not decision:
        raise Forbidden(decision.reason)
    return factors_of(session, person.id)


def normal_code(typed: str) -> str:
    """A code as it was meant: without gaps, small, look-alikes as the digits they stand for."""
    return typed[:100].lower().translate(_ALIKE)


def shown_code(code: str) -> str:
    """A recovery code as people read it, in fours."""
    return "-".join(code[at : at + 4] for at in range(0, len(code), 4))


def are_codes(lines: Sequence[str]) -> bool:
    """Whether these could be the recovery codes that were just shown."""
    return len(lines) == CODES and all(
        len(code := normal_code(line)) == LENGTH and set(code) <= set(ALPHABET) for line in lines
    )


def require_self(actor: Actor, person: Person) -> None:
    """Second factors are their owner's affair. :raises Forbidden:"""
    if actor.person_id != person.id:
        raise Forbidden("Only they themselves can change this.")


def hold(session: Session, person: Person) -> None:
    """Let those who change the factors of one person at once take turns, so that the last one of
    somebody who must have one cannot go twice."""
    session.execute(select(Person.id).where(Person.id == person.id).with_for_update())


def refuse_too_many(session: Session, person: Person) -> None:
    """Go on only while there is room for one more. :raises Invalid:"""
    if factors_of(session, person.id).count >= MOST:
        raise Invalid(f"Remove one first: {MOST} second factors are the most.")


def _make_codes(session: Session, person_id: int) -> list[str]:
    session.execute(delete(RecoveryCode).where(RecoveryCode.person_id == person_id))
    codes = ["".join(secrets.choice(ALPHABET) for _ in range(LENGTH)) for _ in range(CODES)]
    session.add_all(
        RecoveryCode(person_id=person_id, code_hash=hash_token(code), created_at=now())
        for code in codes
    )
    session.flush()
    return [shown_code(code) for code in codes]
