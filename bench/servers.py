"""The servers that are compared: the wiki, and a bare Flask page on the same kind of server."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from flask import Flask

ROOT = Path(__file__).resolve().parents[1]
WORKERS = 2
THREADS = 8


def bare() -> Flask:
    """Return a minimal Flask app: ``/<bytes>`` answers with that many bytes."""
    app = Flask("bare")
    pages: dict[int, str] = {}

    @app.get("/<int:size>")
    def page(size: int) -> str:
        if size not in pages:
            pages[size] = "x" * size
        return pages[size]

    return app


def serve_bare() -> None:
    """Serve the bare page as `wiki serve` serves the wiki, on any free port."""
    from wiki.serve.supervisor import Supervisor, WorkerProcess
    from wiki.serve.web import address_of, listen, web

    listener = listen("127.0.0.1", 0)
    print(address_of(listener), flush=True)

    def answer() -> None:
        web(lambda: bare().wsgi_app, listener, threads=THREADS, body_limit=1 << 20)

    Supervisor([WorkerProcess(f"web {number}", answer) for number in range(WORKERS)]).run()


_processes: dict[int, int] = {}


def process_of(port: int) -> int:
    """Return the process that serves on a port."""
    return _processes[port]


@contextlib.contextmanager
def running(*command: str, **environ: str) -> Iterator[int]:
    """Run a server that prints its address, and yield its port."""
    process = subprocess.Popen(
        [sys.executable, "-m", *command],
        cwd=ROOT,
        env={**os.environ, **environ},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout
        for line in process.stdout:
            if found := re.search(r"http://[\d.]+:(\d+)/", line):
                _processes[int(found[1])] = process.pid
                yield int(found[1])
                break
        else:
            raise SystemExit(f"python -m {' '.join(command)} did not start")
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)


if __name__ == "__main__":
    serve_bare()
