"""`wiki serve` as an administrator runs it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest

from wiki.serve.web import listen

from .conftest import PATIENCE, ROOT

Run = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: str, **environ: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "wiki", "serve", *arguments],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT), **environ},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate(timeout=PATIENCE)


def test_the_command_makes_the_database_says_its_address_and_answers_there(
    run: Run, tmp_path: Path
) -> None:
    process = run("--port", "0")
    assert process.stdout
    said = process.stdout.readline()
    found = re.search(r"http://127\.0\.0\.1:(\d+)/", said)
    assert found, said
    assert (tmp_path / "data/wiki.db").exists()
    connection = HTTPConnection("127.0.0.1", int(found[1]), timeout=PATIENCE)
    connection.request("GET", "/-/health")
    assert connection.getresponse().read().strip() == b'{"status":"ok"}'
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=PATIENCE)
    assert process.returncode == 0


@pytest.mark.thorough
def test_a_first_start_says_how_to_become_the_first_admin_and_a_later_one_does_not(
    run: Run, tmp_path: Path
) -> None:
    process = run("--port", "0")
    assert process.stdout
    said = [process.stdout.readline() for _ in range(3)]
    found = re.search(r"http://127\.0\.0\.1:(\d+)(/-/setup\?token=\S+)", said[2])
    assert found, said
    connection = HTTPConnection("127.0.0.1", int(found[1]), timeout=PATIENCE)
    connection.request("GET", found[2])
    assert connection.getresponse().status == 200
    process.kill()
    process.communicate(timeout=PATIENCE)
    command = [sys.executable, "-m", "wiki", "user", "add", "ada", "--admin", "--password-stdin"]
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run(
        command, cwd=tmp_path, env=environ, input="correct horse battery", text=True, check=True
    )
    again = run("--port", "0")
    assert again.stdout
    assert again.stdout.readline()
    again.send_signal(signal.SIGTERM)
    rest, _ = again.communicate(timeout=PATIENCE)
    assert "setup" not in rest


def test_a_port_in_use_ends_the_command_with_one_line(run: Run) -> None:
    with listen("127.0.0.1", 0) as taken:
        process = run("--port", str(taken.getsockname()[1]))
        _, error = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert error.startswith("Error: Port ")
    assert error.count("\n") == 1


@pytest.mark.thorough
def test_a_wrong_setting_ends_the_command_with_one_line(run: Run) -> None:
    process = run("--port", "0", WIKI_BASE_URL="nonsense")
    _, error = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert "WIKI_BASE_URL" in error
    assert error.count("\n") == 1
