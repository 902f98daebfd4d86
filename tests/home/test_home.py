"""The home screen: what waits, pages to go on with, what is new since the last visit."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, select, update

from tests.cast import Scene
from tests.pages.test_query_counts import counted, hold_secret
from wiki.db import at, now
from wiki.outbox.models import EventRow
from wiki.pages.models import Page, Revision
from wiki.people.models import LoginSession, Person
from wiki.reviews.models import Approval
from wiki.spaces.models import Membership


def away_since(wiki: Scene, handle: str, moment: datetime) -> None:
    """Let somebody have been here last at a moment."""
    wiki.client(handle)
    with wiki.database.write() as session:
        person_id = wiki.actor(handle).person_id
        session.execute(
            update(LoginSession)
            .where(LoginSession.person_id == person_id)
            .values(seen_at=moment, expires_at=now() + timedelta(days=30))
        )
        session.execute(update(Person).where(Person.id == person_id).values(seen_at=moment))


def section(html: str, name: str) -> str:
    """The part of the home screen below a heading; "" without it."""
    found = re.search(rf'<section aria-labelledby="home-{name}">.*?</section>', html, re.DOTALL)
    return found[0] if found else ""


def imported(wiki: Scene, when: datetime, paths: list[str]) -> None:
    """Pages whose revisions came with a Git history."""
    with at(when):
        pages = [wiki.write(path, "x", by="ben") for path in paths]
    with wiki.database.write() as session:
        for page in pages:
            session.execute(
                update(Revision).where(Revision.page_id == page.id).values(action="import")
            )
            for row in session.scalars(select(EventRow).where(EventRow.page_id == page.id)):
                row.payload = {**row.payload, "action": "import"}


@pytest.mark.every_database
def test_the_changes_of_others_since_the_last_visit_are_shown(wiki: Scene) -> None:
    with at(now() - timedelta(days=4)):
        wiki.write("old", "x", by="ben")
    wiki.write("mine", "x", by="eve")
    wiki.write("new", "x", by="ben")
    away_since(wiki, "eve", now() - timedelta(days=2))
    for _ in range(2):  # the first request begins the visit, the second is made during it
        news = section(wiki.get("eve", "/").text, "changes")
        assert "Since your last visit" in news
        assert ">new<" in news
        assert ">old<" not in news
        assert ">mine<" not in news
    with wiki.database.read() as session:
        person = session.get_one(Person, wiki.actor("eve").person_id)
        assert person.left_at is not None
        assert person.seen_at is not None
        assert person.left_at < now() - timedelta(days=1) < person.seen_at


def test_with_nothing_since_the_last_visit_the_latest_changes_are_shown(wiki: Scene) -> None:
    with at(now() - timedelta(days=4)):
        wiki.write("old", "x", by="ben")
    away_since(wiki, "eve", now() - timedelta(days=2))
    news = section(wiki.get("eve", "/").text, "changes")
    assert "Latest changes" in news
    assert ">old<" in news


def test_a_first_visit_shows_the_latest_changes(wiki: Scene) -> None:
    wiki.write("plan", "x", by="ben")
    news = section(wiki.get("cai", "/").text, "changes")
    assert "Latest changes" in news
    assert ">plan<" in news


def test_what_is_hidden_is_no_news(wiki: Scene) -> None:
    away_since(wiki, "dot", now() - timedelta(days=2))
    away_since(wiki, "cai", now() - timedelta(days=2))
    wiki.write("hush", "x", space="lab", by="ben")
    wiki.write("hear", "x", by="ben")
    assert "hush" in wiki.get("cai", "/").text
    shown = wiki.get("dot", "/").text
    assert "hush" not in shown
    assert ">hear<" in section(shown, "changes")


@pytest.mark.every_database
def test_an_imported_history_is_one_line(wiki: Scene) -> None:
    four_years_ago = datetime(2021, 3, 4, tzinfo=UTC)
    imported(wiki, four_years_ago, ["a", "b", "c"])
    with at(four_years_ago):
        wiki.write("hush", "x", space="lab")
    imported(wiki, four_years_ago, ["d"])
    with wiki.database.write() as session:
        hush = session.scalars(select(EventRow).where(EventRow.page_id == _id(wiki, "hush"))).one()
        hush.payload = {**hush.payload, "action": "import"}
    news = section(wiki.get("dot", "/").text, "changes")
    assert re.search(r'Imported from Git: <a href="/-/changes">4 changes</a>', news)
    assert "row-title" not in news
    assert "5 changes" in section(wiki.get("cai", "/").text, "changes")
    wiki.write("a", "y", by="ben")
    news = section(wiki.get("dot", "/").text, "changes")
    assert re.findall(r'row-title" href="/eng/(\w)"', news) == ["a"]
    assert "Imported from Git" not in news


def _id(wiki: Scene, path: str) -> int:
    with wiki.database.read() as session:
        return session.scalars(select(Page.id).where(Page.path == path)).one()


def test_pages_that_you_edited_are_there_to_go_on_with(wiki: Scene) -> None:
    imported(wiki, datetime(2021, 3, 4, tzinfo=UTC), ["brought"])
    for number in range(8):
        wiki.write(f"page-{number}", "x", by="ben")
    wiki.write("page-2", "y", by="ben")
    wiki.write("other", "x", by="eve")
    wiki.post("ben", "/eng/page-7/-/delete")
    shown = section(wiki.get("ben", "/").text, "continue")
    found = re.findall(r'href="/eng/([\w-]+)"', shown)
    assert found == ["page-2", "page-6", "page-5", "page-4", "page-3", "page-1"]
    assert not section(wiki.get("cai", "/").text, "continue")
    assert not section(wiki.get("nobody", "/").text, "continue")


def test_pages_that_you_may_no_longer_read_are_not_offered(wiki: Scene) -> None:
    wiki.write("plan", "x", space="lab", by="ben")
    assert "/lab/plan" in section(wiki.get("ben", "/").text, "continue")
    with wiki.database.write() as session:
        person_id = wiki.actor("ben").person_id
        session.execute(delete(Membership).where(Membership.person_id == person_id))
    assert "/lab/plan" not in section(wiki.get("ben", "/").text, "continue")


def test_leads_see_what_waits_for_them(wiki: Scene) -> None:
    assert not section(wiki.get("eve", "/").text, "waiting")
    hold_secret(wiki, "keys")  # by Eve herself
    assert not section(wiki.get("eve", "/").text, "waiting")
    with wiki.database.write() as session:
        page = session.scalars(select(Page).where(Page.path == "keys")).one()
        for asked_by in ("ben", "eve"):
            session.add(
                Approval(
                    kind="label",
                    payload={},
                    digest="",
                    words="Open it",
                    space_id=page.space_id,
                    asked_by_id=wiki.actor(asked_by).person_id,
                    expires_at=now() + timedelta(days=1),
                )
            )
    waiting = section(wiki.get("eve", "/").text, "waiting")
    assert 'href="/-/approvals">1 change needs your approval' in waiting
    assert not section(wiki.get("cai", "/").text, "waiting")
    assert "2 changes need your approval" in section(wiki.get("ada", "/").text, "waiting")


def test_leads_see_that_others_saved_secrets(wiki: Scene) -> None:
    wiki.people["eve"], eve = wiki.people["ben"], wiki.people["eve"]
    hold_secret(wiki, "keys")  # by Ben
    wiki.people["eve"] = eve
    waiting = section(wiki.get("eve", "/").text, "waiting")
    assert 'href="/eng/-/findings">A possible secret was saved in' in waiting
    for who in ("ben", "cai", "nobody"):
        assert not section(wiki.get(who, "/").text, "waiting")


@pytest.mark.parametrize("who", ["nobody", "eve"])
@pytest.mark.every_database
def test_a_home_seen_before_asks_the_database_nothing(wiki: Scene, who: str) -> None:
    wiki.alone()
    wiki.write("plan", "words", space="open", by="ben")
    for _ in range(2):
        wiki.get(who, "/")
    with counted(wiki) as statements:
        assert ">plan<" in wiki.get(who, "/").text
    assert statements == []


def test_no_query_is_added_by_data_in_the_sections(wiki: Scene) -> None:
    wiki.alone()
    away_since(wiki, "eve", now() - timedelta(days=2))
    wiki.write("a", "x", by="ben")
    wiki.write("b", "x", by="eve")
    wiki.get("eve", "/")  # begins the visit
    counts = []
    for _ in range(2):
        wiki.write("b", "y" * len(counts), by="eve")
        wiki.get("eve", "/-/me")  # finds out who Eve is
        with counted(wiki) as statements:
            wiki.get("eve", "/")
        counts.append(len(statements))
        for number in range(12):
            wiki.write(f"a{number}", "x", by="ben")
            wiki.write(f"b{number}", "x", by="eve")
    assert counts[0] == counts[1] < 16


def test_pages_that_a_browser_remembers_are_listed_while_their_reader_may_read_them(
    wiki: Scene,
) -> None:
    first = wiki.write("setup", "x", title="Setup")
    second = wiki.write("rota", "x", title="Rota")
    asked = f"/-/recent?pages={second.id},{first.id},{second.id},999999,x,-1,{'9' * 40},"
    shown = wiki.get("cai", asked).text
    assert re.findall("<strong[^>]*>(.*?)</strong>", shown) == ["Rota", "Setup"]
    assert "Setup" not in wiki.get("gus", asked).text
    assert "Setup" not in wiki.get("nobody", asked).text
    switcher = wiki.get("cai", f"/-/switch?q=&recent={second.id},{first.id}").text
    assert switcher.index("Rota") < switcher.index("Setup")
    assert "Setup" not in wiki.get("gus", f"/-/switch?q=&recent={first.id}").text


@pytest.mark.every_database
def test_who_has_edited_nothing_starts_from_the_spaces_and_their_first_pages(wiki: Scene) -> None:
    wiki.write("", "Welcome.\n", title="Engineering home", by="eve")
    wiki.write(
        "", "---\ndescription: Where ships are built.\n---\nHello.\n", space="open", by="eve"
    )
    for number in range(9):
        wiki.write(f"page-{number}", "x", title=f"Page {number}", by="eve")
    wiki.write("page-0/below", "x", by="eve")
    wiki.write("hush", "x", space="lab", by="eve")
    wiki.post("eve", "/eng/page-8/-/move", parent="", name="page-8", position="first")
    shown = section(wiki.get("dot", "/").text, "spaces")
    assert re.findall(r'href="/eng/(page-\w)"', shown) == [
        "page-8",
        *map("page-{}".format, range(7)),
    ]
    assert "All pages<" in shown and "/eng/-/tree" in shown
    assert "Where ships are built." in shown
    assert "hush" not in shown and "below" not in shown
    assert "/lab/hush" in section(wiki.get("ben", "/").text, "spaces")
    assert "/open/" in section(wiki.get("nobody", "/").text, "spaces")
    wiki.write("mine", "x", by="ben")
    shown = wiki.get("ben", "/").text
    assert section(shown, "continue") and "/eng/page-8" not in section(shown, "spaces")
