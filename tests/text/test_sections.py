"""Which heading has become which."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wiki.text.markdown.context import RenderContext
from wiki.text.markdown.headings import Heading
from wiki.text.markdown.markup import render
from wiki.text.rewrite import sections
from wiki.text.rewrite.sections import may_lose_sections, renamed


def headings(text: str) -> list[Heading]:
    return render(text, RenderContext("eng", "a")).headings


def proposals(old: str, new: str) -> dict[str, str | None]:
    return {
        one.old.text: one.proposed.text if one.proposed else None
        for one in renamed(headings(old), headings(new))
    }


def test_one_heading_in_the_place_of_another_has_become_it() -> None:
    assert proposals("## A\n\n## Setup\n\n## Z", "## A\n\n## Installing\n\n## Z") == {
        "Setup": "Installing"
    }


def test_two_that_are_like_two_are_told_apart_and_others_are_not_guessed() -> None:
    old = "## A\n\n## Setting up\n\n## Winding down\n\n## Z"
    assert proposals(old, "## A\n\n## Setting up!?x\n\n## Winding downs\n\n## Z") == {
        "Setting up": "Setting up!?x",
        "Winding down": "Winding downs",
    }
    assert proposals(old, "## A\n\n## Apples\n\n## Pears\n\n## Z") == {
        "Setting up": None,
        "Winding down": None,
    }


def test_a_heading_that_was_moved_and_changed_a_little_is_found() -> None:
    assert proposals("## Escalation path\n\n## B", "## B\n\n### New\n\n### Escalation paths") == {
        "Escalation path": "Escalation paths"
    }


def test_a_removed_heading_is_not_guessed_but_any_may_be_chosen() -> None:
    found = renamed(headings("## A\n\n## B"), headings("## A\n\n### C"))
    assert [one.old.text for one in found] == ["B"]
    assert found[0].proposed is None
    assert [choice.text for choice in found[0].choices] == ["C", "A"]


def test_very_many_lost_headings_are_told_of_within_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[int] = []
    monkeypatch.setattr(sections, "MAX_HEADINGS", 20)
    monkeypatch.setattr(sections, "CHOICES", 800)
    monkeypatch.setattr(sections, "likeness", lambda *_: compared.append(1) or 0.0)
    before, after = (
        [Heading(2, f"{word}-{n}", f"{word} {n}") for n in range(3_000)] for word in ("a", "b")
    )
    found = renamed(before, after)
    assert len(found) == 20
    assert sum(len(one.choices) for one in found) <= 800
    assert len(compared) <= 20 * 22


TEXTS = st.lists(st.tuples(st.integers(1, 4), st.sampled_from("abcdefg")), max_size=8).map(
    lambda lines: "\n\n".join(f"{'#' * level} {word}" for level, word in lines)
)


@given(TEXTS, TEXTS)
def test_every_lost_name_is_listed_once_with_every_choice(old: str, new: str) -> None:
    before, after = headings(old), headings(new)
    found = renamed(before, after)
    kept = {one.id for one in after}
    assert [one.old for one in found] == [one for one in before if one.id not in kept]
    for one in found:
        assert sorted(choice.id for choice in one.choices) == sorted(kept)
        assert one.proposed is None or one.proposed in one.choices


@pytest.mark.parametrize(
    ("new", "may"),
    [
        ("# One\n\nMore text.\n\nTwo\n---\n", False),
        ("# One\n\nText, and a line.\n\n* a list\n\nTwo\n---\n", False),
        ("# Other\n\nText.\n\nTwo\n---\n", True),
        ("# One\n\nText.\n\nThree\n---\n", True),
        ("```\n# One\n\nText.\n\nTwo\n---\n", True),
        ("<!--\n# One\n-->\nText.\n\nTwo\n---\n", True),
    ],
)
def test_a_save_that_can_lose_a_section_is_known_without_rendering(new: str, may: bool) -> None:
    assert may_lose_sections("# One\n\nText.\n\nTwo\n---\n", new) is may
