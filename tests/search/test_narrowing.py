"""Narrowing a search: facets, orders, places, and the completion of operators."""

import html
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count

import pytest

from tests.cast import Scene
from tests.kinds.decision.kind import DECISION
from tests.search.test_link_texts import restrict
from tests.search.test_searching import found
from wiki.db import at
from wiki.kind_registry import forget, register


def facet(wiki: Scene, who: str, question: str, label: str) -> dict[str, tuple[str, str]]:
    """The values of a facet, each with its count and its address."""
    shown = wiki.get(who, "/-/search", query_string={"q": question}).text
    part = re.search(rf'<ul class="narrow-by" aria-label="{label}">(.*?)</ul>', shown, re.S)
    links = re.findall(r'<a href="([^"]*)"[^>]*>(.*?)</a>', part[1], re.S) if part else []
    values = {}
    for address, text in links:
        *name, count = re.sub("<[^>]+>", "", text).split()
        values[" ".join(name)] = (count, html.unescape(address))
    return values


def completed(wiki: Scene, who: str, typed: str) -> dict[str, str]:
    shown = wiki.get(who, "/-/search/complete", query_string={"q": typed})
    assert shown.status_code == 200
    return {
        html.unescape(text): about
        for text, about in re.findall('<option value="([^"]*)">(.*?)</option>', shown.text)
    }


@pytest.fixture
def pages(wiki: Scene) -> Iterator[Scene]:
    register(replace(DECISION, projection=None))
    moments = (datetime(2025, 1, day, tzinfo=UTC) for day in count(1))
    for path, body, more in (
        ("plan", "word alpha", {"tags": ("road map",)}),
        ("plan/part", "word beta", {"by": "ben"}),
        ("planning", "word gamma", {"by": "ben"}),
        ("choice", "---\nkind: decision\nstatus: proposed\n---\nword delta", {}),
        ("secret", "word epsilon", {"space": "lab", "by": "ben", "tags": ("hush",)}),
    ):
        with at(next(moments)):
            wiki.write(path, body, **more)  # type: ignore[arg-type]
    wiki.deliver()
    yield wiki
    forget(DECISION)


@pytest.mark.every_database
@pytest.mark.search_in_database
def test_facets_have_labels_counts_and_links_and_nothing_hidden(pages: Scene) -> None:
    authors = facet(pages, "dot", "word", "Author")
    assert {name: count for name, (count, _) in authors.items()} == {"Ben": "2", "Eve": "2"}
    assert found(pages, "dot", "word author:ben sort:date") == ["planning", "part"]
    assert authors["Ben"][1].endswith("author:ben")
    kinds = facet(pages, "dot", "word", "Kind")
    assert sorted(count for count, _ in kinds.values()) == ["1", "3"]
    assert any(address.endswith("kind:decision") for _, address in kinds.values())
    assert facet(pages, "cai", "word", "Author")["Ben"][0] == "3"
    assert "hush" not in facet(pages, "dot", "word", "Tag")
    restrict(pages, "planning")
    assert facet(pages, "dot", "word", "Author")["Ben"][0] == "1"


def test_results_are_sorted_by_date_on_request(pages: Scene) -> None:
    pages.write("plan", "word alpha beta", by="ben")
    pages.deliver()
    assert found(pages, "dot", "word sort:date") == ["plan", "choice", "planning", "part"]
    orders = pages.get("dot", "/-/search?q=word").text
    assert 'href="/-/search?q=word+sort:date"' in orders
    back = pages.get("dot", "/-/search?q=word+sort:date").text
    assert 'href="/-/search?q=word"' in back


@pytest.mark.every_database
@pytest.mark.search_in_database
def test_a_page_and_what_is_below_it_can_be_searched_alone(pages: Scene) -> None:
    assert set(found(pages, "dot", "word under:eng/plan")) == {"plan", "part"}
    assert set(found(pages, "dot", "word under:PLAN", space="eng")) == {"plan", "part"}
    assert set(found(pages, "dot", "word -under:eng/plan")) == {"planning", "choice"}
    assert set(found(pages, "cai", "word under:lab")) == {"secret"}
    hidden = pages.get("dot", "/-/search?q=word+under:lab/secret").text
    absent = pages.get("dot", "/-/search?q=word+under:lab/nothing").text
    assert hidden.replace("secret", "nothing") == absent
    assert "There are no pages below “lab/secret” that you can read." in hidden


@pytest.mark.parametrize(
    ("question", "note"),
    [
        ("word titel:plan", "Did you mean “title:”?"),
        ("word kind:artcle", "There’s no kind of page called “artcle”. The kinds are “"),
        ("word sort:newest", "Use sort:date or sort:relevance."),
        ("word updated:tomorrow", "isn’t a valid date"),
    ],
)
def test_mistakes_are_explained(pages: Scene, question: str, note: str) -> None:
    assert note in html.unescape(pages.get("dot", "/-/search", query_string={"q": question}).text)


@pytest.mark.parametrize("question", ["http://example.org", "word time:12", "kinds: of word"])
def test_text_with_a_colon_is_no_mistake(pages: Scene, question: str) -> None:
    shown = pages.get("dot", "/-/search", query_string={"q": question}).text
    assert "Did you mean “" not in shown


def test_operators_and_their_values_are_completed(pages: Scene) -> None:
    assert completed(pages, "dot", "word ti") == {"word title:": "words in the title"}
    assert list(completed(pages, "dot", "-t")) == ["-title:", "-tag:"]
    assert completed(pages, "dot", "word tag:ma") == {'word tag:"road map" ': "Tag"}
    assert completed(pages, "dot", 'word tag:"road') == {'word tag:"road map" ': "Tag"}
    assert completed(pages, "dot", "kind:dec") == {"kind:decision ": "Decision"}
    assert completed(pages, "dot", "author:be") == {"author:ben ": "Ben"}
    assert "author:me " in completed(pages, "dot", "author:")
    assert completed(pages, "dot", "under:part") == {"under:eng/plan/part ": "part"}
    assert list(completed(pages, "dot", "sort:")) == ["sort:date ", "sort:relevance "]
    assert len(completed(pages, "dot", "updated:")) == 4
    assert completed(pages, "dot", "") == completed(pages, "dot", "word ") == {}


def test_completions_offer_only_what_the_searcher_may_know(pages: Scene) -> None:
    assert completed(pages, "dot", "tag:hu") == {}
    assert completed(pages, "cai", "tag:hu") == {"tag:hush ": "Tag"}
    assert completed(pages, "dot", "space:la") == {}
    assert completed(pages, "cai", "space:la") == {"space:lab ": "Lab"}
    assert completed(pages, "dot", "under:secret") == {}
    assert completed(pages, "gus", "author:be") == completed(pages, "nobody", "author:be") == {}
    restrict(pages, "plan")
    assert completed(pages, "dot", "tag:road") == {}
