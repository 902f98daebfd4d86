"""Searching in the browser: what each of the cast finds, and what nobody finds who may not."""

import re

import pytest
from sqlalchemy import update

from tests.cast import Scene
from tests.pages.test_query_counts import counted
from wiki.outbox.models import Delivery
from wiki.rules.roles import Visibility
from wiki.search.handlers import index_link_targets, index_pages, rebuild_index
from wiki.search.listing import SUBSCRIBERS
from wiki.spaces.models import Membership, Space
from wiki.subscribers import name_of


def titles(html: str) -> list[str]:
    """The titles of the hits on a screen of results, without their marks."""
    found = re.findall(r"<h2><a [^>]*>(.*?)</a></h2>", html)
    return [re.sub(r"</?mark>", "", one) for one in found]


def main_part(html: str) -> str:
    """What a screen shows beside its frame."""
    return html[html.index("<main") : html.index("</main>")]


def found(wiki: Scene, who: str, question: str, **more: object) -> list[str]:
    shown = wiki.get(who, "/-/search", query_string={"q": question, **more})
    assert shown.status_code == 200
    return titles(shown.text)


def switched(wiki: Scene, who: str, typed: str, **more: object) -> list[str]:
    shown = wiki.get(who, "/-/switch", query_string={"q": typed, **more})
    assert shown.status_code == 200
    assert "<html" not in shown.text
    return re.findall(r"<a [^>]*>(.*?)<small>", shown.text)


def test_a_page_is_found_by_its_words_with_its_way_its_author_and_a_marked_passage(
    wiki: Scene,
) -> None:
    wiki.write("teams", "x", title="All teams")
    wiki.write("teams/ops/rota", "Who is *awake* at night?", title="The rota", by="ben")
    wiki.deliver()
    shown = wiki.get("cai", "/-/search?q=awake+night").text
    assert titles(shown) == ["The rota"]
    assert "<mark>awake</mark>" in shown
    assert re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", shown)).find("Eng All teams ops") > 0
    assert "Ben" in shown
    assert 'href="/eng/teams/ops/rota"' in shown
    assert "1 page." in shown


def test_a_saved_page_is_found_as_it_is_now(wiki: Scene) -> None:
    wiki.write("rota", "alpha")
    wiki.deliver()
    wiki.write("rota", "beta", title="Renamed", tags=("ops",))
    wiki.deliver()
    assert found(wiki, "cai", "alpha") == []
    assert found(wiki, "cai", "beta") == ["Renamed"]
    assert found(wiki, "cai", "tag:ops") == ["Renamed"]


def test_a_deleted_page_is_not_found_and_a_restored_one_is(wiki: Scene) -> None:
    page = wiki.write("rota", "alpha")
    wiki.deliver()
    wiki.post("ben", "/eng/rota/-/delete")
    assert found(wiki, "ben", "alpha") == []
    wiki.deliver()
    assert found(wiki, "ben", "alpha") == []
    wiki.post("ben", f"/-/p/{page.id}/restore")
    wiki.deliver()
    assert wiki.get("ben", "/eng/rota").status_code == 200
    assert found(wiki, "ben", "alpha") == ["rota"]


def test_a_moved_page_is_found_by_its_new_path(wiki: Scene) -> None:
    wiki.write("rota", "alpha", title="Night")
    wiki.deliver()
    wiki.post("ben", "/eng/rota/-/move", path="oncall/plan", space="eng")
    wiki.deliver()
    shown = wiki.get("cai", "/-/search?q=plan").text
    assert titles(shown) == ["Night"]
    assert 'href="/eng/oncall/plan"' in shown


def test_the_operators_of_people_and_spaces(wiki: Scene) -> None:
    wiki.write("a", "word", by="ben")
    wiki.write("b", "word", by="eve")
    wiki.write("c", "word", by="eve", space="open")
    wiki.deliver()
    assert sorted(found(wiki, "ben", "word")) == ["a", "b", "c"]
    assert found(wiki, "ben", "word author:me") == ["a"]
    assert sorted(found(wiki, "ben", "word author:@Eve")) == ["b", "c"]
    assert sorted(found(wiki, "ben", "word -author:ben")) == ["b", "c"]
    assert found(wiki, "ben", "word author:eve author:ben") == []
    assert found(wiki, "ben", "word author:nobody") == []
    assert found(wiki, "ben", "word space:open") == ["c"]
    assert sorted(found(wiki, "ben", "word -space:open")) == ["a", "b"]
    assert found(wiki, "ben", "word", space="open") == ["c"]


def test_a_space_that_is_hidden_and_one_that_does_not_exist_are_answered_alike(
    wiki: Scene,
) -> None:
    wiki.write("a", "word", space="lab")
    wiki.deliver()
    hidden = wiki.get("dot", "/-/search?q=word+space:lab").text
    absent = wiki.get("dot", "/-/search?q=word+space:xyz").text
    assert "There’s no space called “lab” that you can read." in hidden
    assert main_part(hidden).replace("space:lab", "space:xyz").replace("“lab”", "“xyz”") == (
        main_part(absent)
    )


