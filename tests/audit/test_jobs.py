"""What waits and what failed: read, tried again, given up; and whether a worker is there."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import func, select, update

from tests.cast import Scene
from wiki.config import Settings
from wiki.db import Database, now
from wiki.outbox import heartbeat
from wiki.outbox.deliver import Deliverer, Happening
from wiki.outbox.models import Delivery, EventRow, WorkerSeen

JOBS = "/-/admin/jobs"


def fail(wiki: Scene, error: str = "OSError: the disk of /lab/secret-plan is full") -> int:
    """Let all that waits have failed; the id of the first."""
    with wiki.database.write() as session:
        session.execute(
            update(Delivery).values(attempts=3, error=error, due_at=now() + timedelta(hours=1))
        )
    return delivery(wiki).id


def delivery(wiki: Scene) -> Delivery:
    with wiki.database.read() as session:
        return session.scalars(select(Delivery).order_by(Delivery.id)).first()  # type: ignore[return-value]


def test_what_waits_is_counted_by_subscriber(wiki: Scene) -> None:
    assert "No jobs waiting" in wiki.get("ada", JOBS).text
    wiki.write("rota", "x")
    html = wiki.get("ada", JOBS).text
    assert "search.index_pages" in html
    assert "No failed jobs." in html
    wiki.deliver()
    assert "No jobs waiting" in wiki.get("ada", JOBS).text


def test_what_failed_says_why_and_can_be_tried_again(wiki: Scene) -> None:
    wiki.write("rota", "x")
    which = fail(wiki)
    html = wiki.get("ada", JOBS).text
    assert "OSError: the disk of /lab/secret-plan is full" in html
    assert "tried 3 times" in html
    assert wiki.deliver() == 0
    assert wiki.post("ada", f"{JOBS}/{which}/retry").status_code == 303
    assert wiki.deliver() == 1
    assert wiki.post("ada", f"{JOBS}/{which}/retry").status_code == 404
    assert "Ada retried a delivery to" in wiki.get("ada", "/-/admin/audit").text.replace("</a>", "")


def test_a_delivery_is_not_tried_again_while_it_is_under_way_or_has_not_failed(
    wiki: Scene,
) -> None:
    def index(_database: Database, _settings: Settings, events: Sequence[Happening]) -> None:
        for one in events:
            heard.append(one.delivery_id)
            answered.append(wiki.post("ada", f"{JOBS}/{one.delivery_id}/retry").status_code)
            of_all = wiki.post("ada", f"{JOBS}/retry-all", subscriber="search.index_pages")
            answered.append(of_all.status_code)
            deliverer.deliver_due()  # another worker

    heard: list[int] = []
    answered: list[int] = []
    deliverer = Deliverer(wiki.database, wiki.settings, {"search.index_pages": index})
    wiki.write("rota", "x")
    with wiki.database.write() as session:
        which = session.scalars(select(Delivery.id).where(Delivery.subscriber.contains("index")))
        waiting = which.one()
    assert wiki.post("ada", f"{JOBS}/{waiting}/retry").status_code == 404  # it has not failed
    with wiki.database.write() as session:
        session.execute(update(Delivery).values(attempts=3, due_at=now()))
    deliverer.deliver_due()
    assert heard == [waiting]
    assert answered == [404, 404]


def test_all_of_a_subscriber_are_tried_again_at_once(wiki: Scene) -> None:
    wiki.write("rota", "x")
    wiki.write("plan", "x")
    fail(wiki)
    done = wiki.post("ada", f"{JOBS}/retry-all", subscriber="search.index_pages", of="x&y")
    assert done.location == "/-/admin/jobs?subscriber=x%26y"
    with wiki.database.read() as session:
        left = select(func.count()).where(Delivery.attempts > 0)
        total = session.scalar(select(func.count()).select_from(Delivery))
        assert session.scalar(left) == (total or 0) - 2
    for nobody in ("search.index_pages", "", "no.such", "\0"):
        assert wiki.post("ada", f"{JOBS}/retry-all", subscriber=nobody).status_code == 404


def test_a_delivery_is_given_up_and_taken_up_again(wiki: Scene) -> None:
    wiki.write("rota", "x")
    waiting = delivery(wiki).id
    assert wiki.post("ada", f"{JOBS}/{waiting}/give-up").status_code == 404  # it has not failed
    which = fail(wiki)
    assert wiki.post("ada", f"{JOBS}/{which}/give-up").status_code == 303
    assert delivery(wiki).gave_up_at is not None
    assert "given up" in wiki.get("ada", JOBS).text
    assert wiki.post("ada", f"{JOBS}/{which}/give-up").status_code == 404
    wiki.post("ada", f"{JOBS}/{which}/retry")
    assert (delivery(wiki).gave_up_at, delivery(wiki).attempts) == (None, 0)


def test_an_error_of_a_page_that_an_admin_may_not_read_is_told_by_its_kind(wiki: Scene) -> None:
    wiki.write("secret-plan", "x", space="lab")
    fail(wiki)
    html = wiki.get("ada", JOBS).text
    assert "secret-plan" not in html
    assert "OSError" in html
    assert "could name a page you can’t read" in html


def test_a_worker_that_is_heard_of_is_there(wiki: Scene) -> None:
    assert "No worker is running." in wiki.get("ada", JOBS).text
    began = now() - timedelta(hours=2)
    heartbeat.live(wiki.database, began)
    html = wiki.get("ada", JOBS).text
    assert "No worker is running." not in html
    assert ">running<" in html
    with wiki.database.write() as session:
        session.execute(update(WorkerSeen).values(seen_at=now() - timedelta(minutes=10)))
    html = wiki.get("ada", JOBS).text
    assert "No worker is running." in html
    assert ">lost<" in html
    heartbeat.live(wiki.database, began)
    heartbeat.leave(wiki.database, began)
    html = wiki.get("ada", JOBS).text
    assert "No worker is running." in html
    assert ">stopped<" in html


def test_failures_come_a_screenful_at_a_time(wiki: Scene) -> None:
    wiki.write("rota", "x")
    with wiki.database.write() as session:
        event = session.scalar(select(func.max(EventRow.id))) or 0
        session.add_all(Delivery(event_id=event, subscriber="a.b", attempts=1) for _ in range(60))
    html = wiki.get("ada", f"{JOBS}?subscriber=a.b").text
    assert html.count(">failing<") == 50
    assert 'rel="next"' in html
    assert wiki.get("ada", f"{JOBS}?subscriber=%00&before=x").status_code == 200
