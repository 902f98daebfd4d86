"""The measurements. Each compares two things that are timed alternately within the same minutes."""

from __future__ import annotations

import itertools
import json
import random
import re
import sqlite3
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from bench.browser import Browser, first_view
from bench.servers import ROOT
from wiki.text.markdown.context import RenderContext
from wiki.text.markdown.markup import render

CONNECTIONS = 16
ROUNDS = 7
SECONDS = 1.5
SAVES = 60
QUESTIONS = 150


@dataclass(frozen=True)
class Result:
    """A row of the table. ``good`` is True if the target is met, None if there is no target."""

    what: str
    figure: str
    reach: str
    good: bool | None
    detail: str


def request(port: int, path: str, cookie: str = "", accept: str = "") -> str:
    """Return a whole request for the load generator."""
    more = f"Cookie: {cookie}\r\n" if cookie else ""
    more += f"Accept-Encoding: {accept}\r\n" if accept else ""
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{more}\r\n"


def rate(port: int, requests: list[str], seconds: float = SECONDS, first: int = 0) -> float:
    """Return the responses per second to these requests; all must be 200."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.load", str(port), str(CONNECTIONS), str(seconds), str(first)],
        input=json.dumps(requests),
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=True,
    )
    found = json.loads(done.stdout)
    if set(found["statuses"]) != {"200"}:
        raise SystemExit(f"answers to {requests[0].splitlines()[0]}: {found['statuses']}")
    return float(found["rate"])


def page_views(
    wiki: int, bare: int, pages: dict[str, int], cookie: str, accept: str = ""
) -> Iterator[Result]:
    """Yield the rates of page views, relative to a bare page with as many bytes.

    :param pages: paths and the sizes of their HTML.
    """
    by_size = sorted(pages, key=lambda path: pages[path])
    hot = by_size[len(by_size) // 2]
    some = random.Random(2).sample(sorted(pages), min(200, len(pages)))
    sets = {"hot": [hot], f"{len(some)} random": some}
    who = {"anonymous": ("", 0.5), "signed in": (cookie, 0.35)}
    for (paths_name, paths), (name, (as_whom, target)) in itertools.product(
        sets.items(), who.items()
    ):
        plain = [request(bare, f"/{pages[path]}") for path in paths]
        asked = [request(wiki, path, as_whom, accept) for path in paths]
        rate(bare, plain, 0.3)
        rate(wiki, asked, 0.3, first=8 * len(paths))
        shares, rates = [], []
        for _ in range(ROUNDS):
            before, own, after = rate(bare, plain), rate(wiki, asked), rate(bare, plain)
            shares.append(own / ((before + after) / 2))
            rates.append((own, (before + after) / 2))
        share = statistics.median(shares)
        own, other = (statistics.median(column) for column in zip(*rates, strict=True))
        yield Result(
            f"page view, {name}, {paths_name}",
            f"{share:.2f} ×",
            f"≥ {target} × a bare Flask page",
            share >= target,
            f"{own:.0f}/s against {other:.0f}/s; rounds {min(shares):.2f} to {max(shares):.2f}",
        )


def first_times(wiki: int, bare: int, pages: dict[str, int], browser: Browser) -> Result:
    """Measure page views right after a save, when nothing is cached: the cost of rendering."""
    some = random.Random(3).sample(sorted(pages), min(200, len(pages)))
    makes, plains = [], []
    reader, plain = Browser(wiki), Browser(bare)
    for number, path in enumerate(some):
        if number % 20 == 0:
            save(browser, some[number % 7], f"forgets {number}")
        makes.append(reader.ask(path)[3])
        plains.append(plain.ask(f"/{pages[path]}")[3])
    made, bare_time = statistics.median(makes), statistics.median(plains)
    return Result(
        "page view, anonymous, made anew",
        f"{bare_time / made:.2f} ×",
        "",
        None,
        f"p50 {made * 1000:.1f} ms, p95 {_p95(makes) * 1000:.1f} ms; one connection",
    )


def save(browser: Browser, path: str, words: str) -> tuple[float, str]:
    """Add a line to a page through its form; return the seconds of the save itself and the new
    text."""
    form = browser.form(f"{path}/-/edit".replace("//-", "/-"))
    form["body"] += f"\n\nA line that the benchmark adds: {words}.\n"
    status, location, data, seconds = browser.ask(f"{path}/-/edit".replace("//-", "/-"), form)
    if status != 303:
        raise SystemExit(f"saving {path} answered {status} {location} {data[:300]!r}")
    return seconds, form["body"]


def saves(
    browser: Browser, pages: dict[str, int], folder: Path, rest: Callable[[], None]
) -> Result:
    """Measure saving through the form, relative to rendering that page and one durable commit.

    :param rest: waits until the wiki has done all work that the last save has caused, so that
        neither side is timed during it.
    """
    some = random.Random(4).sample(sorted(pages), min(SAVES, len(pages)))
    saved, least = [], []
    with closing(sqlite3.connect(folder / "bare.db", isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = FULL")
        database.execute("CREATE TABLE bare (number INTEGER PRIMARY KEY, body TEXT)")
        save(browser, some[0], "to begin")
        for number, path in enumerate(some):
            rest()
            seconds, body = save(browser, path, f"number {number}")
            space, _, place = path.strip("/").partition("/")
            rest()
            begun = time.perf_counter()
            render(body, RenderContext(space, place, False, place))
            rendered = time.perf_counter()
            database.execute("BEGIN IMMEDIATE")
            database.execute("INSERT INTO bare (body) VALUES (?)", (body,))
            database.execute("COMMIT")
            saved.append(seconds)
            least.append((rendered - begun, time.perf_counter() - rendered))
    ratio = statistics.median(saved) / statistics.median(sum(parts) for parts in least)
    parts = [statistics.median(column) * 1000 for column in zip(*least, strict=True)]
    return Result(
        "save through the form, p50",
        f"{ratio:.2f} ×",
        "≤ 2 × (rendering + one bare durable commit)",
        ratio <= 2,
        f"{statistics.median(saved) * 1000:.1f} ms, p95 {_p95(saved) * 1000:.1f} ms; "
        f"rendering {parts[0]:.1f} ms, commit {parts[1]:.1f} ms",
    )


def searches(browser: Browser, pages: dict[str, int]) -> Result:
    """Measure searches for two words of one page, with ten hits and their highlights."""
    chance = random.Random(5)
    times: list[float] = []
    asked = set()
    paths = sorted(pages)
    for _ in range(QUESTIONS * 20):
        if len(times) == QUESTIONS:
            break
        text = browser.ask(chance.choice(paths))[2].decode()
        article = re.sub(r"<[^>]+>", " ", text.partition("<article")[2])
        words = sorted(set(re.findall(r"\b[a-z]{4,12}\b", article)))
        if len(words) < 20:
            continue
        question = "+".join(chance.sample(words, 2))
        if question in asked:
            continue
        asked.add(question)
        status, _, data, seconds = browser.ask(f"/-/search?q={question}")
        if status != 200:
            raise SystemExit(f"searching {question} answered {status}")
        if data.count(b"<mark") >= 10:
            times.append(seconds)
    if len(times) < QUESTIONS:
        raise SystemExit(f"only {len(times)} questions had ten hits with highlights")
    return Result(
        "search, two words, ten hits, p95",
        f"{_p95(times) * 1000:.0f} ms",
        "≤ 50 ms",
        _p95(times) <= 0.05,
        f"p50 {statistics.median(times) * 1000:.0f} ms, {len(times)} questions",
    )


def wire(port: int, path: str) -> Result:
    """Measure the bytes of a first view of a page with all that it loads."""
    loaded = first_view(port, path)
    total = sum(loaded.values())
    own = loaded[path]
    return Result(
        "first page view over the wire",
        f"{total / 1024:.1f} KB",
        "≤ 30 KB, no other host",
        total <= 30 * 1024,
        f"{len(loaded)} answers; the page itself {own / 1024:.1f} KB",
    )


def _p95(times: list[float]) -> float:
    return statistics.quantiles(times, n=20)[18]
