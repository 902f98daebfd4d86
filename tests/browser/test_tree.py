"""The tree of a space in the browser: keys, branches that open in place, pages that are dragged."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.test_every_screen import objections
from tests.browser.visit import PHONE, WIDE, Visit

pytestmark = pytest.mark.browser


SHELVES = itertools.count(1)


@dataclass
class Shelf:
    """A page with pages below it, in the order of their names: ash, birch, cedar, cedar/cone."""

    visit: Visit
    path: str

    def open(self, who: str, below: str = "") -> Page:
        return self.visit.open(who, f"/eng/{self.path}{below}")


@pytest.fixture
def shelf(visit: Visit) -> Shelf:
    path = f"shelf-{next(SHELVES)}"
    visit.world.write(path, "x\n", title=path.capitalize())
    for name in ("ash", "birch", "cedar", "cedar/cone"):
        title = name.rpartition("/")[2].capitalize()
        visit.world.write(f"{path}/{name}", "x\n", title=title)
    return Shelf(visit, path)


def tree_of(page: Page) -> Locator:
    return page.get_by_role("tree", name="Pages of Eng")


def shown(page: Page) -> list[str]:
    """The pages below the shelf, as the sidebar shows them."""
    row = page.locator(".side-tree .tree > ul > li:has(> details[open])")
    rows = row.locator("> details > ul > li[data-path] > a")
    return rows.all_inner_texts()


def drag(page: Page, name: str, other: str, where: str) -> None:
    row = page.locator(f".side-tree li[data-path$='/{name}']")
    target = page.locator(f".side-tree li[data-path$='/{other}']")
    # In the middle of the sidebar: near its edges it scrolls while something is dragged.
    target.evaluate("row => row.scrollIntoView({ block: 'center' })")
    row.locator("> a").hover()
    row.locator("> .grip").hover()
    box = target.locator("> a").bounding_box()
    assert box
    page.mouse.down()
    share = {"before": 0.1, "into": 0.5, "after": 0.9}[where]
    page.mouse.move(box["x"] + 40, box["y"] + box["height"] * share, steps=6)
    expect(target).to_have_attribute("data-drop", where)
    page.mouse.up()


def test_keys_walk_through_the_tree_and_open_it(shelf: Shelf) -> None:
    page = shelf.open("cai")
    tree = tree_of(page)
    current = tree.get_by_role("treeitem", name=shelf.path.capitalize(), exact=True)
    expect(current).to_have_attribute("aria-expanded", "true")
    current.focus()
    page.keyboard.press("ArrowRight")
    expect(tree.get_by_role("treeitem", name="Ash")).to_be_focused()
    page.keyboard.type("ce")
    cedar = tree.get_by_role("treeitem", name="Cedar")
    expect(cedar).to_be_focused()
    expect(cedar).to_have_attribute("aria-expanded", "false")
    page.keyboard.press("ArrowRight")
    expect(tree.get_by_role("treeitem", name="Cone")).to_be_visible()
    page.keyboard.press("ArrowRight")
    expect(tree.get_by_role("treeitem", name="Cone")).to_be_focused()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    expect(tree.get_by_role("treeitem", name="Cone")).to_be_hidden()
    expect(cedar).to_be_focused()
    page.keyboard.press("Alt+ArrowUp")
    assert shown(page) == ["Ash", "Birch", "Cedar"], "readers move nothing"
    expect(page.locator(".grip")).to_have_count(0)
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{shelf.visit.site}/eng/{shelf.path}/cedar")


def test_keys_move_a_page_and_undo_takes_it_back(shelf: Shelf) -> None:
    page = shelf.open("ben")
    tree_of(page).get_by_role("treeitem", name="Cedar").focus()
    page.keyboard.press("Alt+ArrowUp")
    said = page.locator(".side-tree .tree-said")
    expect(said).to_contain_text("Moved “Cedar” before “Birch”.")
    expect(tree_of(page).get_by_role("treeitem", name="Cedar")).to_be_focused()
    assert shown(page) == ["Ash", "Cedar", "Birch"]
    page.keyboard.press("Alt+ArrowRight")
    expect(said).to_contain_text("Moved “Cedar” into “Ash”.")
    expect(page.locator(".tree [aria-busy]")).to_have_count(0)
    page.goto(f"/eng/{shelf.path}/ash")
    tree_of(page).get_by_role("treeitem", name="Cedar").focus()
    page.keyboard.press("Alt+ArrowLeft")
    expect(said).to_contain_text("Moved “Cedar” after “Ash”.")
    said.get_by_role("button", name="Undo").click()
    expect(page.locator(".flashes")).to_contain_text("Moved")
    assert shown(page) == ["Ash", "Birch"]


def test_a_page_is_dragged_before_after_and_into_another_one(shelf: Shelf) -> None:
    page = shelf.open("ben")
    said = page.locator(".side-tree .tree-said")
    drag(page, "cedar", "ash", "before")
    expect(said).to_contain_text("Moved “Cedar” before “Ash”.")
    assert shown(page) == ["Cedar", "Ash", "Birch"]
    drag(page, "cedar", "ash", "after")
    expect(said).to_contain_text("Moved “Cedar” after “Ash”.")
    assert shown(page) == ["Ash", "Cedar", "Birch"]
    page.reload()
    assert shown(page) == ["Ash", "Cedar", "Birch"]
    drag(page, "birch", "ash", "into")
    expect(said).to_contain_text("Moved “Birch” into “Ash”.")
    expect(page.locator(".side-tree li[data-path$='/ash/birch']")).to_be_visible()
    said.get_by_role("button", name="Undo").click()
    expect(page.locator(".flashes")).to_contain_text("Moved")
    assert shown(page) == ["Ash", "Cedar", "Birch"]


def test_a_refused_move_goes_back_and_says_why(shelf: Shelf) -> None:
    shelf.visit.world.write("ash", "x\n", title="Other ash")
    shelf.visit.expected = ("422",)
    page = shelf.open("ben")
    tree_of(page).get_by_role("treeitem", name="Ash", exact=True).focus()
    page.keyboard.press("Alt+ArrowLeft")
    said = page.locator(".side-tree .tree-said")
    expect(said).to_contain_text("Not moved. There’s already a page at “ash”")
    assert shown(page) == ["Ash", "Birch", "Cedar"]


@pytest.mark.parametrize("size", [WIDE, PHONE])
def test_the_screen_of_all_pages_is_a_tree_for_everyone(
    shelf: Shelf, axe: str, size: dict[str, int]
) -> None:
    page = shelf.visit.page("ben")
    page.set_viewport_size(size)
    page.goto("/eng/-/tree")
    tree = page.get_by_role("main").get_by_role("tree")
    row = tree.get_by_role("treeitem", name=shelf.path.capitalize(), exact=True)
    row.focus()
    page.keyboard.press("ArrowRight")
    expect(tree.get_by_role("treeitem", name="Birch")).to_be_visible()
    assert objections(page, axe) == []


def test_a_parent_is_found_by_its_title_and_offers_its_positions(shelf: Shelf) -> None:
    larch = f"{shelf.path}/larch"
    shelf.visit.world.write(larch, "x\n", title=f"Larch {shelf.path}")
    shelf.visit.world.write(f"{larch}/cone", "x\n", title="Cone")
    page = shelf.visit.open("ben", f"/eng/{shelf.path}/birch/-/move")
    parent = page.get_by_role("combobox", name="Parent page")
    parent.fill("lar")
    page.locator("#parent-list").locator(f"[data-path='{larch}']").click()
    expect(parent).to_have_value(larch)
    position = page.get_by_label("Position")
    expect(position.locator("option")).to_have_text(
        ["At the end, by title", "First", "After “Cone”"]
    )
    position.select_option(label="After “Cone”")
    page.get_by_label("Title", exact=True).fill("Silver birch")
    page.get_by_label("Address", exact=True).fill("")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page).to_have_url(f"{shelf.visit.site}/eng/{larch}/silver-birch")
    expect(tree_of(page).get_by_role("treeitem", name="Silver birch")).to_be_visible()
