"""What admins do with accounts and spaces, and the first admin."""

import re
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import replace
from threading import Barrier, Event

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from tests.cast import PASSWORD, Scene
from tests.pages.test_query_counts import counted
from wiki.app import create_app
from wiki.config import Settings
from wiki.db import Database, now
from wiki.errors import Invalid
from wiki.outbox.models import EventRow
from wiki.people import actions, queries
from wiki.people.actions import create_person
from wiki.people.models import Person
from wiki.people.signin.first_admin import setup_token
from wiki.rules.access import ANONYMOUS, Actor
from wiki.rules.roles import Role, SiteRole
from wiki.spaces.actions import set_role
from wiki.spaces.models import Membership, Space
from wiki.spaces.queries import see_space

Change = Callable[[Session], None]


def site_role(wiki: Scene, handle: str) -> str:
    with wiki.database.read() as session:
        return session.scalars(select(Person.site_role).where(Person.handle == handle)).one()


def add_people(wiki: Scene, count: int) -> None:
    with wiki.database.write() as session:
        for number in range(count):
            create_person(session, ANONYMOUS, handle=f"p{number:03}", name=f"Person {number}")


def test_people_are_listed_in_slices_that_miss_nobody(wiki: Scene) -> None:
    add_people(wiki, 110)
    seen: list[str] = []
    url = "/-/admin/people"
    for _ in range(5):
        screen = wiki.get("ada", url).text
        seen += re.findall(r'href="/-/admin/people/([^"?/]+)" dir', screen)
        older = re.search(r'rel="next" href="([^"]+)"', screen)
        if older is None:
            break
        url = older[1].replace("&amp;", "&")
    assert seen == sorted(
        {"ada", "ben", "cai", "dot", "eve", "gus"} | {f"p{n:03}" for n in range(110)}
    )


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("BEN", ["ben"]),
        ("@example.org", ["ada", "ben", "cai", "dot", "eve", "gus"]),
        ("ÉMILIE", ["emilie"]),
        ("émi", ["emilie"]),
        ("%", []),
        ("_", []),
        ("\x00ben", ["ben"]),
        ("nobody at all", []),
    ],
)
def test_people_are_found_by_a_part_of_name_or_address(
    wiki: Scene, query: str, found: list[str]
) -> None:
    with wiki.database.write() as session:
        create_person(session, ANONYMOUS, handle="emilie", name="Émilie du Châtelet")
    with wiki.database.read() as session:
        rows = queries.list_people(session, wiki.actor("ada"), query=query).rows
    assert [row.person.handle for row in rows] == found
    assert wiki.client("ada").get("/-/admin/people", query_string={"q": query}).status_code == 200


def test_a_disabled_person_is_out_at_the_next_request_and_cannot_come_back(wiki: Scene) -> None:
    wiki.write("rota", "words", by="ben", space="eng")
    browser = wiki.new_client("ben")
    shown = wiki.post("ben", "/-/me/tokens", token_name="x", scope="write").text
    token = re.search(r"wiki_[\w-]{40,}", shown)
    assert token
    bearer = {"Authorization": f"Bearer {token[0]}"}
    assert wiki.post("ada", "/-/admin/people/ben/disable").status_code == 303
    assert browser.get("/-/me").status_code == 302
    api = wiki.new_client()
    assert api.get("/-/api/v1/pages/eng/rota", headers=bearer).status_code == 401
    form = {"login": "ben", "password": PASSWORD}
    assert wiki.new_client().post("/-/login", data=form).status_code == 422
    assert "Ben" in wiki.get("cai", "/eng/-/changes").text
    assert "disabled" in wiki.get("ada", "/-/admin/people/ben").text

    wiki.post("ada", "/-/admin/people/ben/enable")
    assert browser.get("/-/me").status_code == 302
    assert api.get("/-/api/v1/pages/eng/rota", headers=bearer).status_code == 401
    assert wiki.new_client().post("/-/login", data=form).status_code == 303


def test_a_sign_in_of_somebody_disabled_is_none_even_while_its_row_is_there(wiki: Scene) -> None:
    browser = wiki.new_client("ben")
    with wiki.database.write() as session:
        session.execute(update(Person).where(Person.handle == "ben").values(disabled_at=now()))
    assert browser.get("/-/me").status_code == 302


def test_an_admin_ends_somebodys_sign_ins(wiki: Scene) -> None:
    browser = wiki.new_client("ben")
    assert wiki.post("ada", "/-/admin/people/ben/end-sign-ins").status_code == 303
    assert browser.get("/-/me").status_code == 302


