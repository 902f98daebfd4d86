"""Rate limits in the database, so that counts survive a restart and apply to all processes."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from wiki.db import insert_into, now
from wiki.errors import TooMany
from wiki.i18n import ngettext
from wiki.people.models import Attempt, Person
from wiki.rules import limits
from wiki.rules.limits import Limit, Window, network_of

# The limit of an account is much lower than that of an address, because a whole office may share an
# address. Many failures within a minute, however, come only from a program that tries one password
# on many names.
SIGN_IN_ACCOUNT = Limit(10, timedelta(minutes=15))
SIGN_IN_ADDRESS = Limit(100, timedelta(minutes=15))
SIGN_IN_BURST = Limit(20, timedelta(minutes=1))
PROVIDER_ADDRESS = Limit(100, timedelta(minutes=15))
# Limits how many first failures, over all names, are recorded, so that a flood of them does not
# fill the log.
FAILURES_TOLD = Limit(200, timedelta(hours=1))
RESET_ACCOUNT = Limit(3, timedelta(hours=1))
RESET_ADDRESS = Limit(20, timedelta(hours=1))

# Six digits are few: an attacker with the password gets five guesses, each of which matches three
# codes.
FACTOR_OF_ONE = Limit(5, timedelta(minutes=15))
FACTOR_ADDRESS = Limit(100, timedelta(minutes=15))
CHALLENGES_ADDRESS = Limit(300, timedelta(minutes=15))

CLAIMS_OF_ONE = Limit(10, timedelta(hours=1))
CLAIMS_OF_ADDRESS = Limit(3, timedelta(hours=1))


@dataclass(frozen=True)
class Counter:
    """A key under which attempts are counted, and its limit."""

    key: str
    limit: Limit


def account_counter(person: Person | None, login: str) -> Counter:
    """Return the counter of attempts to sign in to an account under any of its names.

    :param login: the normalised name, which is counted itself if it belongs to no account.
    """
    account = f"to account {person.id}" if person else f"name {_digest(login)}"
    return Counter(f"sign-in {account}", SIGN_IN_ACCOUNT)


def address_counters(address: str) -> list[Counter]:
    """Return the counters of attempts to sign in from an address to any account."""
    network = network_of(address)
    return [
        Counter(f"sign-in from {network}", SIGN_IN_ADDRESS),
        Counter(f"sign-in burst from {network}", SIGN_IN_BURST),
    ]


def failure_counters() -> list[Counter]:
    """Return the counters of recorded failed sign-ins."""
    return [Counter("failed sign-ins on record", FAILURES_TOLD)]


def provider_counters(address: str) -> list[Counter]:
    """Return the counters of visits to the OpenID provider."""
    return [Counter(f"to the provider from {network_of(address)}", PROVIDER_ADDRESS)]


def reset_counters(login: str, address: str) -> list[Counter]:
    """Return the counters of requests for a password link, by name and by address, before the
    account is looked up."""
    return [
        Counter(f"reset name {_digest(login)}", RESET_ACCOUNT),
        Counter(f"reset from {network_of(address)}", RESET_ADDRESS),
    ]


def registration_counters(email: str, address: str) -> list[Counter]:
    """Return the counters of requests for an account, by email and by network address."""
    return [
        Counter(f"account for {_digest(email)}", RESET_ACCOUNT),
        Counter(f"accounts from {network_of(address)}", RESET_ADDRESS),
    ]


def reset_mail_counters(person_id: int) -> list[Counter]:
    """Return the counters of password links mailed to an account, regardless of the name in the
    request."""
    return [Counter(f"reset mails of {person_id}", RESET_ACCOUNT)]


def claim_counters(person_id: int, address: str) -> list[Counter]:
    """Return the counters of claims of an address."""
    return [
        Counter(f"claims of {person_id}", CLAIMS_OF_ONE),
        Counter(f"claim for {_digest(address)}", CLAIMS_OF_ADDRESS),
    ]


def factor_counters(person_id: int, address: str) -> list[Counter]:
    """Return the counters of attempts to give a second factor."""
    return [
        Counter(f"factor of {person_id}", FACTOR_OF_ONE),
        Counter(f"factor from {network_of(address)}", FACTOR_ADDRESS),
    ]


def challenge_counters(address: str) -> list[Counter]:
    """Return the counters of passkey challenges for users who are not known yet."""
    return [Counter(f"challenges from {network_of(address)}", CHALLENGES_ADDRESS)]


def own_password_counters(person_id: int) -> list[Counter]:
    """Return the counters of attempts to confirm one's password while signed in."""
    return [Counter(f"password of {person_id}", SIGN_IN_ACCOUNT)]


