"""Watched searches: one notice for each new page that matches and that the watcher may read."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from tests.api.conftest import Api
from tests.cast import Scene
from tests.pages.test_query_counts import counted
from wiki.db import now
from wiki.inbox.models import Notice
from wiki.outbox.models import EventRow
from wiki.pages.models import Page
from wiki.people.models import Person
from wiki.searches import alerts
from wiki.searches.alerts import notify_of_matches
from wiki.searches.models import SavedSearch
from wiki.watching.models import Watch


def watched(wiki: Scene, who: str, query: str, **more: str) -> int:
    """The id of a search that somebody saves and watches."""
    assert wiki.post(who, "/-/searches", name=query, query=query, **more).status_code == 303
    with wiki.database.read() as session:
        found = session.scalar(select(func.max(SavedSearch.id)))
    assert wiki.post(who, f"/-/searches/{found}/watch").status_code == 303
    return found or 0


def compare(wiki: Scene) -> None:
    """Do what the worker does after a minute."""
    wiki.deliver()
    notify_of_matches(wiki.database, wiki.settings)


def told(wiki: Scene, who: str) -> list[str]:
    """The titles of pages in an inbox."""
    shown = wiki.get(who, "/-/inbox").text
    return re.findall(r'<h2><a href="[^"]*" dir="auto">(.*?)</a>', shown)


@pytest.mark.every_database
def test_a_new_page_with_all_the_words_makes_one_notice_with_the_reason(wiki: Scene) -> None:
    wiki.write("old", "quokka budget", title="Old")
    wiki.deliver()
    watched(wiki, "cai", "quokka budget")
    wiki.write("some", "quokka only", title="Some")
    wiki.write("plan", "The budget of the quokka.", title="Plan")
    compare(wiki)
    assert told(wiki, "cai") == ["Plan"]
    shown = wiki.get("cai", "/-/inbox").text
    assert "A new page matches a search that you saved" in shown
    assert "Because you watch the search “quokka budget”." in shown
    assert told(wiki, "ben") == []
    # Neither a later edit nor another search tells of the page again.
    assert wiki.post("cai", "/-/inbox/1", do="done").status_code == 303
    watched(wiki, "cai", "budget")
    wiki.write("plan", "The budget of the quokka, and more.")
    compare(wiki)
    assert told(wiki, "cai") == []


def test_a_page_that_begins_to_match_by_an_edit_is_new_until_then(wiki: Scene) -> None:
    watched(wiki, "cai", "quokka")
    wiki.write("plan", "Soon.", title="Plan")
    compare(wiki)
    assert told(wiki, "cai") == []
    wiki.write("plan", "quokka")
    compare(wiki)
    assert told(wiki, "cai") == ["Plan"]


def test_hidden_pages_and_ones_own_make_no_notice(wiki: Scene) -> None:
    watched(wiki, "dot", "quokka")
    watched(wiki, "ben", "quokka")
    wiki.write("secret", "quokka", space="lab", title="Secret")
    wiki.write("mine", "quokka", by="ben", title="Mine")
    compare(wiki)
    assert told(wiki, "dot") == ["Mine"]
    assert told(wiki, "ben") == ["Secret"]


def test_a_disabled_person_is_not_told(wiki: Scene) -> None:
    watched(wiki, "cai", "quokka")
    with wiki.database.write() as session:
        session.execute(update(Person).where(Person.handle == "cai").values(disabled_at=now()))
    wiki.write("plan", "quokka")
    compare(wiki)
    with wiki.database.read() as session:
        assert session.scalar(select(func.count(Notice.id))) == 0


def test_who_stops_watching_or_deletes_the_search_is_not_told(wiki: Scene) -> None:
    one, other = watched(wiki, "cai", "quokka"), watched(wiki, "cai", "quokka plan")
    assert "quokka plan" in wiki.get("cai", "/-/watching").text
    assert "Stop notifying me" in wiki.get("cai", f"/-/searches/{one}/watch").text
    assert wiki.post("cai", f"/-/searches/{one}/watch", remove="1").status_code == 303
    assert wiki.post("cai", f"/-/searches/{other}/delete").status_code == 303
    with wiki.database.read() as session:
        assert (
            session.scalar(select(func.count(Watch.id)).where(Watch.subject.like("search:%"))) == 0
        )
    wiki.write("plan", "quokka plan")
    compare(wiki)
    assert told(wiki, "cai") == []


def test_the_level_in_the_list_of_what_is_watched_counts(wiki: Scene) -> None:
    watched(wiki, "cai", "quokka")
    with wiki.database.read() as session:
        watch_id = session.scalar(select(Watch.id).where(Watch.subject.like("search:%")))
    assert wiki.post("cai", f"/-/watching/{watch_id}", level="mentions").status_code == 303
    wiki.write("plan", "quokka")
    compare(wiki)
    assert told(wiki, "cai") == []
    assert "quokka" not in wiki.get("ben", "/-/watching").text
    (item,) = Api(wiki).get("cai", "/watches").json["watches"]
    assert (item["search"], item["level"], item["space"]) == ("quokka", "mentions", None)


def test_the_dry_run_lists_what_would_have_been_told(wiki: Scene) -> None:
    wiki.write("plan", "quokka", title="Plan of now")
    wiki.write("secret", "quokka", space="lab", title="Secret")
    old = wiki.write("old", "quokka", title="Plan of old")
    with wiki.database.write() as session:
        values = {"created_at": now() - timedelta(days=40)}
        session.execute(update(Page).where(Page.id == old.id).values(**values))
    wiki.deliver()
    wiki.post("dot", "/-/searches", name="q", query="quokka")
    shown = wiki.get("dot", "/-/searches/1/watch").text
    assert "You would have been notified of 1 page:" in shown
    assert "Plan of now" in shown
    assert "Secret" not in shown
    assert "Plan of old" not in shown
    assert wiki.get("ben", "/-/searches/1/watch").status_code == 404
    assert wiki.post("ben", "/-/searches/1/watch").status_code == 404


def test_a_large_import_takes_no_notice_away(wiki: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alerts, "MOST_PAGES", 2)
    watched(wiki, "cai", "quokka")
    wiki.write("plan", "quokka", title="Plan")
    for number in range(3):
        wiki.write(f"old{number}", "quokka", title="Old")
    with wiki.database.write() as session:
        imported = select(Page.id).where(Page.path.startswith("old"))
        for event in session.scalars(select(EventRow).where(EventRow.page_id.in_(imported))):
            event.payload = {**event.payload, "action": "import"}
    compare(wiki)
    assert told(wiki, "cai") == ["Plan"]


def test_what_a_run_costs_does_not_grow_with_the_number_of_saves(wiki: Scene) -> None:
    watched(wiki, "cai", "quokka")

    def statements(pages: int) -> int:
        for number in range(pages):
            wiki.write(f"p{pages}-{number}", "nothing of it")
        wiki.deliver()
        with counted(wiki) as found:
            notify_of_matches(wiki.database, wiki.settings)
        return len(found)

    statements(1)
    assert statements(6) == statements(2)
    with counted(wiki) as found:
        notify_of_matches(wiki.database, wiki.settings)
    assert len(found) <= 3
