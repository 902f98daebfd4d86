"""The keyboard does what the pointer does."""

from __future__ import annotations

import re
from contextlib import ExitStack

import pytest
from playwright.sync_api import expect

from tests.browser.visit import ALT, CONTROL, SHIFT, Visit, press
from tests.cast import Scene
from tests.surroundings import thorough
from wiki.web.limits.lane import PLACES

pytestmark = [pytest.mark.browser, pytest.mark.thorough]

PAGE = "/eng/handbook/onboarding"


def test_e_edits_and_h_shows_the_history(visit: Visit) -> None:
    page = visit.open("ben", PAGE)
    page.keyboard.press("e")
    page.wait_for_url("**/-/edit")
    page.goto(PAGE)
    page.keyboard.press("h")
    page.wait_for_url(f"**{PAGE}/-/history")


def test_a_question_mark_shows_all_keys_and_escape_hides_them(visit: Visit) -> None:
    page = visit.open("ben", PAGE)
    page.keyboard.press("?")
    help_ = page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(help_).to_be_visible()
    page.keyboard.press("Escape")
    expect(help_).to_be_hidden()


def test_g_then_h_goes_home(visit: Visit) -> None:
    page = visit.open("ben", PAGE)
    page.keyboard.press("g")
    page.keyboard.press("h")
    page.wait_for_url(f"{visit.site}/")


CYRILLIC = {"e": "у", "g": "п", "h": "р", "n": "т", "k": "л"}
GREEK = {"e": "ε", "g": "γ", "h": "η", "n": "ν", "k": "κ"}
HEBREW = {"e": "ק", "g": "ע", "h": "י", "n": "מ", "k": "ל"}


