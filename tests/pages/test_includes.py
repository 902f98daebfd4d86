"""Pages shown inside others: as far as who reads may read them, whatever stands in them."""

from __future__ import annotations

import re

import pytest

from tests.cast import Scene, without_tokens
from tests.pages.test_query_counts import counted
from wiki.pages.access import restrictions
from wiki.pages.access.restrictions import AccessList
from wiki.pages.rendering.models import RenderingRow
from wiki.rules.access import May
from wiki.rules.labels import Label
from wiki.spaces.consent import UNASKED


def prose(wiki: Scene, path: str, who: str = "eve", query: str = "") -> str:
    """What somebody reads of a page."""
    html = wiki.get(who, f"/eng/{path}{query}").text
    return html.partition('<div class="prose"')[2].partition("<footer")[0]


def keep_to(wiki: Scene, path: str, *who: str) -> None:
    with wiki.database.write() as session:
        people = [wiki.actor(name).person_id or 0 for name in who]
        page = wiki.page(path)
        restrictions.restrict(
            session, wiki.actor("eve"), page.id, AccessList(May.READ, people), consent=UNASKED
        )


def label(wiki: Scene, path: str, label: Label) -> None:
    with wiki.database.write() as session:
        page = wiki.page(path)
        restrictions.set_label(session, wiki.actor("eve"), page.id, label, consent=UNASKED)


def test_a_page_is_shown_inside_another_with_the_way_to_it(wiki: Scene) -> None:
    wiki.write("on-call", "The *phone* is at the desk.", title="On call")
    wiki.write("rota", "Before.\n\n![[on call]]\n\nAfter.")
    shown = prose(wiki, "rota")
    assert "The <em>phone</em> is at the desk." in shown
    assert 'From <a href="/eng/on-call" dir="auto">On call</a>' in shown
    wiki.write("on-call", "The phone is gone.")
    assert "The phone is gone." in prose(wiki, "rota")


def test_a_section_goes_to_the_next_heading_of_its_level(wiki: Scene) -> None:
    wiki.write(
        "guide",
        "Zero.\n\n## One\n\none\n\n### Deep\n\ndeep[^1]\n\n> ## Quoted\n\n"
        "## Two\n\ntwo\n\n[^1]: note",
    )
    wiki.write("a", "![[guide#One]]")
    wiki.write("b", "![[guide#Two]]")
    wiki.write("c", "![[guide#Three]]")
    shown = prose(wiki, "a")
    assert all(words in shown for words in ("one", "deep", "Quoted"))
    assert not any(words in shown for words in ("Zero", "two", ">note"))
    assert 'href="/eng/guide#fn-1"' in shown  # the note is not here
    assert "two" in prose(wiki, "b")
    assert "note" not in prose(wiki, "b")
    assert "This section doesn’t exist:" in prose(wiki, "c")


def test_names_inside_do_not_meet_those_of_the_page(wiki: Scene) -> None:
    wiki.write("guide", "## Same\n\n[up](#same) [^1]\n\n[^1]: A note.")
    wiki.write("rota", "## Same\n\nOwn[^1].\n\n![[guide]]\n\n![[guide]]\n\n[^1]: Own note.")
    html = wiki.get("eve", "/eng/rota").text
    names = re.findall(r' id="([^"]*)"', html)
    assert len(names) == len(set(names))
    targets = set(re.findall(r' href="#([^"]*)"', html))
    assert targets <= set(names)
    assert html.count("in1-sec-same") == 2  # its own name and “up”: the contents have it not
    assert html.count('href="/eng/guide#sec-same"') == 2  # the links at the headings


@pytest.mark.parametrize(
    "text",
    ["`![[secret]]`", "    ![[secret]]", "\\![[secret]]", "```\n![[secret]]\n```"],
)
def test_code_and_what_is_escaped_stays_text(wiki: Scene, text: str) -> None:
    wiki.write("secret", "wolpertinger")
    wiki.write("rota", f"Words.\n\n{text}\n")
    shown = prose(wiki, "rota")
    assert "![[secret]]" in shown
    assert "wolpertinger" not in shown


