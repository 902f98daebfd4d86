"""The common parts of commands: settings, database, and the shell as the actor."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import click
from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from wiki.app import open_database
from wiki.config import ConfigError, Settings, load
from wiki.db import Database
from wiki.disk import OPENING, is_full, use_reserve
from wiki.errors import WikiError
from wiki.migrate import migrate
from wiki.people.actions import find_person
from wiki.people.models import Person
from wiki.rules.access import Actor, May, decide
from wiki.rules.roles import Role, SiteRole
from wiki.serve import ServeError
from wiki.spaces.members import leads_of
from wiki.spaces.models import Scope, Space

DISK_FULL = "The disk is full: make room where the data folder is, then run this again."

# The shell of the machine has more rights than any account.
SHELL = Actor(None, "", "The shell", SiteRole.ADMIN)


class Wiki(click.Group):
    """A command group that turns known errors into one line on stderr and exit code 1."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except WikiError as error:
            raise click.ClickException(error.sentence) from None
        except (ConfigError, ServeError) as error:
            raise click.ClickException(str(error)) from None
        except (OperationalError, OSError) as error:
            if is_full(error, Path(os.environ.get("WIKI_DATA_DIR", "data"))):
                raise click.ClickException(DISK_FULL) from None
            if isinstance(error, OSError):
                raise
            raise click.ClickException(f"The database cannot be used: {error.orig}") from None


def opened() -> tuple[Settings, Database]:
    """Return the settings and the migrated database that a command works on."""
    settings = load()
    use_reserve(settings.data_dir, OPENING)
    database = open_database(settings)
    migrate(database)
    return settings, database


def named(session: Session, name: str) -> Person:
    """Return the person with that user name or address.

    :raises click.ClickException: when there is none.
    """
    person = find_person(session, name)
    if person is None:
        raise click.ClickException(f"Nobody is called {name}.")
    return person


def writer(session: Session, slug: str, handle: str | None) -> Actor:
    """Return the actor of a transfer: the named account, or the shell. If the shell may not write
    in the space, or pages are restricted, a lead of the space.

    :raises click.ClickException: when there is no such account, space or lead.
    """
    if handle:
        return named(session, handle).actor()
    space = session.scalar(select(Space).where(Space.slug == slug))
    if space is None:
        raise click.ClickException(
            f"There is no space {slug}; `wiki space add` makes one, and so does `wiki import` with "
            "--create."
        )
    hides = session.scalar(select(Scope.id).where(Scope.space_id == space.id).limit(1)) is not None
    if decide(May.EDIT, SHELL, space.facts(Role.NONE)) and not hides:
        return SHELL
    for person in leads_of(session, [space.id]).get(space.id, ()):
        if person.disabled_at is None:
            return person.actor()
    raise click.ClickException(f"Nobody leads {slug}: name an account with --as.")


def asked_password(from_stdin: bool) -> str:
    """Return a password from standard input, or typed twice."""
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    password: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    return password