@pytest.mark.parametrize(
    "letters", [CYRILLIC, *thorough(GREEK, HEBREW)], ids=["cyrillic", "greek", "hebrew"]
)
def test_keys_without_latin_letters_count_by_their_place(
    visit: Visit, letters: dict[str, str]
) -> None:
    page = visit.open("ben", PAGE)

    def press_place(letter: str, modifiers: int = 0) -> None:
        press(page, letters[letter], f"Key{letter.upper()}", modifiers)

    press_place("k", CONTROL)
    expect(page.locator("#switcher")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#switcher")).to_be_hidden()
    press_place("e")
    page.wait_for_url("**/-/edit")
    page.goto(PAGE)
    press_place("g")
    press_place("h")
    page.wait_for_url(f"{visit.site}/")


ESCAPE_AND_E = """() => {
  for (const [key, code] of [["Escape", "Escape"], ["e", "KeyE"]]) {
    const init = {key, code, bubbles: true, composed: true, cancelable: true};
    document.activeElement.dispatchEvent(new KeyboardEvent("keydown", init));
  }
}"""


def test_a_key_acts_at_once_after_a_dialog_was_closed(visit: Visit) -> None:
    page = visit.open("ben", PAGE)
    page.keyboard.press("Control+k")
    expect(page.locator("#switcher")).to_be_visible()
    with page.expect_navigation(url="**/-/edit"):
        page.evaluate(ESCAPE_AND_E)  # before the next frame


@pytest.mark.parametrize(
    ("key", "code", "modifiers", "opened"),
    [
        ("/", "Digit7", SHIFT, "switcher"),  # German
        *thorough(
            ("/", "KeyQ", 0, "switcher"),  # Hebrew
            ("ظ", "Slash", 0, "switcher"),  # Arabic
        ),
        ("/", "Digit8", CONTROL | ALT, "switcher"),  # by AltGr, as Windows reports it
        *thorough(
            ("?", "Minus", SHIFT, "keys"),  # German
            ("?", "KeyM", SHIFT, "keys"),  # French
        ),
        ("؟", "Slash", SHIFT, "keys"),  # Arabic
        *thorough(
            ("é", "Slash", 0, ""),  # French in Canada
            ("-", "Slash", 0, ""),  # German
        ),
        ("k", "KeyK", CONTROL | ALT, ""),
        ("k", "KeyK", CONTROL | SHIFT, ""),
    ],
)
def test_signs_count_wherever_the_layout_has_them(
    visit: Visit, key: str, code: str, modifiers: int, opened: str
) -> None:
    page = visit.open("ben", PAGE)
    press(page, key, code, modifiers)
    dialogs = page.locator("dialog[open]")
    expect(dialogs).to_have_count(1 if opened else 0)
    if opened:
        expect(dialogs).to_have_id(opened)


@pytest.mark.parametrize(
    ("key", "code", "modifiers", "number"),
    [
        ("€", "KeyE", CONTROL | ALT, 69),
        (".", "KeyE", 0, 69),  # Dvorak
        *thorough(
            ("ę", "KeyE", CONTROL | ALT, 69),
            ("e", "KeyE", CONTROL | ALT, 69),
            ("E", "KeyE", SHIFT, 69),
            ("ğ", "KeyE", 0, 69),  # a Latin letter of its own: Turkish
            ("Dead", "KeyE", 0, 69),
            ("Process", "KeyE", 0, 229),
        ),
    ],
)
def test_a_key_that_gives_another_character_is_not_that_key(
    visit: Visit, key: str, code: str, modifiers: int, number: int
) -> None:
    page = visit.open("ben", PAGE)
    press(page, key, code, modifiers, number)
    press(page, "g", "KeyG")
    press(page, "h", "KeyH")
    page.wait_for_url(f"{visit.site}/")


def test_single_keys_can_be_switched_off(visit: Visit) -> None:
    page = visit.open("ben", PAGE)
    page.keyboard.press("?")
    page.get_by_label("Enable single-key shortcuts").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("e")
    page.keyboard.press("?")
    assert page.url.endswith(PAGE)
    expect(page.locator("dialog[open]")).to_have_count(0)
    page.keyboard.press("Control+k")
    expect(page.locator("#switcher")).to_be_visible()


def test_letters_typed_into_a_field_are_only_letters(visit: Visit) -> None:
    page = visit.open("ben", "/-/spaces/new")
    page.get_by_label("Name").press_sequentially("he?/")
    expect(page.get_by_label("Name")).to_have_value("he?/")
    expect(page.locator("dialog[open]")).to_have_count(0)


def test_the_skip_link_is_the_first_stop_and_leads_to_the_text(visit: Visit) -> None:
    page = visit.open("ben", PAGE)
    page.keyboard.press("Tab")
    expect(page.get_by_text("Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()


def test_the_sidebar_stays_as_its_reader_left_it(visit: Visit) -> None:
    page = visit.open("ben", PAGE)
    tree = page.get_by_role("navigation", name="Pages of Eng")
    expect(tree).to_be_visible()
    page.get_by_role("button", name="Toggle sidebar").click()
    expect(tree).to_be_hidden()
    page.reload()
    expect(tree).to_be_hidden()


def test_on_a_phone_a_button_opens_the_sidebar_and_the_contents_unfold(visit: Visit) -> None:
    page = visit.open("ben", "/eng/handbook/everything", viewport={"width": 390, "height": 844})
    contents = page.get_by_role("navigation", name="On this page")
    heading = contents.get_by_role("link", name="A heading of the third rank")
    expect(heading).to_be_hidden()
    page.get_by_role("button", name="Open navigation").click()
    expect(page.get_by_role("navigation", name="Pages of Eng")).to_be_visible()
    page.get_by_role("button", name="Close").click()
    contents.get_by_text("On this page").click()
    heading.click()
    expect(page.get_by_role("heading", name="A heading of the third rank")).to_be_in_viewport()


@pytest.mark.parametrize("key", ["Control+k", "/"])
def test_the_switcher_jumps_to_a_page(visit: Visit, key: str) -> None:
    page = visit.open("ben", "/eng/")
    page.keyboard.press(key)
    page.get_by_role("combobox").fill("onboar")
    expect(page.get_by_role("option", name="Onboarding")).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{PAGE}")


def test_the_switcher_waits_for_searches_that_are_under_way(visit: Visit, world: Scene) -> None:
    page = visit.open("ben", "/eng/")
    visit.expect("503")
    page.keyboard.press("Control+k")
    with ExitStack() as others:
        for number in range(PLACES):
            lane = world.app.extensions["lanes"]["searches"]
            lane._enter(f"person {1000 + number}", stranger=False)
            others.callback(lane._leave, f"person {1000 + number}", stranger=False)
        with page.expect_response(lambda response: response.status == 503):
            page.get_by_role("combobox").fill("onboar")
    expect(page.get_by_role("option", name="Onboarding")).to_be_visible()


@pytest.mark.parametrize("typed", ["how do I start onboarding", "onboadring"])
def test_enter_on_what_is_no_title_searches_for_it(visit: Visit, typed: str) -> None:
    page = visit.open("ben", "/eng/")
    page.keyboard.press("Control+k")
    page.get_by_role("combobox").fill(typed)
    last = page.get_by_role("option").last
    expect(last).to_have_text(f"Search for “{typed}”")
    expect(last).to_have_attribute("aria-selected", "true")
    expect(page.get_by_role("option", name=re.compile("^Onboarding"))).to_be_visible()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/-/search?q={typed.replace(' ', '+')}")


def test_escape_closes_the_switcher_and_gives_the_focus_back(visit: Visit) -> None:
    page = visit.open("ben", PAGE)
    edit = page.get_by_role("link", name="Edit", exact=True)
    edit.focus()
    page.keyboard.press("Control+k")
    page.get_by_role("combobox").fill("onboar")
    page.keyboard.press("Escape")
    expect(page.locator("#switcher")).to_be_hidden()
    expect(edit).to_be_focused()


def test_the_switcher_goes_on_to_the_search_page(visit: Visit) -> None:
    page = visit.open("ben", "/eng/")
    page.keyboard.press("Control+k")
    page.get_by_role("combobox").fill("keys")
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/-/search?q=keys")
    expect(page.get_by_role("link", name="Onboarding")).to_be_visible()


def test_what_is_typed_in_the_header_goes_on_in_the_switcher(visit: Visit) -> None:
    page = visit.open("ben", "/eng/")
    page.get_by_role("searchbox", name="Search all pages").first.focus()
    page.keyboard.type("rota")
    expect(page.locator("#switcher")).to_be_visible()
    expect(page.get_by_role("combobox")).to_have_value("rota")
    expect(page.get_by_role("option").first).to_contain_text("Rota")


def test_the_switcher_does_without_an_answer(visit: Visit) -> None:
    visit.expect("Failed to load resource")
    page = visit.page("ben")
    page.route("**/-/switch?*", lambda route: route.abort())
    page.goto("/eng/")
    page.keyboard.press("Control+k")
    expect(page.get_by_text("Quick search isn’t available right now")).to_be_visible()
    page.get_by_role("combobox").fill("keys")
    page.keyboard.press("Enter")
    page.wait_for_url("**/-/search?q=keys")


def test_n_and_p_step_through_the_changes_of_a_comparison(visit: Visit) -> None:
    page = visit.open("ben", "/eng/handbook/everything/-/diff/1..2")
    page.keyboard.press("n")
    expect(page.locator("#change-1")).to_be_focused()
