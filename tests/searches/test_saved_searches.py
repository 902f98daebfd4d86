"""Saved searches: saved, found again, changed and deleted by their owner alone."""

import html
import re
from pathlib import Path

import pytest
from sqlalchemy import select

from tests.cast import Scene
from tests.statements import opened
from wiki.app import create_app, open_database
from wiki.config import Settings
from wiki.drill.canaries import lay_out
from wiki.drill.crawl import Drill
from wiki.migrate import migrate
from wiki.searches import actions, queries
from wiki.searches.models import SavedSearch

LIST = "/-/searches"


def save(wiki: Scene, who: str, name: str, query: str, **more: str) -> int:
    return wiki.post(who, LIST, name=name, query=query, **more).status_code


def listed(wiki: Scene, who: str, url: str = LIST) -> list[tuple[str, str]]:
    """The saved searches on a screen: names and addresses."""
    shown = wiki.get(who, url).text
    found = re.findall(r'<a class="row-title" href="([^"]*)" dir="auto">(.*?)</a>', shown)
    return [(html.unescape(name), html.unescape(address)) for address, name in found]


def ids(wiki: Scene) -> list[int]:
    with wiki.database.read() as session:
        return list(session.scalars(select(SavedSearch.id).order_by(SavedSearch.id)))


@pytest.mark.every_database
def test_a_search_is_saved_run_changed_and_deleted(wiki: Scene) -> None:
    wiki.write("plan", "The quokka budget.", title="Plan")
    wiki.deliver()
    shown = wiki.get("cai", "/-/search?q=quokka+budget&space=eng").text
    assert '<input type="hidden" name="space" value="eng">' in shown
    sent = {"name": "Money", "query": "quokka budget", "space": "eng", "back": "results"}
    saved = wiki.post("cai", LIST, **sent)
    assert saved.location == "/-/search?q=quokka+budget&space=eng"
    assert listed(wiki, "cai") == [("Money", "/-/search?q=quokka+budget&space=eng")]
    assert listed(wiki, "cai", "/-/search") == listed(wiki, "cai")
    (number,) = ids(wiki)
    changed = wiki.post("cai", f"{LIST}/{number}", name="Funds", query="quokka", space="")
    assert changed.status_code == 303
    assert listed(wiki, "cai") == [("Funds", "/-/search?q=quokka")]
    assert wiki.post("cai", f"{LIST}/{number}/delete").status_code == 303
    assert listed(wiki, "cai") == []
    assert wiki.post("cai", f"{LIST}/{number}/delete").status_code == 404


def test_the_switcher_lists_saved_searches_by_their_names(wiki: Scene) -> None:
    save(wiki, "cai", "Budget of the quarter", "quokka")
    row = '<a class="with-icon" href="/-/search?q=quokka"'
    assert row in wiki.get("cai", "/-/switch?q=quart").text
    assert row in wiki.get("cai", "/-/switch").text
    assert row not in wiki.get("cai", "/-/switch?q=zzz").text
    assert row not in wiki.get("cai", "/-/switch?q=quart&for=link").text
    assert row not in wiki.get("ben", "/-/switch?q=quart").text


def test_a_saved_search_of_another_person_is_not_there(wiki: Scene) -> None:
    save(wiki, "cai", "Secret plans", "marmalade")
    (number,) = ids(wiki)
    for who in ("ben", "ada"):
        for response in (
            wiki.get(who, f"{LIST}/{number}"),
            wiki.post(who, f"{LIST}/{number}", name="x", query="y"),
            wiki.post(who, f"{LIST}/{number}/delete"),
        ):
            assert response.status_code == 404
        assert "marmalade" not in wiki.get(who, LIST).text
    assert wiki.get("nobody", LIST).status_code == 302
    assert wiki.post("nobody", LIST, name="x", query="y").status_code in (302, 401)
    assert "Save this search" not in wiki.get("nobody", "/-/search?q=plan").text


@pytest.mark.parametrize(
    ("name", "query", "sentence"),
    [
        ("", "words", "Enter a name"),
        ("x" * 101, "words", "Enter a name"),
        ("Name", "", "Enter words"),
        ("Name", "x" * 401, "Enter words"),
        ("Name", "\x00 ...", "Enter words"),
        ("MONEY", "words", "another saved search"),
    ],
)
def test_what_cannot_be_saved_is_refused_with_a_sentence(
    wiki: Scene, name: str, query: str, sentence: str
) -> None:
    save(wiki, "cai", "money", "quokka")
    refused = wiki.post("cai", LIST, name=name, query=query)
    assert refused.status_code in (409, 422)
    assert sentence in refused.text
    assert len(ids(wiki)) == 1


def test_a_person_has_a_limited_number_of_saved_searches(
    wiki: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions, "MOST", 1)
    assert save(wiki, "cai", "one", "x") == 303
    assert save(wiki, "cai", "two", "x") == 422
    assert save(wiki, "ben", "one", "x") == 303


def test_a_space_that_is_not_readable_any_more_finds_nothing_and_is_not_named(wiki: Scene) -> None:
    wiki.write("plan", "quokka", space="lab", title="Hidden plan")
    wiki.deliver()
    save(wiki, "dot", "Lab", "quokka", space="lab")
    ((_, address),) = listed(wiki, "dot")
    shown = wiki.get("dot", address).text
    assert "Hidden plan" not in shown
    assert "no space called “lab” that you can read" in shown
    assert '<option value="lab" selected>lab</option>' in wiki.get("dot", f"{LIST}/1").text


def test_the_drill_finds_saved_searches_that_others_could_see(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, secret_key="d" * 40)
    database = open_database(settings)
    migrate(database)
    app = create_app(settings, database)
    app.config.update(WTF_CSRF_ENABLED=False)
    world = lay_out(app, database, settings)
    screens = {"searches.saved", "search.results", "search.switch"}
    report = Drill(world, only=screens).run()
    assert not (report.leaks or report.differences or report.unasked)
    app.extensions["wiki.response_cache"].clear()
    with opened(queries, "_own", lambda _actor: select(SavedSearch)):
        assert Drill(world, only={"searches.saved"}, until_first=True).run().leaks
    database.dispose()
