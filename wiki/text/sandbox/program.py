"""Child processes that run a module of the wiki: how they are started, and what limits them."""

import os
import sys
from pathlib import Path

try:
    import resource
except ImportError:  # without it, only timers and the parent limit the process
    resource = None  # type: ignore[assignment]


_ROOT = Path(__file__).resolve().parents[3]


def command_of(module: str, *arguments: str) -> list[str]:
    """Return the command that runs a module of the wiki in a new process."""
    return [sys.executable, "-P", "-m", module, *arguments]


def bare_environment() -> dict[str, str]:
    """Return the environment for such a process, without settings and secrets of the wiki."""
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
