"""A new space starts with a home page that explains it, if its creator wants one."""

import pytest

from tests.cast import Scene


@pytest.mark.every_database
def test_a_new_space_has_a_home_page_by_its_creator(wiki: Scene) -> None:
    form = wiki.get("ben", "/-/spaces/new").text
    assert 'name="home_page" value="1" checked' in form
    made = wiki.post("ben", "/-/spaces/new", slug="team", title="Team <b>A</b>", home_page="1")
    assert made.location == "/team/"
    shown = wiki.get("ben", "/team/")
    assert shown.status_code == 200
    assert "This is the home page of the space" in shown.text
    assert "Team &lt;b&gt;A&lt;/b&gt;" in shown.text
    history = wiki.get("ben", "/team/-/history").text
    assert "Ben" in history
    assert "?revision=2" not in history


@pytest.mark.parametrize(
    ("title", "address"),
    [("People & Ops", "/people-ops/"), ("Ökologie: Übersicht", "/okologie-ubersicht/")],
)
def test_without_an_address_it_is_made_from_the_name(wiki: Scene, title: str, address: str) -> None:
    assert wiki.post("ben", "/-/spaces/new", title=title).location == address
    again = wiki.post("ben", "/-/spaces/new", title=title)
    assert again.status_code in (409, 422)
    assert 'id="slug-error"' in again.text
    assert 'id="slug-error"' in wiki.post("ben", "/-/spaces/new", title="日本語").text


def test_it_can_be_edited_and_deleted(wiki: Scene) -> None:
    wiki.post("ben", "/-/spaces/new", slug="team", title="Team", home_page="1")
    wiki.write("", "All about us", space="team", by="ben")
    assert "All about us" in wiki.get("ben", "/team/").text
    wiki.post("ben", "/team/-/delete")
    assert "All about us" not in wiki.get("ben", "/team/").text


def test_a_space_without_it_is_empty(wiki: Scene) -> None:
    wiki.post("ben", "/-/spaces/new", slug="team", title="Team")
    assert "This is the home page" not in wiki.get("ben", "/team/").text
    refused = wiki.post("ben", "/-/spaces/new", slug="team", title="Team")
    assert refused.status_code in (409, 422)
    assert 'name="home_page" value="1" checked' not in refused.text


def test_a_space_that_is_refused_leaves_nothing(wiki: Scene) -> None:
    for form in ({"slug": "Not A Slug", "title": "X"}, {"slug": "eng", "title": "X"}):
        refused = wiki.post("ben", "/-/spaces/new", home_page="1", **form)
        assert refused.status_code in (409, 422)
        assert 'name="home_page" value="1" checked' in refused.text
    assert "This is the home page" not in wiki.get("ben", "/eng/").text
    assert wiki.post("gus", "/-/spaces/new", slug="mine", title="X").status_code == 403


def test_writing_a_page_is_still_to_do_after_it(wiki: Scene) -> None:
    wiki.post("ada", "/-/spaces/new", slug="team", title="Team", home_page="1")
    assert 'href="/team/-/new">Write a page' in wiki.get("ada", "/").text
