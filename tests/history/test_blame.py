"""Blame in the browser: each line with its author, revision and date, of any revision."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from tests.cast import Scene
from tests.pages.test_query_counts import counted
from tests.surroundings import examples
from tests.text.test_blame import predecessor
from wiki.db import now
from wiki.history import blame as blaming
from wiki.history.blame import blame, keep_blames
from wiki.pages.models import BlameRow, Page, Revision
from wiki.pages.revisions import get_revision
from wiki.pages.texts.stored import get_texts
from wiki.text.compare.blame import blame_lines
from wiki.text.sandbox import parent as sandbox


def shown(html: str) -> list[tuple[int, int, str]]:
    """Line, revision it comes from, text."""
    found, revision = [], 0
    for row in re.findall(r'<tr id="L.*?</tr>', html, re.DOTALL):
        named = re.search(r"Changes in revision (\d+)<", row)
        revision = int(named[1]) if named else revision
        line = re.search(r'id="L(\d+)".*<td class="text[^"]*" dir="auto">(.*)</td>', row, re.DOTALL)
        assert line
        found.append((int(line[1]), revision, line[2]))
    return found


def rota(wiki: Scene) -> None:
    wiki.write("rota", "one\ntwo\nthree\n", by="eve", message="Begin")
    wiki.write("rota", "one\nTWO\nthree\n", by="ben", message="Louder")
    wiki.write("rota", "zero\none\nTWO\nthree\n", by="eve")


def test_each_line_says_who_made_it_what_it_is(wiki: Scene) -> None:
    rota(wiki)
    page = wiki.get("cai", "/eng/rota/-/blame")
    assert page.status_code == 200
    assert shown(page.text) == [(1, 3, "zero"), (2, 1, "one"), (3, 2, "TWO"), (4, 1, "three")]
    for words in ("Ben", "Eve", "Louder", "/eng/rota/-/diff/1..2"):
        assert words in page.text


def test_the_way_back_leads_past_the_change_of_a_line(wiki: Scene) -> None:
    rota(wiki)
    page = wiki.get("cai", "/eng/rota/-/blame").text
    assert "/eng/rota/-/blame?revision=1" in page
    before = wiki.get("cai", "/eng/rota/-/blame?revision=1").text
    assert shown(before) == [(1, 1, "one"), (2, 1, "two"), (3, 1, "three")]
    assert "This is revision 1 of 3" in before


@pytest.mark.parametrize("number", ["0", "4", "x", "-1", "99999999999999999999"])
def test_there_is_no_blame_of_a_revision_that_there_is_not(wiki: Scene, number: str) -> None:
    rota(wiki)
    assert wiki.get("cai", f"/eng/rota/-/blame?revision={number}").status_code == 404


def test_lines_that_come_back_have_their_first_author_again(wiki: Scene) -> None:
    rota(wiki)
    wiki.post("ben", "/eng/rota/-/restore", revision=1, head=3)
    found = shown(wiki.get("cai", "/eng/rota/-/blame").text)
    assert [origin for _, origin, _ in found] == [1, 1, 1]


def test_a_move_writes_no_line(wiki: Scene) -> None:
    rota(wiki)
    wiki.post("ben", "/eng/rota/-/move", path="teams/rota", space="eng")
    assert wiki.get("cai", "/eng/rota/-/blame").location == "/eng/teams/rota/-/blame"
    found = shown(wiki.get("cai", "/eng/teams/rota/-/blame").text)
    assert [origin for _, origin, _ in found] == [3, 1, 2, 1]


def test_what_was_merged_in_keeps_its_author(wiki: Scene) -> None:
    body = "".join(f"line {n}\n" for n in range(9))
    page = wiki.write("rota", body)
    wiki.write("rota", body.replace("line 1", "first"), by="eve")
    form = {"title": page.title, "body": body.replace("line 7", "last"), "base": "1"}
    assert wiki.post("ben", "/eng/rota/-/edit", **form).status_code == 303
    found = shown(wiki.get("cai", "/eng/rota/-/blame").text)
    assert (found[1][1], found[7][1]) == (2, 3)


def test_an_empty_page_has_no_lines_to_blame_anybody_for(wiki: Scene) -> None:
    wiki.write("empty", "")
    assert "No lines" in wiki.get("cai", "/eng/empty/-/blame").text


def test_a_long_text_comes_in_parts_that_hold_every_line(wiki: Scene) -> None:
    wiki.write("long", "".join(f"line {n}\n" for n in range(4500)))
    seen: list[int] = []
    for part in (1, 2, 3):
        page = wiki.get("cai", f"/eng/long/-/blame?part={part}").text
        assert f"Part {part} of 3" in page
        seen += [number for number, _, _ in shown(page)]
    assert seen == list(range(1, 4501))
    assert "Part 3 of 3" in wiki.get("cai", "/eng/long/-/blame?part=99").text


def test_lines_are_shown_as_text_never_as_markup(wiki: Scene) -> None:
    wiki.write("bad", "<script>one</script>\n", message="<b>bold</b>")
    page = wiki.get("cai", "/eng/bad/-/blame").text
    assert "<script>one" not in page
    assert "<b>bold" not in page


def test_the_blame_of_a_hidden_page_is_as_absent_as_the_page(wiki: Scene) -> None:
    wiki.write("secret", "x\n", space="lab")
    hidden = wiki.get("dot", "/lab/secret/-/blame")
    absent = wiki.get("dot", "/lab/absent/-/blame")
    assert (hidden.status_code, hidden.text) == (404, absent.text.replace("absent", "secret"))


def many(wiki: Scene, count: int) -> Page:
    page = wiki.write("log", "0\n")
    for number in range(1, count):
        wiki.write("log", "".join(f"{n}\n" for n in range(max(0, number - 9), number + 1)))
    return page


def stored(wiki: Scene) -> list[int]:
    with wiki.database.read() as session:
        return list(session.scalars(select(BlameRow.number).order_by(BlameRow.number)))


def test_what_took_long_is_stored_and_begun_from_next_time(
    wiki: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blaming, "SPACING", 20)
    many(wiki, 45)
    first = shown(wiki.get("cai", "/eng/log/-/blame").text)
    assert stored(wiki) == [20, 40, 45]
    assert [origin for _, origin, _ in first] == list(range(36, 46))
    for number in range(45, 65):
        wiki.write("log", f"{number}\n")
    wiki.get("cai", "/eng/log/-/blame")
    assert stored(wiki) == [20, 40, 60, 65]


def test_a_few_revisions_are_not_worth_storing(wiki: Scene) -> None:
    rota(wiki)
    wiki.get("cai", "/eng/rota/-/blame")
    assert stored(wiki) == []


@pytest.mark.usefixtures("nothing_recent")
def test_the_texts_of_many_revisions_are_read_in_slices(wiki: Scene) -> None:
    many(wiki, 230)
    with counted(wiki) as statements:
        wiki.get("cai", "/eng/log/-/blame")
    assert sum("contents.data" in one for one in statements) == 2
    assert len(statements) < 25


def test_a_long_history_is_gone_through_bit_by_bit_and_comes_out_the_same(
    wiki: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    many(wiki, 30)
    expected = shown(wiki.get("cai", "/eng/log/-/blame").text)
    with wiki.database.write() as session:
        session.execute(delete(BlameRow))
    monkeypatch.setattr(blaming, "AT_ONCE", 0)
    monkeypatch.setattr(blaming, "SECONDS", -1)
    monkeypatch.setattr(blaming, "SLICE", 8)
    for done in (8, 15, 22, 29):
        refused = wiki.get("cai", "/eng/log/-/blame")
        assert (refused.status_code, refused.headers["Retry-After"]) == (503, "1")
        assert f"up to revision {done} of 30" in refused.text
    assert shown(wiki.get("cai", "/eng/log/-/blame").text) == expected


@pytest.mark.thorough
def test_texts_too_large_to_trace_say_so(wiki: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    wiki.write("log", "a\n" * 150_000)
    wiki.write("log", "b\n" * 150_000)
    monkeypatch.setattr(sandbox, "COMPARE_SECONDS", 0.0001)
    refused = wiki.get("cai", "/eng/log/-/blame")
    assert refused.status_code == 422
    assert "too large to show who wrote which line" in refused.text


def test_texts_are_read_no_more_at_a_time_than_there_is_memory_for(
    wiki: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    many(wiki, 12)
    monkeypatch.setattr(blaming, "SLICE_BYTES", 100)
    read: list[int] = []

    def counted_texts(session: Session, keys: Sequence[str]) -> dict[str, str]:
        found = get_texts(session, keys)
        read.append(sum(map(len, found.values())))
        return found

    monkeypatch.setattr(blaming, "get_texts", counted_texts)
    assert len(shown(wiki.get("cai", "/eng/log/-/blame").text)) == 10
    assert len(read) > 1
    assert max(read) <= 100


def test_a_blame_that_cannot_be_stored_is_shown_all_the_same(
    wiki: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    many(wiki, 20)

    def full(*_: object) -> None:
        raise OperationalError("INSERT", {}, Exception("the disk is full"))

    monkeypatch.setattr("wiki.history.blame.keep_blames", full)
    assert len(shown(wiki.get("cai", "/eng/log/-/blame").text)) == 10
    assert stored(wiki) == []


def test_a_stored_blame_that_names_a_purged_revision_is_not_believed(wiki: Scene) -> None:
    page = many(wiki, 20)
    wiki.get("cai", "/eng/log/-/blame")
    with (
        wiki.database.write() as session
    ):  # as if it had been stored while the purge was on its way
        session.execute(
            Revision.__table__.update()
            .where(Revision.page_id == page.id, Revision.number == 15)
            .values(purged_at=now())
        )
    origins = [origin for _, origin, _ in shown(wiki.get("cai", "/eng/log/-/blame").text)]
    assert 15 not in origins
    assert len(origins) == 10


# A history is texts by few lines, so that some come back; some revisions are purged.
past = st.lists(
    st.tuples(
        st.lists(st.sampled_from(["a", "b", "c", "d"]), max_size=6), st.booleans(), st.booleans()
    ),
    min_size=2,
    max_size=10,
)


def reference(texts: dict[int, list[str]], number: int) -> list[int]:
    """The definition, word for word and slowly: nothing is stored, each line is looked at alone."""
    before = [one for one in texts if one < number]
    twins = [one for one in before if texts[one] == texts[number]]
    if twins:
        return reference(texts, twins[0])
    if not before:
        return [number] * len(texts[number])
    old = reference(texts, before[-1])
    found = []
    for at in range(len(texts[number])):
        came = predecessor(texts[before[-1]], texts[number], at)
        found.append(number if came is None else old[came])
    return found


@settings(max_examples=examples(60), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(past)
def test_whatever_is_stored_the_result_is_the_same_as_from_scratch(
    wiki: Scene, monkeypatch: pytest.MonkeyPatch, past: list[tuple[list[str], bool, bool]]
) -> None:
    monkeypatch.setattr(blaming, "SPACING", 3)
    monkeypatch.setattr(blaming, "WORTH", 1)
    with wiki.database.write() as session:
        session.execute(delete(Page))
    for number, (lines, _, _) in enumerate(past, 1):
        body = "".join(f"{line}\n" for line in lines)
        page = wiki.write("p", body, title=f"Title {number}")  # so that each is a revision
    gone = {number for number, (_, purge, _) in enumerate(past, 1) if purge and number < page.head}
    with wiki.database.write() as session:
        session.execute(
            Revision.__table__.update()
            .where(Revision.page_id == page.id, Revision.number.in_(gone))
            .values(purged_at=now())
        )
    texts = {
        number: blame_lines("".join(f"{line}\n" for line in lines))
        for number, (lines, _, _) in enumerate(past, 1)
        if number not in gone
    }
    asked = [number for number in texts if past[number - 1][2]]
    for number in (*asked, page.head, *texts):
        with wiki.database.read() as session:
            found = blame(session, page, get_revision(session, page, number))
        assert list(found.origins) == reference(texts, number)
        assert list(found.lines) == texts[number]
        if found.worth:
            with wiki.database.write() as session:
                keep_blames(session, page.id, found.worth)
