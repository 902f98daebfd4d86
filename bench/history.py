"""A benchmark of a company's whole history: importing, storing, reading, checking; and of a space
50 times as large."""

from __future__ import annotations

import hashlib
import os
import random
import sqlite3
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

from bench.browser import Browser
from bench.measure import Result
from bench.memory import resident
from bench.servers import ROOT, THREADS, running
from wiki.app import open_database
from wiki.config import Settings
from wiki.pages.texts import packing
from wiki.pages.texts import stored as texts
from wiki.pages.texts.stored import Recent
from wiki.text.markdown.markup import RENDERER_VERSION

SPACE = "handbook"
TIMES = 50
SAMPLE = 60
ROUNDS = 5
MEMORY_MB = 400


def histories(bundle: Path, folder: Path) -> Iterator[Result]:
    """Yield all results for a history in a Git bundle."""
    data = folder / "history"
    environ = {**os.environ, "WIKI_DATA_DIR": str(data)}
    _wiki(environ, "space", "add", SPACE, "--title", "Handbook", "--public")
    seconds, memory = _timed(environ, "import", str(bundle), "--space", SPACE)
    with closing(sqlite3.connect(data / "wiki.db")) as database:
        (revisions,) = database.execute("SELECT count(*) FROM revisions").fetchone()
        stored = sum(
            size
            for (size,) in database.execute(
                "SELECT sum(pgsize) FROM dbstat WHERE name IN "
                "('contents', 'sqlite_autoindex_contents_1') GROUP BY name"
            )
        )
        (undelivered,) = database.execute("SELECT count(*) FROM deliveries").fetchone()
    if undelivered:
        raise SystemExit(f"{undelivered} deliveries were left over by the import")
    rate = revisions / seconds
    yield Result(
        "history until searchable",
        f"{rate:.0f} revisions/s",
        "≥ 400 revisions/s",
        rate >= 400,
        f"{revisions} revisions in {seconds:.1f} s",
    )
    yield Result(
        "history, memory at most",
        f"{memory >> 20} MB",
        f"< {MEMORY_MB} MB",
        memory < MEMORY_MB << 20,
        "resident, all processes of the import together, sampled",
    )
    pack = packed(bundle, folder)
    yield Result(
        "all texts, bytes in the database",
        f"{stored / pack:.2f} ×",
        "≤ 1.0 × Git's pack of them",
        stored <= pack,
        f"{stored / 1e6:.1f} MB with the index, against {pack / 1e6:.1f} MB",
    )
    yield deep_and_new(data)
    check, _ = _timed(environ, "check")
    yield Result(
        "wiki check of everything",
        f"{check / seconds:.2f} ×",
        "≤ 0.25 × the import",
        check <= seconds / 4,
        f"{check:.1f} s",
    )
    yield from larger(data, folder)


