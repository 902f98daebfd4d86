"""A benchmark of the downtime after a kill: from the start until the first page is read."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import statistics
import subprocess
import sys
import time
import urllib.request

from bench.measure import Result
from bench.servers import ROOT

STARTS = 5


def restarts(path: str) -> Result:
    """Measure killing and starting the server a few times.

    :param path: a page that visitors may read.
    """
    away = statistics.median(_restart(path) for _ in range(STARTS))
    return Result(
        "restart after a kill",
        f"{away:.1f} s",
        "≤ 3 s",
        away <= 3,
        f"median of {STARTS}, until the first page is read",
    )


def _restart(path: str) -> float:
    """Start the server, read a page, kill every process; return the seconds until the page was
    read."""
    begun = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "wiki", "serve", "--port=0"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout and process.stderr
    address = re.search(r"http://\S+", process.stdout.readline())
    assert address, "the server does not say where it is"
    with urllib.request.urlopen(address[0].rstrip("/") + path, timeout=60) as answer:
        answer.read()
    seconds = time.perf_counter() - begun
    children = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(process.pid)], capture_output=True, text=True, check=True
    )
    for pid in (process.pid, *map(int, children.stdout.split())):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    process.communicate(timeout=60)  # returns when no process holds its stderr any more
    return seconds
