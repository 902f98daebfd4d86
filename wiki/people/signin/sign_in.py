"""Sign-in of users: server-side sessions behind Flask-Login."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from flask import Flask, Response, g, request
from flask import session as cookie
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user
from sqlalchemy import Select, bindparam, case, delete, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from wiki.changes.reads import note_person, of_noted
from wiki.db import now
from wiki.errors import Forbidden, SignInRequired
from wiki.i18n import gettext as _
from wiki.i18n import zone_named
from wiki.people.factors.mfa_policy import lacks_factor
from wiki.people.factors.models import PasskeyChallenge
from wiki.people.imported.models import AddressClaim
from wiki.people.models import LoginSession, PasswordReset, PendingSignIn, Person
from wiki.people.one_time import hash_token, new_token
from wiki.people.signin.browsers import note_browser
from wiki.rules.access import Actor
from wiki.web.request import parts, settings
from wiki.web.response_cache import remembered, response_cache

log = logging.getLogger(__name__)

# "Last seen" may be this old: a request that finds it older updates it, all others only read.
SEEN_EVERY = timedelta(minutes=15)
# After so long without a request, the next one begins another visit.
VISIT_ENDS_AFTER = timedelta(hours=1)


@dataclass(frozen=True, eq=False)
class SignedIn(UserMixin):
    """A person in one of their sign-ins, as a Flask-Login user.

    ``confirmed_at`` is when they last gave their password or a factor in it. ``held`` is true if
    they must have a second factor and have none. ``joined_at`` is when the account was created.
    ``language``, ``zone`` and ``theme`` are those of their screens, None for the browser's;
    ``photo`` is the hash of their photo; ``bounced`` the address of theirs to which mail fails.
    """

    token: str
    session_id: int
    actor: Actor
    seen_at: datetime
    expires_at: datetime
    confirmed_at: datetime | None = None
    held: bool = False
    joined_at: datetime | None = None
    language: str | None = None
    zone: ZoneInfo | None = None
    theme: str | None = None
    photo: str | None = None
    bounced: str | None = None

    def get_id(self) -> str:
        """Return the value for the cookie."""
        return self.token


def open_session(
    session: Session, person: Person, *, days: int, address: str = "", user_agent: str = ""
) -> SignedIn:
    """Open a session for a person who has proven who they are.

    :raises Forbidden: for a service account.
    """
    if person.service_at is not None:
        raise Forbidden(_("Service accounts can’t sign in."))
    token, at = new_token(), now()
    row = LoginSession(
        token_hash=hash_token(token),
        person_id=person.id,
        created_at=at,
        seen_at=at,
        expires_at=at + timedelta(days=days),
        address=address[:64],
        user_agent=user_agent[:300],
        confirmed_at=at,
    )
    session.add(row)
    session.flush()
    _note_visit(session, person.id, at)
    return SignedIn(token, row.id, person.actor(), row.seen_at, row.expires_at, at)


def begin(session: Session, person: Person) -> SignedIn:
    """Open a session for the browser that sent this request, replacing an earlier one.

    Pass the result to :func:`enter` once the transaction is committed.
    """
    user = current_user._get_current_object()
    if isinstance(user, SignedIn):
        close_session(session, user.session_id)
    forget_past(session)
    note_browser(session, settings(), person)
    return open_session(
        session,
        person,
        days=settings().session_days,
        address=request.remote_addr or "",
        user_agent=request.user_agent.string,
    )


def enter(signed_in: SignedIn) -> None:
    """Give the browser a new cookie without anything from the old one, to prevent session
    fixation."""
    cookie.clear()
    cookie.permanent = True
    login_user(signed_in, remember=False)


def leave() -> None:
    """Clear the browser's cookie."""
    logout_user()
    cookie.clear()


def find_session(session: Session, token: str) -> SignedIn | None:
    """Return the sign-in for a cookie's token, or None if it ended or the person is disabled."""
    asked = {"hash": hash_token(token), "moment": now()}
    row = session.execute(_open_session(), asked).one_or_none()
    if row is None:
        return None
    found, person, held = row
    note_person(person.id)
    return SignedIn(
        token,
        found.id,
        person.actor(),
        found.seen_at,
        found.expires_at,
        found.confirmed_at,
        bool(held),
        person.created_at,
        person.language,
        zone_named(person.time_zone),
        person.theme,
        person.photo,
        None if person.is_reachable else person.email,
    )


