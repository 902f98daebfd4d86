"""Every screen, light and dark, from 320 to 1920 pixels, from left to right and from right to left:
nothing that axe objects to, no sideways scrolling, no request to another host, no word in the
console."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Literal

import pytest
from playwright.sync_api import Page

from tests.browser.screens import SCREENS
from tests.browser.visit import NARROWEST, PHONE, WIDE, WIDEST, Visit
from tests.cast import Scene
from tests.pseudo import pseudo_languages

pytestmark = pytest.mark.browser

Scheme = Literal["light", "dark"]

View = tuple[Scheme, dict[str, int]]
VIEWS: list[View] = [
    (scheme, size) for size in (NARROWEST, WIDE, WIDEST) for scheme in ("light", "dark")
]
SOME_VIEWS: dict[str, list[View]] = {
    "en": [("light", NARROWEST), ("dark", WIDEST)],
    "ar-XB": [("dark", NARROWEST)],
}
"""The views of `make test-rest`, by language; `make screens` looks at all of them."""


def kind_of(path: str) -> tuple[object, ...]:
    """The kind of a screen's address: addresses of one kind mostly have one template."""
    place, _, verb = path.partition("?")[0].partition("/-/")
    if not verb:
        return ("page" if place.strip("/") else "home",)
    first, *more = verb.split("/")
    return bool(place), first, *(more[:1] if first == "admin" else ()), len(more)


def first_of_each_kind() -> list[tuple[str, str]]:
    """One screen of each kind of address."""
    found: dict[tuple[object, ...], tuple[str, str]] = {}
    for handle, path in SCREENS:
        found.setdefault(kind_of(path), (handle, path))
    return list(found.values())


MIRRORED = [
    ("ben", "/"),
    ("ben", "/eng/handbook/everything"),
    ("ben", "/eng/-/new"),
    ("ben", "/eng/handbook/everything/-/diff/1..2?view=side"),
    ("eve", "/eng/-/members"),
    ("ada", "/-/admin/people"),
]
"""Screens that are looked at from right to left in everyday work."""


# What the last change of scheme or size has set going has come to its end.
DRAWN = """() => new Promise((then) => requestAnimationFrame(() => requestAnimationFrame(() =>
  Promise.all(document.getAnimations().map((one) => one.finished)).then(() => then()))))"""


# Axe with the size of targets, which it leaves out unless it is asked. Bars that stick to the
# bottom lie over something wherever one scrolls; where they rest, they must not.
AXE = """async () => {
  const bars = [...document.querySelectorAll("body *")].filter((e) => {
    const { position, bottom } = getComputedStyle(e);
    return position === "sticky" && bottom !== "auto";
  });
  for (const bar of bars) bar.style.position = "static";
  const rules = { "target-size": { enabled: true } };
  const { violations } = await axe.run({ resultTypes: ["violations"], rules });
  for (const bar of bars) bar.style.removeProperty("position");
  return violations;
}"""


def objections(page: Page, axe: str) -> list[str]:
    """What axe finds, one line each."""
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(axe)
    page.evaluate(DRAWN)
    return [
        f"{rule['id']}: {node['target']} {node['failureSummary']}"
        for rule in page.evaluate(AXE)
        for node in rule["nodes"]
    ]


# What sticks out of the page, leaving aside what scrolls inside itself.
STICKING_OUT = """() => { const width = document.documentElement.clientWidth;
  return document.documentElement.scrollWidth <= width ? [] :
  ["the page", ...[...document.querySelectorAll("body *")]
    .filter((e) => e.checkVisibility()
      && (e.getBoundingClientRect().right > width + 1 || e.getBoundingClientRect().left < -1)
      && !e.closest("pre, .table-scroll, .tabs, [popover], dialog"))
    .map((e) => e.outerHTML.slice(0, 120))]; }"""

