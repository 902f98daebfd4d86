"""A benchmark of notices: the fan-out of one comment to ten thousand watchers, an inbox with a
hundred thousand notices, and posting a comment. The inbox is measured in CPU time, so that nothing
else on the machine counts; posting a comment includes waiting for the disk.

Creates a wiki of its own in SQLite. `python -m bench.notices` prints the lines.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import quantiles

from sqlalchemy import event, insert, select

from wiki.app import create_app, open_database
from wiki.comments import actions
from wiki.comments.composing import compose
from wiki.comments.models import Message, Thread
from wiki.config import Settings
from wiki.db import Database, now
from wiki.inbox import queries
from wiki.inbox.handlers import tell_of_messages
from wiki.inbox.models import Notice
from wiki.migrate import migrate
from wiki.outbox.deliver import Happening
from wiki.outbox.models import EventRow
from wiki.pages.merging import Text
from wiki.pages.models import Page
from wiki.pages.saving.edit import Edit, NewPage
from wiki.pages.saving.submit import submit
from wiki.people.models import Person
from wiki.rules.access import Actor
from wiki.rules.roles import SiteRole
from wiki.spaces.actions import SpaceValues, create_space
from wiki.spaces.queries import see_space
from wiki.watching.models import Watch

WATCHERS, NOTICES, PAGES, ROUNDS = 10_000, 100_000, 1_000, 100
REACH_STATEMENTS, REACH_FAN_OUT, REACH_LIST, REACH_COUNT, REACH_POST = 6, 2.0, 0.050, 0.005, 0.050


@dataclass(frozen=True)
class Line:
    """A measured figure and the one to reach."""

    name: str
    found: float
    reach: float

    def __str__(self) -> str:
        mark = "ok" if self.found <= self.reach else "MISSED"
        return f"{self.name:<48}{self.found:>10.4g}{self.reach:>10.4g}  {mark}"


def furnish(database: Database) -> tuple[Actor, Happening]:
    """Create people, pages and watches, and post the comment that is told."""
    with database.write() as session:
        people = [
            {"handle": f"p{n}", "name": f"P {n}", "site_role": SiteRole.MEMBER.value}
            for n in range(WATCHERS + 1)
        ]
        session.execute(insert(Person), people)
        author = session.scalars(select(Person).where(Person.handle == "p0")).one().actor()
        create_space(session, author, "bench", SpaceValues("Bench"))
        space = see_space(session, author, "bench").space
        pages = [
            submit(
                session, author, Edit(NewPage(space, f"page-{n}"), Text(f"Page {n}", "words"))
            ).page
            for n in range(PAGES)
        ]
        first = pages[0]
        ids = session.scalars(select(Person.id).where(Person.handle != "p0"))
        key = {"subject": f"page:{first.id}", "page_id": first.id}
        watches = [{"person_id": one, "level": 4, "reason": "chosen", **key} for one in ids]
        session.execute(insert(Watch), watches)
        composed = compose("A comment for everybody.", "bench", first)
        actions.open_thread(session, author, "bench", first.path, composed)
    with database.read() as session:
        row = session.scalars(select(EventRow).where(EventRow.name == "CommentPosted")).one()
        posted = Happening(
            0, row.id, row.name, row.at, row.actor_id, row.space_id, row.page_id, row.payload
        )
    return author, posted


def fill(database: Database, reader: Actor, posted: Happening) -> None:
    """Give one person a hundred thousand unread notices of discussions."""
    with database.write() as session:
        page_ids = session.scalars(select(Page.id)).all()
        message = session.scalars(select(Message)).one()
        threads = [
            {"page_id": page_ids[n % PAGES], "opened_at": now(), "last_number": 1}
            for n in range(NOTICES)
        ]
        session.execute(insert(Thread), threads)
        found = session.execute(
            select(Thread.id, Thread.page_id).where(Thread.id != message.thread_id)
        )
        notices = [
            {
                "person_id": reader.person_id,
                "subject": f"thread:{thread_id}",
                "thread_id": thread_id,
                "page_id": page_id,
                "kind": "comment",
                "first_event": posted.event_id,
                "last_event": posted.event_id,
                "count": 1,
                "reason": "watch",
                "state": 0,
                "told_at": now(),
            }
            for thread_id, page_id in found
        ]
        session.execute(insert(Notice), notices)


Clock = Callable[[], float]


def timed(do: Callable[[], object], clock: Clock = time.perf_counter) -> float:
    """Return the seconds that a call takes."""
    began = clock()
    do()
    return clock() - began


def p95(do: Callable[[], object], clock: Clock = time.process_time) -> float:
    """Return the 95th percentile of the seconds of many calls, of CPU time by default."""
    do()
    return quantiles([timed(do, clock) for _ in range(ROUNDS)], n=20)[-1]


def measure(folder: Path) -> list[Line]:
    """Return the measured lines."""
    settings = Settings(data_dir=folder, secret_key="b" * 40)
    database = open_database(settings)
    migrate(database)
    create_app(settings, database)
    author, posted = furnish(database)
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if not statement.startswith(("PRAGMA", "BEGIN")):
            statements.append(statement)

    event.listen(database.writer, "before_cursor_execute", note)
    taken = timed(lambda: tell_of_messages(database, settings, [posted]))
    event.remove(database.writer, "before_cursor_execute", note)
    again = replace(posted, event_id=posted.event_id + 1)
    added = timed(lambda: tell_of_messages(database, settings, [again]))
    fill(database, author, posted)

    def listed() -> None:
        with database.read() as session:
            queries.list_notices(session, author)

    def counted() -> None:
        with database.read() as session:
            queries.count_unread(session, author)

    def commented() -> None:
        with database.read() as session:
            page = session.scalars(select(Page).order_by(Page.id.desc()).limit(1)).one()
        composed = compose("A comment with some *words*.", "bench", page)
        with database.write() as session:
            actions.open_thread(session, author, "bench", page.path, composed)

    lines = [
        Line("fan-out to 10,000 watchers, statements", len(statements), REACH_STATEMENTS),
        Line("fan-out to 10,000 watchers, seconds", taken, REACH_FAN_OUT),
        Line("a second event for the same, seconds", added, REACH_FAN_OUT),
        Line("inbox with 100,000 notices, p95 CPU seconds", p95(listed), REACH_LIST),
        Line("number of unread notices, p95 CPU seconds", p95(counted), REACH_COUNT),
        Line("a comment on the disk, p95 seconds", p95(commented, time.perf_counter), REACH_POST),
    ]
    database.dispose()
    return lines


def main() -> int:
    """Print the lines; fail where one misses its target."""
    with tempfile.TemporaryDirectory(prefix="bench-notices-") as folder:
        lines = measure(Path(folder))
    for line in lines:
        print(line)
    return int(any(line.found > line.reach for line in lines))


if __name__ == "__main__":
    raise SystemExit(main())
