"""Lost, damaged, interrupted, contended: the index is a cache, and searching says what it is."""

import os
import signal
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest

from tests.search.sample import EVERYONE, ask, page, source
from wiki.search.engine import IndexUnavailable
from wiki.search.query import parse
from wiki.search.whoosh.adapter import WhooshEngine

PAGES = [page(n, f"Page {n}", f"word number{n}") for n in range(1, 20)]


@pytest.fixture
def engine(tmp_path: Path) -> WhooshEngine:
    made = WhooshEngine(tmp_path / "index")
    made.rebuild(*source(PAGES))
    return made


def segments(engine: WhooshEngine) -> list[Path]:
    return sorted(engine.shelf.root.glob("v*/*.seg"))


def test_a_missing_index_is_said_and_wanted(tmp_path: Path) -> None:
    engine = WhooshEngine(tmp_path / "index")
    with pytest.raises(IndexUnavailable):
        engine.search(parse("word"), EVERYONE)
    with pytest.raises(IndexUnavailable):
        engine.update([PAGES[0]])
    assert engine.wanted()
    engine.rebuild(*source(PAGES))
    assert not engine.wanted()
    assert len(ask(engine, "word")) == 19


def test_an_index_of_another_format_is_no_index(engine: WhooshEngine) -> None:
    (engine.shelf.root / "current").write_text("v0-old")
    assert "no search index" in engine.wanted()


@pytest.mark.parametrize("how", ["cut", "empty", "gone", "noise", "head", "toc", "toc-gone"])
@pytest.mark.parametrize("open_before", [False, True])
def test_damage_of_any_kind_is_noticed_said_and_mended(
    engine: WhooshEngine, how: str, open_before: bool
) -> None:
    if open_before:
        assert len(ask(engine, "word")) == 19
    reader = engine if open_before else WhooshEngine(engine.shelf.root)
    file = next(engine.shelf.root.glob("v*/*.toc")) if "toc" in how else segments(engine)[0]
    size = file.stat().st_size
    match how:
        case "cut":
            os.truncate(file, size // 2)
        case "empty" | "toc":
            os.truncate(file, 0)
        case "gone" | "toc-gone":
            file.unlink()
        case "noise":
            with file.open("r+b") as f:
                f.seek(200)
                f.write(os.urandom(size - 400))
        case "head":
            with file.open("r+b") as f:
                f.write(b"\xff" * 16)
    try:
        ask(reader, "word")
        answered = True
    except IndexUnavailable:
        answered = False
    if answered:  # what is held open may still be whole; then nothing is wrong for this reader
        assert open_before
        reader = WhooshEngine(engine.shelf.root)
        with pytest.raises(IndexUnavailable):
            ask(reader, "word")
    assert reader.wanted()
    reader.rebuild(*source(PAGES))
    assert not reader.wanted()
    assert len(ask(engine, "word")) == 19


def test_a_false_alarm_is_taken_back(engine: WhooshEngine) -> None:
    engine.shelf.distrust("cosmic ray")
    assert engine.wanted() == ""
    assert engine.shelf.suspicion() == ""


def test_a_writer_that_fails_is_thrown_away_and_the_next_one_works(
    engine: WhooshEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError("disk full")

    with monkeypatch.context() as patch:
        patch.setattr("wiki.search.whoosh.adapter.Writer.add_document", fail)
        with pytest.raises(IndexUnavailable):
            engine.update([page(50, "New", "fresh")])
    assert len(ask(engine, "word")) == 19
    assert engine.wanted() == ""
    engine.update([page(50, "New", "fresh")])
    assert ask(engine, "fresh") == [50]


def test_a_failed_rebuild_leaves_the_old_index_in_use(engine: WhooshEngine) -> None:
    def broken(_: object) -> list[object]:
        raise RuntimeError("the database went away")

    with pytest.raises(RuntimeError):
        engine.rebuild(broken, dict)  # type: ignore[arg-type]
    assert len(ask(engine, "word")) == 19
    assert len(list(engine.shelf.root.glob("v*-*"))) == 1


def test_a_rebuild_answers_meanwhile_and_misses_nothing_saved_while_it_ran(
    engine: WhooshEngine,
) -> None:
    late = page(99, "Late", "word late")
    states = {p.page_id: p for p in PAGES}

    def documents(ids: object) -> list[object]:
        if ids is not None:
            return [states[i] for i in ids]  # type: ignore[attr-defined]
        first = list(states.values())
        assert len(ask(engine, "word")) == 19
        states[99] = late
        del states[1]
        return first

    engine.rebuild(documents, lambda: {i: p.revision for i, p in states.items()})  # type: ignore[arg-type]
    assert ask(engine, "late") == [99]
    assert ask(engine, '"number1"') == []


def test_one_writer_at_a_time(engine: WhooshEngine) -> None:
    other = WhooshEngine(engine.shelf.root)
    threads = [
        threading.Thread(target=one.update, args=([page(100 + n, f"New {n}", "added")],))
        for n, one in enumerate([engine, other] * 3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(ask(engine, "added")) == [100, 101, 102, 103, 104, 105]


def test_a_lock_that_is_not_let_go_is_said(engine: WhooshEngine) -> None:
    with engine.shelf.lock(), pytest.raises(TimeoutError), engine.shelf.lock(wait=0.05):
        pass


def test_many_threads_search_while_pages_change(engine: WhooshEngine) -> None:
    wrong: list[object] = []
    done = threading.Event()

    def search() -> None:
        while not done.is_set():
            try:
                found = engine.search(parse("word"), EVERYONE, limit=5)
                if found.total not in (19, 20):
                    wrong.append(found.total)
            except Exception as error:
                wrong.append(error)

    threads = [threading.Thread(target=search) for _ in range(3)]
    for thread in threads:
        thread.start()
    for turn in range(8):
        engine.update([page(60, "Changing", f"word turn{turn}", revision=turn)])
    done.set()
    for thread in threads:
        thread.join()
    assert not wrong


WRITE_FOREVER = """
import sys
from pathlib import Path
from tests.search.sample import page
from wiki.search.whoosh.adapter import WhooshEngine
engine = WhooshEngine(Path(sys.argv[1]))
print("ready", flush=True)
turn = 1
while True:
    turn += 1
    engine.update([page(n, f"Page {n}", "word " * 50, revision=turn) for n in range(1, 20)])
    print(turn, flush=True)
"""


@pytest.mark.parametrize("lines", [1, 2, 4])
def test_a_writer_killed_in_the_middle_leaves_an_index_that_works(
    engine: WhooshEngine, lines: int
) -> None:
    root = Path(__file__).parents[2]
    writer = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(WRITE_FOREVER), str(engine.shelf.root)],
        stdout=subprocess.PIPE,
        cwd=root,
    )
    assert writer.stdout
    for _ in range(lines):
        writer.stdout.readline()
    writer.send_signal(signal.SIGKILL)
    writer.wait()
    writer.stdout.close()
    after = WhooshEngine(engine.shelf.root)
    assert after.wanted() == ""
    assert len(ask(after, "word")) == 19
    after.update([page(1, "Page 1", "again")])
    assert ask(after, "again") == [1]
