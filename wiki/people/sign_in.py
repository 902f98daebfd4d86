"""Who is signed in: server-side sessions behind Flask-Login."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from flask import Flask
from flask_login import LoginManager, UserMixin, current_user
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from wiki.db import now
from wiki.errors import SignInRequired
from wiki.people.models import LoginSession, Person
from wiki.rules.access import Actor
from wiki.web.memo import memo, version
from wiki.web.request import reading


def hash_token(token: str) -> str:
    """What is stored of a random token: its SHA-256, in hexadecimal."""
    return hashlib.sha256(token.encode()).hexdigest()


def new_token() -> str:
    """A token of 256 random bits for a cookie, a link or the API."""
    return secrets.token_urlsafe(32)


class SignedIn(UserMixin):
    """A person in one of their sign-ins, as Flask-Login wants them."""

    def __init__(self, token: str, session_id: int, actor: Actor) -> None:
        self.token = token
        self.session_id = session_id
        self.actor = actor

    def get_id(self) -> str:
        """What the cookie holds."""
        return self.token


def open_session(
    session: Session, person: Person, *, days: int, address: str = "", user_agent: str = ""
) -> SignedIn:
    """Begin a sign-in for a person who has proved who they are."""
    token = new_token()
    row = LoginSession(
        token_hash=hash_token(token),
        person_id=person.id,
        expires_at=now() + timedelta(days=days),
        address=address[:64],
        user_agent=user_agent[:300],
    )
    session.add(row)
    session.flush()
    return SignedIn(token, row.id, person.actor())


def find_session(session: Session, token: str) -> tuple[SignedIn, datetime] | None:
    """The sign-in of a cookie's token and when it ends, unless it has ended or its person may
    not come in any more."""
    row = session.execute(
        select(LoginSession.id, LoginSession.expires_at, Person)
        .join(Person, Person.id == LoginSession.person_id)
        .where(
            LoginSession.token_hash == hash_token(token),
            LoginSession.expires_at > now(),
            Person.disabled_at.is_(None),
        )
    ).one_or_none()
    if row is None:
        return None
    return SignedIn(token, row[0], row[2].actor()), row[1]


def current() -> SignedIn:
    """The sign-in of this request, on a route that is not public.

    :raises SignInRequired: when nobody is signed in.
    """
    user = current_user._get_current_object()
    if not isinstance(user, SignedIn):
        raise SignInRequired
    return user


def init_app(app: Flask) -> None:
    """Let Flask-Login find who is signed in."""
    manager = LoginManager()
    manager.session_protection = None  # type: ignore[assignment]
    manager.init_app(app)

    @manager.user_loader  # type: ignore[untyped-decorator]
    def load(token: str) -> SignedIn | None:
        seen, key = version(), ("sign-in", hash_token(token))
        found: tuple[SignedIn, datetime] | None = memo().get(seen, key)
        if found is None:
            found = find_session(reading(), token)
            if found is None:
                return None
            memo().put(seen, key, found, 1000)
        signed_in, expires_at = found
        return signed_in if expires_at > now() else None


def close_session(session: Session, session_id: int) -> None:
    """End a sign-in, on whatever device it is."""
    session.execute(delete(LoginSession).where(LoginSession.id == session_id))
