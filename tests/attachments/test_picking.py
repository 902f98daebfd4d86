"""The pictures that the editor offers to insert."""

from __future__ import annotations

import re
from base64 import b64decode
from io import BytesIO

import pytest

from tests.cast import Scene
from wiki.pages.access import restrictions
from wiki.pages.access.restrictions import AccessList
from wiki.rules.access import May
from wiki.spaces.consent import UNASKED

DOT = b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGP4z8DwHwAFAAH/iZk9HQAAAABJRU5ErkJggg=="
)


@pytest.fixture
def pictures(wiki: Scene) -> Scene:
    for path in ("album", "other", "kept"):
        wiki.write(path, "Text.", title=path.title())
        for name, content in ((f"{path}.png", DOT), (f"{path}.txt", b"Words.")):
            answer = wiki.client("eve").post(
                f"/eng/{path}/-/files", data={"file": (BytesIO(content), name)}
            )
            assert answer.status_code == 303
    eve = wiki.actor("eve")
    only = AccessList(May.READ, [eve.person_id or 0], ())
    with wiki.database.write() as session:
        restrictions.restrict(session, eve, wiki.page("kept").id, only, consent=UNASKED)
    return wiki


def _offered(wiki: Scene, handle: str, query: str = "") -> list[str]:
    answer = wiki.client(handle).get(f"/eng/album/-/pictures{query}")
    assert answer.status_code == 200
    return re.findall(r'data-target="([^"]*)"', answer.text)


def test_own_pictures_come_first_and_others_with_their_address(pictures: Scene) -> None:
    found = _offered(pictures, "ben")
    assert found[0] == "album/album.png"
    assert "/eng/other/-/files/other.png" in found
    assert "/eng/kept/-/files/kept.png" not in found
    assert "/eng/kept/-/files/kept.png" in _offered(pictures, "eve")
    assert not any(name.endswith(".txt") for name in found)
    assert _offered(pictures, "ben", "?q=OTHER") == ["/eng/other/-/files/other.png"]
    assert _offered(pictures, "ben", "?q=%25") == []


def test_only_editors_are_offered_pictures(pictures: Scene) -> None:
    assert pictures.client("cai").get("/eng/album/-/pictures").status_code == 403
    hidden = pictures.client("gus").get("/eng/album/-/pictures")
    assert hidden.status_code == 404
