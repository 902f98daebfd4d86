"""Random histories in two processes: every remembered answer is the one that would be made anew.

``WIKI_TEST_SEQUENCES`` says how many histories there are in the thorough run.
"""

from __future__ import annotations

import os
import random
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import product

import pytest
from flask import Flask
from sqlalchemy import delete, select, text, update

from tests.cast import Scene, without_tokens
from tests.surroundings import thorough
from wiki.app import connect, create_app, open_database
from wiki.attachments.models import Attachment
from wiki.changes import triggers
from wiki.config import Settings
from wiki.db import Database, now
from wiki.errors import WikiError
from wiki.pages import actions
from wiki.pages.access import restrictions
from wiki.pages.access.restrictions import AccessList
from wiki.pages.links import moves
from wiki.pages.links.plans import MoveTo
from wiki.pages.models import Page
from wiki.pages.ordering.actions import rearrange
from wiki.people.groups.actions import create_group, store_member
from wiki.people.models import Group, LoginSession, Person
from wiki.people.site_settings import Setting, store_setting
from wiki.purging import actions as purging
from wiki.redaction.actions import redact_revision
from wiki.redaction.targets import RevisionTarget
from wiki.rules.access import May
from wiki.rules.labels import Label
from wiki.rules.roles import Role, Visibility
from wiki.spaces.actions import give_role
from wiki.spaces.consent import UNASKED
from wiki.spaces.models import GroupRole, Space
from wiki.web.response_cache import ResponseCache

pytestmark = pytest.mark.every_database

HISTORIES = int(os.environ.get("WIKI_TEST_SEQUENCES") or 40)
STEPS = 30
ASKED = 4
SPACES = ("eng", "lab", "open")
PATHS = ("a", "a/b", "a/c", "b", "d/e", "")
PEOPLE = ("ada", "ben", "cai", "dot", "eve", "gus", "nobody")
VERBS = (
    "", "", "", "", "/-/history", "?revision=1", "/-/backlinks", "/-/blame", "/-/diff/1..2",
    "/-/comments",
)  # fmt: skip
LISTS = (
    "/",
    "/-/changes",
    "/eng/-/changes",
    "/eng/-/pages",
    "/-/pages",
    "/eng/-/calendar",
    "/eng/-/housekeeping",
    "/-/tags",
    "/eng/-/tags/t",
    "/-/starred",
)
TEXTS = (
    "[[b]] and [[c]]", "[A](a.md) or [E](/eng/d/e)", "[[lab:a]] ![](f.txt)", "{{ b }} and @cai",
    "![[b]]", "plain words", "[File](f.txt) [[Other title]]",
)  # fmt: skip


def timeless(html: str) -> str:
    """A page without what differs from minute to minute and from session to session."""
    return re.sub(r">[^<]*</time>", "></time>", without_tokens(html))


class Processes:
    """Two processes that remember answers, and one that makes each anew."""

    def __init__(self, wiki: Scene, others: list[Flask]) -> None:
        self.scenes = [wiki]
        for app in others:
            database = open_database(wiki.settings)
            connect(app, wiki.settings, database)
            app.config.update(TESTING=True, PROPAGATE_EXCEPTIONS=False, WTF_CSRF_ENABLED=False)
            self.scenes.append(Scene(app, wiki.settings, database, wiki.people))
        self.fresh = self.scenes.pop()
        self.fresh.app.extensions["wiki.response_cache"] = ResponseCache(
            0, self.fresh.database.changes
        )

    def compare(self, who: str, url: str, when: str) -> int:
        """Compare the answers of the first two processes with the one that is made anew; return how
        many of them were remembered."""
        remembered = 0
        for scene in self.scenes:
            client = scene.client(who)
            cache = scene.app.extensions["wiki.response_cache"]
            before = {id(entry) for entry in cache._entries.values()}
            given = client.get(url)
            cookie = client.get_cookie("wiki")
            headers = {"Cookie": f"wiki={cookie.value}"} if cookie else {}
            anew = self.fresh.app.test_client(use_cookies=False).get(url, headers=headers)
            assert given.status_code == anew.status_code, (who, url, when)
            assert timeless(given.text) == timeless(anew.text), (who, url, when)
            newest = [(key, entry) for key, entry in cache._entries.items() if key[0] != "sign-in"]
            remembered += bool(newest) and id(newest[-1][1]) in before
        return remembered


@pytest.fixture
def processes(wiki: Scene, others: list[Flask]) -> Iterator[Processes]:
    """Two more apps on the same database."""
    opened = Processes(wiki, others)
    yield opened
    for scene in (*opened.scenes[1:], opened.fresh):
        scene.database.dispose()


@pytest.fixture(scope="session")
def others() -> list[Flask]:
    """The apps of the other processes, which each test connects to its own database."""
    settings = Settings(secret_key="a key that is only good for testing", database_url="sqlite://")
    database = Database("sqlite://", {})
    return [create_app(settings, database) for _ in range(2)]


