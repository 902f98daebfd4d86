"""Addresses of pages are written without asking the router, and as it would write them."""

import pytest
from flask import url_for

from tests.cast import Scene
from wiki.web.urls import page_url


@pytest.mark.parametrize(
    "path",
    [
        "",
        "a/b",
        "who we are?",
        "50%",
        "a+b & c;d=e",
        "naïve/日本語",
        "#1 'x' (y) [z]",
        'say "hi"',
        "~a|b",
    ],
)
def test_a_pages_address_is_what_the_router_writes(wiki: Scene, path: str) -> None:
    with wiki.app.test_request_context():
        assert page_url("eng", path) == url_for("pages.read", slug="eng", path=path)
