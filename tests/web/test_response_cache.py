"""What is remembered is never older than the last commit, and never somebody else's."""

import pytest
from sqlalchemy import delete, update

from tests.cast import Scene
from wiki.app import open_database
from wiki.people.models import LoginSession
from wiki.spaces.models import Membership, Space
from wiki.web.response_cache import Read, ResponseCache

pytestmark = pytest.mark.every_database


def test_a_commit_of_another_process_is_seen_at_once(wiki: Scene) -> None:
    wiki.among_others()
    wiki.write("rota", "first words")
    assert "first words" in wiki.get("cai", "/eng/rota").text
    assert "first words" in wiki.get("cai", "/eng/rota").text
    other = open_database(wiki.settings)
    with other.write() as session:
        session.execute(update(Space).where(Space.slug == "eng").values(title="Renamed"))
    other.dispose()
    assert "Renamed" in wiki.get("cai", "/eng/rota").text


def test_a_right_that_was_taken_holds_from_the_next_request(wiki: Scene) -> None:
    wiki.write("plans", "secret", space="lab")
    assert wiki.get("cai", "/lab/plans").status_code == 200
    assert wiki.get("cai", "/lab/plans").status_code == 200
    with wiki.database.write() as session:
        session.execute(
            delete(Membership).where(Membership.person_id == wiki.actor("cai").person_id)
        )
    assert wiki.get("cai", "/lab/plans").status_code == 404


def test_a_sign_in_that_was_ended_holds_from_the_next_request(wiki: Scene) -> None:
    wiki.write("rota", "words")
    assert wiki.get("cai", "/eng/rota").status_code == 200
    with wiki.database.write() as session:
        session.execute(
            delete(LoginSession).where(LoginSession.person_id == wiki.actor("cai").person_id)
        )
    assert wiki.get("cai", "/eng/rota").status_code == 404


def test_nobody_is_shown_what_was_remembered_for_another(wiki: Scene) -> None:
    wiki.write("plan", "words", space="open")
    assert "Ben" in wiki.get("ben", "/open/plan").text
    assert "Cai" in wiki.get("cai", "/open/plan").text
    assert wiki.get("nobody", "/open/plan").status_code == 200
    wiki.write("plans", "secret", space="lab")
    assert wiki.get("ben", "/lab/plans").status_code == 200
    assert wiki.get("dot", "/lab/plans").status_code == 404


def test_a_page_that_did_not_change_is_not_sent_again(wiki: Scene) -> None:
    wiki.write("plan", "words", space="open")
    tag = wiki.get("nobody", "/open/plan").headers["ETag"]
    again = wiki.client("nobody").get("/open/plan", headers={"If-None-Match": tag})
    assert again.status_code == 304
    assert again.data == b""


def test_the_least_recently_used_is_forgotten_first(wiki: Scene) -> None:
    changes = wiki.database.changes
    cache = ResponseCache(20, changes)
    clock = changes.look()
    cache.put("a", "A", 10, Read(clock, {"spaces"}))
    cache.put("b", "B", 10, Read(clock, {"pages"}))
    assert cache.get("a") == "A"
    cache.put("c", "C", 10, Read(clock, {"pages"}))
    assert cache.get("b") is None
    assert cache.get("a") == "A"
    with wiki.database.write() as session:
        session.execute(update(Space).where(Space.slug == "eng").values(title="Renamed"))
    assert changes.look() > clock
    assert cache.get("a") is None
    assert cache.get("c") == "C"


def test_what_is_too_old_is_forgotten(wiki: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = ResponseCache(20, wiki.database.changes)
    monkeypatch.setattr("wiki.web.response_cache.SECONDS", -1.0)
    cache.put("a", "A", 10, Read(0, set()))
    monkeypatch.undo()
    cache.put("b", "B", 10, Read(0, set()))
    assert list(cache._entries) == ["b"]


def test_a_message_that_is_shown_once_is_not_remembered(wiki: Scene) -> None:
    page = wiki.write("rota", "words")
    form = {"title": page.title, "body": "words", "base": str(page.head)}
    assert wiki.post("eve", "/eng/rota/-/edit", **form).status_code == 303
    message = "Nothing was changed"
    assert message in wiki.get("eve", "/eng/rota").text
    assert message not in wiki.get("eve", "/eng/rota").text
    assert message not in wiki.get("eve", "/eng/rota").text


def test_another_address_or_encoding_is_another_answer(wiki: Scene) -> None:
    wiki.write("rota", "first words", space="open")
    wiki.write("rota", "second words", space="open")
    for _ in range(2):
        assert "first words" in wiki.get("nobody", "/open/rota?revision=1").text
        assert "second words" in wiki.get("nobody", "/open/rota").text
        packed = wiki.get("nobody", "/open/rota", headers={"Accept-Encoding": "gzip"})
        assert packed.headers["Content-Encoding"] == "gzip"


def test_processes_share_the_memory_of_the_cache(wiki: Scene) -> None:
    cache = ResponseCache(40, wiki.database.changes)
    cache.share(2)
    read = Read(wiki.database.changes.look(), set())
    for name in ("a", "b", "c"):
        cache.put(name, name, 10, read)
    assert [cache.get(name) for name in ("a", "b", "c")] == [None, "b", "c"]
