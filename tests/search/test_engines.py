"""Both engines through their public way: what is found, in which order, by whom."""

from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.search.sample import ENG, EVERYONE, OPS, ask, ids, page, source
from tests.surroundings import examples
from wiki.search.engine import Engine, Filters
from wiki.search.query import parse


def test_an_exact_title_comes_first_then_titles_then_headings_then_names_then_text(
    engine: Engine,
) -> None:
    much = "leave " * 200
    engine.update(
        [
            page(1, "Benefits", much),
            page(2, "Perks", "leave", tags=("leave",), path="perks"),
            page(3, "Time", "Leave\nshort", headings=("Leave",)),
            page(4, "Leave of absence and other long titles about many other things", "nothing"),
            page(5, "Leave", "short"),
        ]
    )
    assert ask(engine, "leave") == [5, 4, 3, 2, 1]


def test_a_title_of_several_words_is_exact_too(engine: Engine) -> None:
    engine.update([page(1, "Review incident"), page(2, "Incident review")])
    assert ask(engine, "incident review") == [2, 1]
    assert ask(engine, "review incident") == [1, 2]


def test_a_title_beats_the_text_however_often_it_has_the_words(engine: Engine) -> None:
    engine.update(
        [
            page(1, "Other", "leave paid " * 300),
            page(2, "Everything about our paid leave", "x"),
        ]
    )
    assert ask(engine, "paid leave") == [2, 1]


def test_all_words_are_needed_wherever_they_stand(engine: Engine) -> None:
    engine.update([page(1, "Laptops", "how to order"), page(2, "Laptops"), page(3, "Order")])
    assert ask(engine, "order laptops") == [1]


def test_words_side_by_side_come_before_words_far_apart(engine: Engine) -> None:
    engine.update(
        [
            page(1, "A", "incident " + "x " * 200 + "review"),
            page(2, "B", "x " * 200 + "an incident review"),
        ]
    )
    assert ask(engine, "incident review") == [2, 1]


def test_a_phrase_is_found_as_it_stands(engine: Engine) -> None:
    engine.update([page(1, "A", "paid time off"), page(2, "B", "time off paid")])
    assert ask(engine, '"paid time off"') == [1]
    assert ask(engine, '"off paid"') == [2]


def test_a_phrase_does_not_run_from_the_title_into_the_text(engine: Engine) -> None:
    engine.update([page(1, "Paid time", "off we go", path="off-site")])
    assert ask(engine, '"time off"') == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("title:travel", [1]), ("title:trav*", [1]), ("-title:travel money", [2]),
        ("tag:finance", [1, 2]), ('tag:"two words"', [2]), ("money -tag:finance", []),
        ("kind:post", [3]), ("-kind:post", [1, 2]), ("updated:>2025", [1]),
        ("updated:2025", [2]), ("-updated:2025", [1, 3]), ("trav*", [1, 2]), ("-travel", [2, 3]),
        ("node.js", [3]), ("js node", [3]), ("C++", [3]), ("cafe", [2]),
    ],
)  # fmt: skip
def test_operators(engine: Engine, text: str, found: list[int]) -> None:
    def when(year: int) -> datetime:
        return datetime(year, 6, 1, tzinfo=UTC)

    engine.update(
        [
            page(1, "Travel", "money", tags=("Finance",), updated=when(2026)),
            page(2, "Rules", "Money for travellers, Café", tags=("finance", "Two Words"),
                 updated=when(2025)),
            page(3, "Tools", "node.js and C++", kind="post", updated=when(2020)),
        ]
    )  # fmt: skip
    assert sorted(ask(engine, text)) == found


def test_a_question_of_operators_alone_lists_the_newest_first(engine: Engine) -> None:
    engine.update(
        [
            page(n, f"P{n}", tags=("x",), updated=datetime(2020 + n, 1, 1, tzinfo=UTC))
            for n in (1, 3, 2)
        ]
    )
    assert ask(engine, "tag:x") == [3, 2, 1]