@pytest.mark.parametrize("who", ["ada", "dot", "gus", "nobody"])
def test_a_private_page_shows_in_nothing_that_an_outsider_sees(wiki: Scene, who: str) -> None:
    wiki.write("merger", "acquire initech", space="lab", title="Project Falcon", tags=("deal",))
    wiki.write("news", "public words", space="open", title="News")
    wiki.deliver()
    for question in (
        "initech", "initehc", "falcon", "fal*", "tag:deal", "deal", "public initech", "-words",
        "author:eve", "space:lab", "updated:>2000", "kind:article", '"project falcon"', "merger",
    ):  # fmt: skip
        shown = wiki.get(who, "/-/search", query_string={"q": question})
        rest = main_part(shown.text)
        for asked in (question, question.replace('"', "&#34;"), *question.split()):
            rest = rest.replace(asked, "")
        for word in ("Falcon", "initech", "deal", "merger", "/lab/", ">Lab<"):
            assert word not in rest, (question, word)
    for typed in ("fal", "falcno", "mer", ""):
        assert "Falcon" not in wiki.get(who, f"/-/switch?q={typed}").text
    assert found(wiki, "cai", "initech") == ["Project Falcon"]
    assert switched(wiki, "cai", "falc") == ["Project Falcon"]


def test_who_loses_a_role_finds_nothing_from_that_moment(wiki: Scene) -> None:
    wiki.write("merger", "initech", space="lab")
    wiki.deliver()
    assert found(wiki, "cai", "initech") == ["merger"]
    with wiki.database.write() as session:
        membership = session.get_one(
            Membership, (session.query(Space).filter_by(slug="lab").one().id,
                         wiki.actor("cai").person_id)
        )  # fmt: skip
        session.delete(membership)
    assert found(wiki, "cai", "initech") == []
    assert "merger" not in wiki.get("cai", "/-/switch?q=merger").text


def test_a_space_that_becomes_private_is_hidden_from_that_moment(wiki: Scene) -> None:
    wiki.write("plan", "initech")
    wiki.deliver()
    assert found(wiki, "dot", "initech") == ["plan"]
    with wiki.database.write() as session:
        session.execute(
            update(Space).where(Space.slug == "eng").values(visibility=Visibility.PRIVATE.value)
        )
    assert found(wiki, "dot", "initech") == []


def test_a_page_moved_to_a_private_space_is_hidden_before_the_index_has_heard(
    wiki: Scene,
) -> None:
    wiki.write("plan", "initech", title="Falcon", tags=("deal",))
    wiki.write("other", "word", title="Other")
    wiki.deliver()
    assert wiki.post("ben", "/eng/plan/-/move", path="plan", space="lab").status_code == 303
    for question in ("initech", "initehc", "tag:deal", "-word", "falcon", "fal*"):
        shown = wiki.get("dot", "/-/search", query_string={"q": question}).text
        for asked in question.split():
            shown = shown.replace(asked, "")
        for word in ("Falcon", "initech", ">deal"):
            assert word not in shown, (question, word)
        assert "2 pages" not in shown
    assert switched(wiki, "dot", "falc") == []
    assert switched(wiki, "dot", "falcno") == []
    wiki.deliver()
    assert found(wiki, "dot", "initech") == []
    assert found(wiki, "cai", "initech") == ["Falcon"]


@pytest.mark.parametrize("how", ["move", "delete"])
def test_an_index_that_has_missed_a_change_shows_nothing_that_the_database_denies(
    wiki: Scene, how: str
) -> None:
    wiki.write("plan", "initech", title="Falcon")
    wiki.deliver()
    wiki.post("ben", f"/eng/plan/-/{how}", path="plan", space="lab")
    with wiki.database.write() as session:
        session.query(Delivery).delete()  # as after a power cut: delivered, but not kept
    shown = wiki.get("dot", "/-/search?q=initech").text
    assert "No results" in shown
    assert "Falcon" not in shown
    assert switched(wiki, "dot", "falc") == []
    assert wiki.get("dot", "/-/search?q=initech&page=2").status_code == 200


def test_a_passage_that_was_taken_out_is_not_shown_before_the_index_has_heard(
    wiki: Scene,
) -> None:
    wiki.write("plan", "word password1234")
    wiki.deliver()
    wiki.write("plan", "word redacted")
    shown = wiki.get("dot", "/-/search?q=word").text
    assert titles(shown) == ["plan"]
    assert "password1234" not in shown


def test_the_outbox_knows_the_index_by_the_name_that_search_looks_for() -> None:
    handlers = (index_pages, index_link_targets, rebuild_index)
    assert tuple(map(name_of, handlers)) == SUBSCRIBERS


