"""Storage of thumbnails: beside the files, under the hash of the original and a width.

All thumbnails are derived and may be deleted at any time.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Mapping
from pathlib import Path

WIDTHS = (320, 640, 1280)
"""The widths of thumbnails in pixels. Every picture has one of the smallest width."""
TALLEST = 8192
"""Maximum height of a thumbnail in pixels; very tall pictures have no wide thumbnails."""
_HASH = re.compile(r"[0-9a-f]{64}")


def widths_of(width: int, height: int) -> list[int]:
    """Return the widths in which a picture of this size has thumbnails that show all of it."""
    return [one for one in WIDTHS if one < width and height * one <= TALLEST * width]


def nearest_width(asked: int) -> int | None:
    """Return the smallest width that is at least as wide as asked; None if only the picture itself
    is."""
    return next((width for width in WIDTHS if width >= asked), None)


class Thumbs:
    """The folder ``thumbs`` of a data folder: ``thumbs/<first two digits>/<SHA-256>-<width>``."""

    def __init__(self, data_dir: Path) -> None:
        self.folder = data_dir / "thumbs"

    def path(self, sha256: str, width: int) -> Path:
        """Return the path for a thumbnail, whether it exists or not.

        :raises ValueError: when it is no SHA-256.
        """
        if not _HASH.fullmatch(sha256):
            raise ValueError("That is no SHA-256 in hexadecimal.")
        return self.folder / sha256[:2] / f"{sha256}-{width}"

    def keep(self, sha256: str, made: Mapping[int, bytes]) -> None:
        """Store the thumbnails of a picture, each completely or not at all."""
        for width, data in made.items():
            target = self.path(sha256, width)
            target.parent.mkdir(parents=True, exist_ok=True)
            aside = target.with_name(f".{secrets.token_hex(8)}")
            try:
                aside.write_bytes(data)
                aside.replace(target)
            finally:
                aside.unlink(missing_ok=True)

    def forget(self, sha256: str) -> None:
        """Delete the thumbnails of a picture."""
        for width in WIDTHS:
            self.path(sha256, width).unlink(missing_ok=True)

    def making(self) -> int:
        """Open the lock file under which thumbnails are made, and return its handle."""
        self.folder.mkdir(parents=True, exist_ok=True)
        return os.open(self.folder / "making.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
