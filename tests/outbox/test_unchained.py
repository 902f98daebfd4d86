"""Events outside of the hash chain: written without a turn, verified around, expired, scrubbed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
from sqlalchemy import delete, select, text, update

from tests.cast import Scene
from wiki.db import now
from wiki.outbox.actions import publish, publish_all, scrub
from wiki.outbox.chain.expiring import expire
from wiki.outbox.chain.signing import seal_anew
from wiki.outbox.chain.verifying import verify
from wiki.outbox.event import EVENTS, Category, Event, Policy
from wiki.outbox.models import EventRow
from wiki.people.signin.events import SignedIn

pytestmark = pytest.mark.every_database


@dataclass(frozen=True)
class Liked(Event):
    """A reaction to a page."""

    policy = Policy(Category.CONTENT, expires=True, audited=False, chained=False)
    sentence = "liked {page}"

    space_id: int
    page_id: int
    words: str = ""


del EVENTS["Liked"]


@pytest.fixture(autouse=True)
def liked() -> Iterator[None]:
    EVENTS["Liked"] = Liked
    yield
    del EVENTS["Liked"]


def fault(wiki: Scene) -> str:
    return verify(wiki.database).fault


def names(wiki: Scene) -> list[str]:
    with wiki.database.read() as session:
        return list(session.scalars(select(EventRow.name).order_by(EventRow.id)))


def test_it_is_stored_among_chained_events_and_not_verified(wiki: Scene) -> None:
    page = wiki.write("plan", "One.")
    like = Liked(page.space_id, page.id)
    before = verify(wiki.database).count
    with wiki.database.write() as session:
        written = publish_all(session, wiki.actor("eve"), [SignedIn(1), like, SignedIn(1), like])
        assert written == sorted(written)
    assert names(wiki)[-4:] == ["SignedIn", "Liked", "SignedIn", "Liked"]
    verdict = verify(wiki.database)
    assert (verdict.fault, verdict.count) == ("", before + 2)
    with wiki.database.write() as session:
        session.execute(delete(EventRow).where(EventRow.name == "Liked"))
    assert fault(wiki) == ""


def test_a_chained_event_cannot_pass_for_one(wiki: Scene) -> None:
    wiki.write("plan", "One.")
    with wiki.database.write() as session:
        session.execute(update(EventRow).values(name="Liked", link=None))
    assert "were cut off" in fault(wiki)


def test_writers_of_unchained_events_do_not_wait(wiki: Scene) -> None:
    page = wiki.write("plan", "One.")
    if wiki.database.is_sqlite:
        return  # it has one writer at a time in any case
    with wiki.database.write() as session:
        publish(session, wiki.actor("eve"), SignedIn(1))
        with wiki.database.write() as another:
            another.execute(text("SET LOCAL lock_timeout = '2s'"))
            publish(another, wiki.actor("eve"), Liked(page.space_id, page.id))
    assert names(wiki)[-2:] == ["SignedIn", "Liked"]
    assert fault(wiki) == ""


def test_it_expires_with_the_others(wiki: Scene) -> None:
    page = wiki.write("plan", "One.")
    like = Liked(page.space_id, page.id)
    later = now() + timedelta(days=1)
    with wiki.database.write() as session:
        publish_all(session, wiki.actor("eve"), [like, SignedIn(1), like])
    with wiki.database.write() as session:
        assert expire(session, later) == 3
    with wiki.database.read() as session:
        expired = session.scalars(select(EventRow).where(EventRow.name == "EventsExpired")).one()
        assert expired.payload["count"] == 1
    assert fault(wiki) == ""
    with wiki.database.write() as session:
        publish(session, wiki.actor("eve"), like)
        assert expire(session, later) == 1
    assert names(wiki).count("EventsExpired") == 1
    assert fault(wiki) == ""


def test_its_words_are_scrubbed_without_a_proof(wiki: Scene) -> None:
    page = wiki.write("plan", "One.")
    with wiki.database.write() as session:
        publish(session, wiki.actor("eve"), Liked(page.space_id, page.id, "so good"))
        scrub(
            session, wiki.actor("ada"), page.space_id, page.id, lambda told: {**told, "words": ""}
        )
    with wiki.database.read() as session:
        row = session.scalars(select(EventRow).where(EventRow.name == "Liked")).one()
        assert (row.payload["words"], row.link, row.said) == ("", None, None)
    assert fault(wiki) == ""


def test_a_chain_that_is_signed_anew_leaves_it_out(wiki: Scene) -> None:
    page = wiki.write("plan", "One.")
    with wiki.database.write() as session:
        publish_all(session, wiki.actor("eve"), [Liked(page.space_id, page.id), SignedIn(1)])
        session.execute(update(EventRow).where(EventRow.name == "SignedIn").values(payload={}))
    assert fault(wiki)
    with wiki.database.write() as session:
        seal_anew(session, wiki.actor("ada"), "a fault")
    assert fault(wiki) == ""
    with wiki.database.read() as session:
        assert session.scalar(select(EventRow.link).where(EventRow.name == "Liked")) is None
