"""A tree of server processes that a test may shoot at."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 30  # seconds after which a test gives up; nothing is expected to take as long


class Served:
    """The running program: its port, its processes by name, and requests to it."""

    def __init__(self, folder: Path, **environ: str) -> None:
        self.folder = folder
        for name in ("begun", "release"):
            os.mkfifo(folder / name)
        self.process = subprocess.Popen(
            [sys.executable, Path(__file__).with_name("program.py"), "0", folder],
            env={**os.environ, "PYTHONPATH": str(ROOT), **environ},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout and self.process.stderr
        self.port = int(self.process.stdout.readline())
        self.errors = self.process.stderr
        self.children: dict[str, int] = {}
        for _ in range(3):
            self.next_start()

    def next_start(self) -> str:
        """Wait until the parent says that it has started a child; which one."""
        for line in self.errors:
            if found := re.fullmatch(r"The (.+) process is (\d+)\.", line.strip()):
                self.children[found[1]] = int(found[2])
                return found[1]
        raise AssertionError("the tree ended instead of starting a process")

    def ask(self, path: str, method: str = "GET", **kwargs: object) -> HTTPResponse:
        """One request on a connection of its own."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        connection.request(method, path, **kwargs)  # type: ignore[arg-type]
        return connection.getresponse()

    def raw(self, data: bytes = b"") -> socket.socket:
        """A connection with these bytes sent, and nothing read."""
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)
        connection.sendall(data)
        return connection

    def gone(self) -> None:
        """Wait until every process of the tree has ended: until nobody holds its stderr."""
        self.process.communicate(timeout=PATIENCE)


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Served]]:
    started: list[Served] = []

    def start(**environ: str) -> Served:
        folder = tmp_path / str(len(started))
        folder.mkdir()
        started.append(Served(folder, **environ))
        return started[-1]

    yield start
    for served in started:
        served.process.kill()  # its children see that, and end too
        served.gone()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One tree for all tests of a file that leave it as it is."""
    served = Served(tmp_path_factory.mktemp("served"))
    yield served
    served.process.kill()
    served.gone()