class History:
    """A random step of a history."""

    def __init__(self, processes: Processes, dice: random.Random) -> None:
        self.processes, self.dice = processes, dice
        self.done: list[str] = []
        # Few of both, so that changes often concern what was asked.
        self.people = ["cai", *dice.sample(PEOPLE, 2)]
        self.spaces = dice.sample(SPACES, 2)
        self.asked = [self.question() for _ in range(ASKED)]

    @property
    def scene(self) -> Scene:
        """Either of the processes."""
        return self.dice.choice(self.processes.scenes)

    def question(self) -> tuple[str, str]:
        """Somebody and an address."""
        if self.dice.random() < 0.2:
            return self.dice.choice(self.people), self.dice.choice(LISTS)
        space, path = self.dice.choice(self.spaces), self.dice.choice(PATHS)
        verb = self.dice.choice(VERBS)
        slash = "/" if path or not verb.startswith("/") else ""
        return self.dice.choice(self.people), f"/{space}{slash}{path}{verb}"

    def page(self, *, deleted: bool = False) -> int:
        """The id of a page; 0 without one."""
        with self.scene.database.read() as session:
            found = select(Page.id).where(Page.deleted_at.is_not(None) == deleted)
            ids = [0, *session.scalars(found)]
        chosen: int = self.dice.choice(ids)
        return chosen

    def change(self, do: Callable[..., object]) -> None:
        """Do something in a transaction of either process, as Ada or Eve."""
        scene = self.scene
        with scene.database.write() as session:
            do(session, scene.actor("eve"))

    def write(self) -> None:
        title = self.dice.choice(["", "", "Other title", "Third"])
        tags = self.dice.choice([(), ("t",), ("t", "u")])
        space, path = self.dice.choice(SPACES), self.dice.choice(PATHS)
        self.scene.write(path, self.dice.choice(TEXTS), space=space, title=title, tags=tags)

    def attach(self) -> None:
        self.scene.attach(f"{self.dice.choice(PATHS[:4])}/f.txt", b"x", space="eng")

    def detach(self) -> None:
        self.change(lambda session, _: session.execute(delete(Attachment)))

    def move(self) -> None:
        to = MoveTo(self.dice.choice([*PATHS[:-1], "x/y"]), with_subtree=self.dice.random() < 0.5)
        page = self.page()
        self.change(lambda s, eve: moves.move_page(s, eve, page, to, consent=UNASKED))

    def reorder(self) -> None:
        page = self.page()
        with self.scene.database.read() as session:
            row = session.get(Page, page)
        if row is not None:
            to = MoveTo(row.path, spot="first")
            self.change(lambda session, eve: rearrange(session, eve, page, to))

    def delete(self) -> None:
        page, whole = self.page(), self.dice.random() < 0.5
        self.change(lambda s, eve: actions.delete_page(s, eve, page, with_subtree=whole))

    def restore(self) -> None:
        page = self.page(deleted=True)
        self.change(lambda session, eve: actions.restore_page(session, eve, page))

    def purge(self) -> None:
        page, ada = self.page(deleted=self.dice.random() < 0.5), self.scene.actor("ada")
        with self.scene.database.write() as session:
            head = getattr(session.get(Page, page), "head", 0)
            purging.purge_page(session, ada, page, seen=head, anywhere=True)

    def redact(self) -> None:
        page, eve = self.page(), self.scene.actor("eve")
        with self.scene.database.write() as session:
            head = getattr(session.get(Page, page), "head", 1)
            redact_revision(session, eve, RevisionTarget(page, 1, head), "a secret")

    def label(self) -> None:
        page, label = self.page(), self.dice.choice(list(Label))
        self.change(lambda s, eve: restrictions.set_label(s, eve, page, label, consent=UNASKED))

    def restrict(self) -> None:
        page, scene = self.page(), self.scene
        who = [scene.actor(name).person_id or 0 for name in self.dice.sample(PEOPLE[:6], 2)]
        only = AccessList(May.READ, who, [])
        self.change(lambda s, eve: restrictions.restrict(s, eve, page, only, consent=UNASKED))

    def grant(self) -> None:
        members = [name for name in self.people if name in PEOPLE[1:4]]
        slug, who = self.dice.choice(self.spaces), self.dice.choice(members)
        role = self.dice.choice(list(Role))
        scene = self.scene
        with scene.database.write() as session:
            space = session.scalars(select(Space).where(Space.slug == slug)).one()
            give_role(session, scene.actor("eve"), space, scene.actor(who).person_id or 0, role)

    def group(self) -> None:
        who, inside = self.dice.choice(PEOPLE[1:6]), self.dice.random() < 0.7
        scene = self.scene
        with scene.database.write() as session:
            group = session.scalar(select(Group).where(Group.handle == "team"))
            ada = scene.actor("ada")
            if group is None:
                group = create_group(session, ada, handle="team", name="Team")
                space = session.scalars(select(Space).where(Space.slug == "lab")).one()
                session.add(GroupRole(space_id=space.id, group_id=group.id, role=int(Role.EDITOR)))
            person = session.get_one(Person, scene.actor(who).person_id)
            store_member(session, ada, group, person, member=inside)

    def rename_space(self) -> None:
        title = self.dice.choice(["Engineering", "Eng"])
        renamed = update(Space).where(Space.slug == "eng").values(title=title)
        self.change(lambda session, _: session.execute(renamed))

    def rename_person(self) -> None:
        renamed = update(Person).where(Person.handle == "eve")
        name = self.dice.choice(["Eve", "Evelyn"])
        self.change(lambda session, _: session.execute(renamed.values(name=name)))

    def rename_site(self) -> None:
        name, site = self.dice.choice(["Here", "There"]), Setting("site.site_name", "", str)
        ada = self.scene.actor("ada")
        self.change(lambda session, _: store_setting(session, ada, site.key, name))

    def hide_space(self) -> None:
        shown = self.dice.choice([Visibility.PRIVATE, Visibility.INTERNAL])
        changed = update(Space).where(Space.slug == "eng").values(visibility=shown.value)
        self.change(lambda session, _: session.execute(changed))

    def disable(self) -> None:
        who, at = self.dice.choice(("ben", "cai")), self.dice.choice([None, None, now()])
        changed = update(Person).where(Person.handle == who).values(disabled_at=at)
        self.change(lambda session, _: session.execute(changed))

    def prefer(self) -> None:
        values = self.dice.choice([{"language": "de"}, {"language": None}, {"theme": "dark"}])
        changed = update(Person).where(Person.handle == "cai").values(values)
        self.change(lambda session, _: session.execute(changed))

    def sign_out(self) -> None:
        scene, who = self.scene, self.dice.choice(PEOPLE[1:6])
        person_id = scene.actor(who).person_id
        ended = delete(LoginSession).where(LoginSession.person_id == person_id)
        self.change(lambda session, _: session.execute(ended))

    def star(self) -> None:
        slug, path = self.dice.choice(SPACES), self.dice.choice(PATHS[:-1])
        self.scene.post(self.dice.choice(PEOPLE[1:3]), f"/{slug}/{path}/-/star")

    def comment(self) -> None:
        slug, path = self.dice.choice(self.spaces), self.dice.choice(PATHS[:-1])
        self.scene.post("eve", f"/{slug}/{path}/-/comments", body="Agreed")

    def deliver(self) -> None:
        self.scene.deliver()

    def step(self) -> None:
        """Do one thing, or find that it cannot be done."""
        often = [self.write] * 6 + [self.move] * 2 + [self.delete, self.deliver] * 2
        what = self.dice.choice(
            [*often, self.attach, self.detach, self.reorder, self.restore, self.purge, self.redact,
             self.label, self.restrict, self.restrict, self.grant, self.grant, self.group,
             self.rename_space, self.rename_person, self.rename_site, self.sign_out, self.star,
             self.hide_space, self.disable, self.prefer, self.comment]
        )  # fmt: skip
        try:
            what()
        except WikiError:
            return
        self.done.append(what.__name__)

    def play(self, steps: int = STEPS) -> int:
        """Do many things and compare after each; return how many answers were remembered."""
        remembered = 0
        for space, path in product(SPACES[:2], PATHS):
            with suppress(WikiError):  # such as text that may not be shown here
                self.scene.write(path, self.dice.choice(TEXTS), space=space)
        for _ in range(steps):
            self.step()
            for who, url in (*self.asked, self.question()):
                remembered += self.processes.compare(who, url, f"after {self.done}")
        return remembered


