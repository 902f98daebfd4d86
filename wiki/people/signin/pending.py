"""A sign-in between the right password and the second factor. It grants nothing, expires after ten
minutes, and is used once, by the browser whose cookie has its token."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from wiki.db import now
from wiki.people.models import PendingSignIn, Person
from wiki.people.signin.sign_in import forget_past

LASTS = timedelta(minutes=10)


def open_pending(session: Session, person: Person) -> str:
    """Record that the password was right; return the token for the browser's cookie."""
    forget_past(session)
    row = PendingSignIn(person_id=person.id, created_at=now(), expires_at=now() + LASTS)
    token = row.give_token()
    session.add(row)
    session.flush()
    return token


def find_pending(session: Session, token: str) -> Person | None:
    """Return the person who waits under this token, or None if it has ended or they are
    disabled."""
    return session.scalar(
        select(Person)
        .join(PendingSignIn, PendingSignIn.person_id == Person.id)
        .where(PendingSignIn.is_live(token), Person.disabled_at.is_(None))
    )


def use_pending(session: Session, token: str) -> bool:
    """Use up a pending sign-in; return False if it has ended or another request was faster."""
    return PendingSignIn.use(session, token) is not None