# What can be pressed or filled in and lies outside of the screen's width: only what an author wrote
# and strips of tabs or tools may be scrolled sideways.
OUT_OF_SIGHT = """() => { const width = document.documentElement.clientWidth;
  return [...document.querySelectorAll("main :is(a, button, input, select)")]
  .filter((e) => e.checkVisibility()
    && !e.closest(".visually-hidden, .prose, .tabs, .editor-tools, [popover]"))
  .filter((e) => [...e.getClientRects()].some((r) => r.right > width + 1 || r.left < -1))
  .map((e) => e.outerHTML.slice(0, 120)); }"""


@pytest.fixture
def in_development(world: Scene) -> Iterator[None]:
    """The style page is there in development only."""
    world.app.debug = True
    yield
    world.app.debug = False


@pytest.mark.parametrize("language", ["en", "ar-XB"], ids=["ltr", "rtl"])
@pytest.mark.usefixtures("in_development")
def test_every_component_is_for_everyone(looking: Visit, axe: str, language: str) -> None:
    look_at(looking, axe, "ben", "/-/styles", language)


@pytest.mark.parametrize(
    ("handle", "path"), [one for one in first_of_each_kind() if one[0] != "ada"]
)  # the administration is looked at in every view below
def test_a_screen_is_for_everyone_on_a_phone(
    looking: Visit, axe: str, handle: str, path: str
) -> None:
    look_at(looking, axe, handle, path, views=[("dark", PHONE)])
    page = looking.open_page(handle)
    page.set_viewport_size(NARROWEST)
    assert page.evaluate(STICKING_OUT) == []
    assert page.evaluate(OUT_OF_SIGHT) == []


@pytest.mark.parametrize(("handle", "path"), MIRRORED)
def test_a_screen_is_for_everyone_from_right_to_left(
    looking: Visit, axe: str, handle: str, path: str
) -> None:
    look_at(looking, axe, handle, path, "ar-XB", [("light", NARROWEST)])


@pytest.mark.thorough
@pytest.mark.parametrize("language", SOME_VIEWS, ids=["ltr", "rtl"])
@pytest.mark.parametrize(("handle", "path"), SCREENS)
def test_a_screen_is_for_everyone_in_every_view(
    looking: Visit, axe: str, handle: str, path: str, language: str
) -> None:
    views = VIEWS if "WIKI_TEST_EVERY_VIEW" in os.environ else SOME_VIEWS[language]
    look_at(looking, axe, handle, path, language, views)


def look_at(
    looking: Visit,
    axe: str,
    handle: str,
    path: str,
    language: str = "en",
    views: Sequence[View] = VIEWS,
) -> None:
    """Open a screen once and look at it in some views."""
    looking.expect("the server responded with a status of 4")
    page = looking.open_page(handle, language)
    page.set_viewport_size(views[0][1])
    with pseudo_languages():
        page.goto(path.format_map(looking.world.names))
        found = {}
        for scheme, size in views:
            page.emulate_media(color_scheme=scheme)
            page.set_viewport_size(size)
            wrong = objections(page, axe)
            wrong += page.evaluate(STICKING_OUT) + page.evaluate(OUT_OF_SIGHT)
            if wrong:
                found[f"{scheme}, {size['width']} wide"] = wrong
    assert found == {}


@pytest.mark.parametrize("size", [PHONE, NARROWEST])
def test_on_a_phone_the_buttons_of_every_member_are_in_sight(
    looking: Visit, size: dict[str, int]
) -> None:
    page = looking.open_page("eve")
    page.set_viewport_size(size)
    page.goto("/eng/-/members")
    buttons = page.locator("tbody button")
    assert buttons.count() >= 4
    for button in buttons.all():
        box = button.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= size["width"]


def test_on_a_phone_the_current_tab_is_in_sight(visit: Visit) -> None:
    page = visit.open("ada", "/-/admin/storage", viewport=PHONE)
    box = page.locator(".tabs [aria-current]").bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= PHONE["width"]
