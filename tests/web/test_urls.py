"""Addresses of pages are as the router writes them; addresses to come back to lead nowhere else."""

from urllib.parse import urlsplit

import pytest
from flask import url_for
from hypothesis import example, given
from hypothesis import strategies as st

from tests.cast import Scene
from wiki.web.urls import local_url, page_url


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


pieces = st.sampled_from(
    [*"/\\\t\n\r \x00@:?#a.", "evil.example", "http:", "https:", "javascript:", "//", "%2f"]
)


def as_browsers_read(url: str) -> str:
    """The host that a browser goes to, by the rules of the URL standard that matter here."""
    url = "".join(character for character in url if character not in "\t\n\r")
    url = url.strip("".join(map(chr, range(0x21))))
    head, mark, tail = url.partition("?")
    url = head.replace("\\", "/") + mark + tail
    if url.startswith("//") or ":" in url.split("/")[0]:
        return "elsewhere"
    return "here"


@given(st.lists(pieces, max_size=8).map("".join) | st.text(max_size=30))
@example("//evil.example")
@example("/\\evil.example")
@example("/\t/evil.example")
@example("\n//evil.example")
@example("javascript:alert(1)")
@example("/ /evil.example")
def test_what_a_browser_is_sent_to_is_here(url: str) -> None:
    found = local_url(url)
    assert found.startswith("/")
    assert as_browsers_read(found) == "here"
    assert not urlsplit(found).netloc


@pytest.mark.parametrize("url", ["/", "/eng/rota?revision=1#top", "/eng/é", "/-/me"])
def test_a_local_address_stays_as_it_is(url: str) -> None:
    assert local_url(url) == url


def test_nothing_leads_to_the_start() -> None:
    assert local_url(None) == local_url("") == local_url("eng") == "/"
