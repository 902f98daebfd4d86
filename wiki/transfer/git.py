"""Speaking with the `git` command: repositories of others are read through one of our own.

Whatever lies in a repository, a bundle or a working tree is fetched into a bare repository that
this wiki made; only objects cross over. No configuration of the machine, of a user or of the
foreign repository is obeyed, no hook, filter, text conversion or external diff is run, and nothing
is ever checked out.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, cast

from wiki.errors import WikiError

# A hook may stand in a repository that others can write; commands given here outrank its settings.
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
_CHUNK = 1 << 16
_BRANCHES = ("main", "master", "trunk")
_OURS = "refs/heads/imported"
_LATEST = 253402300799  # the last second of the year 9999


class GitError(WikiError):
    """Git is missing or refused; the sentence says what it said."""


def git_command() -> str:
    """The path of `git`.

    :raises GitError: when there is none.
    """
    found = shutil.which("git")
    if found is None:
        raise GitError("Git is not installed on this machine: install the package “git” first.")
    return found


def environment() -> dict[str, str]:
    """What `git` gets to know of the machine."""
    kept = {name: os.environ[name] for name in ("PATH", "TMPDIR") if name in os.environ}
    return kept | {
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_TERMINAL_PROMPT": "0",
        "HOME": os.devnull,
        "LC_ALL": "C",
    }


def command(folder: Path | None, *arguments: str) -> list[str]:
    """A Git command on the bare repository in `folder`, for `subprocess`."""
    settings = [word for setting in SETTINGS for word in ("-c", setting)]
    where = [f"--git-dir={folder}"] if folder else []
    return [git_command(), *settings, *where, "--no-pager", *arguments]


def said(stderr: bytes) -> str:
    """The line in which Git says what is wrong."""
    lines = [line.strip() for line in stderr.decode("utf-8", "replace").splitlines()]
    fatal = [line for line in lines if line.startswith(("fatal:", "error:"))]
    found = (fatal or [line for line in lines if line] or ["it did not say why"])[0]
    return found.removeprefix("fatal:").removeprefix("error:").strip().rstrip(".")[:400] + "."


def is_history(path: Path) -> bool:
    """Whether there is a bundle, a repository or a working tree of Git at `path`."""
    if path.is_dir():
        places = _folders(path)
        return any((one / "HEAD").is_file() and (one / "objects").is_dir() for one in places)
    try:
        with path.open("rb") as file:
            return re.match(rb"# v\d git bundle\n", file.read(20)) is not None
    except OSError:
        return False


def _folders(path: Path) -> list[Path]:
    found = [path, path / ".git"]
    with suppress(OSError):  # of a linked working tree `.git` is a file that says where
        if (path / ".git").is_file():
            line = (path / ".git").read_text("utf-8", "replace").splitlines()[0]
            linked = path / line.removeprefix("gitdir:").strip()
            found += [linked, linked / ".." / ".."]
    return found


@dataclass(frozen=True)
class FileChange:
    """What a commit did to a file. ``old_path`` is where a renamed one was before.

    ``status`` is A, M, D, R, C or T as in Git's raw format; paths are as bytes of UTF-8 decoded
    with surrogates for what is not; ``mode`` is that of the new file, in octal digits.
    """

    status: str
    mode: str
    blob: str
    path: str
    old_path: str = ""


@dataclass(frozen=True)
class Commit:
    """A commit with what it did to files against each of its parents."""

    hash: str
    parents: tuple[str, ...]
    name: str
    address: str
    at: datetime
    message: str
    changes: tuple[FileChange, ...]


@dataclass(frozen=True)
class TreeFile:
    """A file of a commit's tree: its size is in bytes."""

    mode: str
    blob: str
    size: int
    path: str


