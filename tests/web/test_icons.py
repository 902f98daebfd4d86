"""The icons that templates name are in the file that renders them."""

import re
from pathlib import Path

TEMPLATES = Path(__file__).parents[2] / "templates"


def test_every_icon_that_a_template_names_is_in_the_generated_macro() -> None:
    generated = TEMPLATES / "ui" / "icons.html"
    known = set(re.findall(r'^  "([a-z0-9-]+)":', generated.read_text(), re.MULTILINE))
    for template in sorted(TEMPLATES.rglob("*.html")):
        if template == generated:
            continue
        text = re.sub(r"\{#.*?#\}", "", template.read_text(), flags=re.DOTALL)
        named = set(re.findall(r"""\bicon\(\s*["']([a-z0-9-]+)["']""", text))
        assert named <= known, f"{template.name}: run `npm run build` to add {named - known}"
