"""The demo: made once, by what users do, with nothing broken in it but what is meant to be."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import func, select

from tests.databases import Databases
from wiki.app import create_app, open_database
from wiki.attachments.queries import find_file
from wiki.cli import SHELL, main
from wiki.config import Settings
from wiki.db import Database, now
from wiki.demo.make import NotEmpty, make_demo
from wiki.outbox.deliver import Deliverer
from wiki.outbox.models import Delivery, EventRow
from wiki.pages.links.marking import marks_of
from wiki.pages.links.models import PageLink
from wiki.pages.models import Page, Redirect, Revision
from wiki.pages.rendering.models import RenderingRow
from wiki.people.actions import find_person
from wiki.people.groups.members import check_groups, people_within
from wiki.people.models import Group, Person
from wiki.people.passwords import check_password
from wiki.rules.access import May
from wiki.search.index import engine_of
from wiki.search.queries import search
from wiki.spaces.actions import SpaceValues, create_space
from wiki.spaces.models import Space
from wiki.spaces.queries import see_space_by_id
from wiki.subscribers import handlers_by_name


@dataclass(frozen=True)
class Made:
    """A wiki with the demo in it, and the password of its people."""

    settings: Settings
    database: Database
    password: str


@pytest.fixture(scope="module")
def demo(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    """The demo, which all tests look at: making it takes long."""
    settings = databases.for_several_tests("empty", tmp_path_factory.mktemp("demo"))
    database = open_database(settings)
    yield Made(settings, database, make_demo(database, settings, SHELL).password)
    database.dispose()


def test_a_small_organisation_has_moved_in(demo: Made) -> None:
    with demo.database.read() as session:
        people = session.scalars(select(Person).order_by(Person.handle)).all()
        assert [one.handle for one in people] == ["ada", "ben", "cai", "dot", "eve", "gus"]
        assert all(check_password(one, demo.password) for one in people[:1])
        spaces = session.execute(select(Space.slug, Space.visibility)).all()
        assert dict(spaces) == {
            "handbook": "public",
            "eng": "internal",
            "lab": "private",
            "towns": "private",
        }
        live = session.scalar(select(func.count()).where(Page.deleted_at.is_(None)))
        assert live >= 25
        actions = set(session.scalars(select(Revision.action)))
        assert actions == {"create", "edit", "merge", "move", "repair", "revert"}
        assert session.scalar(select(func.count()).select_from(Redirect)) == 1
        assert session.scalar(select(func.count()).where(Page.deleted_at.is_not(None))) == 1


def test_its_groups_are_nested_and_write_in_a_space(demo: Made) -> None:
    with demo.database.read() as session:
        people = {
            group.handle: [row.person.handle for row in people_within(session, group).rows]
            for group in session.scalars(select(Group))
        }
        assert people == {
            "software": ["ben"],
            "workshop": ["cai"],
            "engineering": ["ben", "cai"],
            "support": ["cai", "dot"],
        }
        assert check_groups(session) == []
        page = session.scalars(select(Page).where(Page.path == "code-review")).one()
        for handle, may in (("ben", True), ("cai", True), ("dot", False)):
            actor = find_person(session, handle).actor()
            assert bool(see_space_by_id(session, actor, page.space_id).may(May.EDIT)) == may
        html = " ".join(session.scalars(select(RenderingRow.html)))
        assert 'href="/-/people/workshop">@workshop</a>' in html


def test_its_past_lies_before_now_and_in_order(demo: Made) -> None:
    with demo.database.read() as session:
        told = session.scalars(select(EventRow.at).order_by(EventRow.id)).all()
        saved = session.scalars(select(Revision.created_at).order_by(Revision.id)).all()
    for moments in (told, saved):
        assert list(moments) == sorted(moments)
        assert 50 < (moments[-1] - moments[0]).days < 60
        assert moments[-1] < now()


def test_every_page_renders_and_one_link_waits_to_be_written(demo: Made) -> None:
    with demo.database.read() as session:
        eve = find_person(session, "eve")
        missing = [
            session.scalar(
                select(PageLink.path_key).where(
                    PageLink.page_id == page.id, PageLink.ordinal == ordinal
                )
            )
            for page in session.scalars(select(Page).where(Page.deleted_at.is_(None)))
            for ordinal in marks_of(session, eve.actor(), page).missing
        ]
        assert missing == ["port-merrow/ferry"]
        assert not session.scalars(
            select(RenderingRow.key).where(RenderingRow.source_shown != "")
        ).all()
        for html in session.scalars(select(RenderingRow.html)):
            assert "broken-link" not in html


def test_its_pictures_are_there_for_those_who_may_see_them(demo: Made) -> None:
    client = create_app(demo.settings, demo.database).test_client()
    pictures = {
        "/handbook/-/files/cargo-bike.svg": 200,
        "/eng/architecture/-/files/chain.svg": 404,
        "/towns/port-merrow/-/files/trips.png": 404,
    }
    for picture, status in pictures.items():
        assert client.get(picture).status_code == status
        slug, _, path = picture.replace("/-/files", "").strip("/").partition("/")
        with demo.database.read() as session:
            eve = find_person(session, "eve").actor()
            assert find_file(session, eve, slug, path).file.size > 200
            htmls = session.scalars(select(RenderingRow.html)).all()
            assert any(f'src="{picture}"' in html for html in htmls)


def test_it_can_be_searched_and_the_lab_stays_closed(demo: Made) -> None:
    Deliverer(demo.database, demo.settings, handlers_by_name()).deliver_all()
    with demo.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Delivery)) == 0
        found = {}
        for handle in ("eve", "dot"):
            person = find_person(session, handle)
            answer = search(
                session,
                person.actor(),
                engine_of(demo.settings, demo.database),
                "trailer prototype",
            )
            found[handle] = {hit.page.space.slug for hit in answer.hits}
    assert "lab" in found["eve"]
    assert "lab" not in found["dot"]


def test_a_second_time_changes_nothing(demo: Made) -> None:
    def counts() -> list[int | None]:
        with demo.database.read() as session:
            return [
                session.scalar(select(func.count()).select_from(table))
                for table in (Person, Space, Revision, EventRow)
            ]

    before = counts()
    again = make_demo(demo.database, demo.settings, SHELL)
    assert (again.is_new, again.password) == (False, demo.password)
    assert counts() == before


@pytest.mark.empty_database
def test_it_stays_out_of_a_wiki_in_use_unless_told(database: Database, settings: Settings) -> None:
    with database.write() as session:
        create_space(session, SHELL, "ours", SpaceValues("Ours"))
    with pytest.raises(NotEmpty, match="--force"):
        make_demo(database, settings, SHELL)
    with database.read() as session:
        assert session.scalars(select(Space.slug)).all() == ["ours"]
    assert make_demo(database, settings, SHELL, force=True).is_new


@pytest.mark.empty_database
def test_nothing_of_it_stays_when_it_cannot_be_made(database: Database, settings: Settings) -> None:
    with database.write() as session:
        create_space(session, SHELL, "towns", SpaceValues("Our own towns"))
    with pytest.raises(Exception, match="“towns” can’t be used"):
        make_demo(database, settings, SHELL, force=True)
    with database.read() as session:
        assert session.scalars(select(Space.slug)).all() == ["towns"]
        assert session.scalar(select(func.count()).select_from(Person)) == 0


def run(folder: Path, *words: str) -> Result:
    return CliRunner(env={"WIKI_DATA_DIR": str(folder)}).invoke(main, words)


def test_the_command_says_who_there_is_and_the_password(tmp_path: Path) -> None:
    first = run(tmp_path, "demo")
    assert first.exit_code == 0
    assert "gus  Gus Lindqvist is a guest from a town hall" in first.output
    password = re.search(r"Password of all demo accounts: (\S+)", first.output)[1]
    assert (tmp_path / "demo-password").stat().st_mode & 0o777 == 0o600
    second = run(tmp_path, "demo")
    assert second.exit_code == 0
    assert "already exists" in second.output
    assert password in second.output


def test_the_command_refuses_a_wiki_in_use_in_one_line(tmp_path: Path) -> None:
    run(tmp_path, "space", "add", "ours", "--title", "Ours")
    refused = run(tmp_path, "demo")
    assert refused.exit_code == 1
    assert "people or spaces of its own" in refused.output
