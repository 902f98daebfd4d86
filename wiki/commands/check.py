"""`wiki check`: verification of everything that is stored, and repair of derived data."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress

import click
from sqlalchemy import select, text

from wiki import disk
from wiki.attachments.models import Attachment
from wiki.attachments.pictures import NotNow, measure, unmeasured
from wiki.attachments.storage import DamagedFile, Storage
from wiki.commands.base import opened
from wiki.config import Settings
from wiki.db import Database
from wiki.outbox.chain.verifying import verify
from wiki.outbox.deliveries import try_again
from wiki.outbox.models import Delivery
from wiki.pages import checking
from wiki.pages.checking import Finding, Progress
from wiki.pages.rendering.stored import limit_rendering
from wiki.people import groups
from wiki.search.engine import IndexUnavailable
from wiki.search.index import difference, index, rebuild
from wiki.tags import projection
from wiki.text.counts import counted
from wiki.transfer.console import bar

Check = Callable[[Database, Settings, Progress], Iterator[Finding]]
PATIENCE = 10.0
"""Minimum of the limit on rendering a page, in seconds."""


@click.command()
@click.option("--dry-run", is_flag=True, help="Only say what is wrong.")
def check(dry_run: bool) -> None:
    """Verify every stored text, file and derived row, and put right what is derived.

    Exits 1 when something was found that is lost here: a backup may have it.

    Example: wiki check
    """
    settings, database = opened()
    patience = max(settings.render_seconds, settings.render_retry_seconds, PATIENCE)
    limit_rendering(patience, patience)
    found, repaired = 0, 0
    for name, look in CHECKS.items():
        with bar(name) as progress:
            findings = list(look(database, settings, progress))
        for finding in findings:
            found += 1
            done = ""
            if finding.repair is not None and not dry_run:
                finding.repair()
                repaired += 1
                done = " Put right."
            click.echo(f"{name}: {finding.sentence}{done}")
    if not found:
        click.echo("All is as it should be.")
        return
    click.echo(f"{found} found, {repaired} put right.")
    if found > repaired:
        raise click.exceptions.Exit(1)


def _of_pages(look: Callable[[Database, Progress], Iterator[Finding]]) -> Check:
    return lambda database, _settings, progress: look(database, progress)


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
            yield Finding(f"Row {row} of {table} refers to a row of {parent} that is not there.")
    progress(1, 1)


def check_room(database: Database, settings: Settings, progress: Progress) -> Iterator[Finding]:
    """Check that the disk has room to save something."""
    if disk.is_short(settings.data_dir):
        yield Finding("The disk is full: nothing can be saved until somebody makes room.")
    progress(1, 1)


def check_tags(database: Database, settings: Settings, progress: Progress) -> Iterator[Finding]:
    """Check that the derived tags of pages are those of their heads."""
    with database.read() as session:
        found = list(projection.check(session))
    progress(1, 1)
    if found:
        one = "page is listed under tags that it does not have, or not at all."
        many = "pages are listed under tags that they do not have, or not at all."
        sentence = counted(len(found), one, many)
        yield Finding(sentence, lambda: _list_again(database, found))


def _list_again(database: Database, found: Sequence[projection.Difference]) -> None:
    with database.write() as session:
        projection.repair(session, found)


def check_groups(database: Database, settings: Settings, progress: Progress) -> Iterator[Finding]:
    """Check that the members of each group are those added to it and to its parts, at any depth."""
    with database.read() as session:
        wrong = groups.check_groups(session)
    progress(1, 1)
    if wrong:
        one = "group is said to have other people in it than were put in."
        many = "groups are said to have other people in them than were put in."
        sentence = counted(len(wrong), one, many)
        yield Finding(sentence, lambda: _settle_groups(database, wrong))


def _settle_groups(database: Database, wrong: Sequence[int]) -> None:
    with database.write() as session:
        groups.settle_groups(session, wrong)


def check_files(database: Database, settings: Settings, progress: Progress) -> Iterator[Finding]:
    """Check that the content of every file exists and has its hash."""
    storage = Storage(settings.data_dir)
    with database.read() as session:
        files = session.execute(
            select(Attachment.sha256, Attachment.size, Attachment.name)
            .distinct()
            .order_by(Attachment.sha256)
        ).all()
    for done, (sha256, size, name) in enumerate(files):
        try:
            storage.verify(sha256, size)
        except DamagedFile as error:
            yield Finding(f"{name}: {error} A backup may have it.")
        progress(done + 1, len(files))


def check_pictures(database: Database, settings: Settings, progress: Progress) -> Iterator[Finding]:
    """Check that each picture was measured, and has thumbnails or a reason for having none."""
    found = unmeasured(database)
    progress(1, 1)
    if found:
        sentence = f"{counted(len(found), 'picture has', 'pictures have')} not been measured."
        yield Finding(sentence, lambda: _measure_all(database, settings, found))


def _measure_all(
    database: Database, settings: Settings, found: Sequence[tuple[str, int, str]]
) -> None:
    storage = Storage(settings.data_dir)
    for sha256, size, kind in found:
        with suppress(NotNow):  # the next check tries it again
            measure(database, storage, sha256, size, kind)


def check_index(database: Database, settings: Settings, progress: Progress) -> Iterator[Finding]:
    """Check that the search index has every page in its newest revision, and no other page."""
    try:
        found = difference(database, settings)
    except IndexUnavailable as error:
        yield Finding(f"{error} It can be built anew.", lambda: _rebuild(database, settings))
        return
    progress(1, 1)
    if found:
        ids = [*found.stale, *found.gone]
        yield Finding(
            f"{counted(len(found.stale), 'page is', 'pages are')} missing or stale, "
            f"{len(found.gone)} should be gone.",
            lambda: index(database, settings, ids),
        )


def _rebuild(database: Database, settings: Settings) -> None:
    rebuild(database, settings)


def check_events(database: Database, settings: Settings, progress: Progress) -> Iterator[Finding]:
    """Check that no event was changed, removed, inserted or cut off."""
    fault = verify(database, progress).fault
    if fault:
        yield Finding(fault)


def check_deliveries(
    database: Database, settings: Settings, progress: Progress
) -> Iterator[Finding]:
    """Check that no delivery was given up after too many failures."""
    with database.read() as session:
        rows = session.execute(
            select(Delivery.id, Delivery.subscriber, Delivery.error).where(
                Delivery.gave_up_at.is_not(None)
            )
        ).all()
    progress(1, 1)
    for id, subscriber, error in rows:
        yield Finding(
            f"Delivery {id} to {subscriber} was given up ({error}); it can be tried again.",
            lambda id=id: _try_again(database, id),  # type: ignore[misc]
        )


def _try_again(database: Database, delivery_id: int) -> None:
    with database.write() as session:
        try_again(session, delivery_id)


CHECKS: dict[str, Check] = {
    "Disk": check_room,
    "Database": check_database,
    **{name: _of_pages(look) for name, look in checking.CHECKS.items()},
    "Groups": check_groups,
    "Tags": check_tags,
    "Files": check_files,
    "Pictures": check_pictures,
    "Search index": check_index,
    "Events": check_events,
    "Deliveries": check_deliveries,
}
