"""Screens on the way in and behind mailed links: rows that let tests open them, and browsers that
are half way in."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from tests.cast import PASSWORD, Scene
from wiki.db import now
from wiki.people.imported.models import AddressClaim
from wiki.people.imported.placeholders import authors_for
from wiki.people.models import LoginSession, PasswordReset, Person, ProviderVisit
from wiki.people.one_time import hash_token

TOKEN = "of-the-world"
NEWCOMER = "of-a-newcomer"
_HALF = "half of the key"


def open_links(session: Session, ben: Person, claimed: str = "Old Hand") -> None:
    """Let there be links for Ben: to a new password, to his imported work and to his identity; and
    one for a newcomer from the provider."""
    tomorrow = now() + timedelta(days=1)
    address = "old.hand@example.org"
    ben.email = ben.email or "ben@example.org"
    ben.email_proven_at = now()
    authors_for(session, [(claimed, address)])
    mine, new = hash_token(TOKEN), hash_token(NEWCOMER)
    session.add_all(
        [
            PasswordReset(login="ben", token_hash=mine, person_id=ben.id, expires_at=tomorrow),
            AddressClaim(person_id=ben.id, address=address, token_hash=mine, expires_at=tomorrow),
            ProviderVisit(
                token_hash=mine,
                browser_hash="",
                next_url="/",
                subject="another",
                email=ben.email,
                expires_at=tomorrow,
            ),
            ProviderVisit(
                token_hash=new,
                browser_hash=hash_token(_HALF),
                next_url="/",
                subject="new",
                email="rota@example.org",
                name="Rota",
                handle="rota",
                expires_at=tomorrow,
            ),
        ]
    )


def stand_at_the_door(scene: Scene, factor: str) -> None:
    """Let browsers be half way in: ``half`` has given the password of a person with a second
    factor, ``newcomer`` comes from the provider, ``unsure`` is Ben, whose confirmation is too old.
    """
    half = scene.client("half")
    sent = {"login": factor, "password": PASSWORD}
    assert half.post("/-/login", data=sent).headers["Location"].startswith("/-/login/second")
    with scene.client("newcomer").session_transaction() as cookie:
        cookie["browser"] = _HALF
    unsure = scene.new_client("ben")
    scene._clients["unsure"] = unsure
    with scene.database.write() as session:
        newest = select(func.max(LoginSession.id)).scalar_subquery()
        session.execute(
            update(LoginSession).where(LoginSession.id == newest).values(confirmed_at=None)
        )
