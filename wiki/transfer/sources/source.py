"""Sources of a tree of files: a folder, a zip or a Git history. Nothing outside of it is ever read.

Symbolic links, names that lead out of the tree, devices, zip bombs and files beyond the limits are
refused with a sentence each, before anything of them is read.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Any

from wiki.config import Settings
from wiki.errors import Invalid
from wiki.i18n import gettext as _
from wiki.transfer.git.history import History
from wiki.transfer.report import Kind, Problem
from wiki.transfer.sources.archive import Archive
from wiki.web.screens.filters import size as size_words

MOST_ENTRIES = 100_000
MARKDOWN = (".md", ".markdown", ".mdx")
MOST_SHELVED = 20_000
_VERSION_CONTROL = frozenset({".git", ".hg", ".svn", ".bzr", "_darcs"})
_DRIVE = re.compile(r"[A-Za-z]:/")
_JUNK = frozenset({"__MACOSX", "Thumbs.db", "desktop.ini"})


@dataclass(frozen=True)
class Limits:
    """Maximum sizes in bytes: of a Markdown file, of another file, and of all files together."""

    page: int
    file: int
    total: int


def limits_of(settings: Settings) -> Limits:
    """Return the configured limits; all files together may have eight times the size of the largest
    zip."""
    return Limits(
        page=settings.max_page_kb << 10,
        file=settings.max_file_mb << 20,
        total=settings.max_import_mb << 23,
    )


@dataclass(frozen=True)
class Entry:
    """A file of a tree: its path with `/` as the separator, its stated size in bytes, and whether
    it is hidden; a hidden file is imported only if a page embeds or links it."""

    path: str
    size: int
    key: Any = field(compare=False, default=None)
    hidden: bool = False

    @property
    def is_markdown(self) -> bool:
        """True if it becomes a page, False if it is a file of a page."""
        return self.path.lower().endswith(MARKDOWN)


class Source:
    """The readable files of a tree in the order of their places, and the refused ones."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.entries: list[Entry] = []
        self.shelved: list[Entry] = []
        """Hidden files, up to a limit, without Markdown files and files of version control."""
        self.refused: list[Problem] = []
        self._paths: set[str] = set()
        self.hidden = 0
        self.outer = ""
        """The folder that contains all files and was removed from their places."""

    def read(self, entry: Entry) -> bytes:
        """Return the content of a file.

        :raises Invalid: when it is damaged, or larger than stated.
        """
        raise NotImplementedError

    def close(self) -> None:
        """Close the folder, archive or process that the tree is read from."""

    def _take(self, path: str, size: int, key: Any = None, refusal: str = "") -> bool:
        """Add a file, or the reason why it is refused; return False when there is no room for more.

        :param refusal: the reason why it cannot be read, if it is already known.
        """
        parts = [part for part in path.split("/") if part not in ("", ".")]
        if is_hidden(parts):
            self.hidden += 1
            entry = Entry("/".join(parts), size, key, hidden=True)
            fits = len(self.shelved) < MOST_SHELVED and size <= self.limits.file
            is_file = not entry.is_markdown and not is_private(parts)
            if fits and is_file and not refusal and not name_refusal(path):
                self.shelved.append(entry)
            return True
        entry = Entry(self._unused("/".join(parts)), size, key)
        most = self.limits.page if entry.is_markdown else self.limits.file
        refusal = refusal or name_refusal(path)
        if not refusal and size > most:
            found, allowed = size_words(size), size_words(most)
            refusal = _("It has %(size)s; the limit is %(most)s.", size=found, most=allowed)
        if refusal:
            self._refuse(path, refusal)
        else:
            self._paths.add(entry.path)
            self.entries.append(entry)
        return len(self.entries) + len(self.refused) < MOST_ENTRIES

    def _unused(self, path: str) -> str:
        """Return the path or, if another file has it, the path with a number."""
        stem, dot, ending = path.rpartition(".")
        unused, number = path, 1
        while unused in self._paths:
            number += 1
            unused = f"{stem} ({number}){dot}{ending}" if stem else f"{path} ({number})"
        if unused != path:
            sentence = _(
                "An earlier file has the same name, so it is imported as %(path)s.",
                path=printable(unused),
            )
            self.refused.append(Problem(Kind.BESIDE, printable(path), sentence))
        return unused

    def _refuse(self, path: str, sentence: str) -> None:
        self.refused.append(Problem(Kind.REFUSED, printable(path), sentence))

    def _finish(self) -> None:
        if sum(entry.size for entry in self.entries) > self.limits.total:
            most = size_words(self.limits.total)
            raise Invalid(_("The tree is too large. The limit is %(most)s.", most=most))
        self.entries.sort(key=lambda entry: entry.path)

    def _bounded(self, file: IO[bytes], entry: Entry) -> bytes:
        data = file.read(entry.size + 1)
        if len(data) > entry.size:
            raise Invalid(_("It is larger than its declared size."))
        return data


