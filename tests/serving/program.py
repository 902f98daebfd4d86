"""A small tree of processes for the tests of `wiki serve`: python program.py PORT FOLDER."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from wiki.serve.supervisor import Supervisor, WorkerProcess
from wiki.serve.web import ServeError, listen, web
from wiki.web.server import connection, wsgi_bridge

folder = Path(sys.argv[2])


def application(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
    path = environ["PATH_INFO"]
    if path == "/pid":
        answer = str(os.getpid())
    elif path == "/slow":
        (folder / "begun").write_text("")  # a pipe: waits until the test reads
        answer = (folder / "release").read_text()  # another one: waits until the test writes
    elif path == "/length":
        data = environ["wsgi.input"].read()
        answer = f"{len(data)} {environ.get('CONTENT_LENGTH')} {sum(data)}"
    elif path == "/fail":
        raise RuntimeError("as the test wants it")
    elif path == "/stream":
        start("200 OK", [("Content-Type", "text/plain")])
        return Stream()
    else:
        wanted = ("HTTP_", "PATH_INFO", "QUERY_STRING", "CONTENT_TYPE", "REMOTE_ADDR")
        answer = "\n".join(f"{k}={v}" for k, v in environ.items() if k.startswith(wanted))
    body = answer.encode("utf-8", "surrogateescape")
    start("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]


class Stream:
    """Many pieces, and a note once the server lets go of them."""

    def __iter__(self) -> Iterator[bytes]:
        for number in range(64):
            yield bytes([number]) * 100_000

    def close(self) -> None:
        (folder / "closed").write_text("")


def end_early() -> None:
    """In a new process: be told to end before anything else, if the test wants it this once."""
    try:
        (folder / "end-early").unlink()
    except FileNotFoundError:
        return
    os.kill(os.getpid(), signal.SIGTERM)


def main() -> None:
    os.register_at_fork(after_in_child=end_early)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    connection.HEAD_SECONDS = float(os.environ.get("HEAD_SECONDS", "15"))
    wsgi_bridge.BODY_SECONDS = float(os.environ.get("BODY_SECONDS", "30"))
    try:
        listener = listen("127.0.0.1", int(sys.argv[1]))
    except ServeError as error:
        raise SystemExit(str(error)) from None
    print(listener.getsockname()[1], flush=True)

    def serve() -> None:
        web(lambda: application, listener, threads=2, body_limit=2_000_000)

    worker = threading.Event().wait
    Supervisor(
        [
            WorkerProcess("web 1", serve),
            WorkerProcess("web 2", serve),
            WorkerProcess("worker", worker),
        ]
    ).run()


main()
