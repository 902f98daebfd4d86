"""The commands of imports, exports and mirrors."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from sqlalchemy import select
from sqlalchemy.orm import Session

from wiki.attachments.storage import Storage
from wiki.db import Database
from wiki.errors import NotFound
from wiki.pages.rendering.own_renderer import limit_rendering
from wiki.people.models import Person
from wiki.rules.access import Actor
from wiki.rules.labels import Label
from wiki.shell import SHELL, bar, deliver_all, opened
from wiki.spaces.commands import NewSpace, has_space, make_space, say_leaderless, writer
from wiki.spaces.models import Space
from wiki.spaces.queries import see_space
from wiki.text.counts import counted
from wiki.transfer.console import report_text, write_report
from wiki.transfer.exporting import export_space
from wiki.transfer.git import mirroring, mirrors
from wiki.transfer.git.command import is_history
from wiki.transfer.git.histories import HistoryImport
from wiki.transfer.git.history import History
from wiki.transfer.git.repositories import Committed
from wiki.transfer.importing import TreeImport
from wiki.transfer.models import Mirror
from wiki.transfer.report import Report
from wiki.transfer.sources.source import limits_of, open_source
from wiki.web.screens.filters import exact

# Seconds that a page may take to render during an import, where nobody waits for it.
PATIENCE = 10.0


@click.group()
def mirror() -> None:
    """Mirror spaces to Git repositories."""


@mirror.command("add")
@click.argument("slug", metavar="SPACE")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--as", "handle", help="User name to read as; by default the shell's, or a lead's.")
def add_mirror(slug: str, folder: Path, handle: str | None) -> None:
    """Commit a space's history to a bare Git repository, and every later change of the space.

    Anyone who can read the folder can read the space. If the command is interrupted, run it again
    to continue.

    Example: wiki mirror add handbook /srv/mirrors/handbook.git
    """
    settings, database = opened()
    with database.read() as session, bar(f"Exporting {slug}") as progress:
        actor = writer(session, slug, handle)
        space = see_space(session, actor, slug).space
        mirrors.check_mirror(session, SHELL, space, folder)
        done = mirroring.export_to_git(session, actor, settings, space, folder, progress=progress)
    with database.write() as session:
        person = session.get(Person, actor.person_id) if actor.person_id is not None else None
        mirrors.add_mirror(session, SHELL, space, folder, person)
    mirroring.advance(database, settings, space.id)  # changes made in the meantime
    say_committed(done, folder)


@mirror.command("list")
def list_mirrors() -> None:
    """List mirrors: space, folder, the account that reads it, and state, separated by tabs.

    Example: wiki mirror list
    """
    _, database = opened()
    with database.read() as session:
        for one in mirrors.list_mirrors(session, SHELL):
            row = one.mirror
            who = row.person.handle if row.person else "the shell"
            click.echo("\t".join((row.space.slug, row.folder, who, _state(one))))


@mirror.command("update")
@click.argument("slug", metavar="SPACE")
def update_mirror(slug: str) -> None:
    """Update a mirror now, without waiting for the worker's next attempt.

    Example: wiki mirror update handbook
    """
    settings, database = opened()
    with database.read() as session:
        space = _space(session, slug)
    with bar(f"Committing {slug}") as progress:
        done = mirroring.advance(database, settings, space.id, progress=progress)
    with database.read() as session:
        row = session.get(Mirror, space.id)
        if row is None:
            raise click.ClickException(f"{slug} has no mirror. Create one with `wiki mirror add`.")
        if done is None:
            raise click.ClickException(row.failure or "Another process is updating this mirror.")
        say_committed(done, Path(row.folder))


@mirror.command("remove")
@click.argument("slug", metavar="SPACE")
def remove_mirror(slug: str) -> None:
    """Stop mirroring a space. The repository isn't changed.

    Example: wiki mirror remove handbook
    """
    _, database = opened()
    with database.write() as session:
        try:
            row = mirrors.remove_mirror(session, SHELL, _space(session, slug))
        except NotFound:
            raise click.ClickException(f"{slug} has no mirror.") from None
    click.echo(f"{slug} is no longer mirrored. {row.folder} isn't changed.")


def say_committed(done: Committed, folder: Path) -> None:
    """Print the result of an export to a repository.

    :raises click.ClickException: when something could not be exported.
    """
    for sentence in done.problems:
        click.echo(sentence, err=True)
    commits = "1 new commit" if done.commits == 1 else f"{done.commits} new commits"
    click.echo(f"{commits} in {folder}.")
    if done.problems:
        raise click.ClickException(f"{counted(len(done.problems), 'item')} couldn't be exported.")


def _state(one: mirrors.MirrorState) -> str:
    row = one.mirror
    if row.failures and row.failed_at is not None:
        return f"failing since {exact(row.failed_at)}: {row.failure}"
    said = f"{counted(one.behind, 'event')} behind" if one.behind else "up to date"
    return f"{said}, but incomplete: {row.failure}" if row.failure else said


def _space(session: Session, slug: str) -> Space:
    space = session.scalar(select(Space).where(Space.slug == slug))
    if space is None:
        raise click.ClickException(f"There is no space {slug}.")
    return space


@click.command("import")
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@click.option("--space", "slug", required=True, help="Address of the space to import into.")
@click.option("--as", "handle", help="User name to import as; by default the shell's, or a lead's.")
@click.option(
    "--keep-folder",
    is_flag=True,
    help="Keep the top-level folder that contains everything in a zip.",
)
@click.option("--branch", help="Branch or tag of a Git repository; by default its main branch.")
@click.option(
    "--newest", is_flag=True, help="Import only the files of a working tree, without history."
)
@click.option(
    "--report", type=click.Path(path_type=Path), help="Write the full report to this file."
)
@click.option("--create", is_flag=True, help="Create the space if it doesn't exist.")
@click.option("--title", default="", help="With --create: title of the space.")
@click.option("--lead", help="With --create: user name of its lead; see `wiki space add`.")
@click.option("--private", is_flag=True, help="With --create: only members can see it.")
@click.option("--public", is_flag=True, help="With --create: everyone can read it.")
def import_tree(
    path: Path,
    slug: str,
    handle: str | None,
    keep_folder: bool,
    branch: str | None,
    newest: bool,
    report: Path | None,
    create: bool,
    **new: Any,
) -> None:
    """Import Markdown files into a space from a folder, a zip, or Git with its full history.

    From a bundle, a bare repository, a working tree or the repository of another wiki, every
    version of every page is imported with its author and date. Run it again to import changes.

    Example: wiki import handbook.bundle --space handbook --create
    """
    if any(new.values()) and not create:
        raise click.UsageError("--title, --lead, --private and --public need --create.")
    slug = slug.lower()
    missing = NewSpace(slug, maker=handle, **new) if create else None
    settings, database = opened()
    if missing:
        missing = replace(missing, label=Label.named(database.adjust(settings).space_label))
    if report:
        write_report(Report(), report)  # fails now rather than after the import
    limit_rendering(max(settings.render_seconds, PATIENCE), settings.render_retry_seconds)
    try:
        if is_history(path) and not newest:
            with closing(History(path, branch)) as history, bar(f"Importing {path.name}") as told:
                actor, space_id = _target(database, slug, handle, missing)
                found = HistoryImport(database, settings, actor, space_id, history).run(told)
        else:
            with closing(open_source(path, limits_of(settings), keep_outer=keep_folder)) as source:
                actor, space_id = _target(database, slug, handle, missing)
                tree = TreeImport(database, settings, actor, space_id, source)
                with bar(f"Importing {path.name}") as told:
                    tree.run(progress=told)
                    found = tree.finish()
    except KeyboardInterrupt:
        raise click.ClickException(
            "Interrupted. What was imported so far is kept; run the same command to continue."
        ) from None
    if report:
        write_report(found, report)
    click.echo(report_text(found))
    with Console(stderr=True).status("Making the pages searchable"):
        deliver_all(database, settings)


def _target(
    database: Database, slug: str, handle: str | None, missing: NewSpace | None
) -> tuple[Actor, int]:
    """Return the actor of an import and the id of its space, which is created if it is missing."""
    led = True
    if missing is not None:
        with database.write() as session:
            if not has_space(session, slug):
                led = make_space(session, missing)
                writer(session, slug, handle)  # without an actor the space is rolled back
    if not led:
        say_leaderless(slug)
    with database.read() as session:
        actor = writer(session, slug, handle)
        return actor, see_space(session, actor, slug).space.id


@click.command("export")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--space", "slug", required=True, help="Address of the space to export.")
@click.option("--as", "handle", help="User name to export as; by default the shell's, or a lead's.")
@click.option("--git", "to_git", is_flag=True, help="Export the full history as a Git repository.")
def export_tree(folder: Path, slug: str, handle: str | None, to_git: bool) -> None:
    """Export a space to a new folder, as Markdown files that can be imported again.

    With --git, export a bare repository with one commit per revision. If the folder already
    contains such a repository, only new revisions are added.

    Example: wiki export --git backup/handbook.git --space handbook
    """
    settings, database = opened()
    if to_git:
        with database.read() as session, bar(f"Exporting {slug}") as progress:
            actor = writer(session, slug, handle)
            space = see_space(session, actor, slug).space
            git = mirroring.export_to_git(
                session, actor, settings, space, folder, progress=progress
            )
        say_committed(git, folder)
        return
    with database.read() as session, bar(f"Exporting {slug}") as progress:
        actor = writer(session, slug, handle)
        space = see_space(session, actor, slug).space
        done = export_space(session, actor, space, folder, Storage(settings.data_dir), progress)
    for sentence in done.damaged:
        click.echo(sentence, err=True)
    click.echo(
        f"{counted(done.pages, 'page')} and {counted(done.files, 'file')} exported to {folder}."
    )
    if done.damaged:
        raise click.ClickException(f"{counted(len(done.damaged), 'file')} couldn't be exported.")


COMMANDS = (import_tree, export_tree, mirror)
