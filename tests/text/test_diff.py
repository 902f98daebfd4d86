"""What a comparison of two texts shows."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.surroundings import thorough
from wiki.text.compare import diff as module
from wiki.text.compare import pairing, stretches
from wiki.text.compare import words as words_module
from wiki.text.compare.diff import Diff, diff
from wiki.text.compare.lines import split
from wiki.text.compare.stretches import Line

LINES = st.sampled_from(
    ["", "a", "one two three", "one two four", "one 2 three", "# One", "```", "- x", "👩‍👩‍👧‍👦 ok"]
)
TEXT = st.builds(
    lambda lines, end: "\n".join(lines) + end,
    st.lists(LINES, max_size=25),
    st.sampled_from(["", "\n"]),
)
CONTEXT = st.sampled_from([0, 1, 3, None])


def parts(old: str, new: str, context: int | None = 3) -> list[Diff]:
    """Every part of a comparison."""
    first = diff(old, new, context)
    return [first, *(diff(old, new, context, part) for part in range(2, first.parts + 1))]


def both(found: list[Diff]) -> tuple[str, str]:
    """The two texts, put together from the rows of a comparison in which nothing is folded."""
    rows = [row for part in found for row in part.rows]
    old = "".join(row.old.source for row in rows if row.old)
    return old, "".join(row.new.source for row in rows if row.new)


@given(TEXT, TEXT)
def test_the_rows_are_both_texts(old: str, new: str) -> None:
    assert both(parts(old, new, None)) == (old, new)


@given(TEXT, TEXT, CONTEXT, st.integers(1, 9), st.integers(1, 60))
def test_parts_together_are_the_whole(
    old: str, new: str, context: int | None, rows: int, characters: int
) -> None:
    whole = diff(old, new, context)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "ROWS", rows)
        patch.setattr(module, "CHARACTERS", characters)
        patch.setattr(stretches, "PIECE", max(rows // 2, 1))
        patch.setattr(stretches, "CHARACTERS", characters)
        found = parts(old, new, context)
        if context is None:
            assert both(found) == (old, new)
    for part in found:
        assert sum(len(row.source) for row in sides(part)) <= max(characters, 80)
        assert len(sides(part)) <= max(rows, 2)
        assert (part.places, part.added, part.removed) == (whole.places, whole.added, whole.removed)
    assert len(sides(*found, kind="same")) == len(sides(whole, kind="same"))
    folds = [s.count for one in found for s in one.sections if s.kind == "fold"]
    assert folds == [s.count for s in whole.sections if s.kind == "fold"]


def sides(*found: Diff, kind: str = "") -> list[Line]:
    """The lines of parts on which their size is counted: those of a change on both sides."""
    sections = [s for one in found for s in one.sections if kind in ("", s.kind)]
    rows = [(row, section.kind) for section in sections for row in section.rows]
    lines = [row.old for row, _ in rows if row.old]
    return lines + [row.new for row, what in rows if row.new and what == "change"]


@given(TEXT, TEXT)
def test_words_joined_are_the_lines(old: str, new: str) -> None:
    for row in diff(old, new).rows:
        for line in (row.old, row.new):
            if line:
                assert "".join(span.text for span in line.pieces) == line.text


@given(TEXT, TEXT)
def test_lines_are_numbered_as_in_their_texts(old: str, new: str) -> None:
    rows = list(diff(old, new, None).rows)
    for side, text in (("old", old), ("new", new)):
        lines = [getattr(row, side) for row in rows if getattr(row, side)]
        assert [line.number for line in lines] == list(range(1, len(split(text)) + 1))


@given(TEXT, TEXT, CONTEXT)
def test_folds_hide_only_what_is_the_same(old: str, new: str, context: int | None) -> None:
    for section in diff(old, new, context).sections:
        assert bool(section.rows) != bool(section.count)
        same = all(row.kind == "same" for row in section.rows)
        assert same == (section.kind != "change")
        if context is None:
            assert section.kind != "fold"


@given(TEXT)
def test_equal_texts_have_no_change(text: str) -> None:
    found = diff(text, text)
    assert (found.changes, found.added, found.removed) == ((), 0, 0)


@given(TEXT, TEXT)
def test_changes_are_numbered_in_order(old: str, new: str) -> None:
    found = diff(old, new)
    assert [section.number for section in found.changes] == list(range(1, len(found.changes) + 1))
    assert bool(found.changes) == (old != new)


@given(TEXT, TEXT)
def test_comparing_backwards_shows_as_many_lines(old: str, new: str) -> None:
    there, back = diff(old, new), diff(new, old)
    assert there.added - there.removed == back.removed - back.added


@given(TEXT, TEXT)
def test_a_text_too_big_to_pair_its_lines_is_still_shown_whole(old: str, new: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pairing, "TABLE", 0)
        assert both(parts(old, new, None)) == (old, new)


def test_a_changed_line_stands_beside_what_it_was() -> None:
    found = diff("same\nEveryone gets ten days.\nend\n", "same\nEveryone gets two days.\nend\n")
    (change,) = found.changes
    (row,) = change.rows
    assert row.kind == "changed"
    assert row.old and [s.text for s in row.old.spans if s.changed] == ["ten"]
    assert row.new and [s.text for s in row.new.spans if s.changed] == ["two"]


def test_lines_that_have_little_in_common_are_deleted_and_added() -> None:
    found = diff("The cat sat on the mat.\n", "Dogs bark.\n")
    assert [row.kind for row in found.rows] == ["removed", "added"]


def test_a_line_keeps_its_partner_when_another_is_put_between() -> None:
    old = "alpha beta gamma\ndelta epsilon zeta\n"
    new = "alpha beta GAMMA\nsomething else entirely\ndelta epsilon ZETA\n"
    assert [row.kind for row in diff(old, new).rows] == ["changed", "added", "changed"]


def test_a_lost_end_of_the_last_line_is_a_change() -> None:
    (row,) = diff("a\n", "a").rows
    assert row.kind == "changed"
    assert row.old and row.old.ended
    assert row.new and not row.new.ended


def test_a_fold_names_the_heading_it_hides_but_no_comment_in_code() -> None:
    text = "# Title\n\na\nb\nc\n\n## Time off\n\n```sh\n# not a heading\n```\n\nd\ne\nf\nlast {}\n"
    found = diff(text.format("one two"), text.format("one 2"))
    assert [(s.kind, s.heading) for s in found.sections] == [
        ("fold", "Time off"),
        ("same", ""),
        ("change", ""),
    ]


def test_short_unchanged_stretches_are_not_folded() -> None:
    lines = [f"line {n}" for n in range(20)]
    changed = [*lines]
    changed[3], changed[12] = "x", "y"
    found = diff("\n".join(lines), "\n".join(changed))
    assert [(s.kind, s.count or len(s.rows)) for s in found.sections] == [
        ("same", 3),
        ("change", 2),
        ("same", 8),
        ("change", 2),
        ("same", 3),
        ("fold", 4),
    ]


def test_a_megabyte_with_a_thousand_edits_is_compared_word_by_word() -> None:
    pick = random.Random(5)
    vocabulary = [f"word{n}" for n in range(3000)]
    old = [" ".join(pick.choices(vocabulary, k=12)) + "\n" for _ in range(12_000)]
    new = list(old)
    edited = pick.sample(range(0, len(old), 2), 1000)
    for at in edited:
        words = new[at].split()
        words[5] = "changed"
        new[at] = " ".join(words) + "\n"
    found = parts("".join(old), "".join(new))
    rows = [row for part in found for section in part.changes for row in section.rows]
    assert sorted(row.new.number - 1 for row in rows if row.new) == sorted(edited)
    assert all(
        row.new and [s.text for s in row.new.spans if s.changed] == ["changed"] for row in rows
    )


HOSTILE = [
    ("a " * 300_000, "b " * 300_000),
    ("é" * 500_000, "e" * 500_000),
    *thorough(
        ("x\n" * 60_000, "y\n" * 60_000),
        ("a\nb\n" * 20_000, "b\nb\na\n" * 20_000),
    ),
]


@pytest.mark.parametrize(("old", "new"), HOSTILE)
def test_texts_made_to_be_slow_are_shown_whole_in_bounded_parts(old: str, new: str) -> None:
    found = parts(old, new, None)
    assert both(found) == (old, new)
    for part in found:
        shown = [piece.text for line in sides(part) for piece in line.pieces]
        assert sum(map(len, shown)) <= stretches.CHARACTERS
        assert len(sides(part)) <= stretches.ROWS


def test_differences_of_words_are_tidied_up_within_a_budget(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    chance = random.Random(3)
    lines = ["".join(f"{' '.join(chance.choices('abcdefgh', k=900))}\n") for _ in range(8)]
    old, new = "".join(lines[:4]), "".join(lines[4:])
    spent: list[int] = []
    monkeypatch.setattr(
        words_module._TIDY, "diff_cleanupSemantic", lambda found: spent.append(len(found) ** 2)
    )
    found = diff(old, new)
    assert found.coarse
    assert 0 < sum(spent) <= module.EFFORT
    assert both([found]) == (old, new)
    assert not diff("one two\n", "one 2\n").coarse


def test_a_long_line_shows_what_changed_and_leaves_out_what_did_not() -> None:
    old, new = (f"{'before ' * 9_000}{word}{' after' * 9_000}" for word in ("this", "that"))
    (row,) = diff(old, new).rows
    assert row.old and row.new
    assert [piece.text for piece in row.new.pieces if piece.changed] == ["that"]
    assert sum(len(piece.text) for piece in row.new.pieces) < stretches.LINE
    assert row.new.left_out > 100_000
    (gone,) = diff("x" * 50_000, "").rows
    assert gone.old and gone.old.pieces[0].text == "x" * stretches.LINE
    assert gone.old.left_out == 30_000


def test_lines_of_code_and_tables_are_known_as_such() -> None:
    found = diff("para\n\n```\nold()\n```\n", "para\n\n```\nnew()\n```\n")
    assert [(row.kind, (row.new or row.old).code) for row in found.rows if row.new or row.old] == [
        ("same", False),
        ("same", False),
        ("same", True),
        ("removed", True),
        ("added", True),
        ("same", True),
    ]
