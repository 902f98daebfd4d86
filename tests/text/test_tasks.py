"""Ticking boxes in the source of a text."""

from __future__ import annotations

import pytest

from wiki.text.rewrite.tasks import tick

TEXT = """- [ ] one **bold** `code`
- [x] two
  1. [ ] nested

> - [ ] quoted

!!! note
    * [ ] inside

```
- [ ] code
```

- - [X] double

Term
: - [ ] defined

Note[^1].

[^1]: - [ ] in a note
"""


@pytest.mark.parametrize(
    ("number", "done", "before", "after", "words"),
    [
        (0, True, "- [ ] one", "- [x] one", "one bold code"),
        (1, False, "- [x] two", "- [ ] two", "two"),
        (2, True, "1. [ ] nested", "1. [x] nested", "nested"),
        (3, True, "> - [ ] quoted", "> - [x] quoted", "quoted"),
        (4, True, "* [ ] inside", "* [x] inside", "inside"),
        (5, False, "- - [X] double", "- - [ ] double", "double"),
        (6, True, ": - [ ] defined", ": - [x] defined", "defined"),
        (7, True, "[^1]: - [ ] in a note", "[^1]: - [x] in a note", "in a note"),
    ],
)
def test_a_box_is_ticked_where_it_is_written(
    number: int, done: bool, before: str, after: str, words: str
) -> None:
    ticked = tick(TEXT, number, 8, done)
    assert ticked is not None
    assert ticked.text == TEXT.replace(before, after)
    assert ticked.words == words


@pytest.mark.parametrize(("number", "count"), [(0, 7), (8, 8), (-1, 8)])
def test_another_number_of_boxes_is_refused(number: int, count: int) -> None:
    assert tick(TEXT, number, count, True) is None


def test_long_words_are_cut() -> None:
    ticked = tick("- [ ] " + "word " * 50, 0, 1, True)
    assert ticked is not None
    assert len(ticked.words) <= 80
    assert ticked.words.endswith("…")
