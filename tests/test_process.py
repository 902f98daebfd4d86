"""Child processes end with everything that they started."""

import os
import select
import signal
import subprocess
from subprocess import PIPE
from typing import IO, cast

import pytest

from wiki.process import Child, run

STARTS_ANOTHER = ("sh", "-c", "sleep 1000 & echo started; wait")


def ends(pipe: IO[bytes]) -> bool:
    """Whether no process holds the other end of the pipe any more, or soon will not."""
    return bool(select.select([pipe], [], [], 10)[0]) and pipe.read() == b""


def test_a_killed_process_takes_along_what_it_started() -> None:
    child = Child(STARTS_ANOTHER, None, stdout=PIPE)
    output = cast(IO[bytes], child.stdout)
    assert output.readline() == b"started\n"
    child.kill()
    assert ends(output)
    child.stop()
    assert child.returncode == -signal.SIGKILL
    child.stop()


def test_a_process_that_exceeds_its_time_is_killed_with_what_it_started() -> None:
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as errors:
        with os.fdopen(writing, "wb"), pytest.raises(subprocess.TimeoutExpired):
            run(STARTS_ANOTHER, None, stderr=writing, seconds=0.1)
        assert ends(errors)


def test_a_process_that_has_ended_keeps_its_exit_status() -> None:
    done = run(("sh", "-c", "cat; echo no >&2; exit 3"), {"PATH": os.defpath})
    assert (done.returncode, done.stdout, done.stderr) == (3, b"", b"no\n")


def test_an_interrupt_in_the_terminal_is_for_the_parent() -> None:
    child = Child(("cat",), None, stdin=PIPE)
    try:
        assert os.getsid(child.pid) == child.pid != os.getsid(0)
    finally:
        child.stop()
