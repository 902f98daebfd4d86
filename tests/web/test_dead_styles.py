"""Style sheets name only classes that something has."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from wiki.text.markdown.highlight import CLASSES

ROOT = Path(__file__).parents[2]
STYLES = sorted((ROOT / "static/src").rglob("*.css"))


@cache
def written() -> str:
    """All that writes HTML: templates, scripts, and lines of the app's code about classes."""
    files = [*(ROOT / "templates").rglob("*"), *(ROOT / "static/src").rglob("*.js")]
    texts = [one.read_text() for one in files if one.is_file()]
    for module in (ROOT / "wiki").rglob("*.py"):
        texts += [line for line in module.read_text().splitlines() if "class" in line.lower()]
    # A declaration of classes of Python is none of styles.
    return re.sub(r"(?m)^ *class \w+.*$|\{#.*?#\}", "", "\n".join(texts))


@cache
def words() -> frozenset[str]:
    return frozenset(re.findall(r"[\w-]+", written()))


def is_written(name: str) -> bool:
    """Whether a class is somewhere, whole or put together, such as ``hue-{{ n }}``."""
    if name in words() or name in CLASSES or name.startswith("cm-"):
        return True
    starts = [name[: dash.end()] for dash in re.finditer("-", name)]
    return any(re.search(rf"\b{re.escape(start)}(?:[{{'\"`$])", written()) for start in starts)


@pytest.mark.parametrize("sheet", STYLES, ids=lambda path: path.name)
def test_a_style_sheet_names_no_class_that_nothing_has(sheet: Path) -> None:
    source = sheet.read_text()
    text = re.sub(
        r"/\*.*?\*/|\"[^\"]*\"|@import[^;]*;|@layer[^;{]*[;{]", "", source, flags=re.DOTALL
    )
    selectors = re.findall(r"([^{};]+)\{", text)
    named = {name for one in selectors for name in re.findall(r"\.([a-zA-Z][\w-]*)", one)}
    assert {name for name in named if not is_written(name)} == set()
