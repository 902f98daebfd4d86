"""Cutting texts into lines and aligning them."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wiki.text.compare import lines
from wiki.text.compare.lines import Change, changes, heading, line_changes, split, verbatim

LINES = st.lists(st.sampled_from(["a\n", "b\n", "\n", "c\n"]), max_size=14)


def applied(old: list[str], new: list[str], found: list[Change]) -> list[str]:
    made: list[str] = []
    at = 0
    for a, b, c, d in found:
        made += old[at:a] + new[c:d]
        at = b
    return made + old[at:]


@given(st.text(st.sampled_from("ab\n\r\x0c\u2028\x85")))
def test_the_lines_of_a_text_joined_are_the_text(text: str) -> None:
    found = split(text)
    assert "".join(found) == text
    assert all(line.endswith("\n") for line in found[:-1])
    assert all("\n" not in line[:-1] for line in found)
    assert "" not in found


@given(LINES, LINES)
def test_changes_turn_the_old_lines_into_the_new(old: list[str], new: list[str]) -> None:
    for found in (changes(old, new), line_changes(old, new)):
        assert applied(old, new, found) == new
        assert all(a < b or c < d for a, b, c, d in found)
        assert all(x.b < y.a and x.d < y.c for x, y in pairwise(found))


@given(LINES, LINES)
def test_settling_never_makes_more_changes(old: list[str], new: list[str]) -> None:
    plain, settled = changes(old, new), line_changes(old, new)
    assert len(settled) <= len(plain)
    assert sum(c.b - c.a + c.d - c.c for c in settled) <= 2 * len(old) + 2 * len(new)


@given(LINES, LINES)
def test_long_texts_are_cut_at_unique_lines_and_still_come_out_right(
    old: list[str], new: list[str]
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lines, "MATRIX", 4)
        assert applied(old, new, changes(old, new)) == new


def test_an_added_paragraph_starts_with_its_text() -> None:
    old = ["one\n", "\n", "two\n", "\n", "three\n"]
    new = ["one\n", "\n", "added\n", "\n", "two\n", "\n", "three\n"]
    assert line_changes(old, new) == [Change(2, 2, 2, 4)]


def test_an_addition_that_reaches_another_change_joins_it() -> None:
    old, new = ["a\n", "x\n", "b\n"], ["a\n", "y\n", "x\n", "x\n", "b\n"]
    assert len(line_changes(old, new)) == 1


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("## Time off ##\n", "Time off"),
        ("#hash\n", ""),
        ("####### seven\n", ""),
        ("# C#\n", "C#"),
        ("plain\n", ""),
    ],
)
def test_headings_are_recognised(line: str, text: str) -> None:
    assert heading(line) == text


def test_code_math_and_tables_are_verbatim() -> None:
    text = "p\n\n```\ncode\n\n```\n- a\n    - b\n\n    code\n\na | b\n--|--\nc | d\n\nend | e\n"
    marks = [line.strip() for line, v in zip(split(text), verbatim(split(text)), strict=True) if v]
    assert marks == ["```", "code", "", "```", "code", "a | b", "--|--", "c | d"]


@pytest.mark.parametrize("line", ["|---" + " " * 200_000 + "x", "# " + " " * 200_000 + "x#" * 9])
def test_lines_made_to_be_slow_are_read_in_one_pass(line: str) -> None:
    assert len(verbatim([line])) == 1
    heading(line)


def test_places_to_cut_are_looked_for_a_bounded_number_of_times(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Each cut makes one more line the only one of its kind, so that only one more cut is found.
    def nested(mark: str) -> list[str]:
        made = [mark, "y1", mark, "u"]
        for n in range(1, 400):
            made += [f"{mark}{n % 3}", f"y{n + 1}", f"{mark}{n % 5}", f"y{n}"]
        return [*made, "y400", mark]

    looked: list[int] = []
    anchors = lines._anchors

    def counted(left: list[int], right: list[int]) -> list[tuple[int, int]]:
        looked.append(len(left) + len(right))
        return anchors(left, right)

    monkeypatch.setattr(lines, "MATRIX", 4)
    monkeypatch.setattr(lines, "_anchors", counted)
    old, new = nested("p"), nested("q")
    found = changes(old, new)
    assert sum(looked) <= lines.ROUNDS * (len(old) + len(new))
    assert applied(old, new, found) == new
