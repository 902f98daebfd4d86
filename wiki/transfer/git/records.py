"""Commits, their changes and the files of trees, as git prints them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import IO

from wiki.transfer.git.command import GitError

_CHUNK = 1 << 16
LONGEST_COMMIT = 64 << 20
_LATEST = 253402300799  # the last second of the year 9999
_BRANCHES = ("main", "master", "trunk")


@dataclass(frozen=True)
class FileChange:
    """A change of a file by a commit. ``old_path`` is the former path of a renamed file.

    ``status`` is A, M, D, R, C or T as in Git's raw format; paths are bytes decoded as UTF-8, with
    surrogates for invalid ones; ``mode`` is that of the new file, in octal digits.
    """

    status: str
    mode: str
    blob: str
    path: str
    old_path: str = ""


@dataclass(frozen=True)
class Commit:
    """A commit with its changes against each of its parents."""

    hash: str
    parents: tuple[str, ...]
    name: str
    address: str
    at: datetime
    message: str
    changes: tuple[FileChange, ...]


@dataclass(frozen=True)
class TreeFile:
    """A file of a commit's tree; its size is in bytes, 0 if the content is missing."""

    mode: str
    blob: str
    size: int
    path: str


@dataclass(frozen=True)
class Gaps:
    """Numbers of file contents and of trees that a history refers to and that are missing. If a
    tree is damaged, ``trees`` is at least 1."""

    blobs: int = 0
    trees: int = 0


def split_fields(stream: IO[bytes]) -> Iterator[bytes]:
    """Yield the fields between zero bytes as they arrive."""
    rest = b""
    while chunk := stream.read(_CHUNK):
        *whole, rest = (rest + chunk).split(b"\0")
        yield from whole
    if rest:
        yield rest


def parse_commits(fields: Iterator[bytes], mark: bytes) -> Iterator[Commit]:
    """Yield commits from the output of `git log -m`, a merge once for each parent."""
    head: list[bytes] = []
    changes: list[FileChange] = []
    for field in fields:
        entry = field.lstrip(b"\n")
        if entry == mark:
            if head:
                yield _commit(head, changes)
            head, changes = [next(fields) for _ in range(6)], []
        elif entry.startswith(b":"):
            _, mode, _, blob, status = entry[1:].decode().split(" ")
            path = decode(next(fields))
            old_path = ""
            if status[0] in "RC":
                old_path, path = path, decode(next(fields))
            changes.append(FileChange(status[0], mode, blob, path, old_path))
    if head:
        yield _commit(head, changes)


def _commit(head: Sequence[bytes], changes: Sequence[FileChange]) -> Commit:
    hash, parents, name, address, at, message = (_words(part) for part in head)
    moment = moment_of(at)
    return Commit(
        hash, tuple(parents.split()), name, address, moment, message.rstrip("\n"), tuple(changes)
    )


def _words(value: bytes) -> str:
    """Decode text of a commit: as UTF-8 or, as Git assumes otherwise, as Latin-1."""
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("cp1252", "replace")


def moment_of(seconds: str) -> datetime:
    try:
        return datetime.fromtimestamp(min(max(int(seconds), 0), _LATEST), UTC)
    except (ValueError, OverflowError):
        return datetime.fromtimestamp(0, UTC)


def merged_commit(commits: Iterator[Commit]) -> Iterator[Commit]:
    """Yield each commit once, a merge with its differences from all of its parents."""
    last: Commit | None = None
    for commit in commits:
        if last is not None and commit.hash == last.hash:
            changes = (*last.changes, *commit.changes)
            last = Commit(**{**vars(last), "changes": changes})
            continue
        if last is not None:
            yield last
        last = commit
    if last is not None:
        yield last


def decode(path: bytes) -> str:
    return path.decode("utf-8", "surrogateescape")


def choose_branch(listed: str, source: str, branch: str | None) -> tuple[str, str]:
    """Return the requested branch or tag, or else the main branch, and its newest commit.

    :param listed: output of ``git ls-remote --symref``.
    :raises GitError: if there is none.
    """
    found, default = {}, ""
    for line in listed.splitlines():
        value, _, name = line.partition("\t")
        if name == "HEAD" and value.startswith("ref: refs/heads/"):
            default = value.removeprefix("ref: refs/heads/")
        elif not value.startswith("ref: "):
            found[name] = value
    heads = [name for name in found if name.startswith("refs/heads/")]
    tags = [name for name in found if re.fullmatch(r"refs/tags/[^^]+", name)]
    wanted = [f"refs/heads/{name}" for name in ([branch] if branch else [default, *_BRANCHES])]
    wanted += [f"refs/tags/{branch}"] if branch else [*heads, "HEAD"]
    for name in wanted:
        if name in found:
            return _short(name), found[name]
    known = ", ".join(map(_short, (heads or tags)[:20]))
    if branch and known:
        raise GitError(f"There is no branch {branch}; there are: {known}.")
    if known:
        raise GitError(f"{source} has no branch. Choose one of its tags with --branch: {known}.")
    raise GitError(f"{source} contains no commits.")


def _short(name: str) -> str:
    return re.sub(r"^refs/(heads|tags)/", "", name)
