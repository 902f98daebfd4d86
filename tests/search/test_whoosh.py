"""Whoosh alone: its segments, and its time limit."""

import random
from dataclasses import replace
from pathlib import Path

import pytest

from tests.search.sample import EVERYONE, ids, page, source
from wiki.search.query import parse
from wiki.search.whoosh.adapter import WhooshEngine
from wiki.search.whoosh.merging import FANOUT
from wiki.search.whoosh.snapshot import Snapshot


@pytest.fixture
def engine(tmp_path: Path) -> WhooshEngine:
    made = WhooshEngine(tmp_path / "index")
    made.rebuild(*source([]))
    return made


def test_a_search_that_takes_too_long_is_cut_and_says_so(tmp_path: Path) -> None:
    engine = WhooshEngine(tmp_path / "index", patience=0.0)
    engine.rebuild(*source([page(1, "A", "word")]))
    assert engine.search(parse("word"), EVERYONE).cut


def test_many_small_changes_leave_few_segments_and_every_page_once(engine: WhooshEngine) -> None:
    pages = {n: page(n, f"Page {n}", "word") for n in range(30)}
    engine.update(pages.values())
    for turn in range(2, 40):
        one = replace(pages[turn % 30], revision=turn)
        pages[one.page_id] = one
        engine.update([one])
    assert engine.revisions() == {n: one.revision for n, one in pages.items()}
    assert engine.search(parse("word"), EVERYONE).total == 30
    assert len(list(engine.shelf.root.glob("v*/*.seg"))) <= 2 * FANOUT


def test_an_index_of_many_small_changes_says_what_one_written_at_once_says(
    engine: WhooshEngine, tmp_path: Path
) -> None:
    chance = random.Random(4)
    vocabulary = [f"word{n}" for n in range(60)]
    pages = {number: page(number, f"Page {number}", "word1 everywhere") for number in range(150)}
    engine.update(pages.values())
    for turn in range(2, 150):
        if turn % 9 == 0:
            gone = chance.choice(sorted(pages))
            del pages[gone]
            engine.update([], [gone])
            continue
        number = chance.randrange(170)
        body = " ".join(chance.choices(vocabulary, k=chance.randrange(60)))
        pages[number] = page(number, f"Page {number}", f"{body} everywhere", revision=turn)
        engine.update([pages[number]])
    whole = WhooshEngine(tmp_path / "whole")
    whole.rebuild(lambda _: list(pages.values()), lambda: {n: p.revision for n, p in pages.items()})
    assert len(pages) > 128  # a block of postings is full
    for text in ("everywhere", "word7", '"word7 everywhere"', "word3 word4 everywhere"):
        found, expected = (one.search(parse(text), EVERYONE, limit=200) for one in (engine, whole))
        assert sorted(ids(found)) == sorted(ids(expected)), text
    assert _stored(engine) == _stored(whole)


def _stored(engine: WhooshEngine) -> dict[tuple[str, bytes], list[tuple[int, float, bytes]]]:
    """Every posting of the index by its term: the page, the weight and the positions."""
    found: dict[tuple[str, bytes], list[tuple[int, float, bytes]]] = {}
    name = engine.shelf.name()
    assert name
    for leaf in Snapshot.open(name, engine.shelf.open(name), None).leaves:
        reader = leaf.segment.reader
        for field, term in reader.all_terms():
            cursor = leaf.segment.postings(field, term.decode())
            positional = cursor.supports("positions")
            while cursor.is_active():
                if cursor.id() in leaf.live:
                    number = leaf.segment.page_ids[cursor.id()]
                    value = cursor.value() if positional else b""
                    found.setdefault((field, term), []).append((number, cursor.weight(), value))
                cursor.next()
    return {term: sorted(postings) for term, postings in found.items()}


def test_segments_that_have_piled_up_are_merged_when_nothing_changes_any_more(
    engine: WhooshEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    for turn in range(2 * FANOUT):
        engine.update([page(100 * turn + n, f"Page {n}", "word") for n in range(70)])
    assert not engine.merge_at_rest()  # something has just changed
    monkeypatch.setattr("wiki.search.whoosh.adapter.REST", 0.0)
    name = engine.shelf.name() or ""
    before = engine.shelf.segments(name)
    assert engine.merge_at_rest() == (before > FANOUT)
    assert engine.shelf.segments(name) <= FANOUT
    assert engine.search(parse("word"), EVERYONE).total == 70 * 2 * FANOUT
    assert not engine.merge_at_rest()