@pytest.mark.parametrize(
    "text",
    ["- ![[Secret]]", "> ![[Secret]]", "See ![[Secret]].", "| a |\n| - |\n| ![[Secret]] |",
     "# ![[Secret]]", "![[Secret|Secret]] ![[Secret]]", "![[Secret]]\n![[Secret]]"],
)  # fmt: skip
def test_what_is_not_alone_in_its_paragraph_is_a_link(wiki: Scene, text: str) -> None:
    wiki.write("deep/secret", "wolpertinger")
    wiki.write("rota", f"Words.\n\n{text}\n")
    shown = prose(wiki, "rota")
    assert '<a class="wl-0" href="/eng/deep/secret">Secret</a>' in shown
    assert "![[" not in shown
    assert "wolpertinger" not in shown


def test_what_one_may_not_read_looks_like_what_does_not_exist(wiki: Scene) -> None:
    wiki.write("plans", "## Aims\n\nwolpertinger", title="Wolpertinger")
    wiki.write("outer", "![[plans]]\n\nouter")
    wiki.write("one", "![[plans]]\n\n![[plans#Aims]]\n\n![[outer]]\n\n![[lab:x]]")
    wiki.write("two", "![[snalp]]\n\n![[snalp#Aims]]\n\n![[retuo]]\n\n![[lab:x]]")
    wiki.write("retuo", "![[snalp]]\n\nouter", title="outer")
    wiki.write("x", "wolpertinger", space="lab")
    assert prose(wiki, "one", "ben").count("wolpertinger") == 4
    keep_to(wiki, "plans", "ben")
    assert prose(wiki, "one", "ben").count("wolpertinger") == 4
    for who in ("cai", "dot", "ada"):
        hidden, absent = prose(wiki, "one", who), prose(wiki, "two", who)
        same = hidden.replace("plans", "snalp").replace("/eng/outer", "/eng/retuo")
        assert same.replace(">outer<", ">retuo<") == absent.replace(">outer<", ">retuo<")
        assert hidden.count("Nothing to show here:") == (3 if who == "cai" else 4)
        whole = without_tokens(wiki.get(who, "/eng/one").text)
        assert "Wolpertinger" not in whole
    wiki.get("eve", "/eng/plans")


def test_a_label_hides_at_once_what_others_include(wiki: Scene) -> None:
    wiki.write("figures", "wolpertinger")
    wiki.write("rota", "![[figures]]")
    assert "wolpertinger" in prose(wiki, "rota", "cai")
    label(wiki, "figures", Label.CONFIDENTIAL)
    assert "wolpertinger" not in prose(wiki, "rota", "cai")
    assert "wolpertinger" in prose(wiki, "rota", "ben")


def test_a_page_in_itself_and_round_about_ends_in_a_sentence(wiki: Scene) -> None:
    wiki.write("a", "aa\n\n![[b]]")
    wiki.write("b", "bb\n\n![[a]]\n\n![[b]]")
    shown = prose(wiki, "a")
    assert shown.count("A page can’t be embedded in itself:") == 2
    assert shown.count("bb") == 1
    wiki.write("b", "bb\n\n![[#Part]]\n\n## Part")
    assert "A page can’t show a part of itself" in prose(wiki, "b")


def test_pages_are_shown_three_deep_in_as_many_queries_as_one_deep(wiki: Scene) -> None:
    wiki.alone()
    for number in range(5):
        wiki.write(f"p{number}", f"level {number}\n\n![[p{number + 1}]]\n\n![[nowhere]]")
        for more in range(5):
            wiki.write(f"q{number}{more}", "![[q]]\n\n![[nowhere]] [x](nowhere2.md)")
    several = "\n\n".join(f"![[q{n}{m}]]" for n in range(5) for m in range(5))
    wiki.write("q", "qq")
    for path, body in (("none", "x"), ("few", "![[p2]]"), ("deep", "![[p1]]"), ("many", several)):
        wiki.write(path, body)
        wiki.get("eve", f"/eng/{path}")
    asked = {}
    for path in ("none", "few", "deep", "many"):
        with counted(wiki) as statements:
            shown = prose(wiki, path, query="?x")
        asked[path] = len(statements)
    assert "level 3" in prose(wiki, "deep")
    assert "level 4" not in prose(wiki, "deep")
    assert "Pages can be embedded only three levels deep:" in prose(wiki, "deep")
    assert shown.count("qq") == 25
    assert asked["many"] <= asked["deep"] == asked["none"] + 9


