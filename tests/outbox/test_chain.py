"""The chain of events: whatever somebody does to it behind the wiki's back is found, and what the
wiki itself does is not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, func, insert, select, text, update

from tests.cast import Scene
from wiki.app import open_database
from wiki.db import at, now
from wiki.errors import Forbidden
from wiki.mail.events import MailRequested
from wiki.migrate import downgrade, migrate
from wiki.outbox.actions import ends_of, publish, publish_all, record, write_end
from wiki.outbox.chain import links as chain
from wiki.outbox.chain.expiring import expire, shorten_addresses
from wiki.outbox.chain.links import LASTING, PASSING
from wiki.outbox.chain.signing import seal_anew
from wiki.outbox.chain.verifying import verify
from wiki.outbox.models import ChainEnd, Delivery, EventRow
from wiki.pages.events import PageSaved
from wiki.people.imported.account_merge import merge_by_hand
from wiki.people.imported.placeholders import authors_for
from wiki.people.models import Person
from wiki.people.signin.events import SignedIn
from wiki.purging.events import PagePurged
from wiki.spaces.events import MemberChanged, SpaceChanged, SpaceCreated
from wiki.web.origin import come_from, come_from_nowhere, origin, shorten
from wiki.web.screens.filters import exact

pytestmark = pytest.mark.every_database


def fill(wiki: Scene) -> None:
    """Let a bit of everything happen."""
    wiki.write("plan", "One.")
    wiki.write("plan", "Two.", by="ben")
    wiki.post("eve", "/eng/-/members", person="cai", role="editor")
    wiki.post("nobody", "/-/login", login="ben", password="correct horse battery")
    wiki.post("eve", "/eng/plan/-/move", path="plans", space="eng")
    wiki.write("rota", "Three.")
    with wiki.database.write() as session:
        session.execute(delete(Delivery))  # so that the events can be tampered with


def ids(wiki: Scene) -> list[int]:
    with wiki.database.read() as session:
        return list(session.scalars(select(EventRow.id).order_by(EventRow.id)))


def do(wiki: Scene, *statements: object) -> None:
    with wiki.database.write() as session:
        for statement in statements:
            session.execute(statement)  # type: ignore[call-overload]


def fault(wiki: Scene) -> str:
    return verify(wiki.database).fault


def test_a_chain_that_nobody_touched_is_whole(wiki: Scene) -> None:
    assert verify(wiki.database).count == 0
    assert fault(wiki) == ""
    fill(wiki)
    found = verify(wiki.database)
    assert found.fault == ""
    assert (found.count, found.until_id) == (len(ids(wiki)), ids(wiki)[-1])
    assert found.count > 5


CHANGES: dict[str, Callable[[EventRow], dict[str, object]]] = {
    "what": lambda row: {"name": "PageDeleted"},
    "when": lambda row: {"at": row.at + timedelta(microseconds=1)},
    "who": lambda row: {"actor_id": (row.actor_id or 0) + 1},
    "nobody": lambda row: {"actor_id": None},
    "space": lambda row: {"space_id": 77},
    "page": lambda row: {"page_id": 77},
    "said": lambda row: {"payload": {**row.payload, "revision": 9}},
    "said less": lambda row: {"payload": {}, "salt": None},
    "audited": lambda row: {"audited": not row.audited},
    "chain": lambda row: {"passing": not row.passing},
    "address": lambda row: {"address": "203.0.113.9 curl"},
    "link": lambda row: {"link": bytes(32)},
    "no link": lambda row: {"link": None},
    "said, with a hash of it": lambda row: {
        "payload": {},
        "salt": None,
        "said": chain.said_hash(row.salt or b"", row.name, row.payload),
    },
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_changed_event_is_found(wiki: Scene, what: str) -> None:
    fill(wiki)
    for position in (0, 2, len(ids(wiki)) - 1):
        which = ids(wiki)[position]
        with wiki.database.read() as session:
            row = session.get_one(EventRow, which)
            before = {key: getattr(row, key) for key in CHANGES[what](row)}
            changed = CHANGES[what](row)
        do(wiki, update(EventRow).where(EventRow.id == which).values(**changed))
        found = fault(wiki)
        # Of one in the wrong chain, the next in that chain is the first that does not fit.
        assert f"vent {which} " in found or (what == "chain" and "vent " in found)
        do(wiki, update(EventRow).where(EventRow.id == which).values(**before))
        assert fault(wiki) == ""


def test_the_sentence_names_the_changed_event(wiki: Scene) -> None:
    fill(wiki)
    which = ids(wiki)[1]
    do(wiki, update(EventRow).where(EventRow.id == which).values(space_id=9))
    assert fault(wiki).startswith(f"Event {which} (PageSaved, ")
    assert fault(wiki).endswith(" was changed.")


def test_a_removed_event_is_found(wiki: Scene) -> None:
    fill(wiki)
    first, second, third = ids(wiki)[:3]
    do(wiki, delete(EventRow).where(EventRow.id == second))
    assert f"or events after event {first} were removed" in fault(wiki)
    do(wiki, delete(EventRow).where(EventRow.id == first))
    assert "removed" in fault(wiki)
    assert fault(wiki).startswith("Event ")
    assert third


def test_an_inserted_event_is_found(wiki: Scene) -> None:
    fill(wiki)
    gap = ids(wiki)[3]
    do(wiki, update(EventRow).where(EventRow.id > gap).values(id=EventRow.id + 1000))
    do(wiki, update(EventRow).where(EventRow.id > gap).values(id=EventRow.id - 990))
    row = {"name": "PageSaved", "at": now(), "payload": {}, "audited": False, "passing": False}
    do(wiki, insert(EventRow).values(id=gap + 1, **row))
    assert fault(wiki) == (
        f"Event {gap + 1} (PageSaved, {exact(row['at'])}) was inserted: the wiki did not write it."
    )


def test_an_event_inserted_with_a_link_of_its_own_is_found(wiki: Scene) -> None:
    wiki.write("plan", "One.")
    with wiki.database.write() as session:
        if not wiki.database.is_sqlite:
            session.execute(text("SELECT nextval('events_id_seq')"))
        last = session.scalars(select(EventRow).order_by(EventRow.id.desc())).first()
        assert last
        assert last.link
        facts = {
            "id": last.id + 1,
            "name": "SpaceCreated",
            "at": last.at,
            "actor_id": 1,
            "space_id": 1,
            "page_id": None,
            "audited": True,
            "passing": False,
        }
        said = chain.said_hash(b"", "SpaceCreated", {})
        forged = chain.link(last.link, chain.Facts(**facts), said, None, None)
        session.execute(insert(EventRow).values(payload={}, link=forged, **facts))
    assert "not" not in fault(wiki)
    assert "cut off" in fault(wiki)  # it is beyond the end that was signed
    with wiki.database.write() as session:
        publish(session, wiki.actor("eve"), SpaceCreated(5))
    assert f"Event {facts['id']} was inserted" in fault(wiki)


def test_events_in_another_order_are_found(wiki: Scene) -> None:
    fill(wiki)
    one, other = ids(wiki)[:2]
    aside = 10**6
    for was, becomes in ((one, aside), (other, one), (aside, other)):
        do(wiki, update(EventRow).where(EventRow.id == was).values(id=becomes))
    assert f"Event {one} " in fault(wiki)


@pytest.mark.parametrize("count", [1, 3])
def test_events_cut_off_the_end_are_found(wiki: Scene, count: int) -> None:
    fill(wiki)
    left = ids(wiki)[:-count]
    do(wiki, delete(EventRow).where(EventRow.id > left[-1]))
    assert "cut off" in fault(wiki)


def test_an_end_that_was_moved_back_is_not_signed(wiki: Scene) -> None:
    fill(wiki)
    with wiki.database.write() as session:
        rows = session.scalars(
            select(EventRow).where(~EventRow.passing).order_by(EventRow.id.desc())
        ).all()
        session.execute(delete(EventRow).where(EventRow.id == rows[0].id))
        end = ends_of(session)[LASTING]
        moved = replace(end, last_id=rows[1].id, last=rows[1].link or b"", count=end.count - 1)
        write_end(session, moved)
    assert "not signed with this wiki’s key" in fault(wiki)
    # And what comes after does not cover it up.
    wiki.write("rota", "Four.")
    assert "not signed with this wiki’s key" in fault(wiki)


def test_a_record_of_the_ends_that_is_gone_is_missed_for_good(wiki: Scene) -> None:
    fill(wiki)
    do(wiki, delete(ChainEnd))
    assert fault(wiki) == "The record of where the chain of events ends was removed."
    wiki.write("rota", "Four.")
    assert fault(wiki) != ""


def test_another_key_signs_nothing_of_what_was(wiki: Scene) -> None:
    fill(wiki)
    other = open_database(replace(wiki.settings, secret_key="another key that is just as good"))
    try:
        assert "not signed with this wiki’s key" in verify(other).fault
    finally:
        other.dispose()


def test_a_merge_of_people_is_proven_by_its_event_and_nothing_else_is(wiki: Scene) -> None:
    with wiki.database.write() as session:
        author = authors_for(session, [("Old Hand", "old@example.org")])["old@example.org"]
        happened = PageSaved(2, 1, 1, "import")
        record(session, [(happened, author, now())] * 3)
        publish(session, wiki.actor("ben"), PageSaved(2, 1, 4, "edit"))
    with wiki.database.write() as session:
        placeholder = session.get_one(Person, author)
        ben = session.get_one(Person, wiki.actor("ben").person_id)
        merge_by_hand(session, wiki.actor("ada"), placeholder, ben)
        publish(session, wiki.actor("ben"), PageSaved(2, 1, 5, "edit"))
    assert fault(wiki) == ""
    with wiki.database.read() as session:
        assert author not in session.scalars(select(EventRow.actor_id)).all()
    newest, eve = ids(wiki)[-1], wiki.actor("eve").person_id
    do(wiki, update(EventRow).where(EventRow.id == newest).values(actor_id=author))
    assert f"Event {newest} " in fault(wiki)
    do(wiki, update(EventRow).where(EventRow.id == newest).values(actor_id=ben.id))
    assert fault(wiki) == ""
    first = ids(wiki)[1]
    do(wiki, update(EventRow).where(EventRow.id == first).values(actor_id=eve))
    assert f"Event {first} " in fault(wiki)


def test_a_purge_is_proven_and_what_it_left_cannot_be_changed(wiki: Scene) -> None:
    page = wiki.write("salaries", "Ben has 4321.")
    wiki.write("rota", "Ben, Eve.")
    wiki.post("eve", "/eng/salaries/-/move", path="pay/salaries", space="eng")
    head = wiki.page("pay/salaries").head
    wiki.post("ada", f"/-/p/{page.id}/purge", name="salaries", head=head)
    wiki.deliver()  # which takes the list of files out of the event
    assert fault(wiki) == ""
    with wiki.database.read() as session:
        row = session.scalars(select(EventRow).where(EventRow.name == "PageMoved")).one()
        assert row.salt is None
        assert row.payload["old_path"] == ""
        assert session.scalar(select(func.count()).where(EventRow.name == "EventsScrubbed"))
    told = {**row.payload, "revision": 7}
    do(wiki, update(EventRow).where(EventRow.id == row.id).values(payload=told))
    assert f"Event {row.id} was changed: it says less than it did." in fault(wiki)


def test_what_expires_goes_from_the_beginning_and_the_rest_is_whole(wiki: Scene) -> None:
    eve, long_ago = wiki.actor("eve"), now() - timedelta(days=400)
    with wiki.database.write() as session:
        for day in range(5):
            with at(long_ago + timedelta(days=day)):
                publish(session, eve, SignedIn(eve.person_id or 0))
                publish(session, eve, SpaceChanged(2, {"title": "Other"}))
    fill(wiki)
    count = verify(wiki.database).count
    with wiki.database.write() as session:
        assert expire(session, long_ago + timedelta(days=3, hours=1)) == 4
    assert fault(wiki) == ""
    with wiki.database.read() as session:
        names = session.scalars(select(EventRow.name).order_by(EventRow.id)).all()
        assert names.count("SpaceChanged") == 5
        assert names.count("SignedIn") == 2
        said = session.scalars(select(EventRow).where(EventRow.name == "EventsExpired")).one()
        assert said.payload["count"] == 4
    assert verify(wiki.database).count == count + 1  # what expired counts on
    with wiki.database.write() as session:
        assert expire(session, long_ago + timedelta(days=3, hours=1)) == 0
        assert expire(session, now() + timedelta(days=1)) > 2  # all of that chain
    assert fault(wiki) == ""
    wiki.post("eve", "/eng/-/members", person="cai", role="reader")
    assert fault(wiki) == ""


def test_more_than_expired_cannot_be_taken_off_the_beginning(wiki: Scene) -> None:
    fill(wiki)
    with wiki.database.write() as session:
        first = session.scalars(
            select(EventRow).where(EventRow.passing).order_by(EventRow.id)
        ).first()
        assert first is not None
        end = ends_of(session)[PASSING]
        moved = replace(end, anchor_id=first.id, anchor_count=1, anchor=first.link or b"")
        write_end(session, moved)
        session.execute(delete(EventRow).where(EventRow.id == first.id))
    assert "not signed" in fault(wiki)


def test_what_somebody_has_still_to_hear_of_does_not_expire(wiki: Scene) -> None:
    with wiki.database.write() as session:
        first, _ = publish_all(session, wiki.actor("eve"), [MailRequested(1), SignedIn(1)])
    later = now() + timedelta(days=1)
    with wiki.database.write() as session:
        assert expire(session, later) == 0
        session.execute(update(Delivery).values(gave_up_at=now()))
        assert expire(session, later) == 2
    assert first not in ids(wiki)


def test_an_id_that_expired_is_never_given_again(wiki: Scene) -> None:
    with wiki.database.write() as session:
        last = publish_all(session, wiki.actor("eve"), [SignedIn(1), SignedIn(1)])[-1]
        expire(session, now() + timedelta(days=1))
    assert min(ids(wiki)) > last


def test_addresses_are_shortened_and_stay_proven(wiki: Scene) -> None:
    try:
        with wiki.database.write() as session:
            come_from("203.0.113.7", "Mozilla/5.0 (X11) Gecko/20100101 Firefox/140.0")
            publish(session, wiki.actor("eve"), SignedIn(5))
            publish(session, wiki.actor("eve"), MemberChanged(2, 5, "lead"))
            publish(session, wiki.actor("eve"), PagePurged(2, 5, "x", 1, []))
    finally:
        come_from_nowhere()
    with wiki.database.read() as session:
        rows = session.scalars(select(EventRow).order_by(EventRow.id)).all()
        addresses, at = [row.address for row in rows], rows[0].at
    assert addresses == ["203.0.113.7 Firefox", "203.0.113.7 Firefox", None]
    first, second, _ = ids(wiki)
    do(wiki, update(EventRow).where(EventRow.id == first).values(address="203.0.113.8 Firefox"))
    assert fault(wiki) == (
        f"Event {first} (SignedIn, {exact(at)}) was changed: it names another address than it did."
    )
    do(wiki, update(EventRow).where(EventRow.id == first).values(address="203.0.113.7 Firefox"))
    with wiki.database.write() as session:
        assert shorten_addresses(session, now() - timedelta(days=1)) == 0
        assert shorten_addresses(session, now() + timedelta(days=1)) == 2
        assert shorten_addresses(session, now() + timedelta(days=1)) == 0
    assert fault(wiki) == ""
    with wiki.database.read() as session:
        row = session.get_one(EventRow, second)
        assert (row.address, row.address_salt) == ("203.0.113.0/24 Firefox", None)
    do(wiki, update(EventRow).where(EventRow.id == second).values(address="198.51.100.0/24 curl"))
    assert f"Event {second} " in fault(wiki)


def test_a_shell_and_a_worker_come_from_nowhere(wiki: Scene) -> None:
    wiki.get("eve", "/")
    assert origin() is None


@given(st.ip_addresses())
def test_what_was_shortened_cannot_be_shortened_further(address: object) -> None:
    short = shorten(f"{address} Samsung Internet")
    assert shorten(short) == short
    assert short.endswith(" Samsung Internet")
    kept, _, bits = short.partition(" ")[0].partition("/")
    assert ip_address(kept).version == address.version  # type: ignore[attr-defined]
    assert bits in ("24", "48")


@given(
    st.dictionaries(
        st.text(max_size=9),
        st.recursive(
            st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(max_size=9),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner),
            max_leaves=5,
        ),
    )
)
def test_a_payload_has_one_spelling_however_it_was_ordered(payload: dict[str, object]) -> None:
    turned = dict(reversed(payload.items()))
    assert chain.canonical(turned) == chain.canonical(payload)


def test_payloads_come_back_from_the_database_as_they_were_chained(wiki: Scene) -> None:
    odd = {
        "zahl": 1.0,
        "rest": 0.1,
        "big": 1e22,
        "ü": "日本\u2028\\\"'",
        "numbers": {10: "ten", 9: "nine"},
        "tuple": (1, 2),
        "none": None,
        "minus": -0.0,
    }
    with wiki.database.write() as session:
        publish(session, wiki.actor("eve"), SpaceChanged(2, odd))
    assert fault(wiki) == ""


def test_events_of_before_the_chain_are_chained_by_the_migration(wiki: Scene) -> None:
    fill(wiki)
    wiki.write("salaries", "x")
    with wiki.database.write() as session:
        publish(session, wiki.actor("ada"), PagePurged(2, 77, "x", 1, ["a" * 64]))
    before = verify(wiki.database)
    downgrade(wiki.database, "0013")
    migrate(wiki.database)
    assert fault(wiki) == ""
    assert verify(wiki.database).count == before.count
    fill(wiki)
    assert fault(wiki) == ""
    with wiki.database.read() as session:
        sorts = session.execute(select(EventRow.name, EventRow.audited, EventRow.passing)).all()
    assert len(set(sorts)) == len({name for name, _, _ in sorts})


def test_what_is_wrong_can_be_accepted_and_that_is_written_down(wiki: Scene) -> None:
    page = wiki.write("salaries", "Ben has 4321.")
    fill(wiki)
    wiki.post("eve", "/eng/salaries/-/move", path="pay/salaries", space="eng")
    head = wiki.page("pay/salaries").head
    wiki.post("ada", f"/-/p/{page.id}/purge", name="salaries", head=head)
    with wiki.database.write() as session:
        shorten_addresses(session, now() + timedelta(days=1))
    fill(wiki)
    do(wiki, delete(EventRow).where(EventRow.id == ids(wiki)[-1]))
    do(wiki, update(EventRow).where(EventRow.id == ids(wiki)[1]).values(payload={}))
    wrong = fault(wiki)
    assert "changed" in wrong
    with pytest.raises(Forbidden), wiki.database.write() as session:
        seal_anew(session, wiki.actor("eve"), wrong)
    with wiki.database.write() as session:
        seal_anew(session, wiki.actor("ada"), wrong)
    assert fault(wiki) == ""
    with wiki.database.read() as session:
        said = session.scalars(select(EventRow).order_by(EventRow.id.desc())).first()
        assert said is not None
        assert (said.name, said.payload["fault"]) == ("ChainSealed", wrong)
    fill(wiki)
    assert fault(wiki) == ""


def test_moments_before_the_wiki_are_chained_too(wiki: Scene) -> None:
    with wiki.database.write() as session:
        moment = datetime(1999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)
        record(session, [(PageSaved(2, 1, 1, "import"), None, moment)])
    assert fault(wiki) == ""
