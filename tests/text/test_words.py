"""Which words of a line are marked as changed, and where they may be cut."""

from itertools import accumulate

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from wiki.text.compare import words
from wiki.text.compare.words import Span, mark, tokens

FAMILY = "👩‍👩‍👧‍👦"
PIECE = st.sampled_from(
    ["a", "one", " ", "  ", ".", FAMILY, "👩", "🇩🇪", "🇫", "e\u0301", "\u0301", "é", "世", "界",
     "ไทย", "नमस्ते", "\u200d", "각", "ᄀ", "ᅡ", "_", "`", "\t", "𐐷", "👍🏽"]
)  # fmt: skip
LINE = st.one_of(
    st.lists(PIECE, max_size=12).map("".join), st.text(st.characters(codec="utf-8"), max_size=20)
)


def cuts(pieces: list[str]) -> set[int]:
    return set(accumulate(map(len, pieces)))


def marked(line: tuple[Span, ...]) -> str:
    return "".join(f"[{text}]" if changed else text for text, changed in line)


@given(LINE)
def test_the_tokens_of_a_line_joined_are_the_line(line: str) -> None:
    assert "".join(tokens(line)) == line


@given(LINE, LINE)
def test_the_spans_joined_are_the_lines(old: str, new: str) -> None:
    before, after = mark(old, new)
    assert "".join(span.text for span in before) == old
    assert "".join(span.text for span in after) == new
    kept = ["".join(span.text for span in side if not span.changed) for side in (before, after)]
    assert kept[0] == kept[1]


@given(LINE, LINE)
def test_nothing_is_cut_inside_what_is_seen_as_one_character(old: str, new: str) -> None:
    for line, spans in zip((old, new), mark(old, new), strict=True):
        if not line.isascii():
            assert cuts([span.text for span in spans]) <= cuts(regex.findall(r"(?s)\X", line))


@given(LINE)
def test_equal_lines_have_no_marks(line: str) -> None:
    assert not any(span.changed for side in mark(line, line) for span in side)


@pytest.mark.parametrize(
    ("old", "new", "before", "after"),
    [
        ("take twenty days off", "take thirty days off", "take [twenty] days off",
         "take [thirty] days off"),
        ("a b", "a, b", "a b", "a[,] b"),
        (f"we {FAMILY} here", "we 👩‍👩‍👧 here", f"we [{FAMILY}] here", "we [👩‍👩‍👧] here"),
        ("cafe", "cafe\u0301", "[cafe]", "[cafe\u0301]"),
        ("世界你好", "世界您好", "世界[你]好", "世界[您]好"),
        ("gone", "", "[gone]", ""),
        ("the cat sat", "my dog ran", "[the cat sat]", "[my dog ran]"),
    ],
)  # fmt: skip
def test_words_are_marked_as_people_see_them(old: str, new: str, before: str, after: str) -> None:
    assert tuple(map(marked, mark(old, new))) == (before, after)


@given(LINE, LINE)
def test_very_long_lines_keep_their_common_start_and_end_unmarked(old: str, new: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(words, "LIMIT", 1)
        before, after = mark(old, new)
    assert "".join(span.text for span in before) == old
    assert "".join(span.text for span in after) == new
    assert max(len(before), len(after)) <= 3
