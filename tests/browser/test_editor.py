"""The editor: quick, and it never loses a word."""

from __future__ import annotations

import re
from contextlib import suppress

import pytest
from playwright.sync_api import Page, Route, TimeoutError, expect

from tests.browser.visit import ALT, CONTROL, PHONE, Visit, press
from tests.surroundings import thorough

pytestmark = pytest.mark.browser


@pytest.fixture
def fresh(visit: Visit, request: pytest.FixtureRequest) -> str:
    """The address of a page that only this test edits."""
    name = re.sub("[^a-z0-9]+", "-", request.node.name.lower())[-60:].strip("-")
    visit.world.write(f"edits/{name}", "Begin.\n", title="Draft")
    return f"/eng/edits/{name}"


def write(page: Page, words: str) -> None:
    """Type at the end of the text."""
    text = page.get_by_role("textbox", name="Text")
    text.click()
    page.keyboard.press("Control+End")
    page.keyboard.type(words)


def choose(page: Page, name: str) -> None:
    """Click a completion until the list closes: the editor ignores a click when the list has just
    opened."""
    option = page.get_by_role("option", name=name)
    option.wait_for()
    while option.is_visible():
        with suppress(TimeoutError):  # the list has closed meanwhile
            option.click(timeout=1000)


def state(page: Page) -> str:
    return page.locator("[data-state]").inner_text()


def test_the_editor_opens_with_the_cursor_in_the_text(visit: Visit, fresh: str) -> None:
    page = visit.open("ben", f"{fresh}/-/edit")
    expect(page.get_by_role("textbox", name="Text")).to_be_focused()
    page.keyboard.type("gc ")
    expect(page.locator("textarea[name=body]")).to_have_value("gc Begin.\n")


def test_a_preview_is_not_what_the_next_editor_opens_with(visit: Visit, fresh: str) -> None:
    page = visit.open("ben", f"{fresh}/-/edit")
    page.get_by_role("button", name="Preview").first.click()
    expect(page.locator("[data-preview]")).to_contain_text("Begin.")
    page.keyboard.type("gch?")
    page.reload()
    expect(page.get_by_role("textbox", name="Text")).to_be_focused()
    page.keyboard.type("gc ")
    expect(page.locator("textarea[name=body]")).to_have_value("gc Begin.\n")


def test_a_new_page_begins_with_its_title_or_else_with_its_text(visit: Visit) -> None:
    page = visit.open("ben", "/eng/-/new")
    page.keyboard.type("gc")
    expect(page.get_by_label("Title")).to_have_value("gc")
    page.goto("/eng/-/new?title=Plan")
    page.keyboard.type("gc")
    expect(page.locator("textarea[name=body]")).to_have_value("gc")


def test_keys_of_the_editor_work_on_other_layouts(visit: Visit, fresh: str) -> None:
    page = visit.open("ben", f"{fresh}/-/edit")
    page.keyboard.press("Control+a")
    press(page, "{", "KeyB", CONTROL | ALT)
    press(page, "и", "KeyB", CONTROL)
    expect(page.locator("textarea[name=body]")).to_have_value("**Begin.\n**")
    press(page, "ы", "KeyS", CONTROL)
    page.wait_for_url(f"**{fresh}")


@pytest.mark.parametrize("key", ["Control+s", "Control+Enter"])
def test_a_key_saves(visit: Visit, fresh: str, key: str) -> None:
    page = visit.open("ben", f"{fresh}/-/edit")
    write(page, "More words.")
    page.keyboard.press(key)
    page.wait_for_url(f"**{fresh}")
    expect(page.locator(".prose")).to_contain_text("More words.")


def test_the_preview_shows_what_the_server_renders(visit: Visit, fresh: str) -> None:
    page = visit.open("ben", f"{fresh}/-/edit")
    page.get_by_role("button", name="Split").click()
    write(page, "Some *stressed* words.")
    expect(page.locator("[data-preview] em")).to_have_text("stressed")


