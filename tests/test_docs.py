"""The documentation says what the code does."""

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

DOCS = Path(__file__).parents[1] / "docs"


@pytest.fixture(scope="module")
def reference() -> ModuleType:
    spec = importlib.util.spec_from_file_location("reference", DOCS / "reference.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_setting_is_documented_with_its_default(reference: ModuleType) -> None:
    written = (DOCS / "administrators" / "settings.md").read_text()
    assert written == reference.settings_page(), "run `make docs`"


def test_every_command_is_documented_with_all_it_takes(reference: ModuleType) -> None:
    written = (DOCS / "administrators" / "commands.md").read_text()
    assert written == reference.commands_page(), "run `make docs`"


@pytest.mark.parametrize(
    "page", sorted(DOCS.glob("*/*.md")), ids=lambda page: str(page.relative_to(DOCS))
)
def test_a_link_between_pages_of_the_documentation_leads_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```|`[^`\n]*`", "", page.read_text(), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text):
        if "://" not in target and not target.startswith("mailto:"):
            assert (page.parent / target).exists(), target


def test_the_guide_to_rooms_shows_the_code_of_its_room(reference: ModuleType) -> None:
    written = reference.GUIDE.read_text()
    assert written.count("\n```python\n") >= 7
    assert written == reference.guide_page(), "run `make docs`"
