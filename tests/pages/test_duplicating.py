"""Copies of pages, and the order of the page menu."""

from __future__ import annotations

import re
from html import unescape

from tests.cast import Scene
from wiki.pages.access import restrictions
from wiki.pages.merging import Text
from wiki.pages.saving.edit import Edit, NewPage
from wiki.pages.saving.submit import submit
from wiki.rules.labels import Label
from wiki.spaces.consent import UNASKED
from wiki.spaces.queries import see_space


def _form(page: str) -> dict[str, str]:
    inputs = re.findall(r'<input[^>]* name="(\w+)"[^>]* value="([^"]*)"', page)
    body = re.search(r'<textarea[^>]*name="body"[^>]*>\n(.*?)</textarea>', page, re.DOTALL)
    assert body is not None
    return {name: unescape(value) for name, value in inputs} | {"body": unescape(body[1])}


def test_a_copy_is_offered_with_title_tags_and_text_and_saved_as_a_page(wiki: Scene) -> None:
    wiki.write(
        "teams/on-call", "## Rota\n\n![](on-call/plan.png)\n", title="On call", tags=("a", "b")
    )
    page = wiki.get("ben", "/eng/teams/on-call").text
    assert 'href="/eng/teams/on-call/-/duplicate"' in page
    form = _form(wiki.get("ben", "/eng/teams/on-call/-/duplicate").text)
    assert form["title"] == "Copy of On call"
    assert form["tags"] == "a, b"
    assert form["body"] == "## Rota\n\n![](on-call/plan.png)\n"
    assert form["under"] == "teams"
    form.pop("csrf_token", "")
    assert wiki.post("ben", "/eng/-/new", **form).status_code == 303
    copy = wiki.page("teams/copy-of-on-call")
    assert (copy.title, copy.head) == ("Copy of On call", 1)


def test_relative_addresses_of_a_folder_page_are_adapted(wiki: Scene) -> None:
    eve = wiki.actor("eve")
    with wiki.database.write() as session:
        place = NewPage(see_space(session, eve, "eng").space, "guide", folder=True)
        submit(session, eve, Edit(place, Text("Guide", "[first](steps/first)")))
    form = _form(wiki.get("ben", "/eng/guide/-/duplicate").text)
    assert form["body"].strip() == "[first](guide/steps/first)"
    assert form["under"] == ""


def test_a_copy_of_a_page_with_a_label_is_offered_below_it(wiki: Scene) -> None:
    wiki.write("teams/pay", "Numbers.", title="Pay")
    with wiki.database.write() as session:
        page_id = wiki.page("teams/pay").id
        eve = wiki.actor("eve")
        restrictions.set_label(session, eve, page_id, Label.RESTRICTED, consent=UNASKED)
    assert _form(wiki.get("eve", "/eng/teams/pay/-/duplicate").text)["under"] == "teams/pay"


def test_only_editors_copy_pages(wiki: Scene) -> None:
    wiki.write("teams/on-call", "Text.", title="On call")
    assert "/-/duplicate" not in wiki.get("cai", "/eng/teams/on-call").text
    assert wiki.get("cai", "/eng/teams/on-call/-/duplicate").status_code == 403
    wiki.write("plans", "Text.", space="lab", title="Plans")
    assert wiki.get("dot", "/lab/plans/-/duplicate").status_code == 404


def test_the_menu_begins_with_the_link_and_ends_with_what_removes(wiki: Scene) -> None:
    wiki.write("teams/on-call", "Text.", title="On call")
    page = wiki.get("eve", "/eng/teams/on-call").text
    menu = page[page.index("data-copy-link") :]
    menu = menu[: menu.index("</details>")]
    words = re.findall(r"</svg>(?:<span>)?([^<]+)", menu)
    assert words[:2] == ["Copy link", "Permalink"]
    assert words[-3:] == ["Print", "Delete", "Redact"]
    assert f'/-/p/{wiki.page("teams/on-call").id}"' in menu
    assert "/purge" not in page
    assert "/purge" in wiki.get("ada", "/eng/teams/on-call").text
