"""The index in the wiki's own PostgreSQL database: chosen by a setting, kept up to date, purged."""

from __future__ import annotations

from dataclasses import replace

import pytest
from click.testing import CliRunner
from sqlalchemy import text

from tests.cast import Scene
from tests.purging.test_traces import SECRETS, dump, purge, secret_page
from tests.search.test_keeping_up import chores
from tests.search.test_searching import found
from wiki.cli import main
from wiki.config import POSTGRESQL
from wiki.pages.merging import Text
from wiki.pages.saving.edit import Edit
from wiki.pages.saving.submit import submit
from wiki.search.engine import IndexUnavailable
from wiki.search.index import difference, engine_of, rebuild, reconcile, whoosh_of
from wiki.search.postgresql.adapter import PostgresEngine

pytestmark = [
    pytest.mark.every_database,
    pytest.mark.only_postgres,
    pytest.mark.search_in_database,
]


@pytest.fixture
def searched(wiki: Scene) -> Scene:
    """A wiki with a page that is found in the database."""
    wiki.write("a", "word")
    wiki.deliver()
    assert found(wiki, "cai", "word") == ["a"]
    return wiki


def test_pages_are_found_as_they_are_saved_changed_and_deleted(searched: Scene) -> None:
    assert not (searched.settings.data_dir / "index" / "current").exists()
    searched.write("a", "other")
    searched.write("b", "word")
    searched.deliver()
    assert found(searched, "cai", "word") == ["b"]
    searched.post("ben", "/eng/b/-/delete")
    searched.deliver()
    assert found(searched, "cai", "word") == []
    assert not difference(searched.database, searched.settings)
    engine = PostgresEngine(searched.database)
    rebuild(searched.database, searched.settings)
    with searched.database.read() as session:
        wrong = session.execute(
            text(
                "SELECT term FROM search_v1.terms t WHERE field = 'stem' AND pages <> (SELECT"
                " count(*) FROM search_v1.documents WHERE term = ANY(tsvector_to_array(stems)))"
            )
        ).all()
    assert wrong == []
    assert engine.exists()


def test_what_a_crash_kept_out_is_taken_in_at_the_next_start(searched: Scene) -> None:
    searched.write("b", "word")  # and no delivery
    assert len(difference(searched.database, searched.settings).stale) == 1
    reconcile(searched.database, searched.settings)
    assert sorted(found(searched, "cai", "word")) == ["a", "b"]


def test_a_lost_index_is_built_anew(searched: Scene) -> None:
    PostgresEngine(searched.database).drop()
    assert searched.get("cai", "/-/search?q=word").status_code == 503
    chores(searched)
    assert found(searched, "cai", "word") == ["a"]


def test_the_engine_is_changed_while_the_wiki_serves(
    searched: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    whoosh = replace(searched.settings, search_engine="whoosh")
    monkeypatch.setattr("wiki.search.commands.opened", lambda: (whoosh, searched.database))
    assert CliRunner().invoke(main, ["reindex"]).exit_code == 0
    assert found(searched, "cai", "word") == ["a"]  # in the database, as before
    assert whoosh_of(whoosh).exists()
    chores(replace_settings(searched, whoosh), at_start=True)
    assert PostgresEngine(searched.database).wanted()
    assert list(engine_of(whoosh, searched.database).revisions().values()) == [1]
    chores(replace_settings(searched, searched.settings), at_start=True)
    assert not whoosh_of(whoosh).exists()
    assert found(searched, "cai", "word") == ["a"]


def replace_settings(wiki: Scene, settings: object) -> Scene:
    """The scene with other settings, for chores."""
    return Scene(wiki.app, settings, wiki.database, wiki.people)  # type: ignore[arg-type]


def test_only_one_process_builds_the_index(
    searched: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "wiki.search.commands.opened", lambda: (searched.settings, searched.database)
    )
    refused = []

    def again(_done: int, _total: int) -> None:
        refused.append(CliRunner().invoke(main, ["reindex"]))

    rebuild(searched.database, searched.settings, again)
    assert "Another process is already building the search index" in refused[0].stderr


def test_a_database_that_refuses_the_index_is_named_by_reindex(
    searched: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    PostgresEngine(searched.database).drop()
    monkeypatch.setattr("wiki.search.postgresql.schema._TABLES", "CREATE SCHEMA pg_refused;\n")
    with pytest.raises(IndexUnavailable, match="pg_trgm"):
        rebuild(searched.database, searched.settings)


def test_a_purged_page_is_in_no_table(wiki: Scene) -> None:
    page_id = secret_page(wiki)
    assert "body" in dump(wiki)
    purge(wiki, page_id, name=SECRETS["title"], head=3)
    assert dump(wiki).isdisjoint(SECRETS.keys() - {"path"})
    assert engine_of(wiki.settings, wiki.database).exists()


def test_the_words_of_a_purged_revision_are_in_no_table(wiki: Scene) -> None:
    page_id = secret_page(wiki)
    changed = Text("Harmless", "Harmless again.\n", (), "", {})
    with wiki.database.write() as session:
        submit(session, wiki.actor("eve"), Edit(page_id, changed, base=3))
    wiki.deliver()
    purge(wiki, page_id, name="Harmless", head=4, revision=2, same=1)
    assert "body" not in dump(wiki)
    assert wiki.settings.search_engine == POSTGRESQL
