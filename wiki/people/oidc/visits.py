"""Visits to the OpenID provider, and the users who came back from it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from wiki.config import Settings
from wiki.db import now
from wiki.people.models import ProviderVisit
from wiki.people.one_time import hash_token, new_token

LASTS = timedelta(minutes=10)


class ProviderFailed(Exception):
    """The provider cannot be used, or its response failed a check.

    ``str(error)`` names the failed check for a log: no token, no code, no address.
    """


@dataclass(frozen=True)
class Stranger:
    """A user as the provider names them.

    ``email`` is set only if the provider has verified it.
    """

    issuer: str
    subject: str
    email: str | None
    name: str = ""
    handle: str = ""


@dataclass(frozen=True)
class Visit:
    """A visit to the provider: the key that identifies it on return, the nonce that the provider
    must repeat, the PKCE verifier, the URL to go to afterwards, and the sign-in to link, if any."""

    key: str
    nonce: str
    verifier: str
    next_url: str
    session_id: int | None = None


def new_visit(next_url: str, session_id: int | None = None) -> Visit:
    """Create a visit without storing it."""
    return Visit(new_token(), new_token(), secrets.token_urlsafe(48), next_url, session_id)


def begin_visit(session: Session, visit: Visit, browser: str) -> None:
    """Store a visit to the provider, bound to the browser with this secret."""
    ProviderVisit.forget_expired(session)
    session.add(
        ProviderVisit(
            token_hash=hash_token(visit.key),
            browser_hash=hash_token(browser),
            session_id=visit.session_id,
            next_url=visit.next_url,
            nonce=visit.nonce,
            verifier=visit.verifier,
            created_at=now(),
            expires_at=now() + LASTS,
        )
    )
    session.flush()


def end_visit(session: Session, key: str, browser: str) -> Visit | None:
    """Use up the visit with this key and return it: once, in time, and only in the browser that was
    sent. Return None otherwise."""
    conditions = _bound_to(browser), ProviderVisit.subject.is_(None)
    row = ProviderVisit.use(session, key, *conditions)
    if row is None:
        return None
    return Visit(key, row.nonce, row.verifier, row.next_url, row.session_id)


def remember(session: Session, stranger: Stranger, next_url: str, browser: str = "") -> str:
    """Store the user who came back, to ask them more; return the key.

    :param browser: the secret of the only browser in which the key works. Without it the key works
        in any browser, for steps to which the key alone does not give access.
    """
    row = ProviderVisit(
        browser_hash=hash_token(browser) if browser else "",
        next_url=next_url,
        subject=stranger.subject,
        email=stranger.email,
        name=stranger.name,
        handle=stranger.handle,
        created_at=now(),
        expires_at=now() + LASTS,
    )
    key = row.give_token()
    session.add(row)
    session.flush()
    return key


def recall(
    session: Session, settings: Settings, key: str, browser: str = "", *, last: bool = False
) -> tuple[Stranger, str] | None:
    """Return the user stored under this key, and the URL to which they want to go, or None.

    :param last: use up the key.
    """
    conditions = _bound_to(browser), ProviderVisit.subject.is_not(None)
    row: Any
    if last:
        row = ProviderVisit.use(session, key, *conditions)
    else:
        row = session.scalar(select(ProviderVisit).where(ProviderVisit.is_live(key), *conditions))
    if row is None:
        return None
    named = Stranger(settings.oidc_issuer, row.subject or "", row.email, row.name, row.handle)
    return named, row.next_url


def _bound_to(browser: str) -> ColumnElement[bool]:
    """Return the condition of the rows that belong to the browser with this secret, or to none."""
    return ProviderVisit.browser_hash == (hash_token(browser) if browser else "")
