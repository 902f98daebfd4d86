"""Full addresses of the wiki itself: internal links for every reader, and after moves."""

from __future__ import annotations

from tests.cast import Scene
from tests.pages.test_includes import keep_to, prose
from tests.pages.test_links_by_name import backlinks, links
from wiki.pages.links.moves import move_page
from wiki.pages.links.plans import MoveTo
from wiki.pages.revising import text_of
from wiki.pages.revisions import head_of

TEXT = "[a]({0}/guide#part) {0}/guide <{0}/guide> {0}/nowhere"


def test_a_full_address_of_this_wiki_is_a_link_inside(wiki: Scene) -> None:
    base = wiki.settings.base_url + "/eng"
    wiki.write("guide", "x")
    wiki.write("from", TEXT.format(base))
    assert "external" not in prose(wiki, "from")
    assert links(wiki, "from") == [
        (False, "/eng/guide#sec-part"),
        (False, "/eng/guide"),
        (False, "/eng/guide"),
        (True, "/eng/nowhere"),
    ]
    assert backlinks(wiki, "guide", "eve") == ["from"]
    with wiki.database.write() as session:
        moved = move_page(
            session, wiki.actor("eve"), wiki.page("guide").id, MoveTo("team/handbook")
        )
    assert moved.links == 3
    with wiki.database.read() as session:
        text = text_of(session, head_of(session, wiki.page("from"))).body
    assert text == TEXT.format(base).replace("/guide", "/team/handbook")


def test_a_full_address_of_a_hidden_page_looks_as_if_nothing_were_there(wiki: Scene) -> None:
    wiki.write("from", f"{wiki.settings.base_url}/eng/secret")
    before = prose(wiki, "from", "cai")
    wiki.write("secret", "x")
    keep_to(wiki, "secret", "ben")
    assert prose(wiki, "from", "cai") == before
    assert links(wiki, "from", "ben") == [(False, "/eng/secret")]