def test_authors_are_asked_for_by_id(engine: Engine) -> None:
    engine.update([page(1, "A", author_ids=(7, 12)), page(2, "B", author_ids=(1,))])
    everyone = frozenset({ENG})
    assert ask(engine, "tag:x -tag:x", Filters(everyone)) == []
    assert ask(engine, "-zzz", Filters(everyone, (frozenset({12}), frozenset({7})))) == [1]
    assert ask(engine, "-zzz", Filters(everyone, not_authors=frozenset({12}))) == [2]
    assert ask(engine, "-zzz", Filters(everyone, (frozenset(),))) == []


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("公司的知識庫很好用", "知識庫"), ("公司的知識庫很好用", "庫"),
        ("公司的知識庫很好用", "公"),
        ("東京タワーの高さ", "タワー"), ("東京タワーの高さ", "さ"), ("검색 엔진입니다", "엔진"),
        ("สวัสดีครับ", "สวัสดี"), ("Дерево страниц", "дерево"), ("ﾃﾞｰﾀﾍﾞｰｽ", "データベース"),
        ("en 2026年度計画 draft", "2026年度"),
    ],
)  # fmt: skip
def test_every_script_is_found(engine: Engine, body: str, text: str) -> None:
    engine.update([page(1, "A", body), page(2, "B", "something else")])
    found = engine.search(parse(text), EVERYONE)
    assert ids(found) == [1]
    assert any(hit for _, hit in found.hits[0].excerpt)


def test_characters_that_only_meet_in_another_word_are_not_a_match(engine: Engine) -> None:
    engine.update([page(1, "A", "東京と京都"), page(2, "B", "東京都")])
    assert ask(engine, "東京都") == [2]


def test_other_forms_of_a_word_are_found_after_the_word_itself(engine: Engine) -> None:
    engine.update([page(1, "A", "our policies"), page(2, "B", "our policy")])
    assert ask(engine, "policy") == [2, 1]
    assert ask(engine, '"policy"') == [2]


def test_a_slip_is_forgiven_and_named(engine: Engine) -> None:
    engine.update([page(1, "Onboarding", "receive"), page(2, "Other", "text")])
    found = engine.search(parse("recieve"), EVERYONE)
    assert ids(found) == [1]
    assert found.corrected == {"recieve": ("receive",)}
    assert ask(engine, "onbaording") == [1]


def test_words_that_are_found_are_not_respelt(engine: Engine) -> None:
    engine.update([page(1, "A", "form"), page(2, "B", "from")])
    found = engine.search(parse("form"), EVERYONE)
    assert ids(found) == [1]
    assert not found.corrected


def test_when_no_page_has_all_words_those_with_most_are_shown_and_it_is_said(
    engine: Engine,
) -> None:
    engine.update([page(1, "A", "order laptop"), page(2, "B", "laptop"), page(3, "C", "unrelated")])
    found = engine.search(parse("order laptop spaceship"), EVERYONE)
    assert found.loosened
    assert ids(found) == [1]


def test_a_page_is_replaced_and_removed(engine: Engine) -> None:
    engine.update([page(1, "A", "alpha"), page(2, "B", "alpha")])
    engine.update([page(1, "A", "beta", revision=2)], removed=[2])
    assert ask(engine, "alpha") == []
    assert ask(engine, "beta") == [1]
    assert engine.revisions() == {1: 2}


def test_screens_follow_each_other_without_gap_or_repetition(engine: Engine) -> None:
    engine.update([page(n, f"Page {n}", "word " * n) for n in range(1, 35)])
    whole = ask(engine, "word")
    screens = [
        ids(engine.search(parse("word"), EVERYONE, offset=at, limit=10)) for at in range(0, 40, 10)
    ]
    assert [one for screen in screens for one in screen] == whole
    assert len(set(whole)) == 34


def test_facets_count_what_the_asker_may_read(engine: Engine) -> None:
    engine.update(
        [
            page(1, "A", "word", tags=("x", "y")),
            page(2, "B", "word", tags=("x",)),
            page(3, "C", "word", space=OPS, tags=("secret",)),
        ]
    )
    found = engine.search(parse("word"), Filters(frozenset({ENG})))
    assert found.total == 2
    assert found.spaces == {ENG: 2}
    assert found.tags == {"x": 2, "y": 1}