def test_a_changed_role_holds_from_the_next_request(wiki: Scene) -> None:
    assert wiki.get("ben", "/-/admin/people").status_code == 403
    assert wiki.post("ada", "/-/admin/people/ben/role", role="admin").status_code == 303
    assert wiki.get("ben", "/-/admin/people").status_code == 200
    wiki.post("ben", "/-/admin/people/dot/role", role="guest")
    assert wiki.get("dot", "/eng/").status_code == 404
    assert wiki.post("ada", "/-/admin/people/ben/role", role="emperor").status_code == 422
    assert wiki.post("ada", "/-/admin/people/ben/role", role="anonymous").status_code == 422


def test_the_last_admin_stays(wiki: Scene) -> None:
    for what in ({"url": "role", "role": "member"}, {"url": "disable"}):
        form = dict(what)
        refused = wiki.post("ada", f"/-/admin/people/ada/{form.pop('url')}", **form)
        assert refused.status_code == 422
        assert "The wiki needs at least one admin" in refused.text
    assert site_role(wiki, "ada") == "admin"
    wiki.post("ada", "/-/admin/people/ben/role", role="admin")
    assert wiki.post("ada", "/-/admin/people/ada/role", role="member").status_code == 303
    assert wiki.get("ada", "/-/admin/people").status_code == 403


def second_of_two(database: Database, first: Change, second: Change) -> Future[None]:
    """Begin the first change, begin the second before the first is committed, finish both."""

    begun = Event()

    def run() -> None:
        begun.set()
        with database.write() as session:
            second(session)

    with ThreadPoolExecutor(1) as pool:
        with database.write() as session:
            first(session)
            running = pool.submit(run)
            assert begun.wait(60)
            with pytest.raises(TimeoutError):  # it has to wait for the first
                running.result(timeout=0.1)
        wait([running])
    return running


def test_of_two_admins_who_demote_each_other_at_once_one_stays(wiki: Scene) -> None:
    wiki.post("ada", "/-/admin/people/ben/role", role="admin")
    ben = wiki.people["ben"] = replace(wiki.actor("ben"), site_role=SiteRole.ADMIN)

    def demotes(actor: Actor, handle: str) -> Change:
        def change(session: Session) -> None:
            person = queries.get_person(session, actor, handle)
            actions.set_site_role(session, actor, person, SiteRole.MEMBER)

        return change

    second = second_of_two(wiki.database, demotes(ben, "ada"), demotes(wiki.actor("ada"), "ben"))
    assert isinstance(second.exception(), Invalid)
    assert (site_role(wiki, "ada"), site_role(wiki, "ben")) == ("member", "admin")


@pytest.mark.parametrize("verb", ["role", "disable", "enable", "end-sign-ins"])
def test_only_admins_change_accounts(wiki: Scene, verb: str) -> None:
    for who in ("ben", "eve", "gus"):
        assert wiki.post(who, f"/-/admin/people/cai/{verb}", role="admin").status_code == 403
    assert wiki.post("ada", f"/-/admin/people/nobody/{verb}", role="admin").status_code == 404
    assert site_role(wiki, "cai") == "member"


def test_an_admin_sees_the_names_of_all_spaces_and_takes_the_lead_on_record(wiki: Scene) -> None:
    wiki.write("plans", "secret", space="lab")
    screen = wiki.get("ada", "/-/admin/spaces").text
    assert "/lab/" in screen
    assert "Eve" in screen
    assert wiki.get("ada", "/lab/plans").status_code == 404
    assert wiki.post("eve", "/-/admin/spaces/lab/lead").status_code == 403
    assert wiki.post("ada", "/-/admin/spaces/lab/lead").location == "/lab/"
    assert wiki.get("ada", "/lab/plans").status_code == 200
    assert wiki.post("ada", "/-/admin/spaces/lab/lead").status_code == 303
    assert wiki.post("ada", "/-/admin/spaces/nothing/lead").status_code == 404
    with wiki.database.read() as session:
        taken = session.scalars(select(EventRow).where(EventRow.name == "LeadTaken")).all()
        space = session.scalars(select(Space.id).where(Space.slug == "lab")).one()
    assert [(row.actor_id, row.space_id) for row in taken] == [(wiki.actor("ada").person_id, space)]


def test_of_two_leads_who_remove_each_other_at_once_one_stays(wiki: Scene) -> None:
    wiki.post("eve", "/lab/-/members", person="ben", role="lead")

    def removes(who: str, other: str) -> Change:
        def change(session: Session) -> None:
            seen = see_space(session, wiki.actor(who), "lab")
            person = session.get_one(Person, wiki.actor(other).person_id)
            set_role(session, seen, person, Role.NONE)

        return change

    second = second_of_two(wiki.database, removes("eve", "ben"), removes("ben", "eve"))
    assert second.exception() is not None
    with wiki.database.read() as session:
        leads = session.scalars(
            select(Membership.person_id)
            .join(Space, Space.id == Membership.space_id)
            .where(Space.slug == "lab", Membership.role == int(Role.LEAD))
        ).all()
    assert leads == [wiki.actor("eve").person_id]


