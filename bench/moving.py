"""A benchmark of moving a subtree of a thousand pages, including their links.

Creates a wiki of its own: a thousand pages below `guide`, as long and with as many links as the
pages of the handbook, two thirds of them among each other, and as many pages outside, a third of
whose links lead into it. Then moves `guide` away and back as the browser does: first the plan with
all texts repaired, then the transaction. `python -m bench.moving` prints the lines.
"""

from __future__ import annotations

import random
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import func, select

from wiki.app import open_database
from wiki.config import Settings
from wiki.db import Database
from wiki.migrate import migrate
from wiki.pages.links.models import PageLink
from wiki.pages.links.moves import move_page
from wiki.pages.links.moving import plan_move
from wiki.pages.links.plans import MoveTo
from wiki.pages.merging import Text
from wiki.pages.models import Page
from wiki.pages.saving.edit import Edit, NewPage
from wiki.pages.saving.submit import submit
from wiki.people.models import Person
from wiki.rules.access import Actor
from wiki.rules.roles import SiteRole
from wiki.spaces.actions import SpaceValues, create_space
from wiki.spaces.models import Space
from wiki.text.paths import path_key

PAGES = 1000
REACH = 10.0
"""Maximum number of seconds for moving this many pages."""

_SAID = (
    "each team keeps its rota here and hands over on Monday after lunch when the week begins "
    "anew for those who carry the pager and those who rest while others watch the boards"
)
_WORDS = _SAID.split()


@dataclass(frozen=True)
class Took:
    """The times of a move in seconds, and its effects."""

    planned: float
    written: float
    pages: int
    repaired: int
    links: int

    def __str__(self) -> str:
        whole = self.planned + self.written
        return (
            f"{self.pages} pages moved, {self.links} links repaired in {self.repaired} pages that "
            f"stay: {whole:.2f} s ({self.planned:.2f} s looking, {self.written:.2f} s writing)"
            f"  (reach: {REACH:.0f} s)"
        )


def text(chance: random.Random, links: list[str]) -> str:
    """Return a page of about 6,500 characters with these links."""
    paragraphs = []
    for number in range(20):
        words = [chance.choice(_WORDS) for _ in range(55)]
        if number < len(links):
            words.insert(25, f"[the {chance.choice(_WORDS)}]({links[number]})")
        if number % 5 == 0:
            paragraphs.append(f"## Part {number} on {chance.choice(_WORDS)}")
        paragraphs.append(" ".join(words))
    return "\n\n".join(paragraphs)


def fill(database: Database, actor: Actor, space: Space) -> int:
    """Create the pages; return the id of the one to be moved."""
    chance = random.Random(7)
    inside = ["guide", *(f"guide/part-{n % 30}/page-{n}" for n in range(PAGES - 1))]
    outside = [f"notes/week-{n % 50}/note-{n}" for n in range(PAGES)]
    first = 0
    for path in [*inside, *outside]:
        up = "../" * path.count("/")
        links = []
        near, far = (inside, outside) if path in inside else (outside, inside)
        for _ in range(12):
            target = chance.choice(near if chance.random() < 2 / 3 else far)
            style = chance.choice([f"{up}{target}.md", f"/{space.slug}/{target}", f"{up}{target}"])
            links.append(style)
        with database.write() as session:
            name = path.rpartition("/")[2]
            made = submit(
                session, actor, Edit(NewPage(space, path), Text(name, text(chance, links)))
            )
        first = first or made.page.id
    return first


def move(database: Database, actor: Actor, page_id: int, space: Space, path: str) -> Took:
    """Move a page with its subtree as the browser does."""
    begun = time.perf_counter()
    with database.read() as session:
        page = session.get_one(Page, page_id)
        plan = plan_move(session, actor, page, MoveTo(path))
    planned = time.perf_counter()
    with database.write() as session:
        moved = move_page(session, actor, page_id, MoveTo(path), repairs=plan.repairs)
    written = time.perf_counter()
    return Took(
        planned - begun, written - planned, len(moved.pages), len(moved.repaired), moved.links
    )


def broken(database: Database) -> int:
    """Count the links that do not lead to the exact path of a page."""
    with database.read() as session:
        there = select(Page.path_key).where(Page.deleted_at.is_(None))
        return (
            session.scalar(
                select(func.count())
                .select_from(PageLink)
                .where(PageLink.kind == "page", PageLink.path_key.not_in(there))
            )
            or 0
        )


def main() -> None:
    """Create a wiki, move its guide away and back, and print the times."""
    with tempfile.TemporaryDirectory() as folder:
        database = open_database(Settings(data_dir=Path(folder), secret_key="only for measuring"))
        migrate(database)
        with database.write() as session:
            person = Person(
                handle="eve",
                name="Eve",
                email="eve@example.org",
                password_hash="",
                site_role=SiteRole.MEMBER.value,
            )
            session.add(person)
            session.flush()
            actor = person.actor()
            space = create_space(session, actor, "bench", SpaceValues("Bench"))
        page_id = fill(database, actor, space)
        for path in ("handbook/team", "guide", "other"):
            print(f"to {path_key(path):<14}", move(database, actor, page_id, space, path))
            if broken(database):
                raise SystemExit(f"{broken(database)} links lead nowhere")
        database.dispose()


if __name__ == "__main__":
    main()
