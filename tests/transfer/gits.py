"""Looking into repositories as others do: with the `git` command."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from wiki.transfer.git.command import environment
from wiki.transfer.git.trailers import read_message


def git(folder: Path, *arguments: str, stdin: str = "") -> str:
    """What a Git command says about a repository."""
    command = ["git", "-C", str(folder), *arguments]
    done = subprocess.run(
        command, env=environment(), input=stdin.encode(), capture_output=True, check=True
    )
    return done.stdout.decode()


@dataclass(frozen=True)
class Commit:
    """A commit as one reads it."""

    author: str
    committer: str
    date: str
    message: str
    trailers: dict[str, str]
    changes: list[str]


def log(folder: Path) -> list[Commit]:
    """The commits of the branch main, oldest first."""
    found = []
    for name in git(folder, "rev-list", "--reverse", "main").split():
        form = "%an <%ae>%x00%cn <%ce>%x00%aI"
        author, committer, date = git(folder, "show", "-s", f"--format={form}", name)[:-1].split(
            "\0"
        )
        message = git(folder, "cat-file", "commit", name).partition("\n\n")[2]
        text, trailers = read_message(message)
        changes = git(
            folder, "diff-tree", "-r", "--root", "-M", "--no-commit-id", "--name-status", name
        )
        lines = [" ".join(line.split("\t")) for line in changes.splitlines()]
        found.append(Commit(author, committer, date, text, trailers, lines))
    return found


def files(folder: Path) -> list[str]:
    """What is in the newest commit."""
    return git(
        folder, "-c", "core.quotePath=false", "ls-tree", "-r", "--name-only", "main"
    ).splitlines()


def text(folder: Path, place: str, commit: str = "main") -> str:
    """A file of a commit."""
    return git(folder, "show", f"{commit}:{place}")
