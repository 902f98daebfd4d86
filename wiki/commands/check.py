"""`wiki check`: verification of everything that is stored, and repair of derived data."""

from __future__ import annotations

from collections.abc import Iterator

import click
from sqlalchemy import text

from wiki import disk
from wiki.config import Settings
from wiki.db import Database
from wiki.pages.rendering.own_renderer import limit_rendering
from wiki.room import Check, Finding, Progress
from wiki.rooms import ROOMS
from wiki.shell import bar, opened
from wiki.text.counts import counted

PATIENCE = 10.0
"""Minimum of the limit on rendering a page, in seconds."""


@click.command()
@click.option("--dry-run", is_flag=True, help="Report problems without repairing them.")
def check(dry_run: bool) -> None:
    """Verify every stored text, file and derived row, and repair derived data.

    Exits with 1 if something is lost here and can't be repaired. A backup may have it.

    Example: wiki check
    """
    settings, database = opened()
    patience = max(settings.render_seconds, settings.render_retry_seconds, PATIENCE)
    limit_rendering(patience, patience)
    found, repaired = 0, 0
    for one in all_checks():
        with bar(one.name) as progress:
            findings = list(one.look(database, settings, progress))
        for finding in findings:
            found += 1
            done = ""
            if finding.repair is not None and not dry_run:
                finding.repair()
                repaired += 1
                done = " Repaired."
            click.echo(f"{one.name}: {finding.sentence}{done}")
    if not found:
        click.echo("No problems found.")
        return
    click.echo(f"{counted(found, 'problem')} found, {repaired} repaired.")
    if found > repaired:
        raise click.exceptions.Exit(1)


def check_database(database: Database, settings: Settings, progress: Progress) -> Iterator[Finding]:
    """Check that SQLite's pages and indexes are intact, and that each reference leads to a row."""
    if not database.is_sqlite:
        return
    with database.read() as session:
        for (sentence,) in session.execute(text("PRAGMA integrity_check(20)")):
            if sentence != "ok":
                yield Finding(f"{sentence}.")
        for table, row, parent, _ in session.execute(text("PRAGMA foreign_key_check")).fetchmany(
            20
        ):
            yield Finding(f"Row {row} of {table} refers to a row of {parent} that doesn't exist.")
    progress(1, 1)


def check_room(database: Database, settings: Settings, progress: Progress) -> Iterator[Finding]:
    """Check that the disk has room to save something."""
    if disk.is_short(settings.data_dir):
        yield Finding("The disk is full: nothing can be saved until space is freed.")
    progress(1, 1)


def all_checks() -> list[Check]:
    """Return the checks of the machine and of all rooms, in their order."""
    checks = [Check(10, "Disk", check_room), Check(20, "Database", check_database)]
    checks += [check for room in ROOMS for check in room.checks]
    return sorted(checks, key=lambda check: check.position)