@pytest.mark.thorough
def test_thousands_of_includes_and_a_long_page_a_thousand_times_are_bounded(wiki: Scene) -> None:
    wiki.write("small", "tiny words")
    wiki.write("long", "word " * 60_000)
    wiki.write("huge", "word " * 250_000)
    wiki.write("rota", "![[small]]\n\n" * 2_000)
    shown = prose(wiki, "rota")
    assert shown.count("tiny words") == 100
    assert shown.count("Too much is embedded on this page:") == 1_900
    wiki.write("rota", "![[long]]\n\n" * 1_000 + "![[huge]]")
    shown = prose(wiki, "rota")
    assert shown.count("included-from") == 3
    assert "This page is too long to be embedded:" in shown
    wiki.write("rota", "\n\n".join(f"![[p{number}]]" for number in range(300)))
    shown = prose(wiki, "rota")
    assert shown.count("Nothing to show here:") == 100
    assert shown.count("Too much is embedded") == 200


def test_it_follows_a_page_that_moves_and_links_to_it_count(wiki: Scene) -> None:
    wiki.write("on-call", "## Tuesdays\n\nthe desk", title="On call")
    wiki.write("rota", "![[on-call#Tuesdays]]")
    assert "Rota" in wiki.get("ben", "/eng/on-call/-/backlinks").text.replace("rota", "Rota")
    sent = {"path": "teams/duty", "space": "eng"}
    assert wiki.post("ben", "/eng/on-call/-/move", **sent).status_code == 303
    assert "the desk" in prose(wiki, "rota")  # by the redirect
    sent = {"path": "people/duty", "space": "eng", "repair": "1"}
    assert wiki.post("ben", "/eng/teams/duty/-/move", **sent).status_code == 303
    assert "![[people/duty#Tuesdays]]" in wiki.get("ben", "/eng/rota/-/raw").text
    assert "the desk" in prose(wiki, "rota")
    wiki.write("rota", "![[wanted]]")
    assert "wanted" in wiki.get("ben", "/eng/-/housekeeping").text


def test_what_was_never_laid_out_is_when_it_is_first_included(wiki: Scene) -> None:
    wiki.write("inner", "the innermost")
    wiki.write("on-call", "![[inner]]")
    wiki.write("rota", "![[on-call]]")
    with wiki.database.write() as session:
        session.query(RenderingRow).delete()
    assert "the innermost" in prose(wiki, "rota")


def test_the_past_does_not_show_what_others_say_today(wiki: Scene) -> None:
    wiki.write("on-call", "the desk")
    wiki.write("rota", "![[on-call]]")
    wiki.write("rota", "![[on-call]]\n\nmore")
    before = prose(wiki, "rota", query="?revision=1")
    assert "the desk" not in before
    assert "Another page was embedded here:" in before
    assert wiki.get("eve", "/eng/rota/-/raw").text == "![[on-call]]\n\nmore"


def test_a_preview_shows_what_its_author_may_read(wiki: Scene) -> None:
    wiki.write("on-call", "the desk")
    wiki.write("plans", "wolpertinger")
    keep_to(wiki, "plans", "eve")
    wiki.write("rota", "words")
    form = {"title": "Rota", "path": "rota", "base": "1"}
    body = "![[on-call]]\n\n![[plans]]\n\n![[rota]]"
    shown = wiki.post("ben", "/eng/-/preview", body=body, **form).json
    assert shown is not None
    assert "the desk" in shown["html"]
    assert "wolpertinger" not in shown["html"]
    assert "A page can’t be embedded in itself:" in shown["html"]
    plain = wiki.post("ben", "/eng/rota/-/edit", body=body, preview="1", **form).text
    assert "the desk" in plain
    assert "A page can’t be embedded in itself:" in plain
