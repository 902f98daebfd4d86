"""Locations of the files that are not Python: templates, the built front end and the migrations.

A wheel contains them inside the package; in a checkout they are beside it.
"""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def _folder(name: str) -> Path:
    inside = _PACKAGE / name
    return inside if inside.is_dir() else _PACKAGE.parent / name


TEMPLATES = _folder("templates")
STATIC = _folder("static/dist")
MIGRATIONS = _folder("migrations")