def test_spaces_and_tags_narrow_what_was_found(wiki: Scene) -> None:
    wiki.write("a", "word", tags=("Two words", "x"))
    wiki.write("b", "word", space="open", tags=("x",))
    wiki.deliver()
    shown = wiki.get("ben", "/-/search?q=word").text
    assert re.search(r'href="/-/search\?q=word&amp;space=eng"[^>]*>Eng <small>1<', shown)
    assert re.search(
        r'href="/-/search\?q=word\+tag:x"[^>]*><span dir="auto">x</span> <small>2<', shown
    )
    link = re.search(r'href="([^"]*Two[^"]*)"', shown)
    assert link
    assert titles(wiki.get("ben", link[1].replace("&amp;", "&")).text) == ["a"]


def test_screens_follow_one_another(wiki: Scene) -> None:
    for number in range(12):
        wiki.write(f"page-{number}", "word")
    wiki.deliver()
    first, second = found(wiki, "cai", "word"), found(wiki, "cai", "word", page=2)
    assert len(first) == 10
    assert len({*first, *second}) == 12
    assert "page=2" in wiki.get("cai", "/-/search?q=word").text
    assert found(wiki, "cai", "word", page=99) == []


@pytest.mark.parametrize("number", ["0", "-1", "x", "99999999999999999999", ""])
def test_a_screen_that_is_none_is_no_error(wiki: Scene, number: str) -> None:
    wiki.write("a", "word")
    wiki.deliver()
    assert wiki.get("cai", f"/-/search?q=word&page={number}").status_code == 200


@pytest.mark.parametrize(
    "question",
    ["", " ", '"', "-", "*", "tag:", "updated:>x", "\x00", "a" * 9000, "<script>", "'; --"],
)
def test_any_question_is_answered(wiki: Scene, question: str) -> None:
    wiki.write("a", "word")
    wiki.deliver()
    for address in ("/-/search", "/-/switch"):
        shown = wiki.get("cai", address, query_string={"q": question})
        assert shown.status_code == 200
        assert "<script>" not in shown.text


def test_nothing_found_offers_titles_like_it_and_to_write_the_page(wiki: Scene) -> None:
    wiki.write("onboarding", "text", title="Onboarding buddies")
    wiki.deliver()
    shown = wiki.get("ben", "/-/search?q=onboarding+zzz -buddies&space=eng").text
    assert "No results" in shown
    assert titles(shown) == ["Onboarding buddies"]
    assert "/eng/-/new?title=" in shown
    assert "/-/new?title=" not in wiki.get("cai", "/-/search?q=qqqq&space=eng").text


def test_a_slip_is_forgiven_and_said(wiki: Scene) -> None:
    wiki.write("a", "we receive mail")
    wiki.deliver()
    shown = wiki.get("cai", "/-/search?q=recieve").text
    assert titles(shown) == ["a"]
    assert "Also searched for “receive” instead of “recieve”." in shown


def test_the_switcher_finds_titles_those_of_this_space_first(wiki: Scene) -> None:
    wiki.write("on-call", "x", title="On call", space="open")
    wiki.write("on-call", "x", title="On call duty")
    wiki.write("other", "on call in the text", title="Other")
    wiki.deliver()
    assert switched(wiki, "cai", "on ca") == ["On call", "On call duty"]
    assert switched(wiki, "cai", "on ca", space="eng") == ["On call duty", "On call"]
    assert switched(wiki, "cai", "on call", space="eng") == ["On call", "On call duty"]


def test_the_switcher_shows_what_changed_before_anything_is_typed(wiki: Scene) -> None:
    wiki.write("one", "x")
    wiki.write("two", "x", space="lab")
    assert switched(wiki, "cai", "") == ["two", "one"]
    assert switched(wiki, "dot", "") == ["one"]


def test_without_an_index_search_says_so_and_the_rest_works(wiki: Scene) -> None:
    wiki.write("a", "word")
    shown = wiki.get("cai", "/-/search?q=word")
    assert shown.status_code == 503
    assert "being rebuilt" in shown.text
    assert "can’t be searched right now" in wiki.get("cai", "/-/switch?q=word").text
    assert wiki.get("cai", "/-/search").status_code == 200
    assert wiki.get("cai", "/eng/a").status_code == 200


def test_a_screen_of_many_hits_asks_the_database_no_more_often_than_one_of_few(
    wiki: Scene,
) -> None:
    def asked() -> int:
        wiki.deliver()
        wiki.get("eve", "/-/search?q=word")
        with counted(wiki) as statements:
            assert wiki.get("eve", "/-/search?q=word").status_code == 200
        return len(statements)

    wiki.alone()
    wiki.write("a/b", "word", tags=("x",))
    few = asked()
    for number in range(9):
        wiki.write(f"a/c/d{number}", "word", tags=("y",))
    assert asked() == few
    assert few < 10