@cache
def _open_session() -> Select[LoginSession, Person, bool]:
    # Built once: building it takes longer than running it, and each request may need it.
    return (
        select(LoginSession, Person, lacks_factor())
        .join(Person, Person.id == LoginSession.person_id)
        .where(
            LoginSession.token_hash == bindparam("hash"),
            LoginSession.expires_at > bindparam("moment"),
            Person.disabled_at.is_(None),
        )
        # A sign-in may be found that lives longer by now.
        .execution_options(**of_noted("login_sessions", "people"))
    )


def last_visit_at(session: Session, person_id: int | None) -> datetime | None:
    """Return the end of a person's previous visit, on any device; None on their first one."""
    row = session.execute(_presence(), {"id": person_id}).one_or_none()
    if row is None:
        return None
    seen_at, left_at = row
    if seen_at is not None and seen_at < now() - VISIT_ENDS_AFTER:
        return seen_at  # this request begins a visit, which is noted after it
    return left_at


@cache
def _presence() -> Select[datetime | None, datetime | None]:
    return select(Person.seen_at, Person.left_at).where(Person.id == bindparam("id"))


def close_session(session: Session, session_id: int) -> None:
    """End a sign-in on any device."""
    session.execute(delete(LoginSession).where(LoginSession.id == session_id))


def close_sessions(session: Session, person_id: int, *, keep: int | None = None) -> int:
    """End all sign-ins of a person except ``keep``, including those that wait for a second factor;
    return how many there were, without the waiting ones."""
    session.execute(delete(PendingSignIn).where(PendingSignIn.person_id == person_id))
    ended = delete(LoginSession).where(LoginSession.person_id == person_id)
    if keep is not None:
        ended = ended.where(LoginSession.id != keep)
    return len(session.scalars(ended.returning(LoginSession.id)).all())


def forget_past(session: Session) -> None:
    """Delete expired sign-ins, challenges and mailed links."""
    for table in (AddressClaim, LoginSession, PasskeyChallenge, PasswordReset, PendingSignIn):
        session.execute(delete(table).where(table.expires_at <= now()))


def current() -> SignedIn:
    """Return the sign-in of this request, on a route that is not public.

    :raises SignInRequired: if nobody is signed in.
    """
    user = current_user._get_current_object()
    if not isinstance(user, SignedIn):
        raise SignInRequired
    return user


def current_or_none() -> SignedIn | None:
    """Return the sign-in of this request, on a public route; None for visitors."""
    user = current_user._get_current_object()
    return user if isinstance(user, SignedIn) else None


def init_app(app: Flask) -> None:
    """Configure Flask-Login to load the user, and update "last seen" from time to time."""
    manager = LoginManager()
    manager.session_protection = None  # type: ignore[assignment]
    manager.init_app(app)

    @manager.user_loader  # type: ignore[untyped-decorator]
    def load(token: str) -> SignedIn | None:
        key = _key(token)
        found = remembered(key, lambda session: find_session(session, token), 1000)
        if found is not None and found.expires_at <= now():
            response_cache().forget(key)  # it may have been prolonged
            found = remembered(key, lambda session: find_session(session, token), 1000)
        return found

    @app.after_request
    def note_presence(response: Response) -> Response:
        user = g.get("_login_user")  # only requests that have loaded the user are affected
        if isinstance(user, SignedIn) and user.seen_at + SEEN_EVERY <= now():
            try:
                _note(user)
            except SQLAlchemyError:
                log.exception("could not note that somebody was seen")
        return response


def _key(token: str) -> tuple[str, str]:
    return "sign-in", hash_token(token)


def _note(user: SignedIn) -> None:
    at = now()
    with parts().database.write() as session:
        session.execute(
            update(LoginSession)
            .where(LoginSession.id == user.session_id)
            .values(
                seen_at=at,
                expires_at=at + timedelta(days=settings().session_days),
                address=(request.remote_addr or "")[:64],
            )
        )
        if user.actor.person_id is not None:
            _note_visit(session, user.actor.person_id, at)
    response_cache().forget(_key(user.token))  # it says when they were last seen
    cookie.permanent = True
    cookie.modified = True  # extend the cookie's lifetime, too


def _note_visit(session: Session, person_id: int, at: datetime) -> None:
    """Note that a person is here. If they were away for long, their previous visit has ended."""
    was_away = Person.seen_at < at - VISIT_ENDS_AFTER
    session.execute(
        update(Person)
        .where(Person.id == person_id)
        .values(left_at=case((was_away, Person.seen_at), else_=Person.left_at), seen_at=at),
        execution_options={"synchronize_session": False},
    )
