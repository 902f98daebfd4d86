"""Second factors in a form: an authenticator code, a recovery code or a passkey's answer.

:func:`given` checks what can be checked without a transaction. :func:`use` uses the factor up in
the transaction of the action that it permits.
"""

from __future__ import annotations

from dataclasses import dataclass

from flask import request
from flask import session as cookie
from sqlalchemy.orm import Session
from webauthn.helpers.structs import UserVerificationRequirement

from wiki.errors import Invalid
from wiki.i18n import gettext as _
from wiki.i18n import lazy_gettext
from wiki.people.factors import authenticators, challenges, passkeys
from wiki.people.factors import queries as factors
from wiki.people.factors.challenges import Purpose
from wiki.people.factors.passkeys import Assertion
from wiki.people.models import Person
from wiki.web.request import reading, settings, writing

CHALLENGE = "challenge"
WRONG = lazy_gettext(
    "That code is incorrect or was already used. Enter the code your app shows now."
)
NOTHING = lazy_gettext("Enter a code.")
VERIFICATION = {
    Purpose.SIGN_IN: UserVerificationRequirement.REQUIRED,
    Purpose.SECOND: UserVerificationRequirement.DISCOURAGED,
    Purpose.CONFIRM: UserVerificationRequirement.PREFERRED,
}


@dataclass(frozen=True)
class Given:
    """A factor from a form: a typed code, or a passkey with a verified signature."""

    code: str = ""
    passkey: Assertion | None = None


def ask_passkey(purpose: Purpose, person_id: int | None) -> dict[str, object]:
    """Return the options for this browser to ask for a passkey; store the challenge in its cookie.

    :raises Invalid: if browsers allow no passkeys for this site.
    """
    if challenges.party(settings()) is None:
        raise Invalid(_("Passkeys don’t work with this wiki’s address."))
    with writing() as session:
        challenge = challenges.new_challenge(session, purpose, person_id)
    cookie[CHALLENGE] = challenge
    return passkeys.options_to_ask(
        reading(), settings(), challenge, person_id, verification=VERIFICATION[purpose]
    )


def take_challenge(purpose: Purpose, person_id: int | None) -> str:
    """Use up this browser's challenge and return it.

    :raises Invalid: if there is none, or it is not valid.
    """
    challenge = str(cookie.pop(CHALLENGE, ""))
    if not challenge:
        raise Invalid(passkeys.NO_ANSWER, field="passkey")
    with writing() as session:
        # An exception raised in the transaction would restore the challenge.
        try:
            challenges.take_challenge(session, challenge, purpose, person_id)
            refused = None
        except Invalid as error:
            refused = error
    if refused:
        raise refused
    return challenge


def check_passkey(purpose: Purpose, person_id: int | None, answer: str) -> Assertion:
    """Verify the passkey that answered this browser's challenge.

    :raises Invalid: if it is not accepted.
    """
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
    """Return the second factor of a person that the form contains.

    :param prefix: what the names of the form's fields begin with; errors name the fields without.
    :raises Invalid: if there is none, or the passkey is not accepted.
    """
    answer = request.form.get(f"{prefix}passkey", "")
    if answer:
        return Given(passkey=check_passkey(purpose, person.id, answer))
    code = request.form.get(f"{prefix}code", "")
    if not code.strip():
        raise Invalid(NOTHING, field="code")
    return Given(code=code)


def use(session: Session, person: Person, what: Given, *, recovery: bool = True) -> str:
    """Use up a factor; return its kind: passkey, code or recovery code.

    :param recovery: accept recovery codes.
    :raises Invalid: if it is wrong or was used.
    """
    if what.passkey is not None:
        passkeys.note_use(session, what.passkey)
        return "passkey"
    if authenticators.use_code(session, settings(), person, what.code):
        return "code"
    if recovery and factors.use_recovery_code(session, settings(), person, what.code):
        return "recovery code"
    raise Invalid(WRONG, field="code")