def packed(bundle: Path, folder: Path) -> int:
    """Return the size in bytes of a pack that Git makes by default of all versions of all pages,
    without trees and commits."""
    bare = folder / "pack.git"
    subprocess.run(["git", "clone", "-q", "--bare", bundle, bare], check=True)
    listed = subprocess.run(
        ["git", "-C", bare, "rev-list", "--objects", "--all"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    pages = [line for line in listed.splitlines() if line.endswith(".md")]
    pack = subprocess.run(
        ["git", "-C", bare, "pack-objects", "--stdout", "-q"],
        check=True,
        capture_output=True,
        input="\n".join(pages).encode(),
    ).stdout
    return len(pack)


def deep_and_new(data: Path) -> Result:
    """Compare reading the texts with the longest delta chains with reading those of newest
    revisions, alternately."""
    database = open_database(Settings(data_dir=data, secret_key="k" * 40))
    chance = random.Random(6)
    times: dict[str, list[float]] = {"new": [], "deep": []}
    with database.read() as session:
        connection = session.connection().connection.driver_connection
        assert connection is not None
        # The pages with a text at the greatest depth: that text, and their newest one.
        deepest = max(range(packing.WHOLE_EVERY), key=_depth)
        pairs = connection.execute(
            "SELECT r.content_hash, h.content_hash FROM contents c "
            "JOIN revisions r ON r.content_hash = c.hash JOIN pages p ON p.id = r.page_id "
            "JOIN revisions h ON h.page_id = p.id AND h.number = p.head "
            "WHERE c.position = ? GROUP BY p.id",
            (deepest,),
        ).fetchall()
        every = connection.execute(
            "SELECT r.content_hash FROM pages p "
            "JOIN revisions r ON r.page_id = p.id AND r.number = p.head "
            "WHERE p.deleted_at IS NULL"
        ).fetchall()
        for _ in range(ROUNDS):
            for deep, _newest in pairs:
                for name, key in (("deep", deep), ("new", chance.choice(every)[0])):
                    texts._recent = Recent(0)
                    begun = time.perf_counter()
                    texts.get_text(session, key)
                    times[name].append(time.perf_counter() - begun)
    database.dispose()
    deep, new = (statistics.median(times[name]) for name in ("deep", "new"))
    return Result(
        "reading the deepest revision",
        f"{deep / new:.2f} ×",
        "≤ 3 × reading the newest",
        deep <= 3 * new,
        f"{deep * 1e6:.0f} µs ({_depth(deepest)} texts below it) against {new * 1e6:.0f} µs; "
        f"{len(pairs)} of them",
    )


def _depth(position: int) -> int:
    base = packing.base_position(position)
    return 0 if base is None else 1 + _depth(base)


def larger(data: Path, folder: Path) -> Iterator[Result]:
    """Compare views of a space with those of one with fifty times as many pages, alternately."""
    big = folder / "larger"
    big.mkdir()
    with closing(sqlite3.connect(data / "wiki.db")) as source:
        source.execute("VACUUM INTO ?", (str(big / "wiki.db"),))
    paths = sorted(_multiply(big / "wiki.db"))
    chance = random.Random(8)
    small = chance.sample(sorted(path.split("/", 1)[1] for path in paths), SAMPLE)
    screens = {
        "page view": ("/{0}", small, paths),
        "history page": ("/{0}/-/history", small, paths),
        "tree": ("/-/tree?under={0}", [_parent(p) for p in small], [_parent(p) for p in paths]),
    }
    command = ("wiki", "serve", "--port=0", "--workers=1", f"--threads={THREADS}")
    first, second = (
        running(*command, WIKI_DATA_DIR=str(data)),
        running(*command, WIKI_DATA_DIR=str(big)),
    )
    with first as one, second as other:
        for name, (url, here, there) in screens.items():
            times: dict[int, list[float]] = {one: [], other: []}
            browsers = {port: Browser(port) for port in times}
            for turn in range(ROUNDS):
                for small_path, big_path in zip(here, there, strict=True):
                    for port, path in ((one, small_path), (other, big_path)):
                        # An address that was not requested before, so that no response is cached.
                        address = f"/{SPACE}" + url.format(path)
                        address += f"{'&' if '?' in address else '?'}turn={turn}"
                        status, _, _, seconds = browsers[port].ask(address)
                        if status != 200:
                            raise SystemExit(f"{address} answered {status}")
                        if turn:
                            times[port].append(seconds)
            base, much = (statistics.median(times[port]) for port in (one, other))
            yield Result(
                f"{name}, {TIMES} times as many pages",
                f"{much / base:.2f} ×",
                "≤ 1.3 ×",
                much <= 1.3 * base,
                f"p50 {much * 1000:.2f} ms against {base * 1000:.2f} ms",
            )


def _multiply(file: Path) -> set[str]:
    """Copy each page of the space 49 times, below a folder each; return the paths of a sample of
    the copies, which have renderings."""
    chance = random.Random(8)
    with closing(sqlite3.connect(file)) as database:
        database.execute("PRAGMA synchronous = OFF")
        (top,) = database.execute("SELECT max(id) FROM pages").fetchone()
        live = database.execute(
            "SELECT p.id, p.path, r.content_hash, r.folder, r.title FROM pages p "
            "JOIN revisions r ON r.page_id = p.id AND r.number = p.head "
            "WHERE p.deleted_at IS NULL AND p.path <> ''"
        ).fetchall()
        chosen = set(chance.sample(sorted(page[1] for page in live), SAMPLE))
        found = set()
        for number in range(1, TIMES):
            name = f"copy-{number}"
            shift = top * number
            database.execute(
                "INSERT INTO pages SELECT id + ?1, space_id, ?2 || path, ?2 || path_key, "
                "CASE parent_key WHEN '' THEN rtrim(?2, '/') ELSE ?2 || parent_key END, "
                + ", ".join(_columns(database, "pages")[5:])
                + " FROM pages WHERE id <= ?3 AND deleted_at IS NULL AND path <> ''",
                (shift, f"{name}/", top),
            )
            columns = _columns(database, "revisions")
            values = {"id": "NULL", "page_id": "page_id + ?1", "path": "?2 || path"}
            database.execute(
                f"INSERT INTO revisions SELECT {', '.join(values.get(c, c) for c in columns)} "
                "FROM revisions WHERE page_id IN (SELECT id FROM pages "
                "WHERE id <= ?3 AND deleted_at IS NULL AND path <> '')",
                (shift, f"{name}/", top),
            )
            database.execute(
                "INSERT INTO folders SELECT space_id, ?1 || path_key, "
                "CASE parent_key WHEN '' THEN rtrim(?1, '/') ELSE ?1 || parent_key END, "
                "?1 || path FROM folders WHERE path_key NOT LIKE 'copy-%'",
                (f"{name}/",),
            )
            database.execute(
                "INSERT INTO folders SELECT id, ?1, '', ?1 FROM spaces WHERE slug = ?2",
                (name, SPACE),
            )
        for page_id, path, text, is_folder, title in live:
            if path not in chosen:
                continue
            number = chance.randrange(1, TIMES)
            copy = f"copy-{number}/{path}"
            found.add(copy)
            keys = [_key(text, at, bool(is_folder), title) for at in (path, copy)]
            columns = _columns(database, "renderings")
            values = {"key": "?1"}
            database.execute(
                "INSERT OR IGNORE INTO renderings SELECT "
                f"{', '.join(values.get(c, c) for c in columns)} FROM renderings WHERE key = ?2",
                (keys[1], keys[0]),
            )
            links = _columns(database, "page_links")
            database.execute(
                f"INSERT INTO page_links SELECT page_id + ?1, {', '.join(links[1:])} "
                "FROM page_links WHERE page_id = ?2",
                (top * number, page_id),
            )
        database.execute("ANALYZE")
        database.commit()
        return found


def _columns(database: sqlite3.Connection, table: str) -> list[str]:
    return [row[1] for row in database.execute(f"PRAGMA table_info({table})")]


def _key(content_hash: str, path: str, folder: bool, title: str) -> str:
    parts = (RENDERER_VERSION, content_hash, SPACE, path, str(folder), title, "")
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _parent(path: str) -> str:
    return path.rpartition("/")[0]


def _wiki(environ: Mapping[str, str], *arguments: str) -> None:
    command = [sys.executable, "-m", "wiki", *arguments]
    subprocess.run(command, check=True, cwd=ROOT, env=environ, stdout=subprocess.DEVNULL)


def _timed(environ: Mapping[str, str], *arguments: str) -> tuple[float, int]:
    """Run a command; return its seconds, and the peak memory of it and its children in bytes."""
    begun = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "wiki", *arguments],
        cwd=ROOT,
        env=environ,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    most = [0]

    def watch() -> None:
        while process.poll() is None:
            most[0] = max(most[0], resident(process.pid))
            time.sleep(0.05)

    watcher = threading.Thread(target=watch)
    watcher.start()
    if process.wait():
        raise SystemExit(f"wiki {' '.join(arguments)} ended with {process.returncode}")
    seconds = time.perf_counter() - begun
    watcher.join()
    return seconds, most[0]
