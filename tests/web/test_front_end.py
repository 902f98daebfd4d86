"""What templates, style sheets and lock file promise to the browser and to the builder."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# Mails are no pages: their styles are inline, because mail programs drop others.
TEMPLATES = sorted(
    path for path in (ROOT / "templates").rglob("*.html") if path.parent.name != "mail"
)
STYLES = sorted((ROOT / "static/src").rglob("*.css"))


def name(path: Path) -> str:
    """A file as test reports show it."""
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("template", TEMPLATES, ids=name)
def test_no_template_has_what_the_content_security_policy_refuses(template: Path) -> None:
    text = re.sub(r"\{#.*?#\}", "", template.read_text(), flags=re.DOTALL)
    assert not re.search(r"<style\b|\sstyle=", text), "styles belong in static/src/css"
    assert not re.search(r"<script(?![^>]*\ssrc=)", text), "scripts belong in static/src/js"
    assert not re.search(r"<[^>]*\son[a-z]+=", text), "behaviour belongs in static/src/js"
    assert not re.search(r"""(?:src|href|action)=["'](?:https?:)?//""", text), "another host"


@pytest.mark.parametrize("template", TEMPLATES, ids=name)
def test_every_form_that_changes_something_carries_the_token(template: Path) -> None:
    text = template.read_text()
    forms = re.findall(r"<form\b[^>]*method=\"post\".*?</form>", text, re.DOTALL)
    assert all("csrf()" in form for form in forms)


@pytest.mark.parametrize("sheet", STYLES, ids=name)
def test_colours_are_named_in_one_file_only(sheet: Path) -> None:
    if sheet.name == "tokens.css":
        return
    text = re.sub(r"/\*.*?\*/", "", sheet.read_text(), flags=re.DOTALL)
    named = re.findall(r":[^;{}]*?(#[0-9a-f]{6}|rgb\(|hsl\()", text)
    assert named == [], "put the colour into tokens.css and name it here"


def test_the_lock_file_names_no_registry() -> None:
    lock = json.loads((ROOT / "package-lock.json").read_text())
    packages = {key: entry for key, entry in lock["packages"].items() if key}
    assert packages
    assert not [key for key, entry in packages.items() if "resolved" in entry]
    assert all("integrity" in entry for entry in packages.values())
