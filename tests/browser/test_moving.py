"""Moving in the browser: the preview, without scripts and for everyone."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.test_every_screen import STICKING_OUT, objections
from tests.browser.visit import NARROWEST, PHONE, WIDE, Visit
from tests.surroundings import thorough

pytestmark = [pytest.mark.browser, pytest.mark.thorough]


def test_a_move_is_previewed_and_then_made_without_scripts(visit: Visit) -> None:
    visit.world.write("from-here", "[busy](busy.md)", title="From here")
    # A link by name finds the page wherever it is; a link by its place does not.
    visit.world.write("pointer", "See [[from-here]] and [it](from-here.md#x).", title="Pointer")
    page = visit.open("ben", "/eng/from-here/-/move", scripts=False)
    page.locator("#parent").fill("further")
    page.get_by_role("button", name="Preview").click()
    preview = page.locator("#preview")
    expect(preview).to_contain_text("1 link in 1 other page will be repaired")
    expect(preview.locator(".diff").first).to_contain_text("further/from-here")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page).to_have_url(f"{visit.site}/eng/further/from-here")
    expect(page.locator(".flashes")).to_contain_text("Links in 1 page repaired")


def test_a_parent_is_chosen_from_the_tree_with_the_keyboard(visit: Visit, axe: str) -> None:
    for path in ("above", "above/middle", "above/middle/low", "loose"):
        visit.world.write(f"picked/{path}", "x", title=path.rpartition("/")[2].title())
    page = visit.open("ben", "/eng/picked/loose/-/move")
    parent = page.get_by_role("combobox", name="Parent page")
    parent.press("ArrowDown")
    tree = page.locator("#parent-list")
    expect(tree.get_by_role("treeitem", name="picked", selected=True)).to_be_visible()
    parent.press("ArrowRight")
    above = tree.get_by_role("treeitem", name="Above")
    expect(above).to_have_attribute("aria-expanded", "false")
    assert objections(page, axe) == []
    expect(tree.get_by_role("treeitem", name="Loose")).to_have_count(0)  # the page itself
    parent.press("ArrowDown")
    parent.press("ArrowRight")
    expect(tree.get_by_role("treeitem", name="Middle")).to_be_visible()
    parent.press("ArrowDown")
    parent.press("Enter")
    expect(parent).to_have_value("picked/above/middle")
    parent.fill("low")
    tree.get_by_role("treeitem", name="Low /picked").click()
    expect(parent).to_have_value("picked/above/middle/low")
    page.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_url("**/eng/picked/above/middle/low/loose")


def test_the_address_of_a_new_page_is_shown_while_its_title_is_typed(visit: Visit) -> None:
    visit.world.write("typed/plan", "x", title="The plan")
    page = visit.open("ben", "/eng/-/new?under=typed")
    page.get_by_label("Title", exact=True).fill("Plan")
    line = page.locator("[data-address]")
    expect(line).to_contain_text("/eng/typed/plan-2")
    expect(line.get_by_role("link", name="The plan")).to_have_attribute("href", "/eng/typed/plan")
    page.get_by_role("button", name="Change address").click()
    page.keyboard.type("elsewhere/plan")
    expect(line).to_contain_text("/eng/elsewhere/plan")
    page.get_by_role("button", name="Create page").click()
    page.wait_for_url("**/eng/elsewhere/plan")


@pytest.mark.parametrize("path", ["/eng/busy", *thorough("/eng/sections")])
def test_the_preview_of_a_move_is_for_everyone(visit: Visit, axe: str, path: str) -> None:
    page = visit.page("ben")
    for scheme, size in (("light", WIDE), ("dark", PHONE)):
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size(size)
        page.goto(f"{path}/-/move")
        page.locator("#parent").fill("further")
        page.get_by_label("Address", exact=True).fill("long-name-" * 8)
        page.get_by_role("button", name="Preview").click()
        page.locator("#preview").wait_for()
        assert objections(page, axe) == []
    page.set_viewport_size(NARROWEST)
    assert page.evaluate(STICKING_OUT) == []
