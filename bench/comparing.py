"""A benchmark of page views, and of the use of memory, while visitors compare large revisions.

`python -m bench.comparing` creates a wiki with a page of 64 KiB in 41 revisions, serves it, and
times views of another page: first without other load, then while forty visitors each compare two
revisions until they have the answer, retrying when they are told to. Then two texts of a megabyte
without a common line are compared.
"""

from __future__ import annotations

import json
import random
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path

from bench.browser import Browser
from bench.servers import running
from wiki.app import open_database
from wiki.config import Settings
from wiki.db import Database
from wiki.migrate import migrate
from wiki.pages.merging import Text
from wiki.pages.saving.edit import Edit, NewPage
from wiki.pages.saving.submit import submit
from wiki.rules.access import Actor
from wiki.rules.roles import SiteRole, Visibility
from wiki.spaces.actions import SpaceValues, create_space
from wiki.web.limits.lane import AGAIN

STRANGERS = 40
BYTES = 64 * 1024
VIEWS = 300
REACH = 2.0
MEMORY_MB = 400
SHELL = Actor(None, "", "The shell", SiteRole.ADMIN)
WORDS = ["".join(random.Random(n).choices("aeilmnorstu", k=n % 7 + 2)) for n in range(400)]


def text(seed: int) -> str:
    """Return 64 KiB of lines; each revision shares about half of them with the one before it."""
    chance, other = random.Random(7), random.Random(seed)
    lines: list[str] = []
    size = 0
    while size < BYTES:
        line = " ".join(chance.choices(WORDS, k=12))
        if other.random() < 0.5:
            line = " ".join(other.choices(WORDS, k=12))
        lines.append(line)
        size += len(line) + 1
    return "\n".join(lines)


def fill(database: Database) -> None:
    """Create a page to read, one to compare, and one with two revisions of the maximum size."""
    with database.write() as session:
        space = create_space(
            session, SHELL, "bench", SpaceValues("Bench", visibility=Visibility.PUBLIC)
        )
        session.flush()
        submit(session, SHELL, Edit(NewPage(space, "read"), Text("Read", text(99)[:12_000])))
        page = submit(session, SHELL, Edit(NewPage(space, "page"), Text("Page", text(0))))
        for number in range(1, STRANGERS + 1):
            submit(session, SHELL, Edit(page.page.id, Text("Page", text(number)), base=number))
        page = submit(session, SHELL, Edit(NewPage(space, "vast"), Text("Vast", "a\n" * (1 << 19))))
        submit(session, SHELL, Edit(page.page.id, Text("Vast", "b\n" * (1 << 19)), base=1))


def views(port: int, name: str, enough: threading.Event) -> list[float]:
    """Return the times of views of the page to read in seconds, without caches."""
    reader = Browser(port)
    times: list[float] = []
    while len(times) < VIEWS or not enough.is_set():
        status, _, _, seconds = reader.ask(f"/bench/read?{name}{len(times)}")
        if status != 200:
            raise SystemExit(f"a page view answered {status}")
        times.append(seconds)
    return times


class Strangers:
    """Forty visitors that each compare two revisions, and retry when they are told to."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.refused = 0
        self.threads = [threading.Thread(target=self.ask, args=(n,)) for n in range(STRANGERS)]

    def ask(self, number: int) -> None:
        """Compare two revisions, and retry until there is an answer."""
        browser = Browser(self.port)
        while True:
            status, _, _, _ = browser.ask(f"/bench/page/-/diff/{number + 1}..{number + 2}")
            if status == 200:
                return
            if status not in (429, 503):
                raise SystemExit(f"a comparison answered {status}")
            self.refused += 1
            time.sleep(AGAIN)


def p95(times: list[float]) -> float:
    """Return the 95th percentile."""
    return statistics.quantiles(times, n=20)[18]


def memory_of_processes(data: Path) -> dict[str, int]:
    """Return the peak memory of the wiki's processes in a folder, in MiB, by their task."""
    known: set[int] = set()
    found: dict[str, int] = {}
    for process in sorted(Path("/proc").glob("[0-9]*"), key=lambda one: int(one.name)):
        try:
            environ = (process / "environ").read_bytes()
            parent = (process / "stat").read_text().rpartition(")")[2].split()[1]
            status = (process / "status").read_text()
            command = (process / "cmdline").read_text().split("\0")
        except OSError:
            continue
        if str(data).encode() in environ or int(parent) in known:
            known.add(int(process.name))
            kind = " ".join(command[command.index("-m") + 1 :]).strip() if "-m" in command else ""
            most = int(status.partition("VmHWM:")[2].split()[0]) // 1024
            found[kind] = max(most, found.get(kind, 0))
    return found


def main() -> None:
    """Measure, and fail when a target is missed."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        database = open_database(Settings(data_dir=data, secret_key="only for the benchmark" * 2))
        migrate(database)
        fill(database)
        database.dispose()
        environ = {"WIKI_DATA_DIR": folder, "WIKI_SECRET_KEY": "only for the benchmark" * 2}
        with running("wiki", "serve", "--port", "0", **environ) as port:
            done = threading.Event()
            done.set()
            views(port, "warm", done)
            calm = views(port, "calm", done)
            strangers = Strangers(port)
            done.clear()
            begun = time.perf_counter()

            def compared() -> None:
                for thread in strangers.threads:
                    thread.start()
                for thread in strangers.threads:
                    thread.join()
                done.set()

            crowd = threading.Thread(target=compared)
            crowd.start()
            busy = views(port, "busy", done)
            crowd.join()
            took = time.perf_counter() - begun
            reader = Browser(port)
            status, _, body, seconds = reader.ask("/-/api/v1/pages/bench/vast/diff/1..2")
            rows = [row for hunk in json.loads(body)["hunks"] for row in hunk["rows"]]
            memory = memory_of_processes(data)
        ratio = p95(busy) / p95(calm)
        print(
            f"page view, p95: calm {p95(calm) * 1000:.1f} ms, beside {STRANGERS} comparisons "
            f"{p95(busy) * 1000:.1f} ms: {ratio:.2f} x, reach {REACH} x; the comparisons took "
            f"{took:.1f} s, {strangers.refused} were told to come back"
        )
        print(
            f"two texts of 1 MiB without a common line: {status} in {seconds:.2f} s, "
            f"{len(body) / 1024:.0f} KiB, {len(rows)} rows"
        )
        for kind, most in sorted(memory.items()):
            print(f"most memory of a process {kind}: {most} MiB, reach {MEMORY_MB} MiB")
        if ratio > REACH or max(memory.values()) > MEMORY_MB:
            sys.exit("a target is missed")


if __name__ == "__main__":
    main()
