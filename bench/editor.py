"""A benchmark of the editor in Chromium: from the click on Edit until the first key is shown."""

from __future__ import annotations

import os
import shutil
import statistics
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from bench.measure import Result

OPENINGS = 7
MILLISECONDS = 300
KILOBYTES = 200

# Runs in every document: notes the click, waits until the editor has the focus, and counts from the
# key until the frame after it.
_WATCH = """(() => {
  const now = () => performance.timeOrigin + performance.now();
  addEventListener("click", ({ target }) => {
    if (target.closest("[data-ahead]")) sessionStorage.setItem("bench", now());
  }, { capture: true });
  const wait = () => {
    const editor = document.querySelector(".editor-code")?.shadowRoot;
    if (!editor?.activeElement) return requestAnimationFrame(wait);
    const ready = now() - Number(sessionStorage.getItem("bench"));
    addEventListener("keydown", () => {
      const pressed = now();
      requestAnimationFrame(() => setTimeout(() => { window.firstKey = ready + now() - pressed; }));
    }, { capture: true, once: true });
    window.editorReady = true;
  };
  wait();
})()"""


def first_key(port: int, path: str, cookies: dict[str, str]) -> Result:
    """Measure opening the editor of a page, each time in a browser that has nothing but the page.

    :param path: a page whose text the owner of the cookies may edit.
    """
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_chromium(), args=["--no-sandbox"])
        try:
            site = f"http://127.0.0.1:{port}"
            times = [_opening(_page(browser, site, cookies), path) for _ in range(OPENINGS)]
            size = _weight(_page(browser, site, cookies), f"{path}/-/edit") / 1024
        finally:
            browser.close()
    middle = statistics.median(times)
    return Result(
        "editor open to first key",
        f"{middle:.0f} ms, {size:.0f} KB",
        f"≤ {MILLISECONDS} ms, ≤ {KILOBYTES} KB",
        middle <= MILLISECONDS and size <= KILOBYTES,
        f"median of {OPENINGS}, {min(times):.0f} to {max(times):.0f} ms; all that the screen loads",
    )


def _chromium() -> str:
    own = os.environ.get("WIKI_TEST_CHROMIUM", "chromium")
    names = (own, "chromium", "chromium-browser", "google-chrome")
    found = next((path for name in names if (path := shutil.which(name))), None)
    if found is None:
        raise SystemExit("Chromium is not here: set WIKI_TEST_CHROMIUM to its path.")
    return found


def _page(browser: Browser, site: str, cookies: dict[str, str]) -> Page:
    context = browser.new_context(base_url=site, viewport={"width": 1280, "height": 900})
    for name, value in cookies.items():
        context.add_cookies([{"name": name, "value": value, "url": site}])
    return context.new_page()


def _opening(page: Page, path: str) -> float:
    page.add_init_script(_WATCH)
    page.goto(path, wait_until="networkidle")
    page.locator("[data-ahead]").click()
    _until(page, "window.editorReady")
    page.keyboard.press("x")
    milliseconds = float(_until(page, "window.firstKey"))
    page.context.close()
    return milliseconds


def _until(page: Page, expression: str) -> Any:
    """Return the value of an expression as soon as it is one; a navigation may be under way."""
    for _ in range(2000):
        page.wait_for_timeout(10)
        if value := page.evaluate(expression):
            return value
    raise SystemExit(f"{expression} did not come")


def _weight(page: Page, path: str) -> float:
    network = page.context.new_cdp_session(page)
    network.send("Network.enable")
    sizes: list[float] = []
    network.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    page.goto(path, wait_until="networkidle")
    page.context.close()
    return sum(sizes)
