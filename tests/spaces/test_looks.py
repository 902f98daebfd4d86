"""Icons and colours of spaces, and the switcher that shows them."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from tests.cast import Scene
from wiki.outbox.models import EventRow
from wiki.spaces.looks import COLOURS, EMOJI, ICONS, look_of
from wiki.spaces.models import Space


def settings(wiki: Scene, slug: str = "eng", **changed: str) -> int:
    """Send the settings of a space with some values changed, and return the status."""
    values = {"title": slug.capitalize(), "visibility": "internal", "member_role": "reader"}
    return wiki.post("eve", f"/{slug}/-/settings", **values | changed).status_code


def stored(wiki: Scene, slug: str = "eng") -> Space:
    with wiki.database.read() as session:
        return session.scalars(select(Space).where(Space.slug == slug)).one()


def test_a_space_has_a_look_before_anybody_chose_one(wiki: Scene) -> None:
    look = look_of(stored(wiki))
    assert look.text == "E"
    assert f'class="avatar square {look.hue}"' in wiki.get("cai", "/eng/").text


def test_leads_choose_an_icon_and_a_colour(wiki: Scene) -> None:
    assert settings(wiki, icon="rocket", color="teal") == 303
    look = look_of(stored(wiki))
    assert (look.icon, look.hue) == ("rocket", f"hue-{COLOURS.index('teal')}")
    for screen in ("/", "/-/spaces", "/eng/", "/-/spaces/menu", "/-/switch?q=eng"):
        assert f"avatar square {look.hue}" in wiki.get("cai", screen).text
    assert settings(wiki, icon="", emoji="🧭") == 303
    assert look_of(stored(wiki)).text == "🧭"
    with wiki.database.read() as session:
        told = session.scalars(select(EventRow).where(EventRow.name == "SpaceChanged")).all()
    assert told[0].payload["changes"].items() >= {"icon": "rocket", "colour": "teal"}.items()


def test_settings_without_a_look_keep_it(wiki: Scene) -> None:
    settings(wiki, icon="rocket", color="teal")
    assert settings(wiki, description="New words.") == 303
    assert (stored(wiki).icon, stored(wiki).colour) == ("rocket", "teal")


@pytest.mark.parametrize(
    "sent",
    [{"icon": "<svg>"}, {"icon": "words"}, {"emoji": "🧭🧭"}, {"emoji": "x"}, {"color": "#fff"}],
)
def test_only_what_is_offered_can_be_chosen(wiki: Scene, sent: dict[str, str]) -> None:
    assert settings(wiki, **sent) == 422
    assert (stored(wiki).icon, stored(wiki).colour) == ("", "")


@pytest.mark.parametrize("emoji", ["🧭", "👩🏽‍💻", "🇩🇪", "1️⃣", "❤️", "🏴󠁧󠁢󠁳󠁣󠁴󠁿", "☕"])
def test_one_emoji_is_an_icon(emoji: str) -> None:
    assert EMOJI.fullmatch(emoji)


def listed(wiki: Scene, handle: str, query: str = "") -> list[tuple[str, list[str]]]:
    """The parts of the switcher's list: headings and addresses."""
    html = wiki.get(handle, f"/-/spaces/menu?{query}").text
    parts = re.findall(r'menu-part">([^<]+)</p>(.*?)</ul>', html, re.DOTALL)
    return [(heading, re.findall(r'href="([^"]+)"', links)) for heading, links in parts]


def test_the_switcher_lists_what_the_reader_may_read(wiki: Scene) -> None:
    assert listed(wiki, "cai") == [("All spaces", ["/eng/", "/lab/", "/open/"])]
    assert listed(wiki, "gus") == [("All spaces", ["/fair/", "/open/"])]
    assert listed(wiki, "nobody") == [("All spaces", ["/open/"])]


def test_starred_and_recent_spaces_come_first(wiki: Scene) -> None:
    wiki.write("", "Home.", title="Home", space="open")
    secret = wiki.write("secret", "words", space="lab")
    page = wiki.write("rota", "words")
    wiki.post("cai", "/open/-/star")
    query = f"pages={page.id},{secret.id}"
    assert listed(wiki, "cai", query) == [
        ("Starred", ["/open/"]),
        ("Recent", ["/eng/", "/lab/"]),
    ]
    assert ("Recent", ["/eng/"]) in listed(wiki, "dot", query)
    assert "/lab/" not in wiki.get("dot", f"/-/spaces/menu?{query}").text


def test_every_icon_can_be_shown(wiki: Scene) -> None:
    html = wiki.get("eve", "/eng/-/settings").text
    assert re.findall(r'name="icon" value="([^"]+)"', html) == list(ICONS)