@pytest.mark.parametrize(("histories", "steps"), [(1, 8), *thorough((HISTORIES, STEPS))])
def test_every_remembered_answer_is_as_if_made_anew(
    processes: Processes, histories: int, steps: int
) -> None:
    remembered = 0
    for seed in range(histories):
        remembered += History(processes, random.Random(f"{histories} {seed}")).play(steps)
    assert remembered > histories * steps / 2


@pytest.mark.parametrize("table", ["memberships", "pages"])
def test_a_change_that_nobody_records_is_found(processes: Processes, table: str) -> None:
    wiki = processes.scenes[0]
    wiki.write("a", "words")
    wiki.write("b", "words")
    on = "" if wiki.database.is_sqlite else f" ON {table}"
    with wiki.database.writer.begin() as connection:
        for name, watched in triggers._existing(connection).items():
            if watched == table:
                connection.execute(text(f"DROP TRIGGER {name}{on}"))
    for _ in range(2):
        processes.compare("cai", "/eng/b", "at first")
    with wiki.database.write() as session:
        space = session.scalars(select(Space).where(Space.slug == "eng")).one()
        cai = wiki.actor("cai").person_id or 0
        if table == "memberships":
            give_role(session, wiki.actor("eve"), space, cai, Role.EDITOR)
    if table == "pages":
        wiki.write("a", "words", title="Other title")
    with pytest.raises(AssertionError, match="later"):
        processes.compare("cai", "/eng/b", "later")
