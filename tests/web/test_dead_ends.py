"""Addresses that lead nowhere say what one can do."""

from __future__ import annotations

import pytest

from tests.cast import Scene

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.mark.parametrize("number", ["99", "0", "-1", "x", ""])
def test_a_revision_that_does_not_exist_says_how_many_there_are(wiki: Scene, number: str) -> None:
    wiki.write("rota", "one")
    wiki.post("ben", "/eng/rota/-/edit", title="Rota", body="two", base=1)
    answer = wiki.get("cai", f"/eng/rota?revision={number}")
    assert answer.status_code == 404
    assert "This page has 2 revisions." in answer.text
    assert 'href="/eng/rota"' in answer.text
    assert 'href="/eng/rota/-/history"' in answer.text


def test_comparisons_and_the_api_say_it_too(wiki: Scene) -> None:
    wiki.write("rota", "one")
    answer = wiki.get("cai", "/eng/rota/-/diff/1..7")
    assert answer.status_code == 404
    assert "This page has 1 revision." in answer.text


def test_the_number_of_revisions_of_a_hidden_page_is_not_told(wiki: Scene) -> None:
    wiki.write("plan", "one", space="lab")
    hidden = wiki.get("dot", "/lab/plan?revision=99")
    assert hidden.status_code == 404
    assert "This page has" not in hidden.text
    assert "Not found" in hidden.text


@pytest.mark.parametrize(
    "address, page",
    [
        ("/eng/rota/-/star", "/eng/rota"),
        ("/eng/-/star", "/eng/"),
        ("/nowhere/at/all/-/star", "/nowhere/at/all"),
    ],
)
def test_a_browser_that_opens_what_only_takes_forms_gets_the_page(
    wiki: Scene, address: str, page: str
) -> None:
    answer = wiki.get("cai", address, headers=BROWSER)
    assert (answer.status_code, answer.location) == (303, page)
    assert wiki.get("cai", address).status_code == 405  # not a browser


def test_a_form_sent_to_a_page_gets_the_page(wiki: Scene) -> None:
    wiki.write("rota", "one")
    answer = wiki.client("cai").post("/eng/rota", data={}, headers=BROWSER)
    assert (answer.status_code, answer.location) == (303, "/eng/rota")
    kept = wiki.client("cai").post("/eng/rota", data={"body": "long text"}, headers=BROWSER)
    assert kept.status_code == 405
    assert "long text" in kept.text


def test_a_missing_page_offers_the_nearest_titles_and_creation(wiki: Scene) -> None:
    wiki.write("handbook/deployment", "words", title="Deployment")
    wiki.write("secrets/deploiment", "words", space="lab", title="Deployments of the lab")
    wiki.deliver()
    answer = wiki.get("ben", "/eng/deploymnet")
    assert answer.status_code == 404
    assert "Did you mean" in answer.text
    assert 'href="/eng/handbook/deployment"' in answer.text
    assert "Create this page" in answer.text
    for_reader = wiki.get("dot", "/eng/deploymnet").text
    assert 'href="/eng/handbook/deployment"' in for_reader
    assert "/lab/" not in for_reader
    assert "Create this page" not in for_reader
