"""The switcher: what it finds beside titles, and only what the searcher may read."""

import re

import pytest

from tests.cast import Scene
from tests.pages.test_query_counts import counted


def rows(wiki: Scene, who: str, typed: str, **more: object) -> list[tuple[str, str, str, bool]]:
    """The rows as address, label, what is below it, and whether Enter may open it unasked."""
    shown = wiki.get(who, "/-/switch", query_string={"q": typed, **more})
    assert shown.status_code == 200
    found = re.findall(r"<li><a ([^>]*)>(.*?)<small[^>]*>(.*?)</small>", shown.text, re.S)
    return [
        (
            re.findall('href="([^"]*)"', attributes)[0],
            re.sub("<svg.*?</svg>|<[^>]+>", "", label),
            re.sub("<[^>]+>", "", below),
            "data-match" in attributes,
        )
        for attributes, label, below in found
    ]


def labels(wiki: Scene, who: str, typed: str, **more: object) -> list[str]:
    return [label for _, label, _, _ in rows(wiki, who, typed, **more)]


@pytest.fixture
def furnished(wiki: Scene) -> Scene:
    body = "Intro.\n\n## Zephyr drill\n\nRun it on Mondays.\n\n## Other\n\nMention of marmalade."
    wiki.write("plan", body, title="Plan", tags=("zebra work",))
    wiki.write("plan", body, space="lab", title="Lab plan", tags=("zebra secret",))
    wiki.deliver()
    return wiki


def test_titles_with_the_typed_words_come_before_paths_with_them(wiki: Scene) -> None:
    wiki.write("release/notes", space="open", title="What is new")
    wiki.write("plans/next", space="eng", title="Next release")
    wiki.deliver()
    # The space in which somebody types brings no path before a title.
    assert labels(wiki, "ben", "release", space="open")[:2] == ["Next release", "What is new"]


@pytest.mark.every_database
@pytest.mark.search_in_database
def test_sections_texts_people_and_tags_are_below_titles(furnished: Scene) -> None:
    assert rows(furnished, "dot", "zephyr dr") == [
        ("/eng/plan#sec-zephyr-drill", "Zephyr drill", "Section of Plan", False)
    ]
    ((address, label, below, matches),) = rows(furnished, "dot", "marmal")
    assert (address.partition("#")[0], label, matches) == ("/eng/plan", "Plan", False)
    assert below.endswith("Mention of marmalade.")
    assert ("/-/people/ben", "Ben", "@ben", True) in rows(furnished, "dot", "be")
    assert ("/-/tags/zebra%20work", "zebra work", "Tag of 1 page", False) in rows(
        furnished, "dot", "zeb"
    )
    assert ("/-/tags/zebra%20work", "zebra work", "Tag of 1 page", False) in rows(
        furnished, "dot", "work"
    )


def test_nothing_comes_from_what_the_searcher_may_not_read(furnished: Scene) -> None:
    for typed in ("zephyr", "marmalade", "zebra", "lab", "lab plan"):
        assert not any(
            "lab" in row[0] or "secret" in row[1] for row in rows(furnished, "dot", typed)
        )
    assert len(rows(furnished, "cai", "marmalade")) == 2
    assert "zebra secret" in labels(furnished, "cai", "zeb")
    # Guests know only people with whom they share a space, and no groups or tags of others.
    assert labels(furnished, "gus", "be") == []
    assert labels(furnished, "gus", "ev") == ["Eve"]
    assert labels(furnished, "gus", "zebra") == []
    assert labels(furnished, "nobody", "ben") == []


def test_commands_are_found_by_their_names(furnished: Scene) -> None:
    assert "Starred" in labels(furnished, "cai", "star")
    assert labels(furnished, "cai", "audi") == []
    assert ("/-/admin/audit", "Audit", "Administration", True) in rows(furnished, "ada", "audi")
    here = rows(furnished, "cai", "membe", space="eng")
    assert ("/eng/-/members", "Members", "Eng", True) in here
    assert labels(furnished, "dot", "membe", space="lab") == labels(furnished, "dot", "membe")


def test_a_former_address_leads_to_the_page(furnished: Scene) -> None:
    sent = {"title": "Plan", "path": "the-scheme", "space": "eng"}
    assert furnished.post("eve", "/eng/plan/-/move", **sent).status_code == 303
    furnished.deliver()
    assert rows(furnished, "dot", "plan", space="eng")[0][0] == "/eng/the-scheme"


def test_a_page_can_be_created_where_nothing_fits(furnished: Scene) -> None:
    made = rows(furnished, "ben", "Brand new thing", space="eng")
    assert made == [("/eng/-/new?title=Brand+new+thing", "Create “Brand new thing”", "Eng", False)]
    assert rows(furnished, "cai", "Brand new thing", space="eng") == []
    assert "Create “Plan”" not in labels(furnished, "ben", "Plan", space="eng")
    assert rows(furnished, "ben", "tag:nothing", space="eng") == []


def test_the_number_of_queries_does_not_grow_with_what_is_found(furnished: Scene) -> None:
    def statements() -> int:
        with counted(furnished) as found:
            furnished.get("ben", "/-/switch?q=marmalade&space=eng")
        return len(found)

    furnished.get("ben", "/-/switch?q=marmalade&space=eng")
    few = statements()
    for number in range(6):
        furnished.write(f"p{number}", "## Marmalade\n\nmarmalade", tags=("marmalade",))
    furnished.deliver()
    assert statements() <= few + 1  # the titles of ancestors


def test_an_excerpt_in_a_row_begins_shortly_before_its_mark(wiki: Scene) -> None:
    wiki.write("long", f"{'Some words come before it ' * 5}and then comes quinoa with salad.")
    wiki.deliver()
    ((_, _, below, _),) = rows(wiki, "dot", "quinoa")
    assert below.startswith("… ")
    assert below.index("quinoa") < 40