def refuse_if_spent(session: Session, counters: Sequence[Counter]) -> None:
    """Check that every counter admits one more attempt.

    :raises TooMany: with the longest wait.
    """
    rows = {
        row.key: row
        for row in session.scalars(
            select(Attempt).where(Attempt.key.in_([counter.key for counter in counters]))
        )
    }
    _refuse([(counter, _window(rows.get(counter.key))) for counter in counters])


def spend(session: Session, counters: Sequence[Counter]) -> dict[str, int]:
    """Count one attempt before its result is known, so that concurrent attempts cannot exceed a
    limit.

    :returns: the number of attempts in the current window of each key.
    :raises TooMany: if a limit is reached; then nothing is counted.
    """
    held = []
    for counter in sorted(counters, key=lambda counter: counter.key):
        session.execute(
            insert_into(session, Attempt)
            .values(key=counter.key, failures=0, window_ends_at=now())
            .on_conflict_do_update(index_elements=["key"], set_={"key": counter.key})
        )  # whether inserted or found, the row is locked until the transaction ends
        row = session.get_one(Attempt, counter.key, populate_existing=True)
        held.append((counter, row))
    _refuse([(counter, _window(row)) for counter, row in held])
    for counter, row in held:
        after = limits.spend(_window(row), counter.limit, now())
        row.failures, row.window_ends_at = after.count, after.ends_at
    session.flush()
    return {row.key: row.failures for _, row in held}


def give_back(
    session: Session, counters: Sequence[Counter], *, forgotten: Sequence[Counter] = ()
) -> None:
    """Take back one attempt because it succeeded. Others from the same address still count.

    :param forgotten: counters to reset, because the user has proven who they are.
    """
    # In the order in which :func:`spend` locks them, to avoid deadlocks.
    for counter in sorted({*counters, *forgotten}, key=lambda counter: counter.key):
        row = session.get(Attempt, counter.key, with_for_update=True, populate_existing=True)
        if row is None:
            continue
        if counter in forgotten:
            session.delete(row)
        else:
            row.failures = limits.give_back(Window(row.failures, row.window_ends_at)).count
    session.flush()


def forget(session: Session, counters: Sequence[Counter]) -> None:
    """Reset these counters, because the user has proven who they are."""
    give_back(session, (), forgotten=counters)


def forget_past(session: Session) -> None:
    """Delete the windows that have ended; locked rows are left for another time."""
    past = (
        select(Attempt.key).where(Attempt.window_ends_at <= now()).with_for_update(skip_locked=True)
    )
    session.execute(
        delete(Attempt).where(Attempt.key.in_(past)).execution_options(synchronize_session=False)
    )


def _refuse(windows: Sequence[tuple[Counter, Window | None]]) -> None:
    wait = max(limits.wait_for(window, counter.limit, now()) for counter, window in windows)
    if wait:
        minutes = math.ceil(wait / timedelta(minutes=1))
        raise TooMany(
            ngettext(
                "Too many attempts. Wait a minute and try again.",
                "Too many attempts. Wait %(num)s minutes and try again.",
                minutes,
            ),
            retry_after=math.ceil(wait.total_seconds()),
        )


def _window(row: Attempt | None) -> Window | None:
    return None if row is None or not row.failures else Window(row.failures, row.window_ends_at)


def _digest(login: str) -> str:
    """Return the key of a typed name: a hash, because users also type their password there."""
    return hashlib.sha256(login.encode("utf-8", "replace")).hexdigest()[:40]
