"""Resources of the API about files: one dataclass for each object that is sent or received."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from wiki.api.resources.lines import PageLine, Somebody
from wiki.web.shapes import told

LAST_VERSION = 2**31 - 1
"""The largest version number of a file that every database can search for."""


@dataclass(frozen=True)
class File:
    """An attached file."""

    path: str = told("Its path in the space: folders and name.")
    name: str = told("Its name.")
    url: str = told("Address of its content in the browser.", format="uri-reference")
    content_type: str = told("Detected from its first bytes.")
    size: int = told("Size in bytes.")
    sha256: str = told("Hash of its content, in hexadecimal.")
    author: Somebody | None = told("Who attached it; null for an import or the shell.")
    created_at: datetime = told("When it was attached.")
    id: int = told("Id of this version; `/-/f/<id>` always leads to its content.")
    version: int = told("Version number at this path, counted from 1.")


@dataclass(frozen=True)
class FileVersion(File):
    """A version of a file."""

    current: bool = told("Whether it is the current version.")
    removed_at: datetime | None = told("When it was replaced or removed.")


@dataclass(frozen=True)
class FileVersionList:
    """All versions of a file at a path."""

    versions: list[FileVersion] = told("Newest first.")
    next: str | None = told("Address of the next slice; null at the end.", format="uri-reference")


@dataclass(frozen=True)
class VersionInput:
    """The version of a file to restore."""

    version: int = told("Its number.", minimum=1, maximum=LAST_VERSION)


@dataclass(frozen=True)
class FileUses:
    """Pages that show a file or link to it, among those the user can read."""

    pages: list[PageLine] = told("By title.")
    more: bool = told("Whether there are more pages.")


@dataclass(frozen=True)
class Upload:
    """A file that is uploaded in pieces."""

    url: str = told("Address to send the pieces to.", format="uri-reference")
    path: str = told("Its path in the space: folders and name.")
    size: int = told("Total size in bytes.")
    offset: int = told("Bytes received so far; the offset of the next piece.")
    expires_at: datetime = told("When it expires, unless another piece arrives before.")
    file: File | None = told("The attached file, once the upload is complete.")


@dataclass(frozen=True)
class FileList:
    """Files of a space."""

    files: list[File] = told("In the order in which they were attached.")
    next: str | None = told("Address of the next slice; null at the end.", format="uri-reference")