@pytest.fixture
def empty_wiki(settings: Settings, database: Database) -> tuple[object, str]:
    """A wiki without anybody, and its set-up link."""
    app = create_app(settings, database)
    app.config.update(TESTING=True, PROPAGATE_EXCEPTIONS=False, WTF_CSRF_ENABLED=False)
    with database.write() as session:
        token = setup_token(session)
    return app, f"/-/setup?token={token}"


FORM = {"name": "Ada", "handle": "ada", "email": "ada@example.org", "password": PASSWORD}


@pytest.mark.empty_database
def test_the_first_admin_is_made_by_the_link_and_only_the_first(
    empty_wiki: tuple[object, str], database: Database
) -> None:
    app, link = empty_wiki
    browser = app.test_client()  # type: ignore[attr-defined]
    assert browser.get("/-/setup?token=guessed").status_code == 410
    form = FORM | {"token": link.partition("=")[2]}
    refused = browser.post("/-/setup", data=form | {"password": "short", "handle": "Ada!"})
    assert refused.status_code == 422
    assert 'value="Ada!"' in refused.text
    assert browser.get(link).status_code == 200
    assert browser.post("/-/setup", data=form).status_code == 303
    assert browser.get("/-/admin/people").status_code == 200
    assert browser.get(link).status_code == 410
    with database.write() as session:
        assert setup_token(session) is None
        person = session.scalars(select(Person)).one()
        assert person.site_role == SiteRole.ADMIN.value
        assert person.email == "ada@example.org"


@pytest.mark.empty_database
def test_a_newer_link_ends_the_older_one(
    empty_wiki: tuple[object, str], database: Database
) -> None:
    app, link = empty_wiki
    with database.write() as session:
        newer = setup_token(session)
    assert app.test_client().get(link).status_code == 410  # type: ignore[attr-defined]
    assert app.test_client().get(f"/-/setup?token={newer}").status_code == 200  # type: ignore[attr-defined]


@pytest.mark.empty_database
def test_of_two_who_use_the_link_at_once_one_becomes_admin(
    empty_wiki: tuple[object, str], database: Database
) -> None:
    app, link = empty_wiki
    ready = Barrier(2)

    def use(number: int) -> int:
        form = FORM | {
            "token": link.partition("=")[2],
            "handle": f"ada{number}",
            "email": f"ada{number}@example.org",
        }
        browser = app.test_client()  # type: ignore[attr-defined]
        ready.wait()
        return browser.post("/-/setup", data=form).status_code  # type: ignore[no-any-return]

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(use, range(2))) == [303, 410]
    with database.read() as session:
        assert len(session.scalars(select(Person)).all()) == 1


@pytest.mark.empty_database
def test_a_link_is_worth_nothing_once_there_is_an_admin(
    empty_wiki: tuple[object, str], database: Database
) -> None:
    app, link = empty_wiki
    with database.write() as session:
        create_person(session, ANONYMOUS, handle="eve", name="Eve", site_role=SiteRole.ADMIN)
    assert app.test_client().get(link).status_code == 410  # type: ignore[attr-defined]
    with database.write() as session:
        session.execute(update(Person).values(site_role="member"))
    assert app.test_client().get(link).status_code == 200  # type: ignore[attr-defined]


def test_no_list_asks_the_database_more_often_because_it_is_longer(wiki: Scene) -> None:
    urls = (
        "/-/admin/people",
        "/-/admin/people/ben",
        "/-/admin/invitations",
        "/-/admin/spaces",
        "/-/people/ada",
        "/-/me",
        "/more0/-/members",
    )

    def add(*numbers: int) -> None:
        for number in numbers:
            wiki.post("ada", "/-/spaces/new", slug=f"more{number}", title="More")
            wiki.post("ada", f"/more{number}/-/invitations", role="reader")
            wiki.post("ada", f"/more{number}/-/members", person="cai", role="lead")
            wiki.post("ada", "/more0/-/invitations", role="reader")
            wiki.post("ada", "/-/admin/invitations", site_role="guest")
            wiki.post("ada", "/-/me/tokens", token_name="x")
            wiki.write(f"page{number}", "x", space=f"more{number}", by="ada")
            wiki.new_client("ada")

    def counts() -> list[int]:
        found = []
        for url in urls:
            wiki.app.extensions["wiki.response_cache"].clear()
            wiki.get("ada", "/")  # finds out who Ada is
            with counted(wiki) as statements:
                assert wiki.get("ada", url).status_code == 200
            found.append(len(statements))
        return found

    wiki.alone()
    add(0, 1)
    before = counts()
    add_people(wiki, 10)
    add(2, 3, 4, 5)
    assert counts() == before
    assert max(before) < 12