def test_the_toolbar_marks_what_is_selected(visit: Visit, fresh: str) -> None:
    page = visit.open("ben", f"{fresh}/-/edit")
    page.get_by_role("textbox", name="Text").click()
    page.keyboard.press("Control+a")
    page.get_by_role("button", name="Bold").click()
    expect(page.locator("textarea[name=body]")).to_have_value("**Begin.\n**")


def test_enter_goes_on_with_a_list(visit: Visit, fresh: str) -> None:
    page = visit.open("ben", f"{fresh}/-/edit")
    write(page, "1. one\ntwo\n\nafter")
    # A paragraph of its own: right behind the item, it would be a part of it.
    expect(page.locator("textarea[name=body]")).to_have_value("Begin.\n1. one\n2. two\n\nafter")


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (lambda route: route.abort("internetdisconnected"), "the wiki isn’t responding"),
        *thorough(
            (lambda route: route.fulfill(status=503, body="busy"), "the wiki has a problem"),
            (lambda route: route.fulfill(status=429, body="slower"), "too many saves"),
        ),
    ],
)
def test_a_save_that_fails_says_so_and_keeps_the_text(
    visit: Visit, fresh: str, answer: object, sentence: str
) -> None:
    visit.expect("Failed to load resource")
    page = visit.page("ben")

    def refuse(route: Route) -> None:
        if route.request.method == "POST":
            answer(route)  # type: ignore[operator]
        else:
            route.continue_()

    # Before the page is there: a busy browser may let the next request pass otherwise.
    page.route("**/-/edit", refuse)
    page.goto(f"{fresh}/-/edit")
    write(page, "Not to be lost.")
    page.keyboard.press("Control+s")
    expect(page.locator("[data-state]")).to_contain_text(f"Not saved: {sentence}")
    expect(page.locator("[data-state]")).to_contain_text("Your text is kept in this browser")
    page.unroute("**/-/edit")
    page.close()

    again = page.context.new_page()
    again.goto(f"{fresh}/-/edit")
    expect(again.locator("textarea[name=body]")).to_have_value("Begin.\n")
    again.get_by_role("button", name="Restore draft").click()
    expect(again.locator("textarea[name=body]")).to_have_value("Begin.\nNot to be lost.")
    again.keyboard.press("Control+s")
    again.wait_for_url(f"**{fresh}")
    expect(again.locator(".prose")).to_contain_text("Not to be lost.")
    again.goto(f"{fresh}/-/edit")
    expect(again.get_by_role("button", name="Restore draft")).to_be_hidden()


def test_a_sign_in_that_ran_out_keeps_the_text(visit: Visit, fresh: str) -> None:
    visit.expect("401")
    page = visit.open("ben", f"{fresh}/-/edit")
    write(page, "Still here.")
    page.context.clear_cookies()
    page.keyboard.press("Control+s")
    expect(page.locator("[data-state]")).to_contain_text("your session has expired")
    expect(page.get_by_role("link", name="Sign in again")).to_be_visible()


def test_leaving_with_unsaved_text_asks_first(visit: Visit, fresh: str) -> None:
    page = visit.open("ben", f"{fresh}/-/edit")
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    write(page, "Unsaved.")
    page.goto("/eng/")
    assert asked == ["beforeunload"]


def test_signing_out_forgets_the_kept_text(visit: Visit, fresh: str) -> None:
    page = visit.open("eve", f"{fresh}/-/edit")
    page.on("dialog", lambda dialog: dialog.accept())
    write(page, "For nobody else.")
    page.goto("/eng/")
    kept = "Object.keys(localStorage).filter((key) => key.startsWith('trellis:text:')).length"
    assert page.evaluate(kept) == 1
    page.evaluate(
        "document.querySelector(\"form[action='/-/logout']\").addEventListener('submit',"
        " (event) => event.preventDefault())"
    )
    page.locator(".account summary").click()
    page.get_by_role("button", name="Sign out").click()
    assert page.evaluate(kept) == 0


