"""Authentication of API calls by a bearer token.

The cookie of a sign-in is ignored here, so that no other site can make a browser call the API.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta

from flask import request
from sqlalchemy import or_, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from wiki.db import Database, now
from wiki.errors import FactorRequired, WikiError
from wiki.people.models import ApiToken
from wiki.people.tokens import find_owner
from wiki.rules.access import ANONYMOUS, Actor

log = logging.getLogger(__name__)

# Often enough to tell a token in use from a forgotten one, without a write for every call.
USED_EVERY = timedelta(minutes=1)


class BadToken(WikiError):
    """An error for an ``Authorization`` header that is not accepted."""

    status = 401
    title = "Invalid token"


@dataclass(frozen=True)
class Caller:
    """The actor of an API call, and whether the call may change anything."""

    actor: Actor
    writes: bool


NOBODY = Caller(ANONYMOUS, writes=False)


def identify(session: Session, database: Database) -> Caller:
    """Return the caller of this request.

    :raises BadToken: when the header is no bearer token, or the token is unknown, revoked, expired,
        or belongs to a person who may not sign in any more.
    :raises FactorRequired: while its owner must have a second factor and has none.
    """
    if "Authorization" not in request.headers:
        return NOBODY
    sent = request.authorization
    if sent is None or sent.type != "bearer" or not sent.token:
        raise BadToken("Send the header “Authorization: Bearer” followed by a token.")
    found = find_owner(session, sent.token)
    if found is None:
        raise BadToken("This token is unknown, was revoked or has expired.")
    token, person, within, held = found
    if held:
        raise FactorRequired
    if token.used_at is None or token.used_at <= now() - USED_EVERY:
        _note_use(database, token.id)
    return Caller(person.actor(within), token.writes)


def _note_use(database: Database, token_id: int) -> None:
    moment = now()
    stale = or_(ApiToken.used_at.is_(None), ApiToken.used_at <= moment - USED_EVERY)
    try:
        with database.write() as session:
            session.execute(
                update(ApiToken).where(ApiToken.id == token_id, stale).values(used_at=moment)
            )
    except SQLAlchemyError:
        log.exception("could not note that a token was used")
