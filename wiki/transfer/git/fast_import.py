"""Repositories that this wiki writes, and the stream of commits into each (`git fast-import`).

No configuration of the machine or of a user is read, and no hook is run.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from subprocess import PIPE
from typing import IO, cast

from wiki.process import Child
from wiki.transfer.git.command import GitError, command, environment, run, said

BRANCH = "refs/heads/main"
_CHUNK = 1 << 20


class Busy(GitError):
    """Another process is writing to the repository."""


@dataclass(frozen=True)
class Signature:
    """Name and address of a commit's author."""

    name: str
    address: str

    def line(self, at: datetime) -> bytes:
        """Return the author line of a commit at that moment, in UTC; Git does not accept times
        before 1970."""
        name, address = _signable(self.name), _signable(self.address)
        return f"{name} <{address}> {max(0, int(at.timestamp()))} +0000".lstrip().encode()


def _signable(words: str) -> str:
    """Return the words without the characters that would end them too early."""
    plain = words.encode("utf-8", "replace").decode()
    return " ".join("".join(" " if one in "<>\0" else one for one in plain).split())


class Repository:
    """A bare repository that the wiki commits to."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def run(self, *arguments: str) -> bytes:
        """Run a Git command and return its output.

        :raises GitError: when it fails, with Git's message.
        """
        return run(self.folder, *arguments)

    @classmethod
    def make(cls, folder: Path, marks: Mapping[str, str]) -> Repository:
        """Create a repository with these settings in a new or empty folder. It is created
        completely or not at all.

        :raises GitError: when it cannot be created.
        """
        try:
            folder.parent.mkdir(parents=True, exist_ok=True)
            unfinished = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
        except OSError as error:
            raise GitError(f"{folder} can’t be created: {error.strerror}.") from None
        try:
            made = cls(unfinished)
            made.run("init", "--quiet", "--bare", "--template=")
            made.run("symbolic-ref", "HEAD", BRANCH)
            for name, value in marks.items():
                made.run("config", name, value)
            unfinished.chmod(0o755)
            unfinished.rename(folder)  # replaces an empty folder only
        except OSError as error:
            raise GitError(f"{folder} can’t be created: {error.strerror}.") from None
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
        return cls(folder)

    def setting(self, name: str) -> str:
        """Return one of the repository's own settings, or an empty string."""
        with suppress(GitError):
            return self.run("config", "--local", "--get", name).decode().rstrip("\n")
        return ""

    def tip(self) -> tuple[str, str]:
        """Return hash and message of the branch's newest commit; both empty before the first."""
        if not self.run("for-each-ref", "--format=%(objectname)", BRANCH).strip():
            return "", ""
        commit = self.run("cat-file", "commit", BRANCH).decode("utf-8", "replace")
        return self.run("rev-parse", BRANCH).decode().strip(), commit.partition("\n\n")[2]

    def files(self) -> Iterator[str]:
        """Yield the path of every file of the branch's newest commit."""
        if self.tip()[0]:
            listed = self.run("ls-tree", "-r", "-z", "--name-only", BRANCH)
            yield from listed.decode("utf-8", "surrogateescape").split("\0")[:-1]

    def read(self, place: str) -> str:
        """Return the text of a file of the branch's newest commit; empty if there is none."""
        with suppress(GitError):
            return self.run("cat-file", "blob", f"{BRANCH}:{place}").decode("utf-8", "replace")
        return ""

    def tidy(self) -> None:
        """Let Git pack loose objects if there are many."""
        self.run("gc", "--auto", "--quiet")

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the lock of the repository, so that no other wiki process writes to it.

        :raises Busy: when another process holds it.
        """
        try:
            handle = os.open(self.folder / "wiki.lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise GitError(f"{self.folder} can’t be written: {error.strerror}.") from None
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Busy(f"Another process is writing to {self.folder}.") from None
            yield
        finally:
            os.close(handle)

    @contextmanager
    def commits(self) -> Iterator[Stream]:
        """Open a stream of commits onto the branch. All of them are stored when the block ends, and
        none if it ends in an exception or the process is killed.

        :raises GitError: when Git refuses.
        """
        with tempfile.TemporaryFile() as heard:
            arguments = command(self.folder, "fast-import", "--quiet", "--done")
            git = Child(arguments, environment(), stdin=PIPE, stderr=heard)
            pipe = cast(IO[bytes], git.stdin)
            try:
                with suppress(BrokenPipeError):  # Git has exited; its error is reported below
                    yield Stream(pipe, bool(self.tip()[0]))
                    pipe.write(b"done\n")
                with suppress(BrokenPipeError):
                    pipe.close()
                git.wait()
            finally:
                git.stop()
            if git.returncode:
                heard.seek(0)
                for report in self.folder.glob("fast_import_crash_*"):
                    report.unlink(missing_ok=True)
                raise GitError(f"Git refused commits to {self.folder}: {said(heard.read())}")


class Stream:
    """A stream of commits in the format of `git fast-import`."""

    def __init__(self, pipe: IO[bytes], continues: bool) -> None:
        self._pipe = pipe
        self._continues = continues

    def commit(self, who: Signature, at: datetime, message: str) -> None:
        """Start a commit on top of the previous one; its changes follow."""
        line = who.line(at)
        self._pipe.write(b"commit %s\nauthor %s\ncommitter %s\n" % (BRANCH.encode(), line, line))
        self._data(message.encode("utf-8", "replace"))
        if self._continues:
            self._pipe.write(b"from %s^0\n" % BRANCH.encode())
        self._continues = False  # later commits follow the first one of the stream by default

    def write(self, place: str, data: bytes) -> None:
        """Write a file, new or changed."""
        self._pipe.write(b"M 100644 inline %s\n" % _quoted(place))
        self._data(data)

    def copy(self, place: str, file: IO[bytes], size: int) -> None:
        """Write a file from an open file, in pieces.

        :raises GitError: when it ends before `size` bytes.
        """
        self._pipe.write(b"M 100644 inline %s\ndata %d\n" % (_quoted(place), size))
        left = size
        while left:
            chunk = file.read(min(left, _CHUNK))
            if not chunk:
                raise GitError(f"{place} became shorter while it was read.")
            self._pipe.write(chunk)
            left -= len(chunk)
        self._pipe.write(b"\n")

    def rename(self, old: str, new: str) -> None:
        """Rename a file."""
        self._pipe.write(b"R %s %s\n" % (_quoted(old), _quoted(new)))

    def remove(self, place: str) -> None:
        """Remove a file."""
        self._pipe.write(b"D %s\n" % _quoted(place))

    def _data(self, data: bytes) -> None:
        self._pipe.write(b"data %d\n" % len(data))
        self._pipe.write(data)
        self._pipe.write(b"\n")


def _quoted(place: str) -> bytes:
    escaped = place.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'.encode("utf-8", "surrogateescape")
