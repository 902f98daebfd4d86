"""Calls of the `git` command.

No configuration of the machine, of a user or of a foreign repository is used. No hook, filter, text
conversion or external diff is run, and nothing is ever fetched.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from subprocess import DEVNULL
from typing import IO

from wiki import process
from wiki.errors import WikiError

# Others may be able to write hooks and settings into a repository; options given here override its
# settings.
SETTINGS = (
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "gc.auto=0",
    "gc.autoDetach=false",
    "maintenance.auto=false",
    "protocol.allow=never",
    "protocol.file.allow=always",
    "diff.renameLimit=4000",
    "log.showSignature=false",
)


class GitError(WikiError):
    """A failure of Git, or a missing `git`; the sentence contains Git's message."""


class Missing(GitError):
    """A repository lacks an object that it refers to."""


def git_command() -> str:
    """Return the path of `git`.

    :raises GitError: when it is not installed.
    """
    found = shutil.which("git")
    if found is None:
        raise GitError("Git isn’t installed on this machine. Install the package “git” first.")
    return found


def environment() -> dict[str, str]:
    """Return the environment variables that `git` runs with."""
    kept = {name: os.environ[name] for name in ("PATH", "TMPDIR") if name in os.environ}
    return kept | {
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_TERMINAL_PROMPT": "0",
        # Applies also to processes that Git starts in a foreign repository.
        "GIT_ALLOW_PROTOCOL": "file",
        "GIT_NO_LAZY_FETCH": "1",
        "HOME": os.devnull,
        "LC_ALL": "C",
    }


def command(folder: Path | None, *arguments: str) -> list[str]:
    """Return a Git command on the bare repository in `folder`."""
    settings = [word for setting in SETTINGS for word in ("-c", setting)]
    where = [f"--git-dir={folder}"] if folder else []
    return [git_command(), *settings, *where, "--no-pager", *arguments]


def run(
    folder: Path | None,
    *arguments: str,
    environ: Mapping[str, str] | None = None,
    stdin: int | IO[bytes] = DEVNULL,
) -> bytes:
    """Run a Git command on the bare repository in `folder`, and return its output.

    :param environ: its environment, if it is not :func:`environment`.
    :raises GitError: when it fails, with Git's message.
    """
    done = process.run(command(folder, *arguments), environ or environment(), stdin=stdin)
    if done.returncode:
        raise GitError(f"Git refused “{arguments[0]}”: {said(done.stderr)}")
    return done.stdout


def said(stderr: bytes) -> str:
    """Return the line of Git's output that states the error, at most 400 characters."""
    lines = [line.strip() for line in stderr.decode("utf-8", "replace").splitlines()]
    fatal = [line for line in lines if line.startswith(("fatal:", "error:"))]
    found = (fatal or [line for line in lines if line] or ["no reason given"])[0]
    return found.removeprefix("fatal:").removeprefix("error:").strip().rstrip(".")[:400] + "."


def is_history(path: Path) -> bool:
    """Return whether there is a Git bundle, repository or working tree at `path`."""
    if path.is_dir():
        places = folders_of(path)
        return any((one / "HEAD").is_file() and (one / "objects").is_dir() for one in places)
    try:
        with path.open("rb") as file:
            return re.match(rb"# v\d git bundle\n", file.read(20)) is not None
    except OSError:
        return False


def folders_of(path: Path) -> list[Path]:
    """Return the folders that can hold the repository at a path."""
    found = [path, path / ".git"]
    with suppress(OSError):  # in a linked working tree `.git` is a file with the repository's path
        if (path / ".git").is_file():
            line = (path / ".git").read_text("utf-8", "replace").splitlines()[0]
            linked = path / line.removeprefix("gitdir:").strip()
            found += [linked, linked / ".." / ".."]
    return found
