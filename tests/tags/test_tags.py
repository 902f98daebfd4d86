"""Which tags there are, and the pages that have them: for those who may read the pages."""

import re

import pytest

from tests.cast import Scene


def shown_tags(wiki: Scene, who: str, url: str) -> list[tuple[str, int]]:
    """The tags of a screen in order, each with its number of pages."""
    listed = re.search(r'<ul class="tag-list">(.*?)</ul>', wiki.get(who, url).text, re.DOTALL)
    found = re.findall(r'dir="auto">([^<]+)</a><span[^>]*>([\d,]+)', listed[1] if listed else "")
    return [(name, int(count)) for name, count in found]


def shown_pages(text: str) -> list[str]:
    return re.findall(r'class="row-title" href="([^"]+)"', text)


def test_tags_are_listed_by_name_and_by_size_with_the_number_of_their_pages(wiki: Scene) -> None:
    wiki.write("one", "x", tags=("rota", "duty"))
    wiki.write("two", "x", tags=("rota",))
    wiki.write("three", "x", tags=("Apples",))
    wiki.write("four", "x")
    wiki.deliver()
    assert shown_tags(wiki, "cai", "/eng/-/tags") == [("Apples", 1), ("duty", 1), ("rota", 2)]
    assert shown_tags(wiki, "cai", "/eng/-/tags?sort=pages")[0] == ("rota", 2)
    assert "No tags yet" in wiki.get("cai", "/lab/-/tags").text


def test_case_and_compatible_letters_make_no_other_tag_and_the_newest_spelling_is_shown(
    wiki: Scene,
) -> None:
    wiki.write("one", "x", tags=("Café", "CAFE\u0301"))
    wiki.write("two", "x", tags=("CAFÉ",))
    wiki.deliver()
    assert shown_tags(wiki, "cai", "/eng/-/tags") == [("CAFÉ", 2)]
    for spelling in ("café", "CAFÉ", "cafe\u0301"):
        assert len(shown_pages(wiki.get("cai", f"/eng/-/tags/{spelling}").text)) == 2


def test_a_page_leads_to_its_tags_and_a_tag_to_its_pages_newest_first(wiki: Scene) -> None:
    for name in ("one", "two", "three"):
        wiki.write(name, "x", tags=("on call", "R&D/labs"))
    wiki.write("two", "changed", tags=("on call",))
    wiki.deliver()
    links = re.findall(r'class="tag" href="([^"]+)"', wiki.get("cai", "/eng/one").text)
    assert links == ["/eng/-/tags/on%20call", "/eng/-/tags/R%26D/labs"]
    assert shown_pages(wiki.get("cai", links[0]).text) == ["/eng/two", "/eng/three", "/eng/one"]
    assert shown_pages(wiki.get("cai", links[1]).text) == ["/eng/three", "/eng/one"]


@pytest.mark.parametrize(
    "tag",
    [".", "..", "/", "a//b", "/etc", "a/..", "?", "#1", "100%", "a+b", "-", "日本語", '"<b>"'],
)
def test_a_tag_may_be_called_anything(wiki: Scene, tag: str) -> None:
    wiki.write("one", "x", tags=(tag,))
    wiki.deliver()
    for where in ("/eng/one", "/eng/-/tags", "/-/tags"):
        shown = wiki.get("cai", where).text
        link = re.search(r'href="((?:/eng)?/-/tags(?:/|\?tag=)[^"]+)"', shown)
        assert link, where
        page = wiki.get("cai", link[1].replace("&amp;", "&"))
        assert page.status_code == 200
        assert shown_pages(page.text) == ["/eng/one"]


def test_the_lists_follow_what_happens_to_pages(wiki: Scene) -> None:
    for name in ("one", "two", "three"):
        wiki.write(name, "x", tags=("rota",))
    wiki.write("one", "y", tags=("duty",))
    wiki.post("ben", "/eng/two/-/delete")
    wiki.post("eve", "/eng/three/-/move", path="three", space="lab")
    wiki.deliver()
    assert shown_tags(wiki, "cai", "/eng/-/tags") == [("duty", 1)]
    assert shown_tags(wiki, "cai", "/lab/-/tags") == [("rota", 1)]
    assert wiki.get("cai", "/eng/-/tags/rota").status_code == 404
    wiki.post("ben", f"/-/p/{wiki.page('one').id + 1}/restore")
    wiki.deliver()
    assert shown_pages(wiki.get("cai", "/eng/-/tags/rota").text) == ["/eng/two"]


