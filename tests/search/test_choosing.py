"""The row of the switcher and of the editor's completion that is selected at first."""

import re
from html import unescape

import pytest

from tests.cast import Scene

pytestmark = [pytest.mark.every_database, pytest.mark.search_in_database]


def rows(wiki: Scene, who: str, typed: str, **more: object) -> list[tuple[str, str]]:
    """The rows of the fragment, each with its marks: `match`, `exact` or none."""
    shown = wiki.get(who, "/-/switch", query_string={"q": typed, **more})
    assert shown.status_code == 200
    found = re.findall(r"<a ([^>]*)>(.*?)(?:<small>.*?)?</a>", shown.text)
    marks = [re.findall(r"data-(\w+)", attributes) for attributes, _ in found]
    titles = [unescape(re.sub(r"<[^>]+>", "", title)) for _, title in found]
    return [(title, " ".join(mark)) for title, mark in zip(titles, marks, strict=True)]


@pytest.fixture
def pages(wiki: Scene) -> Scene:
    wiki.write("laptops", "x", title="Ordering a laptop")
    wiki.write("onboarding", "x", title="Onboarding checklist", space="open")
    wiki.write("onboarded", "x", title="People onboarded")
    wiki.deliver()
    return wiki


MATCHES = [
    ("check onb", ["Onboarding checklist"]),
    ("onboarding", ["Onboarding checklist"]),
    ("onboardnig", []),
    ("order laptop", ["Ordering a laptop"]),
    ("how do I order a laptop", []),
    ("laptops", ["Ordering a laptop"]),  # its path
    ("title:laptop", []),
    ("laptop -a", []),
    ('"laptop"', []),
]


def test_a_title_matches_when_each_typed_word_begins_one_of_its_words(pages: Scene) -> None:
    for typed, matches in MATCHES:
        found = rows(pages, "cai", typed)
        assert [title for title, mark in found if "match" in mark] == matches, typed


def test_what_matches_stands_before_what_is_only_like_it(pages: Scene) -> None:
    found = rows(pages, "cai", "check onb", space="eng")
    assert [title for title, _ in found] == ["Onboarding checklist", "People onboarded"]


def creates(wiki: Scene, who: str, typed: str) -> bool:
    """Whether completion offers to create a page of that name."""
    return "data-creates" in wiki.get(who, f"/-/switch?q={typed}&space=eng&for=link").text


def test_a_page_that_is_named_exactly_is_marked_and_comes_first(pages: Scene) -> None:
    for typed in ("Laptops", "laptops", "eng:laptops", "ordering a LAPTOP"):
        title, mark = rows(pages, "ben", typed, space="eng", **{"for": "link"})[0]
        assert title == "Ordering a laptop", typed
        assert "exact" in mark, typed


def test_completion_offers_to_create_a_page_where_none_is(pages: Scene) -> None:
    assert creates(pages, "ben", "Onboarding")
    assert creates(pages, "ben", "open:Zzz")
    pages.write("fresh", "x", title="Another name")  # the index has not heard of it
    assert not creates(pages, "ben", "fresh")
    pages.post("ben", "/eng/fresh/-/move", path="moved")
    assert not creates(pages, "ben", "fresh")
    assert rows(pages, "ben", "fresh", space="eng", **{"for": "link"}) == [
        ("Another name", "target match exact")
    ]


def test_nothing_is_offered_to_be_created_where_it_cannot_be(pages: Scene) -> None:
    assert not creates(pages, "cai", "page")
    assert not creates(pages, "ben", "nowhere:page")
    assert not creates(pages, "ben", "")


def test_a_hidden_page_is_named_by_nobody_who_may_not_read_it(wiki: Scene) -> None:
    wiki.write("merger", "x", space="lab")
    wiki.deliver()
    assert rows(wiki, "ben", "lab:merger", space="eng", **{"for": "link"})[0][0] == "merger"
    shown = wiki.get("dot", "/-/switch?q=lab:merger&space=eng&for=link").text
    nothing = wiki.get("dot", "/-/switch?q=lab:absent&space=eng&for=link").text
    assert shown == nothing


def test_after_a_hash_the_sections_of_the_named_page_are_offered(wiki: Scene) -> None:
    text = "# Start\n\n## What to do first\n\n## What next\n\n## What next\n\n## C# | F#\n"
    wiki.write("on-call", text, title="On call", space="lab")
    wiki.deliver()

    def offered(who: str, typed: str) -> list[tuple[str, str]]:
        query = {"q": typed, "space": "lab", "for": "link"}
        shown = wiki.get(who, "/-/switch", query_string=query).text
        found = re.findall(r'data-target="([^"]*)"( data-exact)?>(.*?)<small>', shown)
        return [(unescape(target) + exact, title) for target, exact, title in found]

    assert offered("cai", "On call#what") == [
        ("On call#What to do first", "What to do first"),
        ("On call#What next", "What next"),
        ("On call#what-next-1", "What next"),
    ]
    assert offered("cai", "on-call#WHAT TO DO FIRST")[0][0].endswith("first data-exact")
    assert offered("cai", "lab:on-call#f") == [
        ("lab:on-call#What to do first", "What to do first"),
        (r"lab:on-call#C\# \| F\#", "C# | F#"),
    ]
    assert len(offered("cai", "on-call#")) == 5
    assert offered("cai", "on-call#zebra") == []
    wiki.write("c#", "x\n", title="C#", space="lab")
    wiki.write("c", "x\n", title="C", space="lab")
    wiki.deliver()
    assert rows(wiki, "cai", "C#", space="lab", **{"for": "link"})[0] == (
        "C#",
        "target match exact",
    )
    query = {"space": "eng", "for": "link"}
    shown, absent = (
        wiki.get("dot", "/-/switch", query_string={"q": f"lab:{name}#what", **query}).text
        for name in ("on-call", "absent")
    )
    assert shown == absent
