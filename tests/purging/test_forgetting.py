"""Memory of processes in which nothing was purged: they find out about it and forget."""

from __future__ import annotations

from tests.cast import Scene
from tests.purging.test_purging import purge, salaries
from wiki.purging.forgetting import AFTERWARDS, Forgetter


def test_other_processes_forget_after_a_purge_and_as_long_as_requests_may_have_read_it(
    wiki: Scene,
) -> None:
    page = salaries(wiki)
    forgotten: list[str] = []
    other = Forgetter(wiki.database, lambda: forgotten.append("all"))
    other.look(1)
    wiki.write("rota", "One.")
    other.look(2)
    assert forgotten == []
    assert purge(wiki, page).status_code == 303
    for moment in (3, 3 + AFTERWARDS, 4 + AFTERWARDS):
        other.look(moment)
    assert forgotten == ["all", "all"]


def test_a_process_forgets_whole_answers_too(wiki: Scene) -> None:
    wiki.write("rota", "One.")
    response_cache = wiki.app.extensions["wiki.response_cache"]
    wiki.get("cai", "/eng/rota")
    assert response_cache._entries
    response_cache.clear()
    assert not response_cache._entries
    assert "One." in wiki.get("cai", "/eng/rota").text