DROP = """(text) => {
  const data = new DataTransfer();
  data.items.add(new File([Uint8Array.from(atob(PNG), (c) => c.charCodeAt(0))], "red dot.png",
    { type: "image/png" }));
  text.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true,
    cancelable: true, composed: true }));
}""".replace(
    "PNG",
    '"iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGP4z8DwHwAFAAH/iZk9HQAAAABJRU5ErkJggg=="',
)


def test_a_pasted_picture_is_attached_and_shown(visit: Visit, fresh: str) -> None:
    page = visit.open("ben", f"{fresh}/-/edit")
    write(page, "Look: ")
    page.get_by_role("textbox", name="Text").evaluate(DROP)
    expect(page.locator("[data-state]")).to_contain_text("red-dot.png attached")
    page.keyboard.press("Control+s")
    page.wait_for_url(f"**{fresh}")
    picture = page.get_by_alt_text("red-dot")
    expect(picture).to_be_visible()
    assert picture.evaluate("(image) => image.naturalWidth") == 1


def test_two_open_brackets_offer_the_pages_of_the_wiki(visit: Visit, fresh: str) -> None:
    page = visit.open("ben", f"{fresh}/-/edit")
    write(page, "See [[onboar")
    option = page.get_by_role("option", name="Onboarding")
    expect(option).to_be_visible()
    option.click()
    expect(page.locator("textarea[name=body]")).to_have_value("Begin.\nSee [[handbook/onboarding]]")


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("typed", "chosen", "linked"),
    [
        ("[[Onboard", "Create “Onboard”", "[[Onboard]]"),  # only begins like a page
        ("![[Onbaording", "Create “Onbaording”", "![[Onbaording]]"),  # only looks like one
        ("[[onboarding", "Onboarding", "[[handbook/onboarding]]"),
        ("[[handbook/onboarding", "Onboarding", "[[handbook/onboarding]]"),
    ],
)
def test_enter_keeps_the_link_that_was_typed_unless_a_page_is_called_so(
    visit: Visit, fresh: str, typed: str, chosen: str, linked: str
) -> None:
    page = visit.open("ben", f"{fresh}/-/edit")
    write(page, f"- See {typed}")
    row = page.locator("[role=option][aria-selected=true]")
    expect(row).to_contain_text(chosen)
    expect(page.get_by_role("option", name="Onboarding").first).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.locator("textarea[name=body]")).to_have_value(f"Begin.\n- See {linked}")


def test_another_page_is_linked_once_it_is_chosen(visit: Visit, fresh: str) -> None:
    page = visit.open("ben", f"{fresh}/-/edit")
    write(page, "[[onboard")
    expect(page.get_by_role("option", name="Create")).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("textarea[name=body]")).to_have_value("Begin.\n[[handbook/onboarding]]")


@pytest.mark.parametrize(
    ("typed", "linked"),
    [
        ("[[Onboarding", "[[handbook/onboarding]]"),
        ("[[Some new page", "[[Some new page]]"),
    ],
)
def test_enter_before_the_list_has_come_waits_for_it(
    visit: Visit, fresh: str, typed: str, linked: str
) -> None:
    page = visit.page("ben")
    held: list[Route] = []
    free: list[bool] = []
    page.route("**/-/switch?*", lambda route: route.continue_() if free else held.append(route))
    page.goto(f"{fresh}/-/edit")
    with page.expect_request(lambda request: "/-/switch?" in request.url):
        write(page, typed)
    page.keyboard.press("Enter")
    expect(page.locator("textarea[name=body]")).to_have_value(f"Begin.\n{typed}")
    free.append(True)
    for route in held:
        route.continue_()
    expect(page.locator("textarea[name=body]")).to_have_value(f"Begin.\n{linked}")


