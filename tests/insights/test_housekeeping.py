"""What needs a hand in a space: found, ranked, and told to nobody who may not read it."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import event

from tests.cast import Scene
from wiki.insights import housekeeping, wanted
from wiki.pages.actions import delete_page
from wiki.text.markdown.excerpt import text_of_html


def screen(wiki: Scene, who: str = "ben", name: str = "wanted", space: str = "eng") -> str:
    answer = wiki.get(who, f"/{space}/-/housekeeping?list={name}")
    assert answer.status_code == 200
    main = answer.text.partition("<main")[2].partition("</main>")[0]
    return " ".join(text_of_html(main).split())


def rows(wiki: Scene, name: str, who: str = "ben") -> list[str]:
    answer = wiki.get(who, f"/eng/-/housekeeping?list={name}").text
    return re.findall(r'class="row-title"[^>]*>([^<]*)<', answer.partition("<main")[2])


@pytest.mark.parametrize("name", ["wanted", "deleted", "sections", "files", "orphans", "dead-ends"])
def test_a_space_in_order_says_so_and_what_will_be_listed(wiki: Scene, name: str) -> None:
    assert "listed here" in screen(wiki, name=name)


def test_wanted_pages_are_ranked_by_how_many_pages_want_them(wiki: Scene) -> None:
    wiki.write("a", "[[rota]] [[rota]] [[pager]]")
    wiki.write("b", "[[pager]] [[Pager|again]] [[a]]")
    wiki.write("c", "[x](/eng/pager/)", space="lab")
    assert rows(wiki, "wanted") == ["pager", "rota"]
    said = screen(wiki)
    assert "There are 2." in said
    assert "3 pages link here: a, b, c" in said
    assert "1 page links here: a" in said
    assert "/eng/-/new?path=pager" in wiki.get("ben", "/eng/-/housekeeping").text
    wiki.write("pager", "x")
    assert rows(wiki, "wanted") == ["rota"]


def test_a_folder_and_the_start_of_a_space_are_not_wanted(wiki: Scene) -> None:
    wiki.write("team/rota", "[up](../team/) [home](/eng/)")
    assert rows(wiki, "wanted") == []


def test_what_one_may_not_read_is_neither_counted_nor_named(wiki: Scene) -> None:
    wiki.write("a", "[[pager]]")
    wiki.write("secret", "[[eng:pager]] [[eng:plan-b]]", space="lab")
    assert rows(wiki, "wanted", "ben") == ["pager", "plan-b"]
    assert rows(wiki, "wanted", "dot") == ["pager"]
    assert "1 page links here: a" in screen(wiki, "dot")
    wiki.write("alone", "[[a]]")
    wiki.write("another", "[[eng:alone]]", space="lab")
    assert "alone" not in rows(wiki, "orphans", "ben")
    assert "alone" in rows(wiki, "orphans", "dot")
    assert wiki.get("dot", "/lab/-/housekeeping").status_code == 404


def test_links_to_deleted_pages_are_told_to_those_who_can_bring_them_back(wiki: Scene) -> None:
    gone = wiki.write("gone", "x", title="Long gone")
    wiki.write("a", "[[gone]] [[never]]")
    with wiki.database.write() as session:
        delete_page(session, wiki.actor("eve"), gone.id)
    assert rows(wiki, "wanted") == ["never"]
    assert rows(wiki, "deleted") == ["Long gone"]
    assert "by Eve" in screen(wiki, name="deleted")
    assert wiki.get("cai", "/eng/-/housekeeping?list=deleted").status_code == 404
    assert rows(wiki, "wanted", "cai") == ["gone", "never"]
    assert "Long gone" not in screen(wiki, "cai")


def test_orphans_and_dead_ends(wiki: Scene) -> None:
    wiki.write("", "[[a]]")
    wiki.write("a", "words [[a]] [x](https://example.org)")
    wiki.write("b", "[[a]]")
    wiki.write("team", "words")
    wiki.write("team/c", "[[b]]")
    assert rows(wiki, "orphans") == ["c"]
    assert rows(wiki, "dead-ends") == ["a"]


def test_broken_sections_are_listed_with_the_nearest_one(wiki: Scene) -> None:
    wiki.write(
        "rota", "## On call\n\n[[#nothing-like-it]] [ok](#on-call) [n](#fn-1)[^1]\n\n[^1]: x"
    )
    wiki.write("a", "[[rota#On cal]] [[rota#On call]] [[rota]] [[missing#part]]")
    said = screen(wiki, name="sections")
    assert "There are 2." in said
    assert "a links to rota #on-cal , perhaps #on-call" in said.replace(",", " ,").replace(
        "  ", " "
    )
    assert "rota links to a section of itself #nothing-like-it" in said
    wiki.write("rota", "## On cal\n\n## Nothing like it {#nothing-like-it}\n\n## On call")
    assert rows(wiki, "sections") == []


def test_names_that_authors_give_to_raw_html_are_sections_too(wiki: Scene) -> None:
    wiki.write("rota", '<a name="first"></a> <p id="second">x</p>')
    wiki.write("a", "[[rota#first]] [[rota#second]] [[rota#third]]")
    assert "There is one." in screen(wiki, name="sections")


def test_pictures_that_are_not_there_are_listed(wiki: Scene) -> None:
    wiki.write("guide", "![a](guide/there.png) ![b](guide/lost.png) [pdf](papers/lost.pdf)")
    wiki.write("a", "![b](guide/lost.png)")
    wiki.attach("guide/there.png", b"\x89PNG\r\n\x1a\n" + b"0" * 64)
    assert rows(wiki, "files") == ["guide/lost.png", "papers/lost.pdf"]
    assert "2 pages use it: guide, a" in screen(wiki, name="files")
    wiki.attach("guide/lost.png", b"\x89PNG\r\n\x1a\n" + b"1" * 64)
    assert rows(wiki, "files") == ["papers/lost.pdf"]


@pytest.mark.thorough
@pytest.mark.parametrize("name", ["wanted", "orphans", "dead-ends", "sections", "files"])
def test_long_lists_come_screen_by_screen_and_lose_nothing(
    wiki: Scene, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(7):
        wiki.write(f"p{number}", f"![a](pics/{number}.png) [[x{number}]] [[x{number % 2}]] [a](#b)")
        wiki.write(f"q{number}", "words")
    whole = rows(wiki, name)
    monkeypatch.setattr(wanted, "SHOWN", 3)
    monkeypatch.setattr(housekeeping, "SHOWN", 3)
    monkeypatch.setattr(wanted, "_FILES_AT_ONCE", 2)
    found: list[str] = []
    url = f"/eng/-/housekeeping?list={name}"
    for _ in range(20):
        text = wiki.new_client("ben").get(url).text
        found += re.findall(r'class="row-title"[^>]*>([^<]*)<', text.partition("<main")[2])
        older = re.search(r'rel="next" href="([^"]+)"', text)
        if older is None:
            break
        url = older[1].replace("&amp;", "&")
    assert found == whole
    assert len(whole) >= 7


def test_more_than_can_be_counted_is_said_to_be_more(
    wiki: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    wiki.write("a", "[[x]] [[y]] [[z]]")
    assert "There are 3." in screen(wiki)
    monkeypatch.setattr(wanted, "MANY", 2)
    monkeypatch.setattr("wiki.insights.views.MANY", 2)
    wiki.write("b", "other")
    assert "There are more than 2." in screen(wiki)


@pytest.mark.parametrize("name", ["wanted", "orphans", "sections", "files"])
def test_the_number_of_queries_does_not_grow_with_the_list(wiki: Scene, name: str) -> None:
    def queries() -> int:
        count = [0]

        def note(*_: object) -> None:
            count[0] += 1

        wiki.write("change", f"anything {count} {name}")
        client = wiki.new_client("ben")
        client.get("/eng/-/housekeeping")  # the sign-in is remembered
        event.listen(wiki.database.reader, "before_cursor_execute", note)
        client.get(f"/eng/-/housekeeping?list={name}")
        event.remove(wiki.database.reader, "before_cursor_execute", note)
        return count[0]

    wiki.write("p", "![a](pics/a.png) [[x]] [a](#b)")
    few = queries()
    for number in range(8):
        wiki.write(f"p{number}", f"![a](pics/{number}.png) [[x{number}]] [a](#b)")
    assert queries() == few


def test_an_unknown_list_is_not_there_and_a_cursor_of_somebody_else_begins_anew(
    wiki: Scene,
) -> None:
    assert wiki.get("ben", "/eng/-/housekeeping?list=secrets").status_code == 404
    assert wiki.get("ben", "/eng/-/housekeeping?after=nonsense").status_code == 200


def test_what_links_to_a_page_says_to_which_section(wiki: Scene) -> None:
    wiki.write("rota", "## On call")
    wiki.write("a", "[[rota#On call]] [[rota]]")
    assert "#on-call" in wiki.get("cai", "/eng/rota/-/backlinks").text