def test_nothing_of_another_space_shows_in_hits_counts_facets_or_spelling(
    engine: Engine,
) -> None:
    engine.update(
        [
            page(1, "Open", "public words"),
            page(2, "Acquisition", "acquisition of initech", space=OPS, tags=("deal",)),
        ]
    )
    outsider = Filters(frozenset({ENG}))
    for text in ("acquisition", "acquisitoin", "initehc", "acq*", "public initech", "tag:deal"):
        found = engine.search(parse(text), outsider)
        assert 2 not in ids(found)
        assert OPS not in found.spaces
        assert "deal" not in found.tags
        assert not found.corrected
        assert set(found.terms) <= set(text.split())
    assert engine.titles("acq", outsider) == []
    assert engine.titles("acquisitoin", outsider, near=True) == []
    assert ask(engine, "acquisition", Filters(frozenset())) == []


titles = st.lists(
    st.tuples(
        st.sampled_from(["alpha", "beta", "gamma", "alpha beta", "gama", "知識庫"]),
        st.integers(1, 4),
    ),
    min_size=1,
    max_size=8,
)
questions = st.lists(
    st.sampled_from(
        ["alpha", "beta", "-gamma", "alp*", "title:beta", '"alpha beta"', "gamm", "識", "tag:t"]
    ),
    min_size=1,
    max_size=4,
).map(" ".join)


@settings(
    max_examples=examples(40),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(titles, questions, st.frozensets(st.integers(1, 4), max_size=3))
def test_a_hit_never_comes_from_outside_the_allowed_spaces(
    engine: Engine,
    made: list[tuple[str, int]],
    question: str,
    allowed: frozenset[int],
) -> None:
    pages = [page(n, t, t, space=s, tags=("t",)) for n, (t, s) in enumerate(made)]
    engine.rebuild(*source(pages))
    readable = {one.page_id for one in pages if one.space_id in allowed}
    found = engine.search(parse(question), Filters(allowed), limit=50)
    assert set(ids(found)) <= readable
    assert found.total == len(found.hits)
    assert set(found.spaces) <= allowed
    for near in (False, True):
        hits = engine.titles(question, Filters(allowed), near=near)
        assert {hit.page_id for hit in hits} <= readable


def test_titles_are_found_as_they_are_typed(engine: Engine) -> None:
    engine.update(
        [
            page(1, "Engineering onboarding"),
            page(2, "Onboarding"),
            page(3, "Onboarding buddies", space=OPS),
            page(4, "Travel", path="people/onboarding/travel"),
        ]
    )
    found = [hit.page_id for hit in engine.titles("onb", EVERYONE)]
    assert found == [2, 3, 1, 4]
    assert [hit.page_id for hit in engine.titles("eng onb", EVERYONE)] == [1]
    assert [hit.page_id for hit in engine.titles("onboardnig", EVERYONE)] == []
    assert 2 in [hit.page_id for hit in engine.titles("onboardnig", EVERYONE, near=True)]
    assert engine.titles("", EVERYONE) == []


def test_long_texts_are_found_beyond_what_is_kept_for_excerpts(engine: Engine) -> None:
    engine.update([page(1, "A", "x " * 60_000 + "needle")])
    found = engine.search(parse("needle"), EVERYONE)
    assert ids(found) == [1]
    assert found.hits[0].excerpt


def test_pages_with_a_word_often_are_no_reason_to_split_a_misspelt_one(engine: Engine) -> None:
    often = "for casting " + "the " * 300 + "casting the for"
    engine.update(
        [
            page(1, "Sales", "forecasting of sales"),
            page(2, "Metal", "for " * 300 + "metal is good. Use it in casting."),
            page(3, "Other", often.replace("for casting", "")),
        ]
    )
    found = engine.search(parse("forcasting"), EVERYONE)
    assert ids(found)[0] == 1
    assert found.corrected["forcasting"] == ("forecasting",)
