"""A benchmark of the access check: page views and searches, with and without restrictions.

Creates a wiki of its own with the newest pages of the handbook, two thousand people and two hundred
groups, some inside others. Requests pages and searches as a member of some groups, before and after
two hundred subtrees are restricted to a group each (half of them to groups of the member) and some
get labels. The response cache is off. `python -m bench.gate` prints the lines.
"""

from __future__ import annotations

import os
import random
import re
import subprocess
import tempfile
import time
from pathlib import Path
from statistics import median
from urllib.parse import quote

from flask.testing import FlaskClient
from sqlalchemy import func, insert, select

from wiki.app import create_app, open_database
from wiki.config import Settings
from wiki.db import Database
from wiki.migrate import migrate
from wiki.pages.access import restrictions
from wiki.pages.access.restrictions import AccessList
from wiki.pages.models import Page
from wiki.pages.rendering.models import RenderingRow
from wiki.people.groups import actions as groups
from wiki.people.groups import members as group_members
from wiki.people.models import GroupMember, Person
from wiki.people.signin.sign_in import open_session
from wiki.rules.access import Actor, May
from wiki.rules.labels import Label
from wiki.rules.roles import Role, SiteRole
from wiki.search.index import rebuild
from wiki.spaces.actions import SpaceValues, create_space
from wiki.spaces.consent import UNASKED
from wiki.spaces.models import Scope
from wiki.transfer.importing import TreeImport
from wiki.transfer.sources.source import limits_of, open_source
from wiki.web import response_cache

PEOPLE, GROUPS, KEPT = 2_000, 200, 200
ROUNDS, PAGES, QUESTIONS = 4, 100, 60
REACH_PAGE, REACH_SEARCH = 1.10, 1.2

_WORD = re.compile(r"[^\W\d_]{4,}")


def handbook(folder: Path) -> Path:
    """Return the handbook's newest tree, cloned if it is a bundle (`WIKI_CORPUS`, or beside the
    project)."""
    root = Path(__file__).parents[2]
    source = Path(os.environ.get("WIKI_CORPUS") or root / "shared/corpus/handbook.bundle")
    if source.is_dir():
        return source
    target = folder / "corpus"
    subprocess.run(["git", "clone", "-q", "--branch=main", source, target], check=True)
    return target


def people_and_groups(database: Database, chance: random.Random) -> tuple[Actor, Actor, list[int]]:
    """Create people and groups; return a lead, a member of some groups, and all group ids."""
    with database.write() as session:
        session.execute(
            insert(Person),
            [
                {
                    "handle": f"person{number}",
                    "name": f"Person {number}",
                    "site_role": (SiteRole.ADMIN if number == 0 else SiteRole.MEMBER).value,
                }
                for number in range(PEOPLE)
            ],
        )
        ids = list(session.scalars(select(Person.id).order_by(Person.id)))
        lead, member = (session.get_one(Person, id).actor() for id in ids[:2])
        made = [
            groups.create_group(session, lead, handle=f"group{n}", name=f"Group {n}")
            for n in range(GROUPS)
        ]
        rows = [
            {"group_id": group.id, "person_id": id}
            for group in made
            for id in chance.sample(ids[2:], 25)
        ]
        rows += [{"group_id": group.id, "person_id": ids[1]} for group in made[::2]]
        session.execute(insert(GroupMember), rows)
        for group in made[150:]:
            groups.store_part(session, lead, chance.choice(made[:150]), group, inside=True)
        every = [group.id for group in made]
        group_members.settle_groups(session, every)
        return lead, member, every


def fill(database: Database, settings: Settings, lead: Actor, tree: Path) -> None:
    """Import the newest pages of the handbook into an internal space."""
    with database.write() as session:
        space = create_space(
            session, lead, "handbook", SpaceValues("Handbook", member_role=Role.EDITOR)
        )
        space_id = space.id
    source = open_source(tree, limits_of(settings))
    try:
        TreeImport(database, settings, lead, space_id, source).run()
    finally:
        source.close()
    rebuild(database, settings)


def keep(database: Database, lead: Actor, every: list[int], chance: random.Random) -> str:
    """Restrict subtrees to a group each, and label some; return a summary."""
    with database.write() as session:
        ids = list(session.scalars(select(Page.id).where(Page.path_key != "").order_by(Page.id)))
        for number, page_id in enumerate(chance.sample(ids, KEPT)):
            group = every[number % len(every)]
            restrictions.restrict(
                session, lead, page_id, AccessList(May.READ, [], [group]), consent=UNASKED
            )
            if number % 5 == 0:
                label = chance.choice([Label.INTERNAL, Label.CONFIDENTIAL])
                restrictions.set_label(session, lead, page_id, label, consent=UNASKED)
        scopes = session.scalar(select(func.count()).select_from(Scope))
        kept = session.scalar(
            select(func.count()).select_from(Page).where(Page.scope_id.is_not(None))
        )
        return f"{kept} of {len(ids)} pages in {scopes} scopes"


def timed(client: FlaskClient, urls: list[str]) -> list[float]:
    """Return the times of the requests in milliseconds."""
    found = []
    for url in urls:
        begun = time.perf_counter()
        status = client.get(url).status_code
        took = (time.perf_counter() - begun) * 1000
        if status not in (200, 404):
            raise SystemExit(f"{url} answered {status}")
        if status == 200:
            found.append(took)
    return found


def main() -> None:
    """Measure and print the lines."""
    chance = random.Random(3)
    response_cache.SECONDS = 0.0
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data_dir=Path(folder), secret_key="b" * 40, pace=0.0)
        database = open_database(settings)
        migrate(database)
        lead, member, every = people_and_groups(database, chance)
        fill(database, settings, lead, handbook(Path(folder)))
        app = create_app(settings, database)
        client = app.test_client()
        with database.write() as session:
            person = session.get_one(Person, member.person_id)
            signed_in = open_session(session, person, days=1)
        with client.session_transaction() as cookie:
            cookie["_user_id"], cookie["_fresh"] = signed_in.get_id(), True
        with database.read() as session:
            paths = list(session.scalars(select(Page.path).where(Page.path_key != "")))
            texts = list(session.scalars(select(RenderingRow.text)))
        pages = [f"/handbook/{quote(path)}" for path in chance.sample(paths, PAGES)]
        words = [
            " ".join(chance.sample(found, 2))
            for text in texts
            if len(found := _WORD.findall(text)) > 20
        ]
        searches = [f"/-/search?q={quote(one)}" for one in chance.sample(words, QUESTIONS)]
        times: dict[str, list[float]] = {}
        for when in ("before", "after"):
            if when == "after":
                print(keep(database, lead, every, chance))
            timed(client, [*pages[:20], *searches[:10]])
            for _ in range(ROUNDS):
                times.setdefault(f"page {when}", []).extend(timed(client, pages))
                times.setdefault(f"search {when}", []).extend(timed(client, searches))
        for what, reach in (("page", REACH_PAGE), ("search", REACH_SEARCH)):
            before, after = (median(times[f"{what} {when}"]) for when in ("before", "after"))
            print(
                f"{what:8} {after / before:.2f} x  p50 {after:.2f} ms with restrictions, "
                f"{before:.2f} ms without  (reach: {reach} x)"
            )
        database.dispose()


if __name__ == "__main__":
    main()
