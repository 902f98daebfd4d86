"""Searching in comments: only on pages that the searcher may read."""

import html
import re

import pytest

from tests.cast import Scene
from tests.search.test_link_texts import restrict


def comments(wiki: Scene, who: str, question: str, **more: object) -> list[str]:
    shown = wiki.get(who, "/-/search", query_string={"q": question, **more})
    assert shown.status_code == 200
    texts = re.findall('<p class="found-text" dir="auto">(.*?)</p>', shown.text, re.S)
    return [html.unescape(re.sub("</?mark>", "", one)) for one in texts]


def say(wiki: Scene, who: str, at: str, text: str) -> None:
    assert wiki.post(who, f"{at}/-/comments", body=text).status_code == 303


@pytest.fixture
def talked(wiki: Scene) -> Scene:
    wiki.write("source", "Text of the page with marmalade.", title="Plan")
    wiki.write("plan", "Text.", space="lab", title="Lab plan")
    say(wiki, "ben", "/eng/source", "Marmalade is ÜBER sweet, 100% sure.")
    say(wiki, "eve", "/eng/source", "No marmalade here.")
    say(wiki, "ben", "/lab/plan", "Secret marmalade.")
    wiki.deliver()
    return wiki


@pytest.mark.every_database
def test_comments_are_found_by_their_words_and_only_where_the_page_may_be_read(
    talked: Scene,
) -> None:
    both = ["No marmalade here.", "Marmalade is ÜBER sweet, 100% sure."]
    assert comments(talked, "ben", "in:comments marmalade") == ["Secret marmalade.", *both]
    assert comments(talked, "eve", "in:comments MARMALADE author:ben space:eng") == both[1:]
    assert comments(talked, "ben", "in:comments marmalade -sweet", space="eng") == both[:1]
    assert comments(talked, "ben", 'in:comments "100% sure"') == both[1:]
    assert comments(talked, "ben", "in:comments 1%sure") == []
    restrict(talked)
    assert comments(talked, "eve", "in:comments marmalade under:eng/source") == both
    hidden = talked.get("gus", "/-/search?q=in:comments+marmalade").text
    absent = talked.get("gus", "/-/search?q=in:comments+nothing12").text
    assert hidden.replace("marmalade", "nothing12") == absent
    assert "No comments on pages you can read match" in hidden


def test_a_comment_found_leads_to_its_place_and_has_its_page_and_author(talked: Scene) -> None:
    shown = talked.get("ben", "/-/search?q=in:comments+sweet").text
    address = re.findall(r'<h2><a href="([^"]*)"', shown)[0]
    assert "Comment on Plan" in shown
    assert "<mark>sweet</mark>" in shown
    assert "100% sure" in talked.client("ben").get(address, follow_redirects=True).text


def test_other_places_are_text(talked: Scene) -> None:
    talked.write("log", "See in:boxes for more.", title="Log")
    talked.deliver()
    assert "Log</a>" in talked.get("ben", "/-/search?q=in:boxes").text.replace("</mark>", "")
