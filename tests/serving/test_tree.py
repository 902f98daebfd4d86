"""The tree of `wiki serve`: every child may die, and a stop loses nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from wiki.serve.supervisor import LONGEST_PAUSE, WorkerProcess
from wiki.serve.web import ServeError, listen

from .conftest import PATIENCE, ROOT, Served

Start = Callable[..., Served]


def test_a_killed_web_process_is_replaced_and_no_new_connection_is_refused(serve: Start) -> None:
    served = serve()
    first = dict(served.children)
    os.kill(first["web 1"], signal.SIGKILL)
    answers = [served.ask("/pid") for _ in range(20)]
    assert [answer.status for answer in answers] == [200] * 20
    assert served.next_start() == "web 1"
    assert served.children["web 1"] != first["web 1"]


def test_requests_are_answered_after_all_web_processes_are_killed_at_once(serve: Start) -> None:
    served = serve()
    for name in ("web 1", "web 2"):
        os.kill(served.children[name], signal.SIGKILL)
    assert served.ask("/pid").status == 200
    assert {served.next_start(), served.next_start()} == {"web 1", "web 2"}


def test_a_killed_worker_is_replaced(serve: Start) -> None:
    served = serve()
    first = served.children["worker"]
    os.kill(first, signal.SIGKILL)
    assert served.next_start() == "worker"
    assert served.children["worker"] != first


def test_a_process_told_to_end_as_soon_as_it_exists_ends(serve: Start) -> None:
    served = serve()
    (served.folder / "end-early").touch()
    os.kill(served.children["web 1"], signal.SIGKILL)
    served.next_start()
    # Whichever process found the order to end, it did, and another takes its place.
    ThreadPoolExecutor(1).submit(served.next_start).result(PATIENCE)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_lets_the_request_under_way_complete(serve: Start, number: signal.Signals) -> None:
    served = serve()
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(lambda: served.ask("/slow").read())
        (served.folder / "begun").read_text()
        served.process.send_signal(number)
        (served.folder / "release").write_text("complete")
        assert asked.result() == b"complete"
    served.gone()
    assert served.process.returncode == 0


def test_a_second_signal_does_not_wait_for_the_request_under_way(serve: Start) -> None:
    served = serve()
    connection = served.raw(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
    (served.folder / "begun").read_text()
    served.process.send_signal(signal.SIGTERM)
    while served.process.poll() is None:  # one that arrives together with the first counts once
        served.process.send_signal(signal.SIGTERM)
        threading.Event().wait(0.05)
    served.gone()
    connection.close()


def test_no_process_outlives_a_killed_parent(serve: Start) -> None:
    served = serve()
    served.process.kill()
    served.gone()


def test_a_port_in_use_is_one_sentence() -> None:
    with listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ServeError) as caught:
            listen("127.0.0.1", port)
    assert str(caught.value) == (
        f"Port {port} on 127.0.0.1 is already in use. Stop what uses it or choose another with "
        "--port."
    )


@pytest.mark.parametrize(("host", "port"), [("no.such.host.invalid", 0), ("127.0.0.1", 70000)])
def test_an_address_that_cannot_be_had_is_one_sentence(host: str, port: int) -> None:
    with pytest.raises(ServeError, match=r"^[^\n]+\.$"):
        listen(host, port)


def test_a_child_that_keeps_dying_is_started_ever_later_and_one_that_lived_at_once() -> None:
    child = WorkerProcess("web 1", lambda: None)
    pauses = []
    for _ in range(12):
        child.begun = 1000.0
        child.ended(1001.0)
        pauses.append(child.due - 1001.0)
    assert pauses == sorted(pauses)
    assert pauses[0] == 0.0
    assert pauses[-1] == LONGEST_PAUSE
    child.begun = 1000.0
    child.ended(5000.0)
    assert child.due == 5000.0


def test_a_child_that_fails_says_why(tmp_path: Path) -> None:
    code = (
        "from wiki.serve.supervisor import Supervisor, WorkerProcess\n"
        "def fail(): raise ValueError('the reason')\n"
        "Supervisor([WorkerProcess('worker', fail)]).run()\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert process.stderr
    assert any("ValueError: the reason" in line for line in process.stderr)
    process.terminate()
    process.communicate(timeout=30)
    assert process.returncode == 0
