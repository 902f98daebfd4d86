"""Passages of texts: followed through random edits, and found in what readers see."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wiki.text.markdown.context import RenderContext
from wiki.text.markdown.markup import render
from wiki.text.passages.following import LOST, Passage, Spot, Step, find, quote_at, squeeze
from wiki.text.passages.shown import Sight

WORDS = ("on", "call", "**launch**", "日本語", "שלום", "a", "a", "rota;", "`x`", "| 7 |", "x" * 30)


def text_of(chance: random.Random) -> list[str]:
    return [" ".join(chance.choices(WORDS, k=chance.randint(0, 9))) for _ in range(12)]


def edited(lines: list[str], chance: random.Random) -> list[str]:
    lines = list(lines)
    for _ in range(chance.randint(1, 3)):
        at = chance.randrange(len(lines))
        deed = chance.random()
        if deed < 0.4:
            lines[at] = " ".join(chance.choices(WORDS, k=5))
        elif deed < 0.6:
            lines.insert(at, " ".join(chance.choices(WORDS, k=4)))
        elif deed < 0.8 and len(lines) > 2:
            del lines[at]
        else:
            lines.insert(chance.randrange(len(lines)), lines.pop(at))
    return lines


@given(st.randoms(use_true_random=False))
def test_after_any_chain_of_edits_a_passage_is_in_one_of_four_states(chance: random.Random) -> None:
    lines = text_of(chance)
    text = "\n".join(lines)
    start = chance.randrange(len(text) + 1)
    end = chance.randint(start, min(len(text), start + 60))
    passage, spot = quote_at(text, start, end), Spot(start, end, "exact")
    for _ in range(8):
        lines = edited(lines, chance)
        new = "\n".join(lines)
        spot = Step(text, new).follow(passage, spot)
        text = new
        found = text[spot.start : spot.end]
        if spot.certainty == "lost":
            assert spot == LOST
        else:
            assert found.strip()
        if spot.certainty in ("exact", "moved"):
            assert squeeze(found) == squeeze(passage.quote)
        places = find(passage, text)
        if len(places) == 1 and len(passage.quote.strip()) >= 12:
            assert squeeze(found) == squeeze(passage.quote)


@given(st.randoms(use_true_random=False))
def test_what_an_edit_does_not_touch_stays_exact(chance: random.Random) -> None:
    lines = text_of(chance)
    before, after = text_of(chance), text_of(chance)
    marked = f"between {chance.random()} all of it"
    old = "\n".join([*lines, marked, *lines])
    new = "\n".join([*before, *lines, marked, *lines, *after])
    start = old.index(marked)
    spot = Step(old, new).follow(
        quote_at(old, start, start + len(marked)), Spot(start, start + len(marked), "exact")
    )
    assert spot == (new.index(marked), new.index(marked) + len(marked), "exact")


@pytest.mark.parametrize(
    ("old", "new", "quote", "found", "certainty"),
    [
        ("It is 7.", "It is 8.", "7", "8", "changed"),
        ("One two three.", "One big two three.", "two", "two", "exact"),
        ("One\ntwo three.\n", "One two\nthree.\n", "two three", "two\nthree", "exact"),
        (
            "Say it all.\n\nX.\n\nY.",
            "X.\n\nY.\n\nSay it all.",
            "Say it all.",
            "Say it all.",
            "moved",
        ),
        ("All of this is gone soon.\n\nEnd.", "End.", "All of this is gone soon.", "", "lost"),
        (
            "# Top\n\nWe call the people on the list by phone.\n\nEnd of it.\n",
            "# Top\n\nEnd of it.\n\n- We call all the people on the list by phone, then.\n",
            "We call the people on the list by phone.",
            "call all the people on the list by phone",
            "changed",
        ),
    ],
)
def test_a_passage_is_followed(old: str, new: str, quote: str, found: str, certainty: str) -> None:
    start = old.index(quote)
    end = start + len(quote)
    spot = Step(old, new).follow(quote_at(old, start, end), Spot(start, end, "exact"))
    assert (new[spot.start : spot.end].rstrip(","), spot.certainty) == (
        found.rstrip(","),
        certainty,
    )


def test_a_lost_passage_is_found_when_it_comes_back() -> None:
    passage = Passage("All of this is gone soon.")
    assert Step("End.", "End.\n\nAll of this is gone soon.").follow(passage, LOST) == (
        6,
        31,
        "moved",
    )


def test_a_passage_that_was_found_at_one_of_two_copies_is_never_called_exact() -> None:
    line = "Leads are people that were not asked yet."
    passage, text, spot = Passage(line, "Before: "), f"{line}\n", Spot(0, len(line), "exact")
    for new in ("Gone.\n", f"A\n\n{line}\n\n{line}\n", f"A\n\nB\n\n{line}\n\n{line}\n"):
        spot = Step(text, new).follow(passage, spot)
        text = new
    assert spot.certainty == "moved"


SOURCE = """# Plan

Some **bold** text with a [link](http://x.y/docs "docs") and [[a/page|label]] &amp; more.[^1]

| a | b |
| --- | --- |
| x 1 | y *2* |

```python
def f(x): return x](y)
```

$$a^2 + b = c$$ and שלום עולם, 日本語のテキスト。 ![alt](pic.png)

- [ ] do it, <b>raw</b> html

[^1]: The footnote has words.
"""


@pytest.mark.parametrize(
    ("seen", "written"),
    [
        ("bold text", "**bold** text"),
        ("link and label & more", '[link](http://x.y/docs "docs") and [[a/page|label]] &amp; more'),
        ("x 1", "x 1"),
        ("y 2", "y *2*"),
        ("x](y)", "x](y)"),
        ("a^2 + b", "a^2 + b"),
        ("語", "語"),
        ("שלום", "שלום"),
        ("footnote has", "footnote has"),
        ("raw html", "raw</b> html"),
    ],
)
def test_what_readers_see_is_found_in_the_source_and_back(seen: str, written: str) -> None:
    sight = Sight(SOURCE, render(SOURCE, RenderContext("eng", "plan", title="Plan")).html)
    [span] = sight.occurrences(seen)
    source = sight.source_span(*span)
    assert source is not None
    assert SOURCE[slice(*source)] == written
    back = sight.shown_span(*source)
    assert back is not None
    assert squeeze(sight.text[slice(*back)]) == seen


@given(st.randoms(use_true_random=False))
def test_every_word_that_is_shown_is_from_a_word_of_the_source(chance: random.Random) -> None:
    source = "\n\n".join(text_of(chance))
    sight = Sight(source, render(source, RenderContext("eng", "plan")).html)
    for word in ("launch", "日", "שלום", "rota", "call"):
        for span in sight.occurrences(word):
            found = sight.source_span(*span)
            assert found is not None and word in source[slice(*found)]
