"""Child processes: how they are started, limited, and ended with everything that they started."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from subprocess import DEVNULL, PIPE
from typing import IO

try:
    import resource
except ImportError:  # without it, only timers and the parent limit the process
    resource = None  # type: ignore[assignment]


_ROOT = Path(__file__).resolve().parent.parent


class Child(subprocess.Popen[bytes]):
    """A child process with a session of its own: a Ctrl-C in the terminal reaches the parent only,
    and killing the child kills what it started too.

    What has a session of its own is spared, so a child of a child must notice that its standard
    input ends. No shell reads the command. Streams that are not given lead nowhere; those that are
    None, and the environment if it is None, are those of this process.
    """

    def __init__(
        self,
        command: Sequence[str],
        environ: Mapping[str, str] | None,
        *,
        stdin: int | IO[bytes] = DEVNULL,
        stdout: int | IO[bytes] = DEVNULL,
        stderr: int | IO[bytes] | None = DEVNULL,
        pipesize: int = -1,
    ) -> None:
        super().__init__(
            command,
            env=environ,
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            pipesize=pipesize,
            start_new_session=True,
        )

    def kill(self) -> None:
        """Kill the process and what it started, unless it has ended."""
        if self.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)

    def stop(self) -> None:
        """Kill the process, unless it has ended, and release its pipes and its entry in the process
        table."""
        self.kill()
        self.close_pipes()
        self.wait()

    def close_pipes(self) -> None:
        """Close this side's ends of the pipes."""
        for pipe in (self.stdin, self.stdout, self.stderr):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()


def run(
    command: Sequence[str],
    environ: Mapping[str, str] | None,
    *,
    stdin: int | IO[bytes] = DEVNULL,
    stderr: int = PIPE,
    seconds: float | None = None,
) -> subprocess.CompletedProcess[bytes]:
    """Run a command to its end, and return its exit status and output.

    :param seconds: elapsed time after which it is killed.
    :raises subprocess.TimeoutExpired: when it was killed.
    """
    child = Child(command, environ, stdin=stdin, stdout=PIPE, stderr=stderr)
    try:
        output, errors = child.communicate(timeout=seconds)
    finally:
        child.stop()
    return subprocess.CompletedProcess(command, child.returncode, output, errors)


def command_of(module: str, *arguments: str) -> list[str]:
    """Return the command that runs a module of the wiki in a new process."""
    return [sys.executable, "-P", "-m", module, *arguments]


def bare_environment() -> dict[str, str]:
    """Return the environment for such a command, without settings and secrets of the wiki."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL") if name in os.environ}
    return {**kept, "PYTHONPATH": str(_ROOT), "PYTHONDONTWRITEBYTECODE": "1"}


def lower_limits(memory: int, files: int) -> None:
    """Limit the address space of this process in bytes, and its number of open files. It may write
    no files, and leaves no core. Limits that are lower already stay."""
    if resource is None:
        return
    for what, most in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, files),
    ):
        _, hard = resource.getrlimit(what)
        if hard == resource.RLIM_INFINITY or most < hard:
            resource.setrlimit(what, (most, most))
