"""Histories of foreign repositories, read through a repository of the wiki's own.

A bare repository created by this wiki borrows the objects of another repository, or unpacks those
of a bundle. Nothing else of the other repository is used, nothing is ever checked out, and missing
objects are not fetched.
"""

from __future__ import annotations

import re
import secrets
import shutil
import tempfile
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing, suppress
from datetime import datetime
from itertools import islice
from pathlib import Path
from subprocess import DEVNULL, PIPE
from typing import IO, cast

from wiki.process import Child
from wiki.transfer.git.blobs import Blobs
from wiki.transfer.git.command import GitError, command, environment, folders_of, run, said
from wiki.transfer.git.records import (
    LONGEST_COMMIT,
    Commit,
    Gaps,
    TreeFile,
    choose_branch,
    decode,
    merged_commit,
    moment_of,
    parse_commits,
    split_fields,
)

_OURS = "refs/heads/imported"


class _Unreadable(GitError):
    """Git failed in the middle of a history."""


class History:
    """One branch of a repository, read through a temporary bare repository that :meth:`close`
    deletes.

    :raises GitError: when there is no Git, or nothing that it can read.
    """

    def __init__(self, source: Path, branch: str | None = None) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="wiki-git-"))
        self._gaps: dict[str, Gaps] = {}
        self._is_bundle = not source.is_dir()
        self.lacks_commits = False
        """True if a repository lacks commits although it is no shallow clone."""
        self._incomplete = (
            "The repository doesn’t contain the folders of its latest commit. Check it out "
            "there, or clone it without “--filter=tree”."
        )
        try:
            self._allow_any_owner()
            source = source.resolve()
            listed = self._run(None, "ls-remote", "--symref", "--", str(source))
            self.branch, self.tip = choose_branch(
                listed.decode("utf-8", "replace"), source.name, branch
            )
            form = "sha256" if len(self.tip) == 64 else "sha1"
            bare = ("--quiet", "--bare", "--template=", f"--object-format={form}")
            self._run(None, "init", *bare, str(self._folder))
            if self._is_bundle:
                self._unbundle(source)
            else:
                self._borrow(source)
            peeled = self._run(self._folder, "rev-parse", "--verify", f"{self.tip}^{{commit}}")
            self.tip = peeled.decode().strip()  # a tag can be an object of its own
            self._run(self._folder, "update-ref", _OURS, self.tip)
            self._bound()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Delete the temporary repository."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _allow_any_owner(self) -> None:
        # Objects are only read, so the owner of the repository does not matter.
        (self._folder / "allowed").write_text("[safe]\n\tdirectory = *\n")

    def _environment(self) -> dict[str, str]:
        return environment() | {"GIT_CONFIG_GLOBAL": str(self._folder / "allowed")}

    def _run(self, folder: Path | None, *arguments: str, stdin: int | IO[bytes] = DEVNULL) -> bytes:
        return run(folder, *arguments, environ=self._environment(), stdin=stdin)

    def _borrow(self, source: Path) -> None:
        """Use the objects of a repository in place."""
        folder = next(one for one in folders_of(source) if (one / "objects").is_dir()).resolve()
        if "\n" in str(folder):
            raise GitError("The name of the repository's folder has more than one line.")
        alternates = self._folder / "objects" / "info" / "alternates"
        alternates.parent.mkdir(exist_ok=True)
        alternates.write_text(f"{folder / 'objects'}\n", "utf-8", "surrogateescape")
        with suppress(OSError):
            self._end_at(re.findall(r"^[0-9a-f]{40,64}$", (folder / "shallow").read_text(), re.M))

    def _unbundle(self, source: Path) -> None:
        """Unpack the objects of a bundle, even if earlier commits are missing."""
        length, builds_on = 0, 0
        with source.open("rb") as file:
            for line in file:
                length += len(line)
                builds_on += line.startswith(b"-")
                if line == b"\n":
                    break
        with source.open("rb", buffering=0) as file:
            file.seek(length)
            if builds_on:
                commits = "a commit" if builds_on == 1 else f"{builds_on} commits"
                self._incomplete = (
                    f"{source.name} builds on {commits} that it doesn’t contain, so it can’t be "
                    "read. Create a bundle of the whole branch."
                )
            try:
                self._run(self._folder, "index-pack", "--stdin", "--fix-thin", stdin=file)
            except GitError as error:
                why = error.sentence.partition(": ")[2]
                damaged = f"Git couldn’t fetch from {source.name}: {why}"
                raise GitError(self._incomplete if builds_on else damaged) from error

    def _bound(self) -> None:
        """Start the history at the commits whose parents are missing."""
        try:
            self.count()
        except GitError:
            listed = self._run(
                self._folder,
                "cat-file",
                "--batch-all-objects",
                "--batch-check=%(objecttype) %(objectname)",
            ).decode()
            commits = {line[7:] for line in listed.splitlines() if line.startswith("commit ")}
            with closing(self.blobs()) as objects:
                ends = []
                for one in commits:
                    head = (objects.read(one, LONGEST_COMMIT) or b"").partition(b"\n\n")[0]
                    parents = re.findall(rb"^parent ([0-9a-f]+)$", head, re.M)
                    if any(parent.decode() not in commits for parent in parents):
                        ends.append(one)
            self._end_at(ends)
            self.count()
            self.lacks_commits = not self._is_bundle

    def _end_at(self, commits: Sequence[str]) -> None:
        if commits:
            (self._folder / "shallow").write_text("".join(f"{one}\n" for one in sorted(commits)))

    @property
    def is_shallow(self) -> bool:
        """True if commits before the first ones here are missing."""
        return (self._folder / "shallow").exists()

    def begins_at(self) -> datetime:
        """Return the time of the first commit."""
        moment = self._run(self._folder, "show", "-s", "--format=%at", self.root()).decode()
        return moment_of(moment.strip())

    def gaps(self, after: str = "") -> Gaps:
        """Count the missing objects in the commits (since the commit `after`)."""
        if after not in self._gaps:
            known = [f"^{after}"] if after else []
            walk = ("rev-list", "--objects", "--missing=print")
            try:
                every = self._run(self._folder, *walk, _OURS, *known)
            except GitError:  # a damaged tree
                self._gaps[after] = Gaps(0, 1)
                return self._gaps[after]
            all_missing = len(re.findall(rb"^\?", every, re.M))
            trees = 0
            if all_missing:
                listed = self._run(self._folder, *walk, "--filter=blob:none", _OURS, *known)
                trees = len(re.findall(rb"^\?", listed, re.M))
            self._gaps[after] = Gaps(all_missing - trees, trees)
        return self._gaps[after]

    def root(self) -> str:
        """Return the first commit, which identifies the history in later imports."""
        roots = self._run(self._folder, "rev-list", "--max-parents=0", _OURS).decode().split()
        return roots[-1]

    def has(self, commit: str) -> bool:
        """Return whether a commit is part of the branch."""
        try:
            self._run(self._folder, "merge-base", "--is-ancestor", commit, _OURS)
        except GitError:
            return False
        return True

    def changed(self, place: str, after: str) -> bool:
        """Return whether the newest commit has another version of a file than an earlier one."""
        return self._blob(place, after) != self._blob(place, _OURS)

    def _blob(self, place: str, commit: str) -> str:
        with suppress(GitError):
            return self._run(self._folder, "rev-parse", "--verify", f"{commit}:{place}").decode()
        return ""

    def count(self, after: str = "") -> int:
        """Count the commits (since the commit `after`)."""
        known = [f"^{after}"] if after else []
        return int(self._run(self._folder, "rev-list", "--count", _OURS, *known))

    def commits(self, after: str = "") -> Iterator[Commit]:
        """Yield the commits (since the commit `after`), each after its parents.

        The commits of a merged branch stay together. A merge has its differences from every parent.
        """
        done = 0
        # Detecting renames by similarity needs the contents.
        if not self.gaps(after).blobs:
            with suppress(_Unreadable):
                for commit in self._logged(after, "-M"):
                    yield commit
                    done += 1
                return
        yield from islice(self._logged(after, "-M100%"), done, None)

    def _logged(self, after: str, renames: str) -> Iterator[Commit]:
        mark = secrets.token_hex(16)  # unpredictable, so that no message contains it
        form = f"%x00{mark}%x00%H%x00%P%x00%an%x00%ae%x00%at%x00%B%x00"
        known = [f"^{after}"] if after else []
        arguments = command(
            self._folder,
            *("log", "--topo-order", "--reverse", "--raw", "-z", "-m", renames),
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
            process = Child(arguments, self._environment(), stdout=PIPE, stderr=errors)
            try:
                fields = split_fields(cast(IO[bytes], process.stdout))
                # The last one may be cut off if Git fails.
                last: Commit | None = None
                for commit in merged_commit(parse_commits(fields, mark.encode())):
                    if last is not None:
                        yield last
                    last = commit
                if process.wait():
                    errors.seek(0)
                    raise _Unreadable(f"Git couldn’t read the history: {said(errors.read())}")
                if last is not None:
                    yield last
            finally:
                process.stop()

    def tree(self) -> Iterator[TreeFile]:
        """Yield all files of the newest commit."""
        try:
            listed = self._run(self._folder, "ls-tree", "-r", "-z", "--full-tree", _OURS)
        except GitError:
            raise GitError(self._incomplete) from None
        entries = [entry.partition(b"\t") for entry in listed.split(b"\0") if entry]
        sizes = self._sizes({about.split()[2].decode() for about, _, _ in entries})
        for about, _, path in entries:
            mode, _, blob = about.decode().split()
            yield TreeFile(mode, blob, sizes.get(blob, 0), decode(path))

    def _sizes(self, blobs: Collection[str]) -> dict[str, int]:
        with tempfile.TemporaryFile() as asked:
            asked.write("".join(f"{one}\n" for one in sorted(blobs)).encode())
            asked.seek(0)
            form = "--batch-check=%(objectname) %(objectsize)"
            listed = self._run(self._folder, "cat-file", form, stdin=asked).decode()
        pairs = (line.split() for line in listed.splitlines())
        return {name: int(size) for name, size in pairs if size.isdecimal()}

    def blobs(self) -> Blobs:
        """Return a reader of file contents; close it after use."""
        return Blobs(command(self._folder, "cat-file", "--batch"), self._environment())
