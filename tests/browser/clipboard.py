"""Pasting into the editor, and clipboards as other programs fill them, shortened (`clipboards`)."""

from __future__ import annotations

import json
from pathlib import Path

from playwright.sync_api import Page, expect

ROOT = Path(__file__).resolve().parents[2]

_PASTE = """(text, copied) => {
  const data = new DataTransfer();
  for (const [type, content] of Object.entries(copied)) data.setData(type, content);
  text.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true,
    cancelable: true, composed: true }));
}"""


def paste(page: Page, html: str = "", text: str = "", **more: str) -> None:
    """Paste what a clipboard has at the cursor."""
    copied = {"text/html": html, "text/plain": text, **more}
    given = {kind: content for kind, content in copied.items() if content}
    page.get_by_role("textbox", name="Text").evaluate(_PASTE, given)


def expect_text(page: Page, text: str) -> None:
    """Wait until the editor has exactly this text."""
    expect(page.locator("textarea[name=body]")).to_have_value(text)


def sample(name: str) -> str:
    """Return what a file of `clipboards` has, without the line break at its end."""
    path = Path(__file__).with_name("clipboards") / name
    return path.read_text(encoding="utf-8").removesuffix("\n")


CELLS_TEXT = 'Item\tCost\tNote\r\nPens | ink\t1,20\t"a\nb"\r\nPaper_x\t3\t\r\n'

CELLS_MARKDOWN = """\
| Item | Cost | Note |
| --- | --- | --- |
| Pens \\| ink | 1,20 | a<br>b |
| Paper_x | 3 |  |"""

CODE_TEXT = "def f(x):\n    return x * 2 * 3"


def converter() -> str:
    """Return the address of the script that converts what is pasted."""
    name = json.loads((ROOT / "static/dist/manifest.json").read_text())["pasting.js"]
    return f"/-/static/{name}"


def converting(page: Page) -> None:
    """Give the page the function `convert`, which pasting uses."""
    page.evaluate(f"async () => {{ window.convert = (await import('{converter()}')).convert }}")
