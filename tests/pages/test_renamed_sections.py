"""After a heading was renamed, the links to it are offered for repair, and repaired when asked."""

from __future__ import annotations

from sqlalchemy import select

from tests.cast import Scene
from tests.pages.test_moving_links import text_at
from wiki.pages.links.models import PageLink


def rename(wiki: Scene, body: str, base: int = 1) -> str:
    form = {"title": "Rota", "body": body, "base": str(base)}
    wiki.client("ben").post("/eng/rota/-/edit", data=form)
    return wiki.get("ben", "/eng/rota").text


def test_a_save_says_which_links_it_breaks_and_where_to_repair_them(wiki: Scene) -> None:
    wiki.write("rota", "## Setup\n\n## Other", title="Rota")
    wiki.write("a", "[[rota#Setup]] [x](rota#setup) [[rota#Other]]")
    said = rename(wiki, "## Installing\n\n## Other")
    assert "2 links lead to sections that this page no longer has" in said
    assert "/eng/rota/-/repair?from=1" in said


def test_a_save_that_breaks_no_link_says_nothing(wiki: Scene) -> None:
    wiki.write("rota", "## Setup\n\n## Other", title="Rota")
    wiki.write("a", "[[rota#Other]]")
    assert "no longer has" not in rename(wiki, "## Installing\n\n## Other")


def test_links_are_repaired_with_the_new_name_in_the_pages_one_may_edit(wiki: Scene) -> None:
    wiki.write("rota", "## Setup\n\n[up](#setup)", title="Rota")
    wiki.write("a", "[[rota#Setup]] [x](rota#setup)")
    wiki.write("b", "[[eng:rota#Setup]]", space="fair")
    rename(wiki, "## Installing\n\n[up](#setup)")
    screen = wiki.get("ben", "/eng/rota/-/repair?from=1").text
    assert "3 links in 2 pages will be repaired" in screen
    assert "fair" not in screen.partition("<main")[2]
    answer = wiki.client("ben").post(
        "/eng/rota/-/repair", data={"from": "1", "to-sec-setup": "sec-installing"}
    )
    assert answer.status_code == 303
    assert text_at(wiki, "a") == "[[rota#installing]] [x](rota#installing)"
    assert text_at(wiki, "rota") == "## Installing\n\n[up](#installing)"
    assert text_at(wiki, "b", "fair") == "[[eng:rota#Setup]]"
    assert (
        "Links repaired: eng/rota#setup → #installing" in wiki.get("ben", "/eng/a/-/history").text
    )
    with wiki.database.read() as session:
        rows = session.execute(
            select(PageLink.kind, PageLink.fragment)
            .where(PageLink.page_id.in_([wiki.page("a").id, wiki.page("rota").id]))
            .order_by(PageLink.page_id, PageLink.ordinal)
        ).all()
    assert [tuple(row) for row in rows] == [("page", "sec-installing")] * 2


def test_what_is_not_plain_is_asked_and_not_guessed(wiki: Scene) -> None:
    wiki.write("rota", "## Setup\n\n## Teardown", title="Rota")
    wiki.write("a", "[[rota#Setup]]")
    rename(wiki, "## Apples\n\n## Pears")
    screen = wiki.get("ben", "/eng/rota/-/repair?from=1").text
    assert "We couldn’t tell what became of this section" in screen
    assert "No links change with these choices" in screen
    wiki.client("ben").post("/eng/rota/-/repair", data={"from": "1"})
    assert text_at(wiki, "a") == "[[rota#Setup]]"
    preview = wiki.client("ben").post(
        "/eng/rota/-/repair", data={"from": "1", "to-sec-setup": "sec-pears", "preview": "1"}
    )
    assert "1 link in 1 page will be repaired" in preview.text
    assert text_at(wiki, "a") == "[[rota#Setup]]"


def test_a_name_that_is_not_among_the_choices_changes_nothing(wiki: Scene) -> None:
    wiki.write("rota", "## Setup", title="Rota")
    wiki.write("a", "[[rota#Setup]]")
    rename(wiki, "## Installing")
    wiki.client("ben").post("/eng/rota/-/repair", data={"from": "1", "to-sec-setup": '"><b>'})
    assert text_at(wiki, "a") == "[[rota#Setup]]"


def test_readers_cannot_repair_and_unknown_revisions_are_not_there(wiki: Scene) -> None:
    wiki.write("rota", "## Setup", title="Rota")
    assert wiki.get("cai", "/eng/rota/-/repair?from=1").status_code == 403
    assert wiki.get("ben", "/eng/rota/-/repair?from=9").status_code == 404
    assert wiki.get("ben", "/eng/rota/-/repair").status_code == 404
    assert "No links need repair" in wiki.get("ben", "/eng/rota/-/repair?from=1").text