def test_a_right_that_is_taken_holds_before_the_lists_have_followed(wiki: Scene) -> None:
    wiki.write("one", "x", tags=("rota",))
    wiki.write("two", "x", tags=("duty",))
    wiki.deliver()
    wiki.post("ben", "/eng/one/-/delete")
    wiki.post("eve", "/eng/two/-/move", path="two", space="lab")
    for url in ("/eng/-/tags", "/-/tags"):
        assert shown_tags(wiki, "dot", url) == []
    for url in ("/eng/-/tags/rota", "/eng/-/tags/duty", "/-/tags/rota", "/-/tags/duty"):
        assert wiki.get("dot", url).status_code == 404


def test_a_tag_of_what_one_may_not_read_is_none(wiki: Scene) -> None:
    wiki.write("plan", "x", space="lab", tags=("secret", "SHARED"))
    wiki.write("news", "x", space="open", tags=("shared",))
    wiki.deliver()
    assert shown_tags(wiki, "cai", "/-/tags") == [("secret", 1), ("shared", 2)]
    for who in ("nobody", "dot", "ada"):
        assert shown_tags(wiki, who, "/-/tags") == [("shared", 1)]
        hidden, absent = wiki.get(who, "/-/tags/secret"), wiki.get(who, "/-/tags/absent")
        assert hidden.status_code == absent.status_code == 404
        assert hidden.data == absent.data.replace(b"absent", b"secret")
        assert shown_pages(wiki.get(who, "/-/tags/shared").text) == ["/open/news"]
        for where in ("tags", "tags/secret", "pages", "calendar", "changes?on=2026-01-31"):
            assert wiki.get(who, f"/lab/-/{where}").status_code == 404
    everywhere = wiki.get("cai", "/-/tags/shared").text
    assert shown_pages(everywhere) == ["/open/news", "/lab/plan"]
    assert 'href="/lab/-/tags/shared"' in everywhere


def test_long_lists_of_tags_and_pages_come_in_slices_that_miss_nothing(wiki: Scene) -> None:
    for number in range(9):
        tags = [f"tag {number * 50 + one:03}" for one in range(49)]
        wiki.write(f"page-{number}", "x", tags=("every", *tags))
    for number in range(9, 120):
        wiki.write(f"page-{number}", "x", tags=("every",))
    wiki.deliver()
    for url in ("/eng/-/tags", "/-/tags", "/eng/-/tags?sort=pages", "/-/tags?sort=pages"):
        found, following = [], url
        while following:
            text = wiki.get("cai", following).text
            found += shown_tags(wiki, "cai", following)
            older = re.search(r'rel="next" href="([^"]+)"', text)
            following = older[1].replace("&amp;", "&") if older else ""
        assert len(found) == len(set(found)) == 9 * 49 + 1
        if "sort" in url:
            assert found == sorted(found, key=lambda tag: (-tag[1], tag[0]))
        else:
            assert found == sorted(found)
    for url in ("/eng/-/tags/every", "/-/tags/every"):
        pages, following = [], url
        while following:
            text = wiki.get("cai", following).text
            pages += shown_pages(text)
            older = re.search(r'rel="next" href="([^"]+)"', text)
            following = older[1] if older else ""
        assert pages == [f"/eng/page-{n}" for n in reversed(range(120))]


def test_the_editor_offers_the_tags_of_the_space_after_those_that_are_there(wiki: Scene) -> None:
    wiki.write("one", "x", tags=("rota", "on call"))
    wiki.write("two", "x", tags=("rota",))
    wiki.write("three", "x", space="lab", tags=("secret",))
    wiki.deliver()
    for url, expected in (
        ("/eng/two/-/edit", ["rota, on call"]),
        ("/eng/-/new", ["rota", "on call"]),
    ):
        text = wiki.get("ben", url).text
        assert re.findall(r'<option value="([^"]*)" data-tag', text) == expected
