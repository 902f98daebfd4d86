"""Measurements of saving: the disk space of a revision, the CPU time of a save with everything that
follows it, and the rate of several writers."""

from __future__ import annotations

import os
import random
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

from bench.browser import Browser
from bench.measure import Result
from bench.servers import process_of

SIZE = 10 * 1024
EDITS = 256
SAVES = 40
PAGES = 8
WRITERS = 4
SECONDS = 5.0  # the limit of saves of a person allows 600 at once

STEMS = (
    *("view", "port", "form", "tract", "serve", "struct", "sider", "tain", "tend", "vert"),
    *("quest", "act", "turn", "new", "mark", "place", "solve", "spect", "move", "call"),
)


def editing(
    port: int, data: Path, sign_in: Callable[[], Browser], rest: Callable[[], None]
) -> Iterator[Result]:
    """Yield the costs of small edits of pages of 10 KB.

    :param sign_in: returns a browser of an editor. :param rest: waits until the worker has no
        deliveries left.
    """
    browser = sign_in()
    yield growth(browser, data, rest)
    yield processor_time(port, browser, rest)
    yield writers(sign_in, data)


def growth(browser: Browser, data: Path, rest: Callable[[], None]) -> Result:
    """Measure by how much an edit makes the database and the files of the data folder larger.

    Free pages of the database are not counted, because the next revisions take them. The search
    index has one entry for each page, so the size of its files depends on when they were merged.
    """
    page = Page(browser, "growth")
    page.save()
    rest()
    before = used(data)
    for number in range(EDITS):
        page.save()
        if number % 8 == 0:
            rest()
    rest()
    grown = (used(data) - before) / EDITS
    return Result(
        "disk for a small edit of a 10 KB page",
        f"{grown:.0f} bytes",
        "≤ 1024 bytes",
        grown <= 1024,
        f"database with its log written into it, files, index; {EDITS} edits",
    )


def processor_time(port: int, browser: Browser, rest: Callable[[], None]) -> Result:
    """Measure the CPU time that all processes of the server take for a save and its consequences,
    each save after the consequences of the last one."""
    pages = [Page(browser, f"spaced {number}") for number in range(PAGES)]
    for page in pages:
        page.save()
    rest()
    server = process_of(port)
    before, begun = cpu_of(server), time.monotonic()
    for number in range(SAVES):
        pages[number % PAGES].save()
        rest()
    used, seconds = cpu_of(server) - before, time.monotonic() - begun
    before = cpu_of(server)
    time.sleep(seconds)
    idle = cpu_of(server) - before
    each = (used - idle) / SAVES * 1000
    return Result(
        "save, all told",
        f"{each:.1f} ms",
        "≤ 20 ms of CPU time",
        each <= 20,
        "of all processes, less what they take when nobody saves; a save after the other",
    )


def writers(sign_in: Callable[[], Browser], data: Path) -> Result:
    """Measure how many saves several writers make in a second, each of pages of their own, and
    check that none of the acknowledged ones was lost."""
    everyone = [
        [Page(browser, f"writer {number} {page}") for page in range(PAGES)]
        for number in range(WRITERS)
        for browser in [sign_in()]
    ]
    together = threading.Barrier(WRITERS + 1)
    until = 0.0

    def write(pages: list[Page]) -> None:
        together.wait()
        number = 0
        while time.monotonic() < until:
            pages[number % PAGES].save()
            number += 1

    with ThreadPoolExecutor(WRITERS) as threads:
        written = [threads.submit(write, pages) for pages in everyone]
        begun = time.monotonic()
        until = begun + SECONDS
        together.wait()
    seconds = time.monotonic() - begun
    for one in written:
        one.result()  # raises what a writer has met
    saved = [page for pages in everyone for page in pages]
    count = sum(page.saves for page in saved)
    with closing(sqlite3.connect(data / "wiki.db", timeout=30)) as database:
        lost = sum(page.saves + 1 - _revisions(database, page.path) for page in saved)
    return Result(
        f"durable saves, {WRITERS} writers",
        f"{count / seconds:.0f}/s",
        "≥ 100/s, none lost",
        count / seconds >= 100 and lost == 0,
        f"{count} saves of pages of 10 KB, {lost} lost",
    )


class Page:
    """A page of 10 KB, created by its editor, who changes one word of it again and again."""

    def __init__(self, browser: Browser, name: str) -> None:
        self.browser = browser
        self.saves = 0
        form = browser.form("/handbook/-/new", "/handbook/-/new")
        form |= {"title": f"Measured {name}", "body": text_of(name)}
        status, location, page, _ = browser.ask("/handbook/-/new", form)
        if status != 303:
            raise SystemExit(f"a new page answered {status}: {page[:300]!r}")
        self.path = location.split("?")[0]
        self.form = browser.form(f"{self.path}/-/edit")

    def save(self) -> None:
        """Change a word in the middle, as an edit of the newest revision."""
        lines = self.form["body"].split("\n")
        middle = next(at for at in range(len(lines) // 2, len(lines)) if " " in lines[at])
        number = self.saves + 1
        lines[middle] = f"edited{number} {lines[middle].partition(' ')[2]}"
        self.form |= {"body": "\n".join(lines), "base": str(number)}
        status, _, page, _ = self.browser.ask(f"{self.path}/-/edit", self.form)
        if status != 303:
            raise SystemExit(f"saving {self.path} answered {status} {page[:300]!r}")
        self.saves = number


def text_of(name: str) -> str:
    """Return a text of 10 KB with sections."""
    chance = random.Random(name)
    words = [before + stem for before in ("re", "con", "un", "pro") for stem in STEMS]
    lines: list[str] = []
    while sum(len(line) for line in lines) < SIZE:
        if len(lines) % 5 == 0:
            lines.append(f"## Section {len(lines)}\n")
        lines.append(" ".join(chance.choices(words, k=60)) + ".\n")
    return "\n".join(lines)


def used(data: Path) -> int:
    """Return the bytes of the data folder without free pages of the database."""
    with closing(sqlite3.connect(data / "wiki.db", timeout=30)) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (free,) = database.execute("PRAGMA freelist_count").fetchone()
        (size,) = database.execute("PRAGMA page_size").fetchone()
    files = (file for file in data.rglob("*") if file.is_file())
    return sum(file.stat().st_size for file in files) - int(free * size)


def cpu_of(process: int) -> float:
    """Return the seconds of CPU time of a process and all below it so far."""
    children: dict[int, list[int]] = {}
    ticks: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue  # it has ended meanwhile
            children.setdefault(int(fields[1]), []).append(int(entry.name))
            ticks[int(entry.name)] = sum(map(int, fields[11:15]))
    total, waiting = 0, [process]
    while waiting:
        one = waiting.pop()
        total += ticks.get(one, 0)
        waiting += children.get(one, [])
    return total / os.sysconf("SC_CLK_TCK")


def _revisions(database: sqlite3.Connection, path: str) -> int:
    slug, _, rest = path.strip("/").partition("/")
    (head,) = database.execute(
        "SELECT p.head FROM pages p JOIN spaces s ON s.id = p.space_id "
        "WHERE s.slug = ? AND p.path = ? AND p.deleted_at IS NULL",
        (slug, rest),
    ).fetchone()
    return int(head)
