"""One word cut in several ways: questions and pages match in both directions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.cast import Scene
from tests.search.sample import EVERYONE, ask, page, source
from tests.search.test_searching import found, main_part
from wiki.search.asking import asked, begins
from wiki.search.engine import Engine
from wiki.search.excerpts import marked
from wiki.search.query import parse
from wiki.search.words import cuts, words


def finds(engine: Engine, text: str, question: str) -> bool:
    """Whether the question finds the page with the text, and not the one without."""
    engine.rebuild(*source([page(1, "A", f"Before {text} after."), page(2, "B", "Other words.")]))
    return ask(engine, question) == [1]


SAME = [
    ("set-up", "setup"), ("e-mail", "email"), ("node.js", "nodejs"), ("U.S.A.", "USA"),
    ("1,250,000", "1250000"), ("1.250.000", "1250000"), ("1 250 000", "1250000"),
    ("1'250'000", "1250000"), ("1\u202f250\u202f000", "1,250,000"), ("v1.2.3", "1.2.3"),
    ("request_parser", "RequestParser"), ("request-parser", "requestparser"),
    ("E-Mail-Adresse", "Email-Adresse"), ("COVID-19", "covid19"), ("IPv6", "IPv 6"),
    ("don't", "dont"), ("CI/CD", "cicd"), ("R&D", "rd"), ("set\u00adup", "setup"),
    ("5GB", "5 GB"), ("docker-compose", "docker compose"), ("kebab-case", "kebab case"),
    ("U.S.A.", "U S A"), ("iPhone15", "iPhone 15"),
]  # fmt: skip


@pytest.mark.parametrize(("one", "other"), SAME)
def test_two_ways_to_write_a_word_find_each_other(engine: Engine, one: str, other: str) -> None:
    assert finds(engine, one, other)
    assert finds(engine, other, one)
    assert finds(engine, one, f'"{other} after"')
    assert finds(engine, f"{one} {other}", f'"before {one} {other} after"')


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("RequestParser", "parser"), ("getElementById", "element"), ("HTTPServer", "server"),
        ("getElementById", "getelem*"), ("URLs", "urls"), ("node.js-based", "nodejs"),
        ("v1.2.3", "v1"), ("set-up", "set-u*"), ("set-up", "setu*"), ("RequestParser", "parsre"),
        ("iPhone15", "iphone"), ("macOS14beta", "macos"),
        ("C++", "C++"), ("a-b", "a-b"), ("x" * 100 + "/abc/def/ghi", "ghi"),
    ],
)  # fmt: skip
def test_a_part_of_a_word_finds_it(engine: Engine, text: str, question: str) -> None:
    assert finds(engine, text, question)


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("setup", "set up"), ("nodejs", "node js"), ("USA", "U S A"), ("webhooks", "web hook"),
        ("kebabcase", "kebab case"), ("nodejs", '"before node js after"'),
        ("set-up of nodejs", '"setup of node js after"'), ("v1.2.3", '"before 1.2.3 after"'),
        ("1.2.3", '"before v1.2.3 after"'),
    ],
)  # fmt: skip
def test_words_typed_apart_find_the_one_that_they_form(
    engine: Engine, text: str, question: str
) -> None:
    assert finds(engine, text, question)
    hit = engine.search(parse(question), EVERYONE).hits[0]
    assert any(is_hit for _, is_hit in hit.excerpt)


def test_a_word_is_searched_in_two_when_few_pages_have_it(engine: Engine) -> None:
    pages = [page(1, "A", "How to push back it"), page(2, "B", "back, then push")]
    engine.rebuild(*source(pages))
    found = engine.search(parse("pushback"), EVERYONE)
    assert [hit.page_id for hit in found.hits] == [1]
    assert found.corrected == {"pushback": ("push back",)}
    engine.rebuild(*source([*pages, *(page(n, f"P{n}", "pushback") for n in range(3, 7))]))
    found = engine.search(parse("pushback"), EVERYONE)
    assert (found.total, dict(found.corrected)) == (4, {})


@pytest.mark.parametrize(
    ("text", "question"),
    [("1 2", '"12"'), ("12", "1 2"), ("onboarding", '"on something boarding"'),
     ("URLs", "ls"), ("1.2.3", "123"), ("2026-01-31", "20260131"), ("src/application", "srcapp*")],
)  # fmt: skip
def test_what_no_reader_takes_for_one_word_is_none(
    engine: Engine, text: str, question: str
) -> None:
    assert not finds(engine, text, question)


def test_titles_are_found_in_any_cut_while_they_are_typed(engine: Engine) -> None:
    engine.rebuild(*source([page(1, "Set-up of RequestParser"), page(2, "Setting up a parser")]))
    for typed in ("setup", "set-u", "requestp", "RequestPar"):
        assert [hit.page_id for hit in engine.titles(typed, EVERYONE)] == [1]
        assert begins(typed, "Set-up of RequestParser")
    engine.rebuild(*source([page(1, "Setup of NodeJS"), page(2, "Set in stone")]))
    for typed in ("set up", "setup node js", "node j"):
        assert [hit.page_id for hit in engine.titles(typed, EVERYONE)] == [1]
        assert begins(typed, "Setup of NodeJS")
    assert not begins("set-down", "Set-up of RequestParser")


@pytest.mark.parametrize(
    "pasted",
    [
        "docker-compose up -d", "rm -rf build", "ls --help", "find . -not -name x",
        "temperature -5", "tag:latest", "kind:Deployment spec", "24\" monitor", "C++ -std=c++20",
        "git commit -m \"a message\"", "a -b --c", "-not", "--help",
    ],
)  # fmt: skip
def test_a_pasted_text_finds_the_page_that_has_it_first(wiki: Scene, pasted: str) -> None:
    wiki.write("has", f"Then run\n\n    {pasted}\n\nand wait.")
    wiki.write("other", "Something without.")
    wiki.deliver()
    assert found(wiki, "cai", pasted)[0] == "has"


def test_the_screen_says_what_an_exclusion_left_out_and_links_to_the_other_reading(
    wiki: Scene,
) -> None:
    wiki.write("has", "docker-compose up -d")
    wiki.write("without", "docker-compose up in vitamin d")
    wiki.deliver()
    shown = main_part(wiki.get("cai", "/-/search?q=docker-compose+up+-d").text)
    assert "Excluded: pages with “d”." in shown
    assert found(wiki, "cai", "docker-compose up -d") == ["has"]
    assert "/-/search?q=docker-compose+up+%22-d%22" in shown
    assert sorted(found(wiki, "cai", 'docker-compose up "-d"')) == ["has", "without"]
    assert "Left out" not in wiki.get("cai", "/-/search?q=docker-compose+up").text


def test_an_operator_that_nothing_answers_is_text(wiki: Scene) -> None:
    wiki.write("a", "the image tag:latest fails")
    wiki.deliver()
    shown = wiki.get("cai", "/-/search?q=image+tag:latest").text
    assert "Nothing matches “tag:latest” as an operator, so it was searched as text." in shown


@pytest.mark.parametrize(
    ("text", "typed"),
    [
        ("新しいプラグインとプランを見る", "プラグイン"), ("公司的知识库和知道的事", "知识库"),
        ("한국어 검색엔진과 검사", "검색엔진"), ("สวัสดีครับสวัส", "สวัสดี"),
        ("ﾌﾟﾗｸﾞｲﾝとﾌﾟﾗﾝ", "プラグイン"),
        ("平成2026年度の計画2026", "2026年度"), ("公司的库", "库"),
    ],
)  # fmt: skip
def test_in_unspaced_scripts_the_stretch_that_was_typed_is_marked(
    engine: Engine, text: str, typed: str
) -> None:
    engine.rebuild(*source([page(1, "A", text)]))
    (hit,) = engine.search(parse(typed), EVERYONE).hits
    marks = [piece for piece, is_hit in hit.excerpt if is_hit]
    assert marks[0] in (typed, "ﾌﾟﾗｸﾞｲﾝ")
    assert marks[1:] == []


def test_a_word_in_another_cut_is_marked_as_it_is_written(engine: Engine) -> None:
    for text, typed, mark in (
        ("Set-Up", "setup", "Set-Up"), ("getElementById", "element", "Element"),
        ("v1.2.3", "1.2.3", "v1.2.3"), ("1 250 000", "1250000", "1 250 000"),
        ("cafe\u0301", "cafe", "cafe\u0301"), ("Straße", "strasse", "Straße"),
        ("ﬁle", "file", "ﬁle"), ("MyRequestParserX", "RequestParser", "RequestParser"),
    ):  # fmt: skip
        engine.rebuild(*source([page(1, "A", f"So {text} is")]))
        (hit,) = engine.search(parse(typed), EVERYONE).hits
        assert next(piece for piece, is_hit in hit.excerpt if is_hit) == mark


def test_numbers_of_a_version_are_not_marked_by_themselves(engine: Engine) -> None:
    engine.rebuild(*source([page(1, "A", "1 of 3: since 1.2.3, see 2 or v1.2.3")]))
    (hit,) = engine.search(parse("1.2.3"), EVERYONE).hits
    assert [piece for piece, is_hit in hit.excerpt if is_hit] == ["1.2.3", "v1.2.3"]


SIGNS = st.text(st.sampled_from("aB1é東.-_'/& ,+#"), max_size=60)


@given(SIGNS)
def test_every_cut_lies_where_its_words_lie(text: str) -> None:
    small = list(words(text))
    assert [word.position for word in small] == list(range(len(small)))
    for cut in cuts(text):
        covered = small[cut.position : cut.position + cut.length]
        assert (cut.start, cut.end) == (covered[0].start, covered[-1].end)
        assert cut.text.startswith(("-", covered[0].text[0]))


@given(SIGNS)
def test_a_text_is_begun_by_itself_and_its_marks_are_its_own_words(text: str) -> None:
    assert begins(text, text) == bool(asked(text))
    assert "".join(piece for piece, _ in marked(text, [c.text for c in cuts(text)])).split() == (
        text.split()
    )


@given(SIGNS)
def test_a_page_has_the_words_of_each_of_its_stretches(text: str) -> None:
    terms = {cut.text for cut in cuts(text)}
    for one in asked(text):
        assert set(one.chains[0].terms) <= terms


@given(st.text(st.sampled_from("aB1é.-_'/& ,+#\n0"), max_size=60))
def test_a_line_in_ascii_is_cut_as_beside_other_letters(text: str) -> None:
    lines = text.replace("é", "e").split("\n")
    beside = "\n".join(f"é {line}" for line in lines)
    alone = "\n".join(f"e {line}" for line in lines)
    assert [cut[:3] for cut in cuts(beside)] == [cut[:3] for cut in cuts(alone)]