def test_return_in_the_title_leads_into_the_text_before_the_editor_has_started(
    visit: Visit,
) -> None:
    page = visit.page("ben")
    held: list[Route] = []
    page.route("**/edit-*.js", lambda route: held.append(route))
    with page.expect_request("**/edit-*.js"):
        page.goto("/eng/-/new", wait_until="commit")
    page.get_by_label("Title", exact=True).fill("A quick writer")
    page.keyboard.press("Enter")
    page.keyboard.type("Writes at ")
    expect(page.locator("textarea[name=body]")).to_have_value("Writes at ")
    for route in held:
        route.continue_()
    expect(page.locator(".cm-content")).to_be_focused()
    page.keyboard.type("once.")
    expect(page.locator("textarea[name=body]")).to_have_value("Writes at once.")


def test_enter_on_a_list_in_which_nothing_is_chosen_chooses_the_first(
    visit: Visit, fresh: str
) -> None:
    page = visit.open("ben", f"{fresh}/-/edit")
    write(page, "[[")
    expect(page.get_by_role("option").first).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_role("option").first).to_have_attribute("aria-selected", "true")
    expect(page.locator("textarea[name=body]")).to_have_value("Begin.\n[[")


def test_after_a_hash_headings_are_offered(visit: Visit, fresh: str) -> None:
    visit.world.write("edits/long", "# Long\n\n## What to do\n\n## Where | how\n", title="Long")
    page = visit.open("ben", f"{fresh}/-/edit")
    write(page, "[[edits/long#whe")
    choose(page, "Where | how")
    write(page, "\n## Own heading\n[[#own")
    choose(page, "Own heading")
    expect(page.locator("textarea[name=body]")).to_have_value(
        "Begin.\n[[edits/long#Where \\| how]]\n## Own heading\n[[#Own heading]]"
    )


def test_the_list_keeps_away_from_the_edges_of_a_phone(visit: Visit, fresh: str) -> None:
    page = visit.open("ben", f"{fresh}/-/edit", viewport=PHONE)
    write(page, "A few words before [[onboar")
    expect(page.get_by_role("option").first).to_be_visible()
    box = page.locator(".cm-tooltip-autocomplete").bounding_box()
    assert box
    assert box["x"] >= 8
    assert box["x"] + box["width"] <= 390 - 8


def test_invisible_characters_are_shown_by_their_number(visit: Visit, fresh: str) -> None:
    text = "ad\u200bmin \u202ex ad\u200dmin \N{MAN}\u200d\N{WOMAN} می\u200cخواهم\n"
    visit.world.write(fresh.removeprefix("/eng/"), text)
    page = visit.open("ben", f"{fresh}/-/edit")
    marks = page.locator(".cm-unseen")
    expect(marks).to_have_text(["U+200B", "U+202E", "U+200D"])
    expect(page.locator("textarea[name=body]")).to_have_value(text)


def test_two_who_edit_different_lines_are_merged(visit: Visit, fresh: str) -> None:
    visit.world.write(fresh.removeprefix("/eng/"), "one\n\ntwo\n\nthree\n")
    ben = visit.open("ben", f"{fresh}/-/edit")
    visit.world.write(fresh.removeprefix("/eng/"), "ONE\n\ntwo\n\nthree\n")
    write(ben, "four")
    ben.keyboard.press("Control+s")
    ben.wait_for_url(f"**{fresh}")
    expect(ben.get_by_role("status").first).to_contain_text("both edits are included")
    expect(ben.locator(".prose")).to_contain_text("ONE")
    expect(ben.locator(".prose")).to_contain_text("four")


def test_a_field_to_correct_comes_back_with_the_text(visit: Visit) -> None:
    visit.expect("422")
    visit.world.write("edits/taken", "Here.")
    page = visit.open("ben", "/eng/-/new?path=edits/taken")
    page.get_by_label("Title").fill("Another")
    write(page, "Words for it.")
    page.keyboard.press("Control+s")
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.locator("textarea[name=body]")).to_have_value("Words for it.")
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.get_by_label("Title").click()
    page.goto("/eng/")
    assert asked == ["beforeunload"]
