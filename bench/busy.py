"""Measurements of a wiki in use: page views while others save, and answers that are made anew."""

from __future__ import annotations

import os
import random
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.browser import Browser
from bench.measure import Result, rate, request, save
from bench.servers import process_of

ROUNDS = 3
SECONDS = 5.0
ASKED = 200


def busy_views(wiki: int, bare: int, pages: dict[str, int], browser: Browser) -> Iterator[Result]:
    """Yield the rates of page views of somebody who is signed in while others save, as a share of
    the rate while nobody does.

    :param pages: paths and the sizes of their HTML. :param browser: that of an editor.
    """
    some = random.Random(6).sample(sorted(pages), min(200, len(pages)))
    asked = [request(wiki, path, browser.cookie()) for path in some]
    plain = [request(bare, f"/{pages[path]}") for path in some]
    for per_second, target in ((2, 0.8), (20, None)):
        shares, of_bare, saved = [], [], 0
        for number in range(ROUNDS):
            quiet = rate(wiki, asked, SECONDS, first=2 * len(some))
            with saving(browser, some, per_second, f"{per_second} {number}") as saves:
                busy = rate(wiki, asked, SECONDS)
            saved += len(saves)
            shares.append(busy / quiet)
            of_bare.append(busy / rate(bare, plain))
        share = statistics.median(shares)
        yield Result(
            f"page view, signed in, {per_second} saves/s",
            f"{share:.2f} ×",
            f"≥ {target} × the quiet wiki" if target else "",
            share >= target if target else None,
            f"{statistics.median(of_bare):.2f} × a bare page; "
            f"{saved / ROUNDS / SECONDS:.1f} saves/s were made",
        )


@contextmanager
def saving(
    browser: Browser, paths: list[str], per_second: float, words: str
) -> Iterator[list[str]]:
    """Save pages in turn, at a rate, as long as the block runs; yield the list of those saved."""
    stopped, done = threading.Event(), list[str]()

    def run() -> None:
        begun = time.monotonic()
        while not stopped.wait(max(0.0, begun + len(done) / per_second - time.monotonic())):
            path = paths[len(done) % 7]
            save(browser, path, f"{words} {len(done)}")
            done.append(path)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield done
    finally:
        stopped.set()
        thread.join()


def made_anew(
    wiki: int, bare: int, pages: dict[str, int], browser: Browser, rest: Callable[[], None]
) -> Iterator[Result]:
    """Yield the CPU time of answers to addresses that nobody has asked for before, in the processes
    of the server, as a share of that of a bare page with as many bytes.

    :param rest: waits until the worker owes nothing.
    """
    some = random.Random(7).sample(sorted(pages), min(ASKED, len(pages)))
    space = some[0].split("/")[1]
    kinds: tuple[tuple[str, Browser, Callable[[str], str], float | None], ...] = (
        ("page view, signed in", browser, lambda path: f"{path}?", 2.5),
        ("page view, anonymous", Browser(wiki), lambda path: f"{path}?", None),
        ("history, signed in", browser, lambda path: f"{path}/-/history?", 5.0),
        ("changes, signed in", browser, lambda _: "/-/changes?", 6.0),
        ("changes of a space, signed in", browser, lambda _: f"/{space}/-/changes?", 6.0),
        ("home, signed in", browser, lambda _: "/?", 6.0),
    )
    plain = Browser(bare)
    for name, who, address, target in kinds:
        rest()
        own, other = [], []
        for number in range(ROUNDS):
            asked = [f"{address(path)}anew={number}.{n}" for n, path in enumerate(some)]
            seconds, sizes = cpu_for(wiki, who, asked)
            own.append(seconds)
            other.append(cpu_for(bare, plain, [f"/{size}" for size in sizes])[0])
        mine, theirs = (statistics.median(times) / len(some) * 1000 for times in (own, other))
        yield Result(
            f"{name}, not remembered",
            f"{mine:.1f} ms",
            f"≤ {target} ms of CPU" if target else "",
            mine <= target if target else None,
            f"of CPU; a bare page {theirs:.2f} ms, that is {theirs / mine:.2f} ×",
        )


def cpu_for(port: int, browser: Browser, paths: list[str]) -> tuple[float, list[int]]:
    """Ask for pages one after the other; return the seconds of CPU time that the processes of the
    server take for it, and the sizes of the answers."""
    sizes = []
    before = cpu_of(process_of(port))
    for path in paths:
        status, _, data, _ = browser.ask(path)
        if status != 200:
            raise SystemExit(f"{path} answered {status}")
        sizes.append(len(data))
    return cpu_of(process_of(port)) - before, sizes


def cpu_of(process: int) -> float:
    """Return the seconds of CPU time of a process and all below it so far."""
    parents, ticks = {}, {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue  # it has ended meanwhile
            parents[int(entry.name)] = int(fields[1])
            ticks[int(entry.name)] = sum(map(int, fields[11:15]))

    def is_below(one: int) -> bool:
        while one in parents and one != process:
            one = parents[one]
        return one == process

    return sum(ticks[one] for one in ticks if is_below(one)) / os.sysconf("SC_CLK_TCK")
