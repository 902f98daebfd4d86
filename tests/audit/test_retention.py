"""What is old goes when its days are over, and not before."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import select

from tests.cast import Scene
from wiki.audit.handlers import delete_expired
from wiki.db import at, now
from wiki.outbox.actions import publish
from wiki.outbox.chain.verifying import verify
from wiki.outbox.models import EventRow
from wiki.people.signin.events import SignedIn
from wiki.web.origin import come_from, come_from_nowhere


def sign_in(wiki: Scene, *days_ago: int) -> None:
    come_from("203.0.113.7", "curl/8")
    try:
        for days in days_ago:
            with wiki.database.write() as session, at(now() - timedelta(days=days)):
                publish(session, wiki.actor("ben"), SignedIn(wiki.actor("ben").person_id or 0))
    finally:
        come_from_nowhere()


def rows(wiki: Scene, name: str = "SignedIn") -> list[EventRow]:
    with wiki.database.read() as session:
        found = select(EventRow).where(EventRow.name == name).order_by(EventRow.id)
        return list(session.scalars(found))


def test_everything_is_kept_unless_somebody_says_otherwise(wiki: Scene) -> None:
    sign_in(wiki, 9000, 1)
    delete_expired(wiki.database, wiki.settings)
    assert len(rows(wiki)) == 2


def test_events_older_than_their_days_go_and_pages_keep_their_history(wiki: Scene) -> None:
    with at(now() - timedelta(days=500)):
        wiki.write("rota", "Ben.")
    sign_in(wiki, 499, 400, 29, 1)
    settings = replace(wiki.settings, audit_days=30)
    delete_expired(wiki.database, settings)
    assert len(rows(wiki)) == 2
    assert len(rows(wiki, "PageSaved")) == 1
    assert rows(wiki, "EventsExpired")[0].payload["count"] == 2
    assert verify(wiki.database).fault == ""
    wiki.alone()
    before = wiki.database.version()
    delete_expired(wiki.database, settings)
    assert wiki.database.version() == before


def test_addresses_are_shortened_after_their_days(wiki: Scene) -> None:
    sign_in(wiki, 120, 80)
    delete_expired(wiki.database, wiki.settings)
    assert [row.address for row in rows(wiki)] == ["203.0.113.0/24 curl", "203.0.113.7 curl"]
    delete_expired(wiki.database, replace(wiki.settings, address_days=7))
    assert [row.address for row in rows(wiki)] == ["203.0.113.0/24 curl"] * 2
    assert verify(wiki.database).fault == ""


def test_addresses_are_kept_where_somebody_wants_it(wiki: Scene) -> None:
    sign_in(wiki, 9000)
    delete_expired(wiki.database, replace(wiki.settings, address_days=0))
    assert rows(wiki)[0].address == "203.0.113.7 curl"
