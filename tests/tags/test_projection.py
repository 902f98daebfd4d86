"""The derived tags are what the heads say, whatever happened and however often it is told."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select, update

from tests.cast import Scene
from tests.pages.test_query_counts import counted
from tests.surroundings import examples
from wiki.migrate import downgrade, migrate
from wiki.outbox.deliver import Happening
from wiki.outbox.models import EventRow
from wiki.pages.models import Page
from wiki.tags import projection
from wiki.tags.actions import Renaming, rename_tag
from wiki.tags.handlers import list_by_tag
from wiki.tags.models import PageTag
from wiki.text.tags import MAX_KEY, spelled, tag_key

pytestmark = pytest.mark.every_database


def rows(wiki: Scene) -> set[tuple[int, str, str]]:
    with wiki.database.read() as session:
        found = session.execute(select(PageTag.page_id, PageTag.tag_key, PageTag.tag))
        return {(page_id, key, tag) for page_id, key, tag in found}


def differences(wiki: Scene) -> list[projection.Difference]:
    with wiki.database.read() as session:
        return list(projection.check(session))


def happenings(wiki: Scene) -> Sequence[Happening]:
    with wiki.database.read() as session:
        return [
            Happening(0, row.id, row.name, row.at, None, row.space_id, row.page_id, row.payload)
            for row in session.scalars(select(EventRow).where(EventRow.page_id.is_not(None)))
        ]


def test_what_is_damaged_is_found_said_and_repaired(wiki: Scene) -> None:
    for number in range(4):
        wiki.write(f"page-{number}", "x", tags=("rota", "duty"))
    wiki.write("plain", "x")
    wiki.deliver()
    whole = rows(wiki)
    assert differences(wiki) == []
    ids = [wiki.page(f"page-{number}").id for number in range(4)]
    moment = datetime(2020, 1, 1, tzinfo=UTC)
    with wiki.database.write() as session:
        session.execute(delete(PageTag).where(PageTag.page_id == ids[0]))
        session.execute(update(PageTag).where(PageTag.page_id == ids[1]).values(updated_at=moment))
        stray = {"tag_key": "stray", "tag": "stray", "updated_at": moment}
        session.add(PageTag(page_id=ids[2], space_id=wiki.page("plain").space_id, **stray))
        session.add(
            PageTag(page_id=wiki.page("plain").id, space_id=wiki.page("plain").space_id, **stray)
        )
    found = differences(wiki)
    assert [one.page_id for one in found] == [*ids[:3], wiki.page("plain").id]
    assert str(found[0]) == f"Page {ids[0]} has the tags rota, duty, but is listed under: none."
    with wiki.database.write() as session:
        assert projection.repair(session, found) == 4
    assert differences(wiki) == []
    assert rows(wiki) == whole


def test_a_table_that_was_emptied_is_derived_again(wiki: Scene) -> None:
    for number in range(5):
        wiki.write(f"page-{number}", "x", tags=("rota",))
    wiki.deliver()
    whole = rows(wiki)
    with wiki.database.write() as session:
        session.execute(delete(PageTag))
        projection.repair(session, projection.check(session))
    assert rows(wiki) == whole


def test_a_wiki_from_before_has_its_tags_after_the_migration(wiki: Scene) -> None:
    wiki.write("one", "x", tags=("Café", "on call"))
    wiki.write("two", "x", tags=("CAFE\u0301", "\ufe0f", "ﷺ" * 50))
    wiki.write("gone", "x", tags=("on call",))
    wiki.post("ben", "/eng/gone/-/delete")
    wiki.deliver()
    whole = rows(wiki)
    downgrade(wiki.database, "0001")
    migrate(wiki.database)
    assert rows(wiki) == whole
    assert differences(wiki) == []


def test_a_batch_of_events_is_heard_with_a_few_questions(wiki: Scene) -> None:
    def asked() -> int:
        told = happenings(wiki)
        with counted(wiki) as statements:
            list_by_tag(wiki.database, wiki.settings, told)
        return len(statements)

    wiki.write("page", "x", tags=("a", "b"))
    few = asked()
    for number in range(40):
        wiki.write(f"page-{number}", "x", tags=("a", "b", f"tag {number}"))
    assert asked() == few
    assert asked() == 2  # nothing is written when all is right
    assert differences(wiki) == []


def test_a_batch_with_a_page_that_is_gone_goes_through(wiki: Scene) -> None:
    wiki.write("page", "x", tags=("a",))
    wiki.write("gone", "x", tags=("a",))
    told = happenings(wiki)
    with wiki.database.write() as session:
        session.execute(delete(Page).where(Page.id == wiki.page("gone").id))
    list_by_tag(wiki.database, wiki.settings, told)
    assert differences(wiki) == []
    assert len(rows(wiki)) == 1


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("write"), st.integers(0, 3), st.lists(st.sampled_from("aAbBcé"))),
        st.tuples(st.just("delete"), st.integers(0, 3), st.just([])),
        st.tuples(st.just("move"), st.integers(0, 3), st.just([])),
        st.tuples(st.just("tell"), st.integers(0, 3), st.just([])),
    ),
    max_size=12,
)


@settings(
    max_examples=examples(20),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=STEPS)
def test_however_events_arrive_the_rows_end_as_the_heads_say(
    wiki: Scene, steps: list[tuple[str, int, list[str]]]
) -> None:
    for step, number, tags in steps:
        path = f"page-{number}"
        if step == "write":
            wiki.write(path, "x", tags=tuple(tags))
        elif step == "delete":
            wiki.post("eve", f"/eng/{path}/-/delete")
        elif step == "move":
            wiki.post(
                "eve", f"/eng/{path}/-/move", path=f"{path}-{len(happenings(wiki))}", space="lab"
            )
        else:
            list_by_tag(wiki.database, wiki.settings, list(reversed(happenings(wiki)))[:number])
    list_by_tag(wiki.database, wiki.settings, happenings(wiki))
    assert differences(wiki) == []
    list_by_tag(wiki.database, wiki.settings, list(reversed(happenings(wiki))))
    assert differences(wiki) == []


@given(st.text(max_size=60))
def test_a_key_is_the_same_for_every_spelling_and_never_too_long(tag: str) -> None:
    key = tag_key(tag)
    assert len(key) <= MAX_KEY
    assert tag_key(spelled(tag)) == key
    assert bool(key) == bool(spelled(tag))


@pytest.mark.parametrize(
    ("one", "other"),
    [("Rota", "rOTA"), ("Café", "CAFE\u0301"), (" on  call ", "on call"), ("ß", "SS")],
)
def test_spellings_that_people_take_for_one(one: str, other: str) -> None:
    assert tag_key(one) == tag_key(other)


def test_the_worker_and_a_rename_at_once_leave_the_rows_right(wiki: Scene) -> None:
    for number in range(30):
        wiki.write(f"page-{number}", "x", tags=("rota", "kept"))
    told = happenings(wiki)
    space_id, ben = wiki.page("page-1").space_id, wiki.actor("ben")
    list_by_tag(wiki.database, wiki.settings, told)
    failed: list[Exception] = []
    ended = threading.Event()

    def listen() -> None:
        try:
            while not ended.is_set():
                with wiki.database.write() as session:  # as if each page had been changed
                    session.execute(delete(PageTag).where(PageTag.tag_key == "kept"))
                list_by_tag(wiki.database, wiki.settings, told)
        except Exception as error:
            failed.append(error)

    worker = threading.Thread(target=listen)
    worker.start()
    for turn in range(10):
        with wiki.database.write() as session:
            old, new = ("rota", "duty") if turn % 2 == 0 else ("duty", "rota")
            rename_tag(session, ben, space_id, Renaming(old, new, True))
    ended.set()
    worker.join()
    assert failed == []
    list_by_tag(wiki.database, wiki.settings, told)
    assert differences(wiki) == []
    assert wiki.page("page-1").head == 11
