"""The latest changes of a space, beside its home page."""

from __future__ import annotations

import re

from tests.cast import Scene
from wiki.pages.access.restrictions import AccessList, restrict
from wiki.rules.access import May
from wiki.spaces.consent import UNASKED


def news(wiki: Scene, handle: str, url: str = "/eng/") -> list[str]:
    """The titles of what is new."""
    html = wiki.get(handle, url).text.partition('class="news"')[2].partition("</section>")[0]
    return re.findall(r'class="row-title"[^>]*>([^<]+)<', html)


def test_a_home_page_has_what_is_new_in_its_space(wiki: Scene) -> None:
    wiki.write("", "Welcome.", title="Engineering")
    wiki.write("rota", "words", title="Rota")
    wiki.write("elsewhere", "words", space="lab", title="Elsewhere")
    assert news(wiki, "cai") == ["Rota", "Engineering"]
    assert news(wiki, "cai", "/eng/rota") == []


def test_a_space_without_a_home_page_has_it_too(wiki: Scene) -> None:
    wiki.write("rota", "words", title="Rota")
    assert news(wiki, "cai") == ["Rota"]


def test_it_tells_only_of_pages_that_the_reader_may_read(wiki: Scene) -> None:
    wiki.write("", "Welcome.", title="Engineering")
    secret = wiki.write("secret", "words", title="Secret plan")
    with wiki.database.write() as session:
        restrict(session, wiki.actor("eve"), secret.id, AccessList(May.READ, ()), consent=UNASKED)
    assert "Secret plan" in news(wiki, "eve")
    assert news(wiki, "cai") == ["Engineering"]
