"""Lists of pages and tags over the API."""

import pytest

from tests.api.conftest import V1, Api
from tests.cast import Scene

pytestmark = pytest.mark.every_database


@pytest.fixture
def filled(api: Api, wiki: Scene) -> Api:
    """Pages with tags in two spaces."""
    for number in range(5):
        wiki.write(f"page-{number}", "x", tags=("every", f"tag {number}"), by="ben")
    wiki.write("plan", "x", space="lab", tags=("every", "secret"))
    wiki.deliver()
    return api


def test_pages_are_listed_with_conditions_slice_after_slice(filled: Api) -> None:
    url, paths = "/pages?space=eng&tag=every&author=ben&sort=title&limit=2", []
    while url:
        answer = filled.get("cai", url)
        assert answer.status_code == 200
        paths += [page["path"] for page in answer.json["pages"]]
        following = answer.json["next"]
        assert bool(following) == ("Link" in answer.headers)
        url = (following or "").removeprefix(V1)
    assert paths == [f"page-{number}" for number in range(5)]
    page = filled.get("cai", "/pages?tag=tag 3").json["pages"][0]
    assert (page["space"], page["path"], page["url"]) == ("eng", "page-3", "/eng/page-3")
    assert page["updated_by"] == {"handle": "ben", "name": "Ben", "photo": None}


def test_tags_are_listed_with_their_pages(filled: Api) -> None:
    tags = filled.get("cai", "/tags").json["tags"]
    assert tags[0] == {"name": "every", "pages": 6, "url": "/-/tags/every"}
    assert tags[1] == {"name": "secret", "pages": 1, "url": "/-/tags/secret"}
    first = filled.get("cai", "/tags?space=eng&sort=pages&limit=2").json
    assert [tag["name"] for tag in first["tags"]] == ["every", "tag 0"]
    second = filled.get("cai", first["next"].removeprefix(V1)).json
    assert [tag["name"] for tag in second["tags"]] == ["tag 1", "tag 2"]


def test_what_one_may_not_read_is_not_listed(filled: Api) -> None:
    assert len(filled.get("dot", "/pages?tag=every").json["pages"]) == 5
    assert filled.get("nobody", "/pages").json == {"pages": [], "next": None}
    assert "secret" not in filled.get("dot", "/tags").text
    assert filled.get("dot", "/tags?space=lab").status_code == 404
    assert filled.get("dot", "/pages?space=lab").status_code == 404


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("/pages?since=x", "since"),
        ("/pages?sort=x", "sort"),
        ("/pages?limit=0", "limit"),
        ("/tags?sort=x", "sort"),
        ("/tags?limit=1000", "limit"),
    ],
)
def test_what_makes_no_sense_is_refused(filled: Api, query: str, field: str) -> None:
    refused = filled.get("cai", query)
    assert (refused.status_code, refused.json["field"]) == (422, field)
