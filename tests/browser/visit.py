"""Somebody's browser, watched: what it asks of other hosts, logs or refuses is a problem."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

from playwright.sync_api import BrowserContext, CDPSession, ConsoleMessage, Page, Request

from tests.cast import Scene

WIDE = {"width": 1280, "height": 900}
WIDEST = {"width": 1920, "height": 1080}
PHONE = {"width": 390, "height": 844}
NARROWEST = {"width": 320, "height": 640}


ALT, CONTROL, META, SHIFT = 1, 2, 4, 8
"""Modifiers of :func:`press`."""


_sessions: WeakKeyDictionary[Page, CDPSession] = WeakKeyDictionary()
"""One for each page: attaching and detaching for every key can lose a key."""


def press(page: Page, key: str, code: str, modifiers: int = 0, number: int = 0) -> None:
    """Press a key as a layout has it: the character it gives, its place, and its old key number."""
    if page not in _sessions:
        _sessions[page] = page.context.new_cdp_session(page)
    session = _sessions[page]
    event = {"key": key, "code": code, "modifiers": modifiers, "windowsVirtualKeyCode": number}
    text = key if len(key) == 1 and not modifiers & (CONTROL | META) else ""
    session.send("Input.dispatchKeyEvent", {"type": "keyDown", "text": text, **event})
    session.send("Input.dispatchKeyEvent", {"type": "keyUp", **event})


class Visit:
    """Opens pages; ``problems`` gathers what must not happen anywhere."""

    def __init__(
        self, open_context: Callable[..., BrowserContext], site: str, world: Scene
    ) -> None:
        self._open_context = open_context
        self.site = site
        self.world = world
        self.problems: list[str] = []
        self.expected: tuple[str, ...] = ()
        self._contexts: list[BrowserContext] = []
        self._open: dict[tuple[str, str], Page] = {}

    def page(self, handle: str = "nobody", *, scripts: bool = True, **options: Any) -> Page:
        """A fresh browser of somebody's, showing nothing yet."""
        options.setdefault("viewport", WIDE)
        context = self._open_context(handle, java_script_enabled=scripts, **options)
        self._contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.problems.append(f"script failed: {error}"))
        page.on("request", self._asked)
        return page

    def open(self, handle: str, path: str, **options: Any) -> Page:
        """A page of the wiki in a fresh browser of somebody's."""
        page = self.page(handle, **options)
        page.goto(path)
        return page

    def open_page(self, handle: str, language: str = "en") -> Page:
        """A browser of somebody's, with a preferred language, that stays as it was left."""
        who = handle, language
        if who not in self._open:
            self._open[who] = self.page(handle, extra_http_headers={"Accept-Language": language})
        return self._open[who]

    def close(self) -> None:
        """Close all browsers."""
        for context in self._contexts:
            context.close()

    def expect(self, *parts: str) -> None:
        """Messages that hold one of these parts are wanted in this test."""
        self.expected += parts

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type not in ("error", "warning"):
            return
        if not any(part in message.text for part in self.expected):
            self.problems.append(f"{message.location.get('url', '')}: {message.text}")

    def _asked(self, request: Request) -> None:
        if not request.url.startswith((self.site, "data:")):
            self.problems.append(f"asked another host: {request.url}")
