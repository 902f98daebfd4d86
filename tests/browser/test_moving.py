"""Moving in the browser: the preview, without scripts and for everyone."""

from __future__ import annotations

import pytest

from tests.browser.test_every_screen import STICKING_OUT, objections
from tests.browser.visit import NARROWEST, PHONE, WIDE, Visit
from tests.surroundings import thorough

pytestmark = pytest.mark.browser


def test_a_move_is_previewed_and_then_made_without_scripts(visit: Visit) -> None:
    visit.world.write("from-here", "[busy](busy.md)", title="From here")
    # A link by name finds the page wherever it is; a link by its place does not.
    visit.world.write("pointer", "See [[from-here]] and [it](from-here.md#x).", title="Pointer")
    page = visit.open("ben", "/eng/from-here/-/move", scripts=False)
    page.get_by_label("New address").fill("further/from-here")
    page.get_by_role("button", name="Preview").click()
    assert "1 link in 1 other page will be repaired" in page.locator("#preview").inner_text()
    assert "further/from-here" in page.locator("#preview .diff").first.inner_text()
    page.get_by_role("button", name="Move").click()
    assert page.url.endswith("/eng/further/from-here")
    assert "1 link in 1 page repaired" in page.locator(".flashes").inner_text()


@pytest.mark.parametrize("path", ["/eng/busy", *thorough("/eng/sections")])
def test_the_preview_of_a_move_is_for_everyone(visit: Visit, axe: str, path: str) -> None:
    page = visit.page("ben")
    for scheme, size in (("light", WIDE), ("dark", PHONE)):
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size(size)
        page.goto(f"{path}/-/move")
        page.get_by_label("New address").fill("further/" + "long-name-" * 8)
        page.get_by_role("button", name="Preview").click()
        page.locator("#preview").wait_for()
        assert objections(page, axe) == []
    page.set_viewport_size(NARROWEST)
    assert page.evaluate(STICKING_OUT) == []
