"""The declaration of a kind: its fields, their values, and the list of kinds."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal

import pytest

from tests.kinds.decision.kind import DECISION, DecisionFields
from wiki.errors import Invalid
from wiki.kind import Kind, kind_field
from wiki.kind_registry import kind_named, kind_names, kind_of, register, require_kind
from wiki.kinds import KINDS

WIKI = Path(__file__).parents[2] / "wiki"


@dataclass(frozen=True)
class AllTypes:
    """One field of each type."""

    words: str = kind_field("Words")
    size: Literal["small", "large"] | None = kind_field("Size", None)
    count: int = kind_field("Count", 0)
    public: bool = kind_field("Public", False)
    day: date | None = kind_field("Day", None)


EVERYTHING = Kind(name="everything", title="Everything", icon="file-text", fields=AllTypes)


def test_a_form_gives_values_of_their_types() -> None:
    sent = {
        "fields.words": " two   words ",
        "fields.size": "large",
        "fields.count": "-12",
        "fields.public": "true",
        "fields.day": "2026-03-31",
        "fields.other": "not a field",
    }
    found = EVERYTHING.checked(EVERYTHING.sent({"x": 1}, sent))
    assert found == {
        "x": 1,
        "words": "two words",
        "size": "large",
        "count": -12,
        "public": True,
        "day": "2026-03-31",
    }
    assert EVERYTHING.read(found) == AllTypes("two words", "large", -12, True, date(2026, 3, 31))


def test_what_is_empty_is_left_out_and_has_its_default() -> None:
    found = EVERYTHING.checked({"words": "a", "size": "", "day": None})
    assert found == {"words": "a"}
    assert EVERYTHING.read(found) == AllTypes("a")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("words", 5),
        ("words", ["a"]),
        ("words", "x" * 301),
        ("size", "medium"),
        ("size", ["small"]),
        ("count", "many"),
        ("count", True),
        ("count", 2**60),
        ("public", "yes"),
        ("public", 1),
        ("day", "2026-3-1"),
        ("day", "2026-02-30"),
        ("day", "20260301"),
        ("day", 2026),
    ],
)
def test_a_value_of_another_type_is_refused_with_its_field(name: str, value: Any) -> None:
    fields = {"words": "a", name: value}
    with pytest.raises(Invalid) as refused:
        EVERYTHING.checked(fields)
    assert refused.value.field == f"fields.{name}"
    assert EVERYTHING.read(fields) is None


def test_the_schema_says_what_is_accepted() -> None:
    schema = EVERYTHING.schema()
    assert schema["required"] == ["words"]
    assert schema["properties"]["kind"] == {"const": "everything"}
    assert schema["properties"]["day"]["format"] == "date"
    assert schema["properties"]["size"]["enum"] == ["small", "large"]
    assert [schema["properties"][name]["type"] for name in ("count", "public")] == [
        "integer",
        "boolean",
    ]


def test_the_front_matter_names_the_kind() -> None:
    register(*KINDS)
    assert kind_of({}).name == "article"
    assert kind_of({"kind": "poem"}).name == "article"
    assert kind_of({"kind": ["article"]}).name == "article"
    assert kind_named("poem").title == "Poem"
    assert not kind_of({}).inputs
    with pytest.raises(Invalid, match="Available kinds: “article”"):
        require_kind("poem")


def test_every_kind_is_declared_in_its_folder_and_has_an_icon() -> None:
    icons = (WIKI.parent / "templates/ui/icons.html").read_text()
    assert KINDS[0].name == kind_names()[0] == "article"
    folders = {path.parent.name for path in (WIKI / "kinds").glob("*/kind.py")}
    assert {kind.name for kind in KINDS} == folders
    for kind in (*KINDS, DECISION):
        assert f'"{kind.icon}":' in icons
        assert len(kind.name) <= 20
        assert not {"title", "description", "tags", "kind"} & kind.labels.keys()


def test_the_guide_shows_the_kind_of_the_tests() -> None:
    guide = (WIKI.parent / "docs/contributors/adding-a-kind.md").read_text()
    folder = Path(__file__).with_name("decision")
    assert f"```python\n{(folder / 'kind.py').read_text()}```" in guide
    assert f"```html\n{(folder / 'view.html').read_text()}```" in guide


def test_only_kinds_know_their_names() -> None:
    named = "|".join(kind.name for kind in KINDS)
    compared = re.compile(rf"""kind\s*(?:==|!=|in\b)\s*\(?["'](?:{named})["']""")
    for path in WIKI.rglob("*.py"):
        if WIKI / "kinds" not in path.parents:
            assert not compared.search(path.read_text()), path
    assert DecisionFields("accepted").decided_on is None
