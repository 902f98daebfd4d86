"""Who calls: a bearer token, or nobody. The cookie of a sign-in counts for nothing here, so that no
other site can make a browser call."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from flask import request
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from wiki.db import Database, now
from wiki.errors import FactorRequired, WikiError
from wiki.people.models import ApiToken, Person
from wiki.people.requiring import lacks_factor
from wiki.people.sign_in import hash_token
from wiki.rules.access import ANONYMOUS, Actor

# Often enough to tell a token in use from a forgotten one, without a write for every call.
USED_EVERY = timedelta(minutes=10)


class BadToken(WikiError):
    """An ``Authorization`` header that opens nothing."""

    status = 401
    title = "This token is not accepted"


@dataclass(frozen=True)
class Caller:
    """Whom a call acts for, and whether it may change anything."""

    actor: Actor
    writes: bool


NOBODY = Caller(ANONYMOUS, writes=False)


def identify(session: Session, database: Database) -> Caller:
    """The caller of this request.

    :raises BadToken: for a header that is no bearer token, or a token that is not known, was
        revoked, or belongs to somebody who may not come in any more.
    :raises FactorRequired: while its owner must have a second factor and has none.
    """
    if "Authorization" not in request.headers:
        return NOBODY
    sent = request.authorization
    if sent is None or sent.type != "bearer" or not sent.token:
        raise BadToken("Send the header “Authorization: Bearer” followed by a token.")
    row = session.execute(
        select(ApiToken, Person, lacks_factor())
        .join(Person, Person.id == ApiToken.person_id)
        .where(
            ApiToken.token_hash == hash_token(sent.token),
            ApiToken.revoked_at.is_(None),
            Person.disabled_at.is_(None),
        )
    ).one_or_none()
    if row is None:
        raise BadToken("This token is not known, or was revoked.")
    token, person, held = row
    if held:
        raise FactorRequired
    moment = now()
    if token.used_at is None or token.used_at < moment - USED_EVERY:
        with database.write() as writing:
            writing.execute(update(ApiToken).where(ApiToken.id == token.id).values(used_at=moment))
    return Caller(person.actor(), token.writes)
