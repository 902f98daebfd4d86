"""The inputs of a kind in a real browser: accessible, and kept with the unsaved text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from jinja2 import ChoiceLoader, FileSystemLoader
from playwright.sync_api import expect

from tests.browser.visit import Visit
from tests.cast import Scene
from tests.kinds.decision import kind as declared
from wiki.kind_registry import forget, register

pytestmark = [pytest.mark.browser, pytest.mark.thorough]


@pytest.fixture
def decided(world: Scene) -> Iterator[None]:
    """The world of the browser tests, with decisions but without their table."""
    register(replace(declared.DECISION, projection=None))
    env = world.app.jinja_env
    loader = env.loader
    assert loader is not None
    env.loader = ChoiceLoader([loader, FileSystemLoader(Path(declared.__file__).parents[1])])
    yield
    env.loader = loader
    forget(declared.DECISION)


def test_a_decision_is_written(visit: Visit, axe: str, decided: None) -> None:
    visit.expect("422")
    page = visit.open("ben", "/eng/-/new")
    page.get_by_role("navigation", name="Kind of page").get_by_role("link", name="Decision").click()
    page.get_by_label("Title").fill("Which database")
    page.get_by_label("Status").select_option("accepted")
    page.get_by_label("Owner").fill("Not a name")
    page.get_by_role("button", name="Create page").click()
    expect(page.get_by_role("alert")).to_contain_text("“Owner”")
    page.evaluate(axe)
    found = page.evaluate("axe.run()")
    assert found["violations"] == [], found["violations"]
    expect(page.get_by_label("Status")).to_have_value("accepted")
    page.get_by_role("alert").get_by_role("link").click()
    expect(page.get_by_label("Owner")).to_be_focused()
    page.get_by_label("Owner").fill("eve")
    page.get_by_role("button", name="Create page").click()
    expect(page.locator("p.decision")).to_have_text("This decision is accepted.")
    page.evaluate(axe)
    assert page.evaluate("axe.run()")["violations"] == []

    page.goto("/eng/which-database/-/edit")
    page.get_by_label("Owner").fill("cai")
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.goto("/eng/")
    assert asked == ["beforeunload"]
    page.goto("/eng/which-database/-/edit")
    expect(page.get_by_label("Owner")).to_have_value("eve")
    page.get_by_role("button", name="Restore draft").click()
    expect(page.get_by_label("Owner")).to_have_value("cai")
