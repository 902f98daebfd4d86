"""The frame of a screen: what its sidebar leads to, for whom, and that it says so once."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from tests.cast import Scene
from wiki.room import Place
from wiki.rooms import ROOMS


def side(html: str) -> str:
    """The sidebar of a screen."""
    start = html.index('<div class="drawer"')
    return html[start : html.index("<main", start)]


def links(html: str) -> list[str]:
    return re.findall(r'<a [^>]*href="([^"#]+)"', html)


def tools(wiki: Scene, handle: str, url: str = "/eng/") -> list[str]:
    """The entries of the menu of a space."""
    html = side(wiki.get(handle, url).text)
    menu = re.search(r'side-tools">.*?class="menu-list">(.*?)</details>', html, re.DOTALL)
    assert menu
    return re.findall(r"</svg>([^<]+)</a>", menu[1])


def test_the_menu_of_a_space_has_what_the_reader_may_do(wiki: Scene) -> None:
    readers = ["Changes", "All pages", "Tags", "Watch space", "Feed", "Members", "Access"]
    assert tools(wiki, "cai") == readers
    assert tools(wiki, "ben") == [*readers[:5], "Housekeeping", *readers[5:]]
    assert tools(wiki, "nobody", "/open/") == readers[:3]
    assert {"Settings", "Import", "Secrets", "Share links", "Redactions"} <= {*tools(wiki, "eve")}


def test_the_menu_is_before_the_pages_and_the_site_after_them(wiki: Scene) -> None:
    html = side(wiki.get("ben", "/eng/").text)
    parts = ['aria-label="Space"', 'aria-label="Pages of Eng"', 'aria-label="Site"']
    assert sorted(parts, key=html.index) == parts


@pytest.mark.parametrize("url", ["/eng/", "/eng/-/settings", "/-/changes", "/-/starred"])
def test_each_link_of_the_frame_is_there_once(wiki: Scene, url: str) -> None:
    html = wiki.get("eve", url).text
    frame = html.replace(html[html.index("<main") : html.index("</main>")], "")
    frame = re.sub(r"<noscript>.*?</noscript>", "", frame)
    twice = {link for link, times in Counter(links(frame)).items() if times > 1}
    assert twice <= {"/", "/-/search"}, "the header's name and its search are on every screen"


@pytest.mark.parametrize("url", ["/eng/", "/-/admin/people", "/-/changes"])
def test_the_site_can_be_reached_from_everywhere(wiki: Scene, url: str) -> None:
    found = {"/", "/-/starred", "/-/changes", "/-/spaces", "/-/search", "/-/admin"}
    assert found <= {*links(side(wiki.get("ada", url).text))}


def test_each_screen_of_the_administration_has_its_own_title(wiki: Scene) -> None:
    screens = [link for room in ROOMS for link in room.links if link.place is Place.ADMIN]
    titles, headings = [], []
    for link in screens:
        html = wiki.get("ada", f"/-/admin/{link.address}").text
        titles += re.findall(r"<title>(.+) · Administration · Trellis</title>", html)
        headings += re.findall(r"<h1>(.+)</h1>", html)
    assert len({*titles}) == len(screens)
    assert headings == titles
