"""Giving a second factor: a code of an app, a recovery code, or a passkey's answer in a form.

What can be checked without a transaction is checked first (:func:`given`); using it up
(:func:`use`) belongs to the same transaction as what it opens.
"""

from __future__ import annotations

from dataclasses import dataclass

from flask import request
from flask import session as cookie
from sqlalchemy.orm import Session
from webauthn.helpers.structs import UserVerificationRequirement

from wiki.errors import Invalid
from wiki.people.factors import authenticators, passkeys
from wiki.people.factors import queries as factors
from wiki.people.factors.passkeys import Assertion, Purpose
from wiki.people.models import Person
from wiki.web.request import reading, settings, writing

CHALLENGE = "challenge"
WRONG = "That code is not right, or was used already. Type the one that your app shows now."
NOTHING = "Type a code."
VERIFICATION = {
    Purpose.SIGN_IN: UserVerificationRequirement.REQUIRED,
    Purpose.SECOND: UserVerificationRequirement.DISCOURAGED,
    Purpose.CONFIRM: UserVerificationRequirement.PREFERRED,
}


@dataclass(frozen=True)
class Given:
    """What somebody gave: a code as typed, or a passkey whose signature was right."""

    code: str = ""
    passkey: Assertion | None = None


def ask_passkey(purpose: Purpose, person_id: int | None) -> dict[str, object]:
    """What this browser needs to ask for a passkey; its cookie gets the challenge.

    :raises Invalid: where browsers allow none.
    """
    if passkeys.party(settings()) is None:
        raise Invalid("This wiki’s address allows no passkeys.")
    with writing() as session:
        challenge = passkeys.new_challenge(session, purpose, person_id)
    cookie[CHALLENGE] = challenge
    return passkeys.options_to_ask(
        reading(), settings(), challenge, person_id, verification=VERIFICATION[purpose]
    )


def take_challenge(purpose: Purpose, person_id: int | None) -> str:
    """This browser's challenge, which is used up with this. :raises Invalid:"""
    challenge = str(cookie.pop(CHALLENGE, ""))
    if not challenge:
        raise Invalid(passkeys.NO_ANSWER, field="passkey")
    with writing() as session:
        # What is raised in here would bring the challenge back.
        try:
            passkeys.take_challenge(session, challenge, purpose, person_id)
            refused = None
        except Invalid as error:
            refused = error
    if refused:
        raise refused
    return challenge


def check_passkey(purpose: Purpose, person_id: int | None, answer: str) -> Assertion:
    """The passkey that answered this browser's challenge. :raises Invalid:"""
    challenge = take_challenge(purpose, person_id)
    return passkeys.check_passkey(
        reading(),
        settings(),
        answer,
        challenge,
        person_id=person_id,
        alone=purpose is Purpose.SIGN_IN,
    )


def given(purpose: Purpose, person: Person, *, prefix: str = "") -> Given:
    """What this request's form gives as a second factor of a person. :raises Invalid:"""
    answer = request.form.get(f"{prefix}passkey", "")
    if answer:
        return Given(passkey=check_passkey(purpose, person.id, answer))
    code = request.form.get(f"{prefix}code", "")
    if not code.strip():
        raise Invalid(NOTHING, field=f"{prefix}code")
    return Given(code=code)


def use(
    session: Session, person: Person, what: Given, *, prefix: str = "", recovery: bool = True
) -> str:
    """Use up what was given, and say in a word what it was.

    :param recovery: whether a recovery code will do.
    :raises Invalid: when it is not right, or good no more.
    """
    if what.passkey is not None:
        passkeys.note_use(session, what.passkey)
        return "passkey"
    if authenticators.use_code(session, settings(), person, what.code):
        return "code"
    if recovery and factors.use_recovery_code(session, settings(), person, what.code):
        return "recovery code"
    raise Invalid(WRONG, field=f"{prefix}code")
