"""The first minutes of a new wiki, with every click and key counted."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, FilePayload, Locator, Page, expect

from tests.attachments.samples import png
from tests.browser.test_every_screen import objections
from tests.browser.visit import WIDE

MOST_ACTIONS = 40
MOST_SECONDS = 180
# Of an average person, as keystroke-level models have it: to type a character, and to find and
# press something.
SECONDS_FOR_A_CHARACTER, SECONDS_FOR_AN_ACTION = 0.28, 2.5
PATIENCE = 30_000


class Counted:
    """A person in front of a browser; ``actions`` counts their clicks and keys, each key of a
    combination and each sign of markup, without the text that they type (``characters``)."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.actions = 0
        self.characters = 0

    def click(self, target: Locator) -> None:
        target.click()
        self.actions += 1

    def press(self, key: str) -> None:
        self.page.keyboard.press(key)
        self.actions += len(key.split("+"))

    def type(self, text: str) -> None:
        self.page.keyboard.type(text)
        self.characters += len(text)

    def choose_file(self, button: Locator, file: FilePayload) -> None:
        with self.page.expect_file_chooser() as chosen:
            self.click(button)
        chosen.value.set_files(file)
        self.actions += 2  # the file, and the button of the system's dialog

    @property
    def seconds(self) -> float:
        """The time that this takes a person, without that of the wiki."""
        return SECONDS_FOR_A_CHARACTER * self.characters + SECONDS_FOR_AN_ACTION * self.actions


@pytest.fixture
def new_wiki(tmp_path: Path) -> Iterator[str]:
    """The link with which `wiki serve` greets the owner of a new wiki."""
    with subprocess.Popen(
        [sys.executable, "-m", "wiki", "serve", "--port", "0"],
        env=os.environ | {"WIKI_DATA_DIR": str(tmp_path), "PYTHONUNBUFFERED": "1"},
        stderr=subprocess.STDOUT,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        yield next(
            found[0] for line in process.stdout if (found := re.search(r"http\S+setup\?\S+", line))
        )
        process.send_signal(signal.SIGTERM)
        process.communicate()


def test_a_new_admin_publishes_a_page_with_a_link_and_a_picture(
    browser: Browser, new_wiki: str, axe: str
) -> None:
    context = browser.new_context(viewport=WIDE, reduced_motion="reduce")
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(new_wiki)
    someone = Counted(page)

    expect(page.get_by_label("Your name")).to_be_focused(timeout=PATIENCE)
    assert objections(page, axe) == []  # only a wiki without an admin has this screen
    for text in ("Ada Okafor", "ada", "ada@example.org", "a long enough password"):
        someone.type(text)
        someone.press("Tab")
    someone.press("Enter")
    someone.click(page.get_by_role("main").get_by_role("link", name="Create a space", exact=True))
    expect(page.get_by_label("Name", exact=True)).to_be_focused(timeout=PATIENCE)
    someone.type("Engineering")
    someone.press("Enter")
    expect(page.get_by_role("heading", name="Engineering", level=1)).to_be_visible(timeout=PATIENCE)

    someone.click(page.get_by_role("link", name="New page"))
    expect(page.get_by_label("Title", exact=True)).to_be_focused(timeout=PATIENCE)
    someone.type("Setting up a laptop")
    someone.press("Enter")
    expect(page.locator(".cm-content")).to_be_focused()
    someone.type("Start at ")
    for sign in "[[":
        someone.press(sign)
    someone.type("Engineer")
    someone.click(page.get_by_role("option", name="Engineering").first)
    someone.press("Enter")
    someone.choose_file(
        page.get_by_role("button", name="Attach a picture or file"),
        {"name": "desk.png", "mimeType": "image/png", "buffer": png(40, 30)},
    )
    someone.click(page.get_by_role("button", name="Create page and attach"))
    expect(page.locator(".cm-content")).to_contain_text("desk.png", timeout=PATIENCE)
    someone.press("Control+s")
    expect(page.get_by_role("heading", name="Setting up a laptop", level=1)).to_be_visible(
        timeout=PATIENCE
    )
    article = page.get_by_role("article")
    expect(article.locator(".prose a[href='/engineering/']")).to_be_visible(timeout=PATIENCE)
    expect(article.locator("img")).to_be_visible(timeout=PATIENCE)
    page.wait_for_function("document.querySelector('article img').naturalWidth > 0")
    assert someone.actions <= MOST_ACTIONS
    assert someone.seconds <= MOST_SECONDS
    context.close()


def reach(page: Page, target: Locator, key: str = "Tab", most: int = 40) -> None:
    """Press a key until something has the focus."""
    for _ in range(most):
        if target.evaluate("(it) => it === it.getRootNode().activeElement"):
            return
        page.keyboard.press(key)
    raise AssertionError(f"{target} is not reached with {most} times {key}")


@pytest.mark.thorough
def test_a_new_admin_publishes_a_page_without_a_mouse(browser: Browser, new_wiki: str) -> None:
    context = browser.new_context(viewport=WIDE, reduced_motion="reduce")
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    page.on("filechooser", lambda _: None)  # subscribes now: later, a key would be quicker
    press = page.keyboard.press
    page.goto(new_wiki)
    expect(page.get_by_label("Your name")).to_be_focused(timeout=PATIENCE)
    for text in ("Ada Okafor", "ada", "ada@example.org", "a long enough password"):
        page.keyboard.type(text)
        press("Tab")
    press("Enter")
    create = page.get_by_role("main").get_by_role("link", name="Create a space", exact=True)
    expect(create).to_be_visible(timeout=PATIENCE)
    reach(page, create)
    press("Enter")
    expect(page.get_by_label("Name", exact=True)).to_be_focused(timeout=PATIENCE)
    page.keyboard.type("Engineering")
    press("Enter")
    new = page.get_by_role("link", name="New page")
    expect(new).to_be_visible(timeout=PATIENCE)
    reach(page, new)
    press("Enter")
    expect(page.get_by_label("Title", exact=True)).to_be_focused(timeout=PATIENCE)
    page.keyboard.type("Setting up a laptop")
    press("Enter")
    page.keyboard.type("Start at [[Engineering")
    expect(page.get_by_role("option", name="Engineering").first).to_be_visible(timeout=PATIENCE)
    press("Enter")
    written = page.locator("textarea[name=body]")
    expect(written).to_have_value("Start at [Engineering](/engineering/)")
    tools = page.get_by_role("toolbar", name="Formatting")
    reach(page, tools.get_by_role("button", name="Insert"), "Shift+Tab", 4)
    press("End")
    with page.expect_file_chooser() as chosen:
        press("Enter")
    chosen.value.set_files({"name": "desk.png", "mimeType": "image/png", "buffer": png(40, 30)})
    create = page.get_by_role("button", name="Create page and attach")
    expect(create).to_be_visible(timeout=PATIENCE)
    reach(page, create)
    press("Enter")
    expect(page.locator(".cm-content")).to_contain_text("desk.png", timeout=PATIENCE)
    press("Control+s")
    article = page.get_by_role("article")
    expect(article.locator(".prose a[href='/engineering/']")).to_be_visible(timeout=PATIENCE)
    expect(article.locator("img")).to_be_visible(timeout=PATIENCE)
    context.close()
