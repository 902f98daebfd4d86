"""Printed pages: the whole content is on the paper, and nothing else."""

from __future__ import annotations

import pytest

from tests.browser.visit import PHONE, Visit
from wiki.db import now

pytestmark = [pytest.mark.browser, pytest.mark.thorough]

PAPER = {"width": 718, "height": 1000}
"""A4 within its margins, in CSS pixels."""

TEXT = """# Sheet

See [the docs](https://example.org/docs) or <https://example.org/bare>.

<details><summary>Steps</summary>

folded words

<details><summary>More</summary>deeper words</details>
</details>

??? note "Aside"
    aside words

```text
{code}
```

| {head} |
| {line} |
| {cells} |

| one | two |
| --- | --- |
| `{code}` | {code} |
""".format(
    code="wide" * 80,
    head=" | ".join(f"column {n}" for n in range(24)),
    line=" | ".join("---" for _ in range(24)),
    cells=" | ".join(f"some words {n}" for n in range(24)),
)

# What is cut at the paper's edge or inside a box that would have to be scrolled.
CUT = """() => [...document.querySelectorAll("main *")]
  .filter((e) => e.checkVisibility({contentVisibilityAuto: true}) && !e.closest(".visually-hidden"))
  .filter((e) => e.getBoundingClientRect().right > innerWidth + 1
    || (getComputedStyle(e).overflowX !== "visible" && e.scrollWidth > e.clientWidth + 1))
  .map((e) => e.outerHTML.slice(0, 100))"""


@pytest.fixture
def sheet(visit: Visit) -> str:
    visit.world.write("sheet", TEXT, by="ben", title="Sheet")
    return "/eng/sheet"


@pytest.mark.parametrize("scripts", [True, False])
def test_a_printed_page_is_whole_and_light(visit: Visit, sheet: str, scripts: bool) -> None:
    page = visit.page("cai", scripts=scripts, viewport=PAPER)
    page.goto(sheet)
    folded = page.get_by_text("folded words")
    assert not folded.is_visible()
    page.emulate_media(media="print", color_scheme="dark")
    for words in ("folded words", "deeper words", "aside words"):
        box = page.get_by_text(words).bounding_box()
        assert box is not None, words
        assert box["height"] > 0
        assert page.get_by_text(words).is_visible()
    assert page.evaluate(CUT) == []
    for navigation in (".top", ".drawer", ".foot", ".page-verbs", "nav.crumbs"):
        assert not page.locator(navigation).first.is_visible(), navigation
    ink = page.evaluate("getComputedStyle(document.body).color")
    assert ink == "rgb(31, 33, 29)", "dark ink, although the screen is dark"
    target = "getComputedStyle(document.querySelector('.prose a.external'), '::after').content"
    assert "https://example.org/docs" in page.evaluate(target)
    ago = page.locator("main time").first
    assert ago.evaluate("e => getComputedStyle(e).fontSize") == "0px", "how long ago it was"
    printed = ago.evaluate("e => getComputedStyle(e, '::after').content")
    assert str(now().year) in printed, "the moment instead"


def test_the_source_of_a_page_that_is_not_laid_out_is_wrapped(visit: Visit) -> None:
    visit.world.write("deep-quotes", "> " * 2000 + "words " * 50, by="ben", title="Deep")
    page = visit.open("cai", "/eng/deep-quotes", viewport=PHONE)
    wide, room = page.locator("pre.source").evaluate("e => [e.scrollWidth, e.clientWidth]")
    assert wide <= room


def test_what_was_folded_is_folded_again_after_printing(visit: Visit, sheet: str) -> None:
    page = visit.open("cai", sheet)
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator(".prose details:not([open])").count() == 0
    bare = page.get_by_role("link", name="https://example.org/bare")
    assert bare.get_attribute("data-bare") == ""
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator(".prose details[open]").count() == 0


@pytest.mark.parametrize(
    ("handle", "path"),
    [
        ("ben", "/eng/handbook/everything"),
        ("ben", "/eng/handbook/everything/-/history"),
        ("ben", "/eng/handbook/everything/-/diff/1..2?view=side"),
        ("ben", "/eng/handbook/everything/-/blame"),
        ("eve", "/eng/-/members"),
        ("nobody", "/-/s/of-the-world/"),
    ],
)
def test_a_printed_screen_is_whole_and_without_buttons(
    looking: Visit, handle: str, path: str
) -> None:
    page = looking.open_page(handle)
    page.set_viewport_size(PAPER)
    page.goto(path)
    page.emulate_media(media="print")
    try:
        assert page.evaluate(CUT) == []
        buttons = page.locator("main .button").all()
        assert not [button.inner_text() for button in buttons if button.is_visible()]
    finally:
        page.emulate_media(media="screen")
