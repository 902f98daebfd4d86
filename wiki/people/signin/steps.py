"""Steps of a sign-in: the password or passkey, then the second factor. Each counts attempts."""

from __future__ import annotations

from flask import request
from flask import session as cookie

from wiki.errors import Invalid, TooMany
from wiki.outbox.actions import publish
from wiki.people import actions, names, passwords
from wiki.people.factors import passkeys
from wiki.people.factors import queries as factors
from wiki.people.factors.challenges import Purpose
from wiki.people.factors.events import FactorRefused
from wiki.people.models import Person
from wiki.people.signin import limiting, pending, second_factor, sign_in
from wiki.people.signin.events import SignedIn, SignInFailed
from wiki.rules.access import ANONYMOUS
from wiki.web.request import reading, writing

# Cookie key of the token of a sign-in that waits for its second factor.
PENDING = "pending"


def by_password(typed: str, password: str) -> sign_in.SignedIn | str | None:
    """Check a password and start a sign-in. Every step is the same for a name that does not exist.
    For a user with a second factor, return the token of a pending sign-in.

    :raises TooMany: if the limit is reached, even with the right password.
    """
    person = actions.find_person(reading(), typed)
    account = limiting.account_counter(person, names.normal_login(typed))
    counters = [account, *limiting.address_counters(request.remote_addr or "")]
    limiting.refuse_if_spent(reading(), counters)
    with writing() as session:
        tries = limiting.spend(session, counters)[account.key]
    if not passwords.check_password(person, password) or person is None:
        _note_failure(person, tries)
        return None
    signed_in = _begin(person, password, counters)
    if signed_in is None:
        _note_failure(person, tries)
    return signed_in


def _begin(
    person: Person, password: str, counters: list[limiting.Counter]
) -> sign_in.SignedIn | str | None:
    """Start the sign-in of a user whose password was right; return None if their account was
    disabled or their password changed meanwhile.

    :param counters: the counter of the account, which is reset, and those of the address, from
        which this attempt is subtracted.
    """
    renewed = passwords.renewed_hash(person, password)
    with writing() as session:
        row = session.get_one(Person, person.id)
        if row.disabled_at is not None or row.password_hash != person.password_hash:
            return None
        if renewed is not None:
            row.password_hash = renewed
        limiting.give_back(session, counters[1:], forgotten=counters[:1])
        limiting.forget_past(session)
        if factors.holds_factor(session, row.id):
            return pending.open_pending(session, row)
        signed_in = sign_in.begin(session, row)
        publish(session, row.actor(), SignedIn(row.id))
    return signed_in


def _note_failure(person: Person | None, tries: int) -> None:
    """Record a failed sign-in: the first one with a name, and the last one before it has to wait.

    The timing does not depend on whether the name exists. The typed name is not recorded, because
    users also type their password there.
    """
    last = tries >= limiting.SIGN_IN_ACCOUNT.most
    if tries != 1 and not last:
        return
    with writing() as session:
        if not last:
            try:
                limiting.spend(session, limiting.failure_counters())
            except TooMany:
                return
        publish(session, ANONYMOUS, SignInFailed(person.id if person else None, tries))


def by_passkey(answer: str) -> sign_in.SignedIn:
    """Sign in the owner of a passkey that has verified them by finger, face or PIN: two factors in
    one.

    :raises Invalid: if the passkey is not accepted.
    :raises TooMany: after too many attempts from an address.
    """
    counters = limiting.address_counters(request.remote_addr or "")
    limiting.refuse_if_spent(reading(), counters)
    with writing() as session:
        limiting.spend(session, counters)
    used = second_factor.check_passkey(Purpose.SIGN_IN, None, answer)
    with writing() as session:
        person = session.get_one(Person, used.passkey.person_id)
        if person.disabled_at is not None:
            raise Invalid(passkeys.REFUSED)
        passkeys.note_use(session, used)
        limiting.give_back(session, counters)
        limiting.forget_past(session)
        signed_in = sign_in.begin(session, person)
        publish(session, person.actor(), SignedIn(person.id, "passkey"))
    return signed_in


def by_second_factor(person: Person) -> sign_in.SignedIn | None:
    """Finish the sign-in with a second factor; return None if another request was faster or the
    account was disabled.

    :raises Invalid: if the factor is wrong.
    :raises TooMany: after too many guesses.
    """
    counters = limiting.factor_counters(person.id, request.remote_addr or "")
    limiting.refuse_if_spent(reading(), counters)
    with writing() as session:
        limiting.spend(session, counters)
    try:
        what = second_factor.given(Purpose.SECOND, person)
        with writing() as session:
            row = session.get_one(Person, person.id)
            if row.disabled_at is not None or not pending.use_pending(session, _token()):
                return None
            by = second_factor.use(session, row, what)
            limiting.give_back(session, counters[1:], forgotten=counters[:1])
            signed_in = sign_in.begin(session, row)
            publish(session, row.actor(), SignedIn(row.id, by))
    except Invalid:
        with writing() as session:
            publish(session, ANONYMOUS, FactorRefused(person.id))
        raise
    return signed_in


def _token() -> str:
    return str(cookie.get(PENDING, ""))


def pending_person() -> Person | None:
    return pending.find_pending(reading(), _token())
