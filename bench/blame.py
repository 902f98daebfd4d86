"""A benchmark of blame on a page with a thousand edits.

`python -m bench.blame` creates such a page in a wiki of its own and requests its blame as a browser
does: cold (nothing stored), after one more edit, and for an older revision. The lightest request of
the same app is measured for comparison.
"""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from flask import Flask
from sqlalchemy import delete, update

from wiki.app import create_app, open_database
from wiki.config import Settings
from wiki.db import Database, at, now
from wiki.migrate import migrate
from wiki.pages.merging import Text
from wiki.pages.models import BlameRow, Page
from wiki.pages.rendering.own_renderer import limit_rendering
from wiki.pages.saving.edit import Edit, NewPage
from wiki.pages.saving.submit import submit
from wiki.rules.access import Actor
from wiki.rules.roles import SiteRole, Visibility
from wiki.spaces.actions import SpaceValues, create_space

EDITS = 1_000
LINES = 330
REACH_MS = 1_000
SHELL = Actor(None, "", "The shell", SiteRole.ADMIN)
WORDS = ["".join(random.Random(n).choices("aeilmnorstu", k=n % 7 + 2)) for n in range(400)]


def sentence(chance: random.Random) -> str:
    """Return a line of prose."""
    return " ".join(chance.choice(WORDS) for _ in range(chance.randint(4, 16))).capitalize() + "."


def edited(lines: list[str], chance: random.Random) -> list[str]:
    """Return the page after one more edit: mostly of a few lines, sometimes a moved section."""
    lines = list(lines)
    for _ in range(chance.choice((1, 1, 1, 2, 3, 8))):
        place = chance.randrange(len(lines))
        deed = chance.random()
        if deed < 0.6:
            lines[place] = sentence(chance)
        elif deed < 0.8 or len(lines) < LINES:
            lines[place:place] = [sentence(chance) for _ in range(chance.randint(1, 4))]
        elif deed < 0.95:
            del lines[place : place + chance.randint(1, 4)]
        else:
            block = lines[place : place + 8]
            del lines[place : place + 8]
            target = chance.randrange(len(lines))
            lines[target:target] = block
    return lines


def fill(database: Database) -> int:
    """Create a page with a thousand revisions; return its id."""
    chance = random.Random(11)
    lines = [sentence(chance) if n % 6 else "" for n in range(LINES)]
    begun = now()
    with database.write() as session:
        space = create_space(
            session, SHELL, "bench", SpaceValues("Bench", visibility=Visibility.PUBLIC)
        )
        space.member_role = 3
        session.flush()
        page = submit(session, SHELL, Edit(NewPage(space, "page"), Text("Page", "\n".join(lines))))
        page_id = page.page.id
        for number in range(1, EDITS):
            lines = edited(lines, chance)
            with at(begun):
                submit(session, SHELL, Edit(page_id, Text("Page", "\n".join(lines)), base=number))
    return page_id


def forget(database: Database, page_id: int) -> None:
    """Delete the stored blame of a page."""
    with database.write() as session:
        session.execute(delete(BlameRow).where(BlameRow.page_id == page_id))


def timed(app: Flask, url: str, before: Callable[[], object], rounds: int = 7) -> float:
    """Return the median time of some requests in milliseconds; ``before`` is called before each."""
    client = app.test_client()
    times = []
    for _ in range(rounds):
        before()
        start = time.perf_counter()
        answer = client.get(url)
        times.append((time.perf_counter() - start) * 1000)
        if answer.status_code != 200:
            raise SystemExit(f"{url} answered {answer.status_code}")
    return median(times)


def main() -> None:
    """Measure, and fail when the target is missed."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data_dir=Path(folder), secret_key="only for the benchmark")
        database = open_database(settings)
        migrate(database)
        app = create_app(settings, database)
        limit_rendering(10, 10)
        page_id = fill(database)

        def edit() -> None:
            with database.write() as session:
                page = session.get_one(Page, page_id)
                body = f"{now()}\n" + "x\n" * 300
                submit(session, SHELL, Edit(page_id, Text("Page", body), base=page.head))

        url = "/bench/page/-/blame"
        cold = timed(app, url, lambda: forget(database, page_id))
        bare = timed(app, "/-/health", lambda: None)
        lines = [
            ("cold", cold),
            ("an older revision", timed(app, f"{url}?revision=700", lambda: touch(database))),
            ("after one more edit", timed(app, url, edit)),
        ]
        for name, milliseconds in lines:
            print(f"blame, {name:<20} {milliseconds:7.1f} ms  {milliseconds / bare:6.1f} x bare")
        database.dispose()
        if cold > REACH_MS:
            raise SystemExit(f"blame of {EDITS} revisions takes more than {REACH_MS} ms")


def touch(database: Database) -> None:
    """Commit a change, so that no response is cached."""
    with database.write() as session:
        session.execute(update(Page).values(updated_at=now()))


if __name__ == "__main__":
    main()
