"""API tokens: made by a person, shown once, taken back by them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from wiki.db import now
from wiki.errors import Invalid, NotFound
from wiki.outbox.actions import announce
from wiki.outbox.events import TokenCreated, TokenRevoked
from wiki.people.actions import checked_name
from wiki.people.models import ApiToken, Person
from wiki.people.sign_in import hash_token, new_token
from wiki.rules.access import Actor

# So that a token that leaks into a page or a log is recognised for what it is.
PREFIX = "wiki_"
MOST = 100


def create_token(
    session: Session, actor: Actor, person: Person, *, name: str, writes: bool
) -> tuple[ApiToken, str]:
    """Make a token for a person; returns its row and, this once, the token itself.

    Who may is decided by what leads here: their own account's screen, the shell.

    :raises Invalid: without a name, or beyond the most that one person may have.
    """
    name = checked_name(name)
    if not name:
        raise Invalid("Say what the token is for, to know it again later.", field="token_name")
    if len(name) > 100:
        raise Invalid("The name of a token has at most 100 characters.", field="token_name")
    live = select(func.count()).where(
        ApiToken.person_id == person.id, ApiToken.revoked_at.is_(None)
    )
    if (session.scalar(live) or 0) >= MOST:
        raise Invalid(f"Revoke one first: {MOST} tokens are the most.", field="token_name")
    token = PREFIX + new_token()
    row = ApiToken(
        token_hash=hash_token(token),
        person_id=person.id,
        name=name,
        writes=writes,
        created_at=now(),
    )
    session.add(row)
    session.flush()
    announce(session, actor, TokenCreated(person.id, row.id))
    return row, token


def revoke_token(session: Session, actor: Actor, token_id: int) -> ApiToken:
    """End one of the actor's own tokens.

    :raises NotFound: when it is none of theirs.
    """
    row = session.get(ApiToken, token_id)
    if row is None or row.person_id != actor.person_id:
        raise NotFound
    if row.revoked_at is None:
        row.revoked_at = now()
        session.flush()
        announce(session, actor, TokenRevoked(row.person_id, row.id))
    return row


def live_tokens(session: Session, actor: Actor) -> Sequence[ApiToken]:
    """The actor's tokens that still work, newest first."""
    return session.scalars(
        select(ApiToken)
        .where(ApiToken.person_id == actor.person_id, ApiToken.revoked_at.is_(None))
        .order_by(ApiToken.id.desc())
    ).all()
