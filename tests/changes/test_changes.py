"""Changes reach the answers that depend on them, and no others."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import delete, insert, select, text, update

from tests.cast import PASSWORD, Scene
from wiki import rooms
from wiki.app import open_database
from wiki.changes import triggers
from wiki.changes.log import Changes
from wiki.changes.reads import recording, scopes_read
from wiki.changes.rules import ANY_PAGE, EVERYTHING, RULES
from wiki.comments.models import Thread
from wiki.db import Base, Change, ForgetChanges, now
from wiki.migrate import downgrade, migrate
from wiki.pages.access import restrictions
from wiki.pages.access.restrictions import AccessList
from wiki.pages.models import Page, Revision
from wiki.people.models import LoginSession, Person, SiteSetting
from wiki.rules.access import May
from wiki.spaces.consent import UNASKED
from wiki.spaces.models import Space
from wiki.web.request import reading
from wiki.web.response_cache import remembered

pytestmark = pytest.mark.every_database


def changed(changes: Changes, clock: int) -> set[str]:
    """The scopes that have changed since."""
    changes.look()
    return {scope for scope, time in changes._latest.items() if time > clock}


def signed_in(wiki: Scene, login: str) -> FlaskClient:
    """A browser in which somebody has signed in by the form."""
    browser = wiki.new_client()
    answer = browser.post("/-/login", data={"login": login, "password": PASSWORD})
    assert answer.status_code == 303
    return browser


def thread(wiki: Scene) -> int:
    """The only thread."""
    with wiki.database.read() as session:
        return session.scalars(select(Thread.id)).one()


def entries(wiki: Scene, path: str) -> list[int]:
    """Return the remembered values of a page."""
    cache = wiki.app.extensions["wiki.response_cache"]
    return [id(entry) for key, entry in cache._entries.items() if path in key]


def test_a_plain_edit_costs_readers_of_other_pages_nothing(wiki: Scene) -> None:
    wiki.write("rota", "See [[plan]]")
    wiki.write("plan", "See [[rota]]")
    wiki.deliver()
    for path in ("/eng/rota", "/eng/plan"):
        wiki.get("cai", path)
        wiki.get("cai", path)
    remembered = entries(wiki, "/eng/plan")
    wiki.write("rota", "See [[plan]], and [[nothing]]")
    wiki.deliver()
    assert "nothing" in wiki.get("cai", "/eng/rota").text
    wiki.get("cai", "/eng/plan")
    assert remembered and entries(wiki, "/eng/plan") == remembered
    wiki.write("rota", "See [[plan]]", title="Duty")
    assert "Duty" in wiki.get("cai", "/eng/plan").text


@pytest.mark.parametrize("what", ["comment", "reply", "star", "sign-in", "sign-out", "presence"])
def test_what_others_do_elsewhere_costs_readers_of_a_page_nothing(wiki: Scene, what: str) -> None:
    page = wiki.write("rota", "words")
    wiki.write("plan", "words")
    wiki.deliver()
    ben, other = signed_in(wiki, "ben"), signed_in(wiki, "eve")
    if what == "reply":
        wiki.post("eve", "/eng/rota/-/comments", body="First")
    for _ in range(2):
        wiki.get("cai", "/eng/plan")
    remembered = entries(wiki, "/eng/plan")
    if what in ("comment", "reply"):
        to = "/eng/rota/-/comments" if what == "comment" else f"/-/threads/{thread(wiki)}/reply"
        assert wiki.post("eve", to, body="Agreed").status_code == 303
    if what == "star":
        assert ben.post("/eng/plan/-/star").status_code in (302, 303)
    if what == "sign-in":
        signed_in(wiki, "ben")
    if what == "sign-out":
        assert other.post("/-/logout").status_code in (302, 303)
    if what == "presence":
        with wiki.database.write() as session:
            earlier = now() - timedelta(hours=2)
            session.execute(update(LoginSession).values(seen_at=earlier))
            session.execute(update(Person).values(seen_at=earlier))
        ben.get(f"/-/p/{page.id}")
    wiki.get("cai", "/eng/plan")
    assert remembered and entries(wiki, "/eng/plan") == remembered


def test_a_notice_makes_only_its_reader_s_badge_out_of_date(wiki: Scene) -> None:
    wiki.write("rota", "The first words of the rota.")
    wiki.deliver()
    wiki.post("cai", "/eng/-/watch", level="changes")

    def badge(who: str) -> int:
        number: int = wiki.get(who, "/-/inbox/unread").json["unread"]
        return number

    def clocks() -> list[int]:
        cache = wiki.app.extensions["wiki.response_cache"]
        return [entry.clock for key, entry in cache._entries.items() if "/-/inbox/unread" in key]

    assert [badge(who) for who in ("cai", "dot", "cai", "dot")] == [0] * 4
    before = max(clocks())
    wiki.write("rota", "Entirely different sentences stand here today.", by="ben")
    wiki.deliver()
    assert (badge("cai"), badge("dot")) == (1, 0)
    assert [clock > before for clock in sorted(clocks())] == [False, True]


def test_what_people_do_reaches_their_own_answers(wiki: Scene) -> None:
    wiki.write("rota", "words")
    browser = signed_in(wiki, "ben")
    for _ in range(2):
        assert "Agreed" not in browser.get("/eng/rota").text
    wiki.post("eve", "/eng/rota/-/comments", body="Agreed")
    assert "Agreed" in browser.get("/eng/rota").text
    assert "Remove your star" not in browser.get("/eng/rota").text
    browser.post("/eng/rota/-/star")
    assert "Remove your star" in browser.get("/eng/rota").text
    with wiki.database.write() as session:
        session.execute(update(LoginSession).values(expires_at=now()))
    assert browser.get("/-/me").status_code == 302


def test_only_what_presence_writes_counts_as_presence(wiki: Scene) -> None:
    changes = wiki.database.changes
    signed_in(wiki, "ben")
    ben = wiki.actor("ben").person_id
    own, later = {"person:*", f"person:{ben}"}, now() + timedelta(days=1000)
    for table, values, expected in (
        (LoginSession, {"seen_at": now()}, {"login_sessions:presence"}),
        (LoginSession, {"expires_at": later}, {"login_sessions:presence"}),
        (LoginSession, {"expires_at": now()}, {"login_sessions:presence", *own}),
        (LoginSession, {"confirmed_at": None}, own),
        (Person, {"seen_at": now()}, {"people:presence"}),
        (Person, {"seen_at": now(), "name": "B"}, {"people:presence", "people"}),
    ):
        clock = changes.look()
        with wiki.database.write() as session:
            session.execute(update(table).values(values))
        assert {s for s in changed(changes, clock) if not s.startswith("person:") or s in own} == (
            expected
        )


def test_every_table_is_watched(wiki: Scene) -> None:
    assert rooms.ROOMS
    with wiki.database.writer.connect() as connection:
        names = {table for _, table, *_ in triggers._wanted(connection)}
        assert triggers.is_watched(connection)
    assert names == set(Base.metadata.tables) - {"changes"}
    assert RULES.keys() <= names


def test_rows_that_come_change_and_go_are_noticed(wiki: Scene) -> None:
    changes = wiki.database.changes
    row = {"key": "x", "value": 1, "changed_at": now()}
    for statement in (
        insert(SiteSetting).values(row),
        update(SiteSetting).where(SiteSetting.key == "x").values(value=2),
        delete(SiteSetting).where(SiteSetting.key == "x"),
    ):
        clock = changes.look()
        with wiki.database.write() as session:
            session.execute(statement)
        assert changed(changes, clock) == {"site_settings"}


def test_what_a_foreign_key_deletes_is_noticed(wiki: Scene) -> None:
    changes = wiki.database.changes
    clock = changes.look()
    with wiki.database.write() as session:
        session.execute(delete(Person).where(Person.handle == "cai"))
    assert {"people", "memberships"} <= changed(changes, clock)


def test_what_is_rolled_back_has_not_changed(wiki: Scene) -> None:
    changes = wiki.database.changes
    clock = changes.look()
    with pytest.raises(RuntimeError), wiki.database.write() as session:
        session.execute(update(Space).values(title="No"))
        raise RuntimeError
    assert changes.look() == clock


def test_transactions_that_end_out_of_order_are_noticed(wiki: Scene) -> None:
    if wiki.database.is_sqlite:
        return  # one writer at a time
    changes = wiki.database.changes
    clock = changes.look()
    with wiki.database.write() as slow:
        slow.execute(update(Space).where(Space.slug == "eng").values(title="Slow"))
        with wiki.database.write() as quick:
            quick.execute(update(Person).where(Person.handle == "cai").values(name="Quick"))
        assert changed(changes, clock) == {"people"}
        clock = changes.look()
    assert changed(changes, clock) == {"spaces"}


def test_only_the_head_of_a_page_concerns_its_readers_alone(wiki: Scene) -> None:
    changes, page = wiki.database.changes, wiki.write("rota", "words")
    for values, expected in (
        ({"head": 1, "title": page.title}, {ANY_PAGE, f"page:{page.id}"}),
        ({"title": "Duty"}, {ANY_PAGE, f"page:{page.id}", "pages"}),
        ({"label": 2}, {ANY_PAGE, f"page:{page.id}", "pages"}),
    ):
        clock = changes.look()
        with wiki.database.write() as session:
            session.execute(update(Page).where(Page.id == page.id).values(values))
        assert changed(changes, clock) == expected
    clock = changes.look()
    with wiki.database.write() as session:
        session.execute(update(Revision).values(title="Redacted"))
    assert changed(changes, clock) == {"revisions"}


def test_a_statement_reads_the_tables_that_it_names(wiki: Scene) -> None:
    tables = frozenset(Base.metadata.tables)

    def scopes(statement: str, *noted: str) -> set[str]:
        return set(scopes_read(statement, frozenset(noted), tables))

    assert scopes("SELECT p.title FROM pages p") == {"pages"}
    assert scopes("SELECT p.head FROM pages p") == {"pages", ANY_PAGE}
    assert scopes("SELECT * FROM pages") == {"pages", ANY_PAGE}
    assert scopes("SELECT p.head FROM pages p", "pages") == {"pages"}
    assert scopes("SELECT 1 FROM spaces WHERE EXISTS (SELECT * FROM pages)") == {"pages", "spaces"}
    assert scopes("SELECT r.id FROM revisions r, pages p", "pages") == {
        "pages", "revisions", ANY_PAGE,
    }  # fmt: skip
    twice = "SELECT 1 FROM revisions r WHERE EXISTS (SELECT * FROM revisions s)"
    assert scopes(twice, "revisions") == {"revisions", ANY_PAGE}
    assert scopes("SELECT p.name FROM people p") == {"people"}
    assert scopes("SELECT p.seen_at FROM people p") == {"people", "people:presence"}
    assert scopes("SELECT b.page_id FROM bookmarks b") == {"bookmarks", "person:*"}
    with recording() as found:
        for session in (wiki.database.read(), wiki.database.write()):
            with session as opened:
                opened.execute(select(Space.title)).all()
                opened.execute(text('SELECT "handle" FROM "people"')).all()
    assert found == {"spaces", "people"}


def test_a_database_that_cannot_be_asked_counts_as_changed(
    wiki: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    changes = wiki.database.changes
    clock = changes.look()
    assert changes._watch is not None
    changes._watch.close()
    assert changes.look() > clock
    assert not changes.is_current([], clock)
    clock = changes.look()
    assert changes.look() == clock


def test_migrations_keep_the_triggers(wiki: Scene) -> None:
    other = open_database(wiki.settings)
    clock = other.changes.look()
    downgrade(other, "-1")
    migrate(other)
    assert other.changes.look() > clock
    with other.writer.connect() as connection:
        assert triggers.is_watched(connection)
    other.dispose()


def test_a_remembered_value_is_not_older_than_its_time(wiki: Scene) -> None:
    title = select(Space.title).where(Space.slug == "eng")
    with wiki.app.test_request_context("/"):
        before = reading().scalar(title)  # begins a snapshot
        with wiki.database.write() as session:
            session.execute(update(Space).where(Space.slug == "eng").values(title="Renamed"))
        shown = [remembered("title", lambda session: session.scalar(title), 1) for _ in range(2)]
    assert before != "Renamed" and shown == ["Renamed"] * 2


def test_recorded_changes_are_deleted(wiki: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ForgetChanges, "MOST", 0)
    wiki.write("rota", "words")
    clock = wiki.database.changes.look()
    ForgetChanges()(wiki.database, wiki.settings)
    with wiki.database.read() as session:
        scopes = set(session.scalars(select(Change.scope)))
    if wiki.database.is_sqlite:
        assert "revisions" not in scopes and "pages" in scopes  # a row for each scope
        return
    assert EVERYTHING in scopes
    wiki.database.changes.look()
    assert not wiki.database.changes.is_current([], clock)


def test_changes_of_another_server_are_deleted(wiki: Scene) -> None:
    if wiki.database.is_sqlite:
        return  # its numbers are its own
    with wiki.database.write() as session:
        session.add(Change(scope="spaces", at=1 << 60))
    ForgetChanges()(wiki.database, wiki.settings)
    wiki.database.changes.look()
    clock = wiki.database.changes.look()
    assert wiki.database.changes.look() == clock


def keep_from_cai(wiki: Scene, path: str) -> None:
    """Let only Eve read a page."""
    eve = wiki.actor("eve")
    with wiki.database.write() as session:
        page = session.scalars(select(Page).where(Page.path == path)).one()
        only = AccessList(May.READ, [eve.person_id or 0], [])
        restrictions.restrict(session, eve, page.id, only, consent=UNASKED)


def test_levels_of_the_tree_are_remembered_for_those_with_the_same_permissions(wiki: Scene) -> None:
    for path in ("a", "a/b", "a/b/c", "hidden"):
        wiki.write(path, "words")
    keep_from_cai(wiki, "hidden")

    def tree(who: str, path: str) -> str:
        return wiki.get(who, path).text.partition('class="side-pages"')[2].partition("</nav>")[0]

    for _ in range(2):
        assert ">hidden<" in tree("eve", "/eng/a/b")
        assert ">hidden<" not in tree("cai", "/eng/a/b") and ">c<" in tree("cai", "/eng/a/b")
    wiki.write("a/b/c/d", "words")
    assert ">d<" in tree("cai", "/eng/a/b/c")
    keep_from_cai(wiki, "a/b/c")
    assert ">c<" not in tree("cai", "/eng/a/b") and ">c<" in tree("eve", "/eng/a/b")
