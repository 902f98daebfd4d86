"""An upload that was under way when every process was killed goes on after the next start."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from http.client import HTTPConnection, HTTPResponse

import pytest

from tests.api.conftest import V1, Api
from tests.cast import Scene

from .conftest import PATIENCE, ROOT


class Wiki:
    """`wiki serve` on the data of a scene."""

    def __init__(self, scene: Scene) -> None:
        settings = scene.settings
        self.process = subprocess.Popen(
            [sys.executable, "-m", "wiki", "serve", "--port", "0"],
            env={
                **os.environ,
                "PYTHONPATH": str(ROOT),
                "WIKI_DATA_DIR": str(settings.data_dir),
                "WIKI_DATABASE_URL": settings.database_url,
                "WIKI_SECRET_KEY": settings.secret_key,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout and self.process.stderr
        said = self.process.stdout.readline()
        self.port = int(re.findall(r":(\d+)/", said)[0])
        self.children = []
        for line in self.process.stderr:
            self.children += map(int, re.findall(r"The .* process is (\d+)\.", line))
            if "worker" in line:
                break

    def connection(self) -> HTTPConnection:
        return HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> HTTPResponse:
        connection = self.connection()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body, named)
        return connection.getresponse()

    def kill(self) -> None:
        """Every process at once, as a machine that loses its power does."""
        for pid in (self.process.pid, *self.children):
            os.kill(pid, signal.SIGKILL)
        self.process.communicate(timeout=PATIENCE)


@pytest.fixture
def serve(wiki: Scene) -> Iterator[Callable[[], Wiki]]:
    started: list[Wiki] = []

    def start() -> Wiki:
        started.append(Wiki(wiki))
        return started[-1]

    yield start
    for one in started:
        if one.process.poll() is None:
            one.kill()


@pytest.mark.thorough
def test_nothing_that_was_acknowledged_is_sent_again(
    wiki: Scene, serve: Callable[[], Wiki]
) -> None:
    data = os.urandom(3 << 20)
    token = {"Authorization": f"Bearer {Api(wiki).token('ben')}"}
    served = serve()
    begun = served.ask("POST", f"{V1}/uploads/eng/film.bin", Upload_Length=str(len(data)), **token)
    assert begun.status == 201
    url = begun.headers["Location"]
    first = served.ask("PATCH", url, data[: 1 << 20], Upload_Offset="0", **token)
    assert (first.status, first.headers["Upload-Offset"]) == (204, str(1 << 20))
    broken = served.connection()
    broken.putrequest("PATCH", url)
    for name, value in {**token, "Upload-Offset": str(1 << 20), "Content-Length": "9999"}.items():
        broken.putheader(name, value)
    broken.endheaders(data[1 << 20 : (1 << 20) + 500])
    served.kill()

    served = serve()
    standing = served.ask("HEAD", url, **token)
    assert standing.headers["Upload-Offset"] == str(1 << 20)
    last = served.ask("PATCH", url, data[1 << 20 :], Upload_Offset=str(1 << 20), **token)
    assert (last.status, last.headers["Upload-Offset"]) == (204, str(len(data)))
    assert wiki.get("cai", "/eng/-/files/film.bin").data == data
