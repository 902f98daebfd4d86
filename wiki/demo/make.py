"""Creation of the demo in a wiki: in one transaction, once."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from wiki.attachments.storage import Storage
from wiki.config import Settings
from wiki.db import Database, now
from wiki.demo.stage import Stage
from wiki.demo.story import CAST, play
from wiki.errors import WikiError
from wiki.people.models import Person
from wiki.people.passwords import hash_password
from wiki.rules.access import Actor
from wiki.spaces.models import Space

PASSWORD_FILE = "demo-password"  # noqa: S105 the name of the file, not a password


class NotEmpty(WikiError):
    """The wiki has people or spaces of its own."""

    status = 409
    title = "This wiki is in use"


@dataclass(frozen=True)
class Demo:
    """The result of creating the demo: whether it is new, and the password of all its people (empty
    if the data folder does not contain it any more)."""

    is_new: bool
    password: str


def make_demo(database: Database, settings: Settings, shell: Actor, *, force: bool = False) -> Demo:
    """Create the eight weeks of the demo, ending now. Do nothing if they exist already.

    :param shell: the actor that runs the command.
    :param force: also in a wiki that has people or spaces of its own.
    :raises NotEmpty: without ``force``.
    :raises Invalid: if a name of the demo is taken.
    """
    kept = settings.data_dir / PASSWORD_FILE
    with database.read() as session:
        if _is_there(session):
            return Demo(False, kept.read_text().strip() if kept.exists() else "")
        if not force and _is_used(session):
            raise NotEmpty(
                "This wiki has people or spaces of its own. Use another WIKI_DATA_DIR for the "
                "demo, or --force to put it beside what is there."
            )
    password = secrets.token_urlsafe(9)
    hashed = hash_password(password)
    with database.write() as session:
        stage = Stage(session, Storage(settings.data_dir), shell, end=now(), password_hash=hashed)
        play(stage)
        _keep(kept, password)
    return Demo(True, password)


def _is_there(session: Session) -> bool:
    handle, *_ = CAST[0]
    address = f"{handle}@saddlebag.example"
    return session.scalar(select(Person.id).where(Person.email == address)) is not None


def _is_used(session: Session) -> bool:
    return bool(
        session.scalar(select(Person.id).limit(1)) or session.scalar(select(Space.id).limit(1))
    )


def _keep(path: Path, password: str) -> None:
    """Write the password to a file that only the owner of the data folder can read."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(password + "\n")
