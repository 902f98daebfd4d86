"""Memory of a tree of processes, and the cost of a server that nobody uses."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from bench.browser import Browser
from bench.busy import cpu_of, saving
from bench.measure import Result, rate, request
from bench.servers import process_of, running

REST = 10.0
"""Seconds after which a server is idle."""
IDLE = 30.0
LOAD = 10.0


def servers(
    command: tuple[str, ...], paths: list[str], sign_in: Callable[[int], Browser]
) -> Iterator[Result]:
    """Yield the memory of all processes of a server when nobody uses it and after a load of page
    views and saves, and the CPU time that it takes when nobody does.

    :param sign_in: returns a browser of an editor at a port.
    """
    some = random.Random(9).sample(sorted(paths), min(200, len(paths)))
    with running(*command) as port:
        server = process_of(port)
        Browser(port).ask(some[0])
        time.sleep(REST)
        before, begun = cpu_of(server), time.monotonic()
        idle = resident(server)
        time.sleep(IDLE)
        share = (cpu_of(server) - before) / (time.monotonic() - begun)
        browser = sign_in(port)
        with saving(browser, some, 2, "memory"):
            rate(port, [request(port, path, browser.cookie()) for path in some], LOAD)
        time.sleep(REST)
        loaded = resident(server)
    for name, size, most in (("idle", idle, 150), ("after load", loaded, 250)):
        yield Result(
            f"memory, {name}",
            f"{size >> 20} MB",
            f"≤ {most} MB",
            size <= most << 20,
            "proportional set size of all processes of the server",
        )
    yield Result(
        "CPU time, idle",
        f"{share:.2%}",
        "≤ 0.20% of a core",
        share <= 0.002,
        f"of all processes of the server, in {IDLE:.0f} s",
    )


def resident(pid: int, command: bytes = b"") -> int:
    """Return the memory of a process and its children in bytes, with shared memory counted once.

    :param command: the command of the parent. A child that still has it may just have been started
        with ``vfork``: until it runs its program, it has all of the parent's memory as its own.
        Children of a supervisor are forked for good, and share that memory.
    """
    total = 0
    try:
        own = Path(f"/proc/{pid}/cmdline").read_bytes()
        if own == command:
            return 0
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1]) << 10
        for thread in Path(f"/proc/{pid}/task").iterdir():
            for child in (thread / "children").read_text().split():
                total += resident(int(child), b"" if b"serve" in own else own)
    except OSError:
        return total  # it has just ended
    return total