class FolderSource(Source):
    """A folder on this machine. Links inside it are not followed."""

    def __init__(self, folder: Path, limits: Limits) -> None:
        super().__init__(limits)
        self.folder = folder.resolve()
        if not self.folder.is_dir():
            raise Invalid(_("%(path)s isn’t a folder.", path=folder))
        self._walk()
        self._finish()

    def _walk(self) -> None:
        pending = [(self.folder, "")]
        while pending:
            here, before = pending.pop()
            try:
                found = sorted(os.scandir(here), key=lambda one: one.name)
            except OSError as error:
                self._refuse(before.rstrip("/"), _unreadable(error))
                continue
            for one in found:
                path = before + one.name
                if is_private([one.name]) or (one.is_symlink() and is_hidden([one.name])):
                    self.hidden += 1
                elif one.is_symlink():
                    self._refuse(path, _("It is a symbolic link, which is not followed."))
                elif one.is_dir(follow_symlinks=False):
                    pending.append((here / one.name, path + "/"))
                elif not one.is_file(follow_symlinks=False):
                    self._refuse(path, _("It isn’t a regular file."))
                elif not self._take(path, one.stat(follow_symlinks=False).st_size):
                    raise Invalid(
                        _("The tree has more than %(number)s files.", number=MOST_ENTRIES)
                    )

    def read(self, entry: Entry) -> bytes:
        try:
            handle = os.open(self.folder / entry.path, os.O_RDONLY | os.O_NOFOLLOW)
            with os.fdopen(handle, "rb") as file:
                return self._bounded(file, entry)
        except OSError as error:
            raise Invalid(_unreadable(error)) from None


class ZipSource(Source):
    """A zip file. With `keep_outer` a folder that contains all files stays part of their places."""

    def __init__(self, file: Path, limits: Limits, *, keep_outer: bool = False) -> None:
        super().__init__(limits)
        self.archive = Archive(file)
        try:
            for member in self.archive.members:
                if not self._take(member.name, member.size, member, member.refusal):
                    raise Invalid(_("The zip has more than %(number)s files.", number=MOST_ENTRIES))
            self._finish()
        except Invalid:
            self.archive.close()
            raise
        if self.archive.names.encoding:
            self._note_encoding()
        if not keep_outer:
            self._strip_outer()

    def _note_encoding(self) -> None:
        odd = next((one.name for one in self.archive.members if not one.name.isascii()), "")
        if not odd:
            return  # only the name of an empty folder
        names = self.archive.names
        if names.other:
            sentence = _(
                "The zip doesn’t say how its names are encoded; they were read as "
                "%(encoding)s, and could also be %(other)s. Please check them.",
                encoding=names.encoding,
                other=names.other,
            )
        else:
            sentence = _(
                "The zip doesn’t say how its names are encoded; they were read as %(encoding)s.",
                encoding=names.encoding,
            )
        self.refused.append(Problem(Kind.NAMES, printable(odd), sentence))

    def _strip_outer(self) -> None:
        tops = {entry.path.partition("/")[0] for entry in self.entries}
        if len(tops) == 1 and all("/" in entry.path for entry in self.entries):
            self.outer = tops.pop()
            start = len(self.outer) + 1
            self.entries = [replace(entry, path=entry.path[start:]) for entry in self.entries]
            self.shelved = [
                replace(entry, path=entry.path[start:])
                for entry in self.shelved
                if entry.path.startswith(f"{self.outer}/")
            ]

    def read(self, entry: Entry) -> bytes:
        return self.archive.read(entry.key)

    def close(self) -> None:
        self.archive.close()


class GitSource(Source):
    """The files of a history's newest commit."""

    def __init__(self, history: History, limits: Limits, *, wiki: bool = False) -> None:
        super().__init__(limits)
        self._blobs = history.blobs()
        for file in history.tree():
            if wiki and file.path.lower() == "home.md":
                file = replace(file, path="index.md")
            if file.mode == "120000":
                self._refuse(file.path, _("It is a symbolic link, which is not followed."))
            elif file.mode == "160000":
                self._refuse(file.path, _("It is a submodule, which is not followed."))
            elif not self._take(file.path, file.size, file.blob):
                raise Invalid(_too_many())
        self._finish()

    def read(self, entry: Entry) -> bytes:
        data = self._blobs.read(entry.key, entry.size)
        if data is None:
            raise Invalid(_("It is larger than its declared size."))
        return data

    def close(self) -> None:
        self._blobs.close()


def open_source(path: Path, limits: Limits, *, keep_outer: bool = False) -> Source:
    """Open the folder or zip at `path`.

    :raises Invalid: when it is neither, or beyond the limits.
    """
    if path.is_dir():
        return FolderSource(path, limits)
    return ZipSource(path, limits, keep_outer=keep_outer)


def name_refusal(path: str) -> str:
    """Return the reason why a file of this name is not read, else empty."""
    parts = path.split("/")
    if not any(part not in ("", ".") for part in parts):
        return _("Its name is empty.")
    if path.startswith("/") or _DRIVE.match(path):
        return _("Its name is an absolute path, which leads out of the tree.")
    if ".." in parts:
        return _("Its name leads out of the tree with “..”.")
    if any(0xD800 <= ord(c) < 0xE000 for c in path):
        return _("Its name isn’t UTF-8.")
    if any(ord(c) < 32 for c in path):
        return _("Its name contains control characters.")
    return ""


def printable(path: str) -> str:
    """Return `path` with unprintable characters as codes, at most 500 characters."""
    return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in path)[:500]


def is_hidden(parts: list[str]) -> bool:
    """Return whether the path is hidden: a part of it begins with a dot, or is a junk file of a
    system."""
    return any(
        (part.startswith(".") and part not in (".", "..")) or part in _JUNK for part in parts
    )


def is_private(parts: list[str]) -> bool:
    """Return whether a hidden file is never read: files of version control, and junk."""
    return any(part in _JUNK or part in _VERSION_CONTROL for part in parts)


def _too_many() -> str:
    return _("The tree has more than %(number)s files.", number=MOST_ENTRIES)


def _unreadable(error: OSError) -> str:
    return _("It can’t be read: %(reason)s.", reason=error.strerror)


Progress = Callable[[int, int], None]
"""A callback with the number of files done and their total number."""
