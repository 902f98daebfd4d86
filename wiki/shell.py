"""Shared parts of commands: the group, the settings and the database, the actor."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text
from sqlalchemy.exc import OperationalError

from wiki.config import ConfigError, Settings
from wiki.config.environment import load
from wiki.db import Database
from wiki.disk import OPENING, is_full, use_reserve
from wiki.errors import Forbidden, WikiError
from wiki.rules.access import Actor
from wiki.rules.roles import SiteRole

DISK_FULL = "The disk is full: make room where the data folder is, then run this again."

# The shell of the machine has more rights than any account.
SHELL = Actor(None, "", "The shell", SiteRole.ADMIN)


class ShellError(Exception):
    """An error that a command shows as one line."""


class Wiki(click.Group):
    """A command group that turns known errors into one line on stderr and exit code 1."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except Forbidden as error:
            raise click.ClickException(error.reason) from None
        except WikiError as error:
            raise click.ClickException(error.sentence) from None
        except (ConfigError, ShellError) as error:
            raise click.ClickException(str(error)) from None
        except (OperationalError, OSError) as error:
            if is_full(error, Path(os.environ.get("WIKI_DATA_DIR", "data"))):
                raise click.ClickException(DISK_FULL) from None
            if isinstance(error, OSError):
                raise
            raise click.ClickException(f"The database can't be used: {error.orig}") from None


@dataclass(frozen=True)
class Wiring:
    """Functions that commands of rooms need from above: ``open_database`` opens and migrates the
    database, ``deliver_all`` delivers the events that are waiting."""

    open_database: Callable[[Settings], Database]
    deliver_all: Callable[[Database, Settings], object]


def opened() -> tuple[Settings, Database]:
    """Return the settings and the migrated database that a command works on."""
    settings = load()
    use_reserve(settings.data_dir, OPENING)
    return settings, _wiring().open_database(settings)


def deliver_all(database: Database, settings: Settings) -> None:
    """Deliver the events that are waiting, as the worker would."""
    _wiring().deliver_all(database, settings)


def _wiring() -> Wiring:
    found = click.get_current_context().find_object(Wiring)
    if found is None:
        raise RuntimeError("A command of a room runs only below the command `wiki`.")
    return found


def asked_password(from_stdin: bool) -> str:
    """Return a password from standard input, or typed twice."""
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    password: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    return password


class _Rate(ProgressColumn):
    """A column with the number of steps per second."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:,.0f}/s" if task.speed else "")


@contextmanager
def bar(what: str) -> Iterator[Callable[[int, int], None]]:
    """Show a progress bar on stderr if that is a terminal, and yield the callback that moves it."""
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        _Rate(),
        TimeRemainingColumn(),
    )
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as progress:
        task = progress.add_task(what, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)
