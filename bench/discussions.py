"""A benchmark of pages with many discussions.

`python -m bench.discussions` creates two pages of 20 KB in a wiki of its own, one of them with 200
open discussions about passages, and requests both in turns. Between two requests a page is saved,
so that no answer is remembered.
"""

from __future__ import annotations

import random
import tempfile
import time
from pathlib import Path
from statistics import median

from flask.testing import FlaskClient
from sqlalchemy import event, update

from bench.blame import SHELL, sentence
from wiki.app import create_app, open_database
from wiki.comments.locating import Quoted, locate
from wiki.comments.models import Message, Thread
from wiki.config import Settings
from wiki.db import Database
from wiki.migrate import migrate
from wiki.pages.merging import Text
from wiki.pages.models import Page
from wiki.pages.rendering.own_renderer import limit_rendering
from wiki.pages.saving.edit import Edit, NewPage
from wiki.pages.saving.submit import submit
from wiki.rules.roles import Visibility
from wiki.spaces.actions import SpaceValues, create_space

THREADS = 200
ROUNDS = 40
REACH_RATIO, REACH_MORE = 1.3, 3


def fill(database: Database) -> None:
    """Create the pages, and discussions about lines of the second one."""
    chance = random.Random(7)
    lines = [sentence(chance) for _ in range(330)]
    body = "\n\n".join(lines)
    with database.write() as session:
        values = SpaceValues("Bench", visibility=Visibility.PUBLIC)
        space = create_space(session, SHELL, "bench", values)
        for path in ("bare", "discussed"):
            submit(session, SHELL, Edit(NewPage(space, path), Text("Page", body)))
    with database.read() as session:
        page = session.query(Page).filter_by(path="discussed").one()
        quotes = [chance.choice(lines) for _ in range(THREADS)]
        places = [locate(session, page, "bench", Quoted(one, place=1)) for one in quotes]
    with database.write() as session:
        for place in places:
            thread = Thread(page_id=page.id, kind="passage", revision=1, start=place.start)
            thread.quote, thread.prefix, thread.suffix = place.source
            session.add(thread)
            session.flush()
            session.add(place.anchor(page.id, thread.id))
            words = "Is this right? " * 8
            message = Message(thread_id=thread.id, number=1, revision=1, text=words)
            message.html, message.excerpt = f"<p>{words}</p>", words
            session.add(message)


def viewed(database: Database, client: FlaskClient, path: str) -> float:
    """Return the milliseconds of a request of a page that nobody remembers the answer of."""
    with database.write() as session:
        session.execute(update(Page).values(updated_at=Page.updated_at))
    begun = time.perf_counter()
    answer = client.get(f"/bench/{path}")
    if answer.status_code != 200:
        raise SystemExit(f"{path} answered {answer.status_code}")
    return 1000 * (time.perf_counter() - begun)


def main() -> None:
    """Measure, and fail when a target is missed."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data_dir=Path(folder), secret_key="only for the benchmark")
        database = open_database(settings)
        migrate(database)
        app = create_app(settings, database)
        limit_rendering(10, 10)
        fill(database)
        client, statements = app.test_client(), [0]
        times: dict[str, list[float]] = {"bare": [], "discussed": []}
        counts: dict[str, int] = {}

        @event.listens_for(database.reader, "before_cursor_execute")
        def count(*_: object) -> None:
            statements[0] += 1

        for _ in range(ROUNDS):
            for path, found in times.items():
                statements[0] = 0
                found.append(viewed(database, client, path))
                counts[path] = statements[0]
        database.dispose()
    bare, discussed = median(times["bare"]), median(times["discussed"])
    more = counts["discussed"] - counts["bare"]
    print(f"a page                        {bare:6.1f} ms  {counts['bare']} statements")
    print(f"with {THREADS} open discussions    {discussed:6.1f} ms  {more} statements more")
    print(f"ratio                         {discussed / bare:6.2f}")
    if discussed > REACH_RATIO * bare or more > REACH_MORE:
        raise SystemExit("A target is missed.")


if __name__ == "__main__":
    main()
