"""The index and the database: what is saved is found, whatever was killed, lost or damaged."""

import os
import shutil
from dataclasses import replace

import pytest
from click.testing import CliRunner

from tests.cast import Scene
from tests.search.test_searching import found
from wiki.cli import main
from wiki.outbox.deliver import Deliverer
from wiki.outbox.models import Delivery
from wiki.search.index import difference, mend, rebuild, reconcile, whoosh_of
from wiki.subscribers import AT_START, EACH_SECOND, handlers_by_name

pytestmark = pytest.mark.every_database


def chores(wiki: Scene, *, at_start: bool = False) -> None:
    """What the worker sees to each second, or when it starts."""
    for chore in (*(AT_START if at_start else ()), *EACH_SECOND):
        chore(wiki.database, wiki.settings)


def test_the_first_save_of_a_new_wiki_makes_the_index(wiki: Scene) -> None:
    wiki.write("a", "word")
    wiki.deliver()
    assert found(wiki, "cai", "word") == ["a"]


def test_one_step_of_the_worker_makes_a_save_findable(wiki: Scene) -> None:
    chores(wiki, at_start=True)
    wiki.write("a", "word")
    Deliverer(wiki.database, wiki.settings, handlers_by_name()).deliver_due()
    assert found(wiki, "cai", "word") == ["a"]


def test_a_delivery_heard_twice_does_no_harm(wiki: Scene) -> None:
    wiki.write("a", "word")
    with wiki.database.read() as session:
        debts = [(one.event_id, one.subscriber) for one in session.query(Delivery)]
    wiki.deliver()
    with wiki.database.write() as session:
        session.add_all(Delivery(event_id=event, subscriber=name) for event, name in debts)
    wiki.deliver()
    assert found(wiki, "cai", "word") == ["a"]


def test_what_the_index_has_already_is_not_written_again(wiki: Scene) -> None:
    wiki.write("a", "word")
    rebuild(wiki.database, wiki.settings)
    before = sorted(whoosh_of(wiki.settings).shelf.root.rglob("*"))
    assert wiki.deliver()
    assert sorted(whoosh_of(wiki.settings).shelf.root.rglob("*")) == before


def test_what_a_crash_kept_out_of_the_index_is_taken_in_at_the_next_start(wiki: Scene) -> None:
    wiki.write("kept", "word")
    wiki.write("changed", "word")
    wiki.write("deleted", "word")
    wiki.deliver()
    wiki.write("changed", "other")
    wiki.write("added", "other")
    wiki.post("ben", "/eng/deleted/-/delete")
    with wiki.database.write() as session:
        session.query(Delivery).delete()  # as if they had been delivered and the index lost them
    lost = difference(wiki.database, wiki.settings)
    assert len(lost.stale) == 2
    assert len(lost.gone) == 1
    chores(wiki, at_start=True)
    assert not difference(wiki.database, wiki.settings)
    assert sorted(found(wiki, "cai", "other")) == ["added", "changed"]
    assert found(wiki, "cai", "word") == ["kept"]


def test_reconciling_what_agrees_changes_nothing(wiki: Scene) -> None:
    wiki.write("a", "word")
    wiki.deliver()
    before = sorted(whoosh_of(wiki.settings).shelf.root.rglob("*"))
    assert not reconcile(wiki.database, wiki.settings)
    assert sorted(whoosh_of(wiki.settings).shelf.root.rglob("*")) == before


def test_an_index_that_was_removed_under_a_running_wiki_is_built_anew(wiki: Scene) -> None:
    wiki.write("a", "word")
    wiki.deliver()
    shutil.rmtree(wiki.settings.data_dir / "index")
    assert wiki.get("cai", "/-/search?q=word").status_code == 503
    chores(wiki)
    assert found(wiki, "cai", "word") == ["a"]


def test_an_index_that_a_search_finds_damaged_is_built_anew(wiki: Scene) -> None:
    wiki.write("a", "word")
    wiki.deliver()
    for file in (wiki.settings.data_dir / "index").rglob("*.seg"):
        os.truncate(file, 10)
    assert wiki.get("cai", "/-/search?q=word").status_code == 503
    assert mend(wiki.database, wiki.settings)
    assert found(wiki, "cai", "word") == ["a"]
    assert not mend(wiki.database, wiki.settings)


def test_an_index_that_cannot_be_written_keeps_the_delivery_for_later(
    wiki: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    wiki.write("a", "word")
    wiki.deliver()
    wiki.write("b", "word")

    def full(*_: object, **__: object) -> None:
        raise OSError("No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("wiki.search.whoosh.adapter.Writer.add_document", full)
        wiki.deliver()
    with wiki.database.read() as session:
        assert session.query(Delivery).filter(Delivery.error.is_not(None)).count() == 1
    assert found(wiki, "cai", "word") == ["a"]
    chores(wiki)
    assert found(wiki, "cai", "word") == ["a"]
    reconcile(wiki.database, wiki.settings)
    assert sorted(found(wiki, "cai", "word")) == ["a", "b"]


def test_a_page_saved_while_the_index_is_built_is_in_it(
    wiki: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    wiki.write("a", "word")
    wiki.deliver()
    saved: list[str] = []

    def save_meanwhile(_done: int, _total: int) -> None:
        if not saved:
            saved.append("b")
            wiki.write("b", "word")
            assert found(wiki, "cai", "word") == ["a"]

    assert rebuild(wiki.database, wiki.settings, save_meanwhile) == 2
    assert sorted(found(wiki, "cai", "word")) == ["a", "b"]


def test_reindex_says_how_many_pages_are_searchable(
    wiki: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    wiki.write("a", "word")
    monkeypatch.setattr("wiki.search.commands.opened", lambda: (wiki.settings, wiki.database))
    done = CliRunner().invoke(main, ["reindex"])
    assert done.exit_code == 0
    assert done.stdout == "1 page is searchable.\n"
    assert found(wiki, "cai", "word") == ["a"]
    with whoosh_of(wiki.settings).shelf.lock("building"):
        busy = CliRunner().invoke(main, ["reindex"])
    assert busy.exit_code == 1
    assert "Another process is already building the search index" in busy.stderr


@pytest.mark.usefixtures("nothing_recent")
def test_a_text_that_is_damaged_costs_only_its_own_words(wiki: Scene) -> None:
    wiki.write("a", "word one")
    wiki.write("b", "word two", title="Titled")
    with wiki.database.write() as session:
        from wiki.pages.models import Content
        from wiki.pages.rendering.models import RenderingRow

        session.query(RenderingRow).delete()
        page = wiki.page("b")
        from wiki.pages.revisions import head_of

        key = head_of(session, page).content_hash
        session.get_one(Content, key).data = b"not what was stored"
    rebuild(wiki.database, replace(wiki.settings))
    assert found(wiki, "cai", "word") == ["a"]
    assert found(wiki, "cai", "titled") == ["Titled"]
