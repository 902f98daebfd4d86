"""Events reach their subscribers at least once, whatever fails in between."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from sqlalchemy import delete, func, select, update

from wiki.config import Settings
from wiki.db import Database, now
from wiki.outbox.actions import deliver_again, publish
from wiki.outbox.deliver import ATTEMPTS, Deliverer, Happening
from wiki.outbox.models import Delivery, EventRow
from wiki.rules.access import ANONYMOUS
from wiki.spaces.events import SpaceCreated

pytestmark = pytest.mark.every_database


class Listener:
    """Hears events; fails for the spaces it is told to fail for."""

    def __init__(self) -> None:
        self.heard: list[int] = []
        self.fails_for: set[int] = set()

    def __call__(self, _db: Database, _settings: Settings, events: Sequence[Happening]) -> None:
        if self.fails_for & {event.payload["space_id"] for event in events}:
            raise RuntimeError("cannot hear this")
        self.heard += [event.payload["space_id"] for event in events]


@pytest.fixture
def listener() -> Listener:
    return Listener()


@pytest.fixture
def deliverer(settings: Settings, listener: Listener) -> Deliverer:
    database = Database(settings.url, {"SpaceCreated": ("test.listener",)})
    return Deliverer(database, settings, {"test.listener": listener})


def happen(deliverer: Deliverer, *space_ids: int) -> None:
    with deliverer.database.write() as session:
        for space_id in space_ids:
            publish(session, ANONYMOUS, SpaceCreated(space_id))


def waiting(deliverer: Deliverer) -> int:
    with deliverer.database.read() as session:
        return session.scalar(select(func.count()).select_from(Delivery)) or 0


def make_due(deliverer: Deliverer) -> None:
    with deliverer.database.write() as session:
        session.execute(update(Delivery).values(due_at=now() - timedelta(seconds=1)))


def test_an_event_is_heard_once_and_then_forgotten(
    deliverer: Deliverer, listener: Listener
) -> None:
    happen(deliverer, 1, 2, 3)
    assert deliverer.deliver_all() == 3
    assert listener.heard == [1, 2, 3]
    assert deliverer.deliver_all() == 0
    assert waiting(deliverer) == 0


def test_what_is_undone_is_never_heard(deliverer: Deliverer, listener: Listener) -> None:
    with pytest.raises(RuntimeError), deliverer.database.write() as session:
        publish(session, ANONYMOUS, SpaceCreated(1))
        raise RuntimeError
    assert deliverer.deliver_all() == 0
    assert listener.heard == []


def test_one_event_that_fails_does_not_hold_up_its_neighbours(
    deliverer: Deliverer, listener: Listener
) -> None:
    listener.fails_for = {2}
    happen(deliverer, 1, 2, 3)
    assert deliverer.deliver_all() == 2
    assert listener.heard == [1, 3]
    listener.fails_for = set()
    make_due(deliverer)
    deliverer.deliver_all()
    assert listener.heard == [1, 3, 2]


def test_a_delivery_that_keeps_failing_is_given_up_with_its_error(
    deliverer: Deliverer, listener: Listener
) -> None:
    listener.fails_for = {1}
    happen(deliverer, 1)
    for _ in range(ATTEMPTS):
        make_due(deliverer)
        deliverer.deliver_all()
    with deliverer.database.read() as session:
        delivery = session.scalars(select(Delivery)).one()
        assert delivery.gave_up_at is not None
        assert delivery.error == "RuntimeError: cannot hear this"
    assert deliverer.next_due() is None


def test_what_a_dead_worker_had_claimed_is_delivered_by_the_next(
    deliverer: Deliverer, listener: Listener
) -> None:
    happen(deliverer, 1)
    deliverer._claim()
    assert deliverer.deliver_all() == 0
    deliverer.release_all()
    assert deliverer.deliver_all() == 1
    assert listener.heard == [1]


def test_a_worker_that_starts_leaves_alone_what_another_machine_delivers(
    deliverer: Deliverer, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    happen(deliverer, 1)
    with monkeypatch.context() as patch:
        patch.setattr("socket.gethostname", lambda: "elsewhere")
        deliverer._claim()
    deliverer.release_all()
    assert deliverer.deliver_all() == 0
    make_due(deliverer)  # the lease ends
    assert deliverer.deliver_all() == 1


def test_what_is_scheduled_for_later_waits_though_a_worker_starts(
    deliverer: Deliverer, listener: Listener
) -> None:
    happen(deliverer, 1, 2)
    later = now() + timedelta(hours=1)
    with deliverer.database.write() as session:
        event_id = session.scalars(select(EventRow.id)).first() or 0
        session.execute(delete(Delivery))
        deliver_again(session, event_id, "test.listener", later)
    deliverer.release_all()
    assert deliverer.deliver_all() == 0
    assert deliverer.next_due() == later


def test_event_ids_grow_in_the_order_of_commits(deliverer: Deliverer) -> None:
    happen(deliverer, 1)
    happen(deliverer, 2)
    with deliverer.database.read() as session:
        rows = session.scalars(select(EventRow).order_by(EventRow.id)).all()
        assert [row.payload["space_id"] for row in rows] == [1, 2]
        assert [row.space_id for row in rows] == [1, 2]


def test_gathered_deliveries_wait_for_others_and_go_together(
    deliverer: Deliverer, listener: Listener
) -> None:
    deliverer.gathered = {"test.listener": timedelta(minutes=5)}
    happen(deliverer, 1)
    assert deliverer.deliver_due() == 0
    happen(deliverer, 2)
    due = deliverer.next_due()
    assert due is not None and due > now() + timedelta(minutes=4)
    with deliverer.database.write() as session:
        first = select(func.min(Delivery.id)).scalar_subquery()
        long_ago = now() - timedelta(minutes=6)
        session.execute(update(Delivery).where(Delivery.id == first).values(due_at=long_ago))
    assert deliverer.deliver_due() == 2
    assert listener.heard == [1, 2]
    assert (deliverer.next_due(), waiting(deliverer)) == (None, 0)
