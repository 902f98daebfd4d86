"""Two edits of a page's text and properties: what becomes one, and what is left to people."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wiki.pages.merging import Dispute, Text, TextMerge, merge_texts

WORD = st.sampled_from(["", "a", "b", "c"])
TEXT = st.builds(
    Text,
    title=WORD,
    body=st.lists(st.sampled_from(["x", "y", "z"]), max_size=4).map("\n".join),
    tags=st.lists(st.sampled_from(["p", "q", "r"]), unique=True, max_size=3).map(tuple),
    description=WORD,
    fields=st.dictionaries(st.sampled_from(["k", "l"]), st.sampled_from([1, "2", None])),
)

BASE = Text("Leave", "one\n\ntwo\n", ("hr",), "How to take leave", {"owner": "eve", "year": 2020})


def answered(merge: TextMerge, side: str) -> Text:
    return merge.resolve(
        [getattr(c, "ours" if side == "mine" else side) for c in merge.body.conflicts],
        {d.name: getattr(d, side) for d in merge.disputes},
    )


@given(TEXT, TEXT)
def test_one_persons_edit_is_taken_as_it_is(base: Text, edit: Text) -> None:
    for merged in (merge_texts(base, edit, base), merge_texts(base, base, edit)):
        assert merged.clean
        found = merged.resolve()
        assert (found.title, found.body, found.description, found.fields) == (
            edit.title,
            edit.body,
            edit.description,
            edit.fields,
        )
        assert set(found.tags) == set(edit.tags)


@given(TEXT, TEXT, TEXT)
def test_no_value_is_overwritten_in_silence(base: Text, mine: Text, theirs: Text) -> None:
    merged = merge_texts(base, mine, theirs)
    disputed = {dispute.name for dispute in merged.disputes}
    for name in ("title", "description"):
        sides = [getattr(text, name) for text in (base, mine, theirs)]
        both = sides[1] != sides[0] and sides[2] != sides[0] and sides[1] != sides[2]
        assert both == (name in disputed)
    for side, text in (("mine", mine), ("theirs", theirs)):
        found = answered(merged, side)
        for name in ("title", "description"):
            if getattr(text, name) != getattr(base, name):
                assert getattr(found, name) == getattr(text, name)
        for tag in {"p", "q", "r"}:
            if (tag in text.tags) != (tag in base.tags):
                assert (tag in found.tags) == (tag in text.tags)


@given(TEXT, TEXT, TEXT)
def test_sides_can_be_swapped(base: Text, mine: Text, theirs: Text) -> None:
    there, back = merge_texts(base, mine, theirs), merge_texts(base, theirs, mine)
    assert there.clean == back.clean
    if there.clean:
        one, other = there.resolve(), back.resolve()
        assert (one.title, one.body, one.fields) == (other.title, other.body, other.fields)
        assert set(one.tags) == set(other.tags)


def test_tags_added_and_taken_by_both_are_all_respected() -> None:
    base = Text("t", "", ("a", "b"))
    merged = merge_texts(base, Text("t", "", ("b", "mine")), Text("t", "", ("a", "theirs")))
    assert merged.resolve().tags == ("theirs", "mine")


def test_two_titles_are_a_dispute_that_names_all_three() -> None:
    mine = Text("Holidays", BASE.body, BASE.tags, BASE.description, BASE.fields)
    theirs = Text("Time off", BASE.body, BASE.tags, BASE.description, BASE.fields)
    merged = merge_texts(BASE, mine, theirs)
    assert merged.disputes == (Dispute("title", "Leave", "Holidays", "Time off"),)
    assert merged.resolve(values={"title": "Leave and holidays"}).title == "Leave and holidays"


def test_a_field_changed_by_one_and_dropped_by_another_is_a_dispute() -> None:
    mine = Text("Leave", BASE.body, BASE.tags, BASE.description, {"owner": "ben", "year": 2020})
    theirs = Text("Leave", BASE.body, BASE.tags, BASE.description, {"year": 2021})
    merged = merge_texts(BASE, mine, theirs)
    assert merged.disputes == (Dispute("fields.owner", "eve", "ben", None),)
    assert merged.resolve(values={"fields.owner": None}).fields == {"year": 2021}
    assert merged.resolve(values={"fields.owner": "ben"}).fields == {"owner": "ben", "year": 2021}


def test_every_dispute_needs_an_answer() -> None:
    merged = merge_texts(Text("a", "x"), Text("b", "y"), Text("c", "z"))
    with pytest.raises(ValueError, match="title"):
        merged.resolve(["y"])
    with pytest.raises(ValueError, match="1 conflicts"):
        merged.resolve([], {"title": "b"})
