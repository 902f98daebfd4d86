"""Two people save one page: what the second sees, with scripts and without, and what is kept."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_every_screen import STICKING_OUT, objections
from tests.browser.visit import NARROWEST, PHONE, WIDE, Visit
from tests.surroundings import thorough

pytestmark = [pytest.mark.browser, pytest.mark.thorough]

TEXT = "# Rota\n\nEveryone is on call for one week.\n\n" + "word " * 60 + "\n\nAsk Eve.\n"


def in_conflict(visit: Visit, name: str, *, scripts: bool, **options: Any) -> Page:
    """Ben's screen after he and Eve both changed how long people are on call."""
    world = visit.world
    world.write(name, TEXT, title="Rota")
    page = visit.page("ben", scripts=scripts, **options)
    page.goto(f"/eng/{name}/-/edit")
    world.write(name, TEXT.replace("one week", "two weeks"), title="Rota and all", by="eve")
    if scripts:
        page.locator(".cm-content").click()
        page.keyboard.press("Control+Home")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("End")
        page.keyboard.type(" Or a month.")
    else:
        page.locator("textarea[name=body]").fill(TEXT.replace("one week", "a month"))
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".task")).to_have_text("Eve changed the same lines")
    return page


@pytest.mark.parametrize("scripts", [True, *thorough(False)])
def test_a_conflict_is_decided_in_one_form(visit: Visit, scripts: bool) -> None:
    visit.expect("409")
    name = f"rota-{scripts}"
    page = in_conflict(visit, name, scripts=scripts)
    expect(page.locator(".version").filter(has_text="Original")).to_contain_text("one week")
    own = page.get_by_label("Text, your own version")
    expect(own).to_be_hidden()
    page.get_by_label("Write my own").check()
    own.fill("Everyone is on call for three weeks.")
    page.get_by_role("button", name="Save choices").click()
    page.wait_for_url(f"**/eng/{name}")
    expect(page.locator("article h1").first).to_have_text("Rota and all")
    expect(page.locator(".prose")).to_contain_text("three weeks")
    if scripts:  # the text that was in conflict is not offered again
        page.goto(f"/eng/{name}/-/edit")
        expect(page.locator(".cm-content")).to_be_visible()
        expect(page.locator("[data-kept]")).to_be_hidden()


@pytest.mark.parametrize(("scheme", "size"), [("dark", PHONE), *thorough(("light", WIDE))])
def test_the_screen_of_a_conflict_is_for_everyone(
    visit: Visit, axe: str, scheme: str, size: dict[str, int]
) -> None:
    visit.expect("409")
    page = in_conflict(visit, f"rota-{scheme}", scripts=True, color_scheme=scheme, viewport=size)
    assert objections(page, axe) == []
    page.set_viewport_size(NARROWEST)
    assert page.evaluate(STICKING_OUT) == []


def test_keys_step_through_all_changes_and_say_where_one_is(visit: Visit) -> None:
    lines = [f"line {n}" for n in range(120)]
    visit.world.write("steps", "\n\n".join(lines), title="Steps")
    changed = [f"{line} changed" if n % 40 == 5 else line for n, line in enumerate(lines)]
    visit.world.write("steps", "\n\n".join(changed), title="Steps")
    page = visit.open("ben", "/eng/steps/-/diff/1..2")
    for number in (1, 2, 3):
        page.keyboard.press("n")
        expect(page.locator(f"#change-{number}")).to_be_focused()
        expect(page.locator(f"#change-{number}")).to_be_in_viewport()
    page.keyboard.press("n")
    expect(page.get_by_text("That was the last change")).to_be_visible()
    page.keyboard.press("p")
    expect(page.locator("#change-2")).to_be_focused()
    expect(page).to_have_url(f"{visit.site}/eng/steps/-/diff/1..2#change-2")
    page.reload()
    page.keyboard.press("n")
    expect(page.locator("#change-3")).to_be_focused()


@pytest.mark.parametrize(("size", "columns"), [(WIDE, 2), (PHONE, 1)])
def test_a_comparison_has_one_column_on_a_phone(
    visit: Visit, size: dict[str, int], columns: int
) -> None:
    visit.world.write(f"cols-{columns}", "one two three\n", title="Columns")
    visit.world.write(f"cols-{columns}", "one two four\n", title="Columns")
    page = visit.open("ben", f"/eng/cols-{columns}/-/diff/1..2", viewport=size)
    old, new = page.locator("td.old").bounding_box(), page.locator("td.new").bounding_box()
    assert old
    assert new
    assert (old["y"] == new["y"]) == (columns == 2)