class History:
    """One branch of a repository, read into a bare repository that lasts as long as this object.

    :raises GitError: when there is no Git, or nothing that it can read.
    """

    def __init__(self, source: Path, branch: str | None = None) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="wiki-git-"))
        try:
            self._run(None, "init", "--quiet", "--bare", "--template=", str(self._folder))
            self._allow_any_owner()
            self.branch = self._fetch(source.resolve(), branch)
            self.tip = self._run(self._folder, "rev-parse", _OURS).decode().strip()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Forget what was fetched."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _allow_any_owner(self) -> None:
        # Objects are only read, so it does not matter whose the repository is.
        (self._folder / "allowed").write_text("[safe]\n\tdirectory = *\n")

    def _environment(self) -> dict[str, str]:
        return environment() | {"GIT_CONFIG_GLOBAL": str(self._folder / "allowed")}

    def _run(self, folder: Path | None, *arguments: str) -> bytes:
        done = subprocess.run(  # noqa: S603 the program is git, and no shell reads its arguments
            command(folder, *arguments),
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
        if done.returncode:
            raise GitError(f"Git could not {arguments[0]}: {said(done.stderr)}")
        return done.stdout

    def _fetch(self, source: Path, branch: str | None) -> str:
        """Bring the objects of one branch over; its name."""
        listed = self._run(self._folder, "ls-remote", "--symref", "--", str(source)).decode(
            "utf-8", "replace"
        )
        heads, default = [], ""
        for line in listed.splitlines():
            value, _, name = line.partition("\t")
            if name.startswith("refs/heads/"):
                heads.append(name.removeprefix("refs/heads/"))
            elif name == "HEAD" and value.startswith("ref: refs/heads/"):
                default = value.removeprefix("ref: refs/heads/")
        wanted = branch or next((one for one in (default, *_BRANCHES, *heads) if one in heads), "")
        if wanted not in heads:
            if not heads:
                raise GitError(f"{source.name} holds no branch with commits.")
            raise GitError(f"There is no branch {wanted}; there are: {', '.join(heads[:20])}.")
        self._run(
            self._folder,
            "fetch",
            "--quiet",
            "--no-tags",
            "--no-write-fetch-head",
            "--no-recurse-submodules",
            "--",
            str(source),
            f"+refs/heads/{wanted}:{_OURS}",
        )
        return wanted

    def root(self) -> str:
        """The first commit of all, by which the same history is known again."""
        roots = self._run(self._folder, "rev-list", "--max-parents=0", _OURS).decode().split()
        return roots[-1]

    def has(self, commit: str) -> bool:
        """Whether a commit is part of the branch."""
        try:
            self._run(self._folder, "merge-base", "--is-ancestor", commit, _OURS)
        except GitError:
            return False
        return True

    def count(self, after: str = "") -> int:
        """How many commits there are (since the commit `after`)."""
        known = [f"^{after}"] if after else []
        return int(self._run(self._folder, "rev-list", "--count", _OURS, *known))

    def commits(self, after: str = "") -> Iterator[Commit]:
        """The commits (since the commit `after`), each behind its parents.

        Those of a merged branch stand together. A merge gives its differences from every parent.
        """
        mark = secrets.token_hex(16)  # which no message can foresee
        form = f"%x00{mark}%x00%H%x00%P%x00%an%x00%ae%x00%at%x00%B%x00"
        known = [f"^{after}"] if after else []
        arguments = command(
            self._folder,
            "log",
            "--topo-order",
            "--reverse",
            "--raw",
            "-z",
            "-m",
            "-M",
            "--no-abbrev",
            "--no-ext-diff",
            "--no-textconv",
            "--ignore-submodules=none",
            "--encoding=UTF-8",
            f"--format={form}",
            _OURS,
            *known,
            "--",
        )
        with tempfile.TemporaryFile() as errors:
            process = subprocess.Popen(  # noqa: S603
                arguments,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
            )
            try:
                fields = _fields(cast(IO[bytes], process.stdout))
                yield from _merged(_parsed(fields, mark.encode()))
                if process.wait():
                    errors.seek(0)
                    raise GitError(f"Git could not read the history: {said(errors.read())}")
            finally:
                process.kill()
                process.wait()

    def tree(self) -> Iterator[TreeFile]:
        """All files of the newest commit."""
        listed = self._run(self._folder, "ls-tree", "-r", "-z", "--long", "--full-tree", _OURS)
        for entry in listed.split(b"\0"):
            if entry:
                about, _, path = entry.partition(b"\t")
                mode, _, blob, size = about.decode().split()
                yield TreeFile(mode, blob, int(size) if size != "-" else 0, _text(path))

    def blobs(self) -> Blobs:
        """Reads contents of files, until closed."""
        return Blobs(command(self._folder, "cat-file", "--batch"), self._environment())


class Blobs:
    """Contents of files by their hash in Git."""

    def __init__(self, arguments: Sequence[str], environ: dict[str, str]) -> None:
        self._process = subprocess.Popen(  # noqa: S603
            arguments,
            env=environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self._asked = cast(IO[bytes], self._process.stdin)
        self._given = cast(IO[bytes], self._process.stdout)

    def read(self, blob: str, most: int) -> bytes | None:
        """All bytes; None when there are more than `most`.

        :raises GitError: when it is not there.
        """
        self._asked.write(blob.encode() + b"\n")
        self._asked.flush()
        head = self._given.readline().split()
        if len(head) != 3:
            raise GitError(f"The repository lacks {blob}: it is damaged or incomplete.")
        size = int(head[2])
        if size > most:
            left = size + 1
            while left:
                left -= len(self._given.read(min(left, _CHUNK)))
            return None
        data = self._given.read(size)
        self._given.read(1)
        if len(data) < size:
            raise GitError("Git stopped in the middle of a file.")
        return data

    def close(self) -> None:
        """End the process that reads."""
        self._asked.close()
        self._process.wait()
        self._given.close()


def _fields(stream: IO[bytes]) -> Iterator[bytes]:
    """What stands between zero bytes, as it arrives."""
    rest = b""
    while chunk := stream.read(_CHUNK):
        *whole, rest = (rest + chunk).split(b"\0")
        yield from whole
    if rest:
        yield rest


def _parsed(fields: Iterator[bytes], mark: bytes) -> Iterator[Commit]:
    """Commits as `git log -m` gives them: a merge once for each parent."""
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
            path = _text(next(fields))
            old_path = ""
            if status[0] in "RC":
                old_path, path = path, _text(next(fields))
            changes.append(FileChange(status[0], mode, blob, path, old_path))
    if head:
        yield _commit(head, changes)


def _commit(head: Sequence[bytes], changes: Sequence[FileChange]) -> Commit:
    hash, parents, name, address, at, message = (part.decode("utf-8", "replace") for part in head)
    try:
        moment = datetime.fromtimestamp(min(max(int(at), 0), _LATEST), UTC)
    except (ValueError, OverflowError):
        moment = datetime.fromtimestamp(0, UTC)
    return Commit(
        hash, tuple(parents.split()), name, address, moment, message.rstrip("\n"), tuple(changes)
    )


def _merged(commits: Iterator[Commit]) -> Iterator[Commit]:
    """Each commit once, a merge with its differences from all of its parents."""
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


def _text(path: bytes) -> str:
    return path.decode("utf-8", "surrogateescape")
