"""The points of the self-check, and the wiki that it inspects."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy.orm import Session

from wiki.config import Settings
from wiki.db import Database


class Grade(StrEnum):
    """The grade of a point, the gravest first."""

    DANGER = "danger"
    WARN = "warn"
    GOOD = "good"


@dataclass(frozen=True)
class Point:
    """One checked point: its grade, a sentence, and advice unless it is good."""

    grade: Grade
    name: str
    said: str
    todo: str = ""


@dataclass(frozen=True)
class Inspected:
    """The wiki that is checked: its database and settings, and whether it runs in debug mode."""

    database: Database
    settings: Settings
    session: Session
    debug: bool


def good(name: str, said: str) -> Point:
    """Return a point with nothing to do."""
    return Point(Grade.GOOD, name, said)


Check = Callable[[Inspected], Iterator[Point]]
