"""What one request may bring: beyond it there is a sentence, and nothing was read."""

import io

import pytest
from werkzeug.datastructures import MultiDict

from tests.cast import Scene
from wiki.web.limits.request_limits import MOST_ASKED, MOST_FIELDS, MOST_OF_QUERY, MOST_PARTS


@pytest.mark.parametrize(
    "url",
    [
        "/-/search?q=" + "x" * (MOST_OF_QUERY + 1),
        "/-/search?" + "&".join(f"a{number}=b" for number in range(MOST_ASKED + 1)),
        "/eng/" + "x" * 9000,
    ],
    ids=["long", "many", "path"],
)
def test_an_address_has_an_end(wiki: Scene, url: str) -> None:
    refused = wiki.get("ben", url)
    assert refused.status_code == 414
    assert "An address can have up to 8192 characters" in refused.text


def test_a_form_has_so_many_fields(wiki: Scene) -> None:
    fields = MultiDict([("title", "Rota"), ("body", "Words.")] + [("x", "")] * (MOST_FIELDS - 2))
    assert wiki.client("ben").post("/eng/-/new", data=fields).status_code == 303
    fields.add("x", "")
    refused = wiki.client("ben").post("/eng/-/new", data=fields)
    assert refused.status_code == 413
    assert (
        f"A form can have up to {MOST_FIELDS} fields, or {MOST_PARTS} with files." in refused.text
    )


def test_a_form_with_files_has_so_many_parts(wiki: Scene) -> None:
    parts = MultiDict([("x", "y")] * MOST_PARTS + [("file", (io.BytesIO(b"z"), "z.txt"))])
    refused = wiki.client("ben").post("/eng/-/files", data=parts)
    assert refused.status_code == 413
    assert f"Forms can have up to {MOST_PARTS} parts." in refused.text


def test_the_api_says_it_as_a_problem(wiki: Scene) -> None:
    refused = wiki.get("nobody", "/-/api/v1/search?q=" + "x" * (MOST_OF_QUERY + 1))
    assert refused.status_code == 414
    assert refused.mimetype == "application/problem+json"
