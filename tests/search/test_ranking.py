"""Ranking: what questions in a person's own words find, and in which order."""

from datetime import UTC, datetime

import pytest

from tests.cast import Scene
from tests.search.sample import ENG, EVERYONE, OPS, ask, ids, page
from tests.search.test_searching import found as found_by
from wiki.pages.access import restrictions
from wiki.pages.access.restrictions import AccessList
from wiki.rules.access import May
from wiki.search.engine import Engine, Filters
from wiki.search.query import parse
from wiki.spaces.consent import UNASKED


def test_no_function_word_is_required(engine: Engine) -> None:
    engine.update(
        [
            page(1, "Orders", "How many of them do I get if I do so"),
            page(2, "Time off", "Everyone has thirty vacation days"),
        ]
    )
    assert ask(engine, "how many vacation days do I get?")[0] == 2


def test_a_question_of_function_words_alone_still_finds_its_title(engine: Engine) -> None:
    engine.update([page(1, "Who we are"), page(2, "Other", "somebody else")])
    assert ask(engine, "who we are") == [1]


def test_a_function_word_in_capitals_is_a_name(engine: Engine) -> None:
    engine.update([page(1, "IT support", path="a"), page(2, "Support", path="b")])
    assert ask(engine, "IT support") == [1]
    assert set(ask(engine, "support it")) == {1, 2}


def test_a_page_with_more_of_the_rare_words_comes_before_one_with_frequent_ones(
    engine: Engine,
) -> None:
    pages = [page(n, f"P{n}", "team") for n in range(3, 30)]
    engine.update(
        [*pages, page(1, "Team", "team plan"), page(2, "Other", "the relocation of a desk")]
    )
    assert ask(engine, "team relocation desk")[0] == 2


def test_one_page_with_all_words_does_not_hide_a_better_one_with_most(
    engine: Engine,
) -> None:
    engine.update(
        [
            page(1, "Minutes", "laptop " + "x " * 400 + "broken " + "y " * 400 + "replaced today"),
            page(2, "Broken laptop", "What to do with a broken laptop"),
            *(page(n, f"P{n}", "today") for n in range(3, 20)),
        ]
    )
    assert ask(engine, "broken laptop today")[:2] == [2, 1]


@pytest.mark.parametrize(
    ("body", "query"),
    [
        ("after resigning", "resignation"), ("our policies", "policy"), ("deployed", "deployments"),
        ("Die Häuser und die Straßen sind alt", "Haus"),
        ("Der Urlaubsantrag ist nicht zu spät zu stellen", "Urlaub"),
        ("Der Antrag auf Urlaub ist nicht zu spät", "Urlaubsantrag"),
        ("Les congés sont payés dans tous les cas", "congé"),
        ("يحصل الموظف على الإجازات في السنة من المدير", "إجازة"),
        ("領収書を月末までに提出してください", "領収書はいつまでに提出しますか"),
        ("员工每年享有十五天年假", "年假有多少天"),
    ],
)  # fmt: skip
def test_other_forms_are_found_in_the_language_of_the_page(
    engine: Engine, body: str, query: str
) -> None:
    engine.update([page(1, "A", body), page(2, "B", "something else")])
    found = engine.search(parse(query), EVERYONE)
    assert ids(found)[:1] == [1]
    assert any(hit for _, hit in found.hits[0].excerpt)


def test_words_that_mean_the_same_find_each_other_after_the_word_itself(
    engine: Engine,
) -> None:
    engine.update(
        [page(1, "A", "about PTO"), page(2, "B", "about vacation"), page(3, "C", "paid time off")]
    )
    assert ask(engine, "vacation")[0] == 2
    assert set(ask(engine, "vacation")) == {1, 2, 3}
    assert set(ask(engine, "paid time off")) == {1, 2, 3}


def test_a_word_of_the_index_is_not_corrected_away(engine: Engine) -> None:
    pages = [page(n, f"P{n}", "signing") for n in range(2, 30)]
    engine.update([page(1, "Leaving", "when resigning"), *pages])
    found = engine.search(parse("resigning"), EVERYONE)
    assert ids(found)[0] == 1
    assert not found.corrected


def test_a_rare_lookalike_competes_with_its_correction_and_it_is_said(
    engine: Engine,
) -> None:
    pages = [page(n, f"P{n}", "receive") for n in range(2, 30)]
    engine.update([page(1, "Slip", "recieve"), *pages])
    found = engine.search(parse("recieve"), EVERYONE)
    assert ids(found)[0] == 1
    assert found.total == 29
    assert found.corrected == {"recieve": ("receive",)}


def test_links_say_what_a_page_is_about(engine: Engine) -> None:
    engine.update(
        [
            page(1, "Airbase", "cards", link_texts=("getting refunds", "refunds")),
            page(2, "Other", "text"),
        ]
    )
    assert ask(engine, "refunds") == [1]


def test_newer_pages_linked_pages_and_pages_of_own_spaces_rank_a_little_higher(
    engine: Engine,
) -> None:
    old, new = datetime(2020, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)
    engine.update([page(1, "A", "word", updated=old), page(2, "B", "word", updated=new)])
    assert ask(engine, "word") == [2, 1]
    engine.update([page(1, "A", "word", updated=new, link_texts=("x",) * 20, revision=2)])
    assert ask(engine, "word") == [1, 2]
    engine.update([page(2, "B", "word", space=OPS, updated=new, revision=2)])
    own = Filters(frozenset({ENG, OPS}), own=frozenset({OPS}))
    assert ask(engine, "word", own) == [2, 1]


def test_a_link_finds_its_target_until_its_page_is_restricted_deleted_or_moved(
    wiki: Scene,
) -> None:
    wiki.write("target", "text", title="Plain")
    wiki.write("source", "[zebra crossing](target)")
    wiki.write("target", "text again", title="Plain")
    wiki.deliver()
    assert "Plain" in found_by(wiki, "cai", "zebra")
    wiki.post("ben", "/eng/source/-/delete")
    wiki.deliver()
    assert found_by(wiki, "cai", "zebra") == []


def test_a_link_of_a_restricted_page_does_not_find_its_target(wiki: Scene) -> None:
    wiki.write("target", "text", title="Plain")
    wiki.write("source", "[zebra crossing](target)")
    wiki.write("target", "text again", title="Plain")
    wiki.deliver()
    assert "Plain" in found_by(wiki, "cai", "zebra")
    with wiki.database.write() as session:
        eve, source_page = wiki.actor("eve"), wiki.page("source")
        allowed = AccessList(May.READ, [eve.person_id or 0], ())
        restrictions.restrict(session, eve, source_page.id, allowed, consent=UNASKED)
    wiki.deliver()
    assert found_by(wiki, "cai", "zebra") == []
