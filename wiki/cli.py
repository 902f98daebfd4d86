"""The commands. Each calls an action, and prints one clear line when it fails."""

from __future__ import annotations

import os
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import Progress

from wiki.attachments.storage import Storage
from wiki.commands import (
    audit,
    check,
    drill,
    groups,
    mirrors,
    people,
    purging,
    selfcheck,
    spaces,
)
from wiki.commands.base import SHELL, Wiki, opened, writer
from wiki.commands.mirrors import say_committed
from wiki.commands.spaces import NewSpace, has_space, make_space, say_leaderless
from wiki.db import Database
from wiki.demo.make import make_demo
from wiki.demo.story import CAST
from wiki.outbox.deliver import Deliverer
from wiki.pages.rendering.stored import limit_rendering
from wiki.people.actions import setup_token
from wiki.rules.access import Actor
from wiki.search.index import rebuild
from wiki.serve import address_of, listen, serve_wiki
from wiki.spaces.queries import see_space
from wiki.subscribers import handlers_by_name
from wiki.text.counts import counted
from wiki.transfer.console import bar, report_text, write_report
from wiki.transfer.exporting import export_space
from wiki.transfer.git.command import is_history
from wiki.transfer.git.histories import HistoryImport
from wiki.transfer.git.history import History
from wiki.transfer.git.mirroring import export_to_git
from wiki.transfer.importing import TreeImport
from wiki.transfer.report import Report
from wiki.transfer.sources import limits_of, open_source
from wiki.worker import run_until_told

# Seconds that a page may take to render during an import, where nobody waits for it.
PATIENCE = 10.0


@click.group(cls=Wiki)
@click.version_option(package_name="trellis-wiki", prog_name="wiki")
def main() -> None:
    """Trellis, a wiki-style knowledge base."""


main.add_command(people.user)
main.add_command(people.token)
main.add_command(groups.group)
main.add_command(audit.audit)
main.add_command(check.check)
main.add_command(drill.drill)
main.add_command(selfcheck.selfcheck)
main.add_command(mirrors.mirror)
main.add_command(purging.purge)
main.add_command(spaces.space)


@main.command()
def reindex() -> None:
    """Build a new search index beside the old one, which goes on answering meanwhile.

    Example: wiki reindex
    """
    settings, database = opened()
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Indexing pages", total=None)
        try:
            count = rebuild(
                database,
                settings,
                lambda done, total: bar.update(task, completed=done, total=total),
            )
        except TimeoutError:
            raise click.ClickException(
                "Another process is building the search index; its index will do."
            ) from None
    click.echo(f"{counted(count, 'page is', 'pages are')} searchable.")


@main.command("import")
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@click.option("--space", "slug", required=True, help="Address of the space to import into.")
@click.option("--as", "handle", help="User name to import as; by default the shell's, or a lead's.")
@click.option("--keep-folder", is_flag=True, help="Keep the one folder around all in a zip.")
@click.option("--branch", help="The branch or tag of a Git repository; by default its main branch.")
@click.option("--newest", is_flag=True, help="Of a working tree only the files, without history.")
@click.option("--report", type=click.Path(path_type=Path), help="Write the whole report here.")
@click.option("--create", is_flag=True, help="Make the space if it is not there.")
@click.option("--title", default="", help="With --create: what it is called.")
@click.option("--lead", help="With --create: user name of its lead; see `wiki space add`.")
@click.option("--private", is_flag=True, help="With --create: only members see it.")
@click.option("--public", is_flag=True, help="With --create: everybody may read it.")
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
    """Import Markdown files into a space, from a folder, a zip, or Git with its whole history.

    A bundle, a bare repository, a working tree or the repository of another wiki brings every
    version of every page, by whom and when. Run again, it brings in what changed.

    Example: wiki import handbook.bundle --space handbook --create
    """
    if any(new.values()) and not create:
        raise click.UsageError("--title, --lead, --private and --public go with --create.")
    slug = slug.lower()
    missing = NewSpace(slug, maker=handle, **new) if create else None
    settings, database = opened()
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
            "Interrupted. What was imported is in; the same command goes on from there."
        ) from None
    if report:
        write_report(found, report)
    click.echo(report_text(found))
    with Console(stderr=True).status("Making the pages searchable"):
        Deliverer(database, settings, handlers_by_name()).deliver_all()


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


@main.command("export")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--space", "slug", required=True, help="Address of the space to export.")
@click.option("--as", "handle", help="User name to export as; by default the shell's, or a lead's.")
@click.option("--git", "to_git", is_flag=True, help="With all history, as a Git repository.")
def export_tree(folder: Path, slug: str, handle: str | None, to_git: bool) -> None:
    """Write a space into a new folder: Markdown files that import to the same pages.

    With --git a bare repository with a commit for every revision; if the folder holds one that was
    made before, it gets what is new.

    Example: wiki export --git backup/handbook.git --space handbook
    """
    settings, database = opened()
    if to_git:
        with database.read() as session, bar(f"Exporting {slug}") as progress:
            actor = writer(session, slug, handle)
            space = see_space(session, actor, slug).space
            git = export_to_git(session, actor, settings, space, folder, progress=progress)
        say_committed(git, folder)
        return
    with database.read() as session, bar(f"Exporting {slug}") as progress:
        actor = writer(session, slug, handle)
        space = see_space(session, actor, slug).space
        done = export_space(session, actor, space, folder, Storage(settings.data_dir), progress)
    for sentence in done.damaged:
        click.echo(sentence, err=True)
    click.echo(f"{counted(done.pages, 'page')} and {counted(done.files, 'file')} are in {folder}.")
    if done.damaged:
        raise click.ClickException(f"{counted(len(done.damaged), 'file')} could not be exported.")


@main.command()
@click.option("--force", is_flag=True, help="Beside the people and spaces that are there already.")
def demo(force: bool) -> None:
    """Fill an empty wiki with a small lively organisation to look at.

    Example: WIKI_DATA_DIR=data/demo wiki demo
    """
    settings, database = opened()
    made = make_demo(database, settings, SHELL, force=force)
    click.echo("Saddlebag has moved in." if made.is_new else "Saddlebag is here already.")
    for handle, name, _, what in CAST:
        click.echo(f"  {handle}  {name} {what}")
    if made.password:
        click.echo(f"The password of each of them is {made.password}")
    else:
        click.echo("Their password was shown when they moved in.")


@main.command()
def worker() -> None:
    """Deliver events: index pages, send mails and so on (part of `wiki serve`).

    Example: wiki worker
    """
    settings, database = opened()
    run_until_told(database, settings)


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, help="Port; 0 takes any free one.")
@click.option("--workers", type=click.IntRange(1), help="Web processes; by default one per core.")
@click.option("--threads", type=click.IntRange(1), default=8, show_default=True, help="In each.")
@click.option("--access-log", is_flag=True, help="Write a line per request to stderr.")
def serve(host: str, port: int, workers: int | None, threads: int, access_log: bool) -> None:
    """Serve the wiki: bring the database up to date, then answer and deliver until told to stop.

    Example: wiki serve --host 0.0.0.0 --port 8080
    """
    settings, database = opened()
    listener = listen(host, port)
    if "WIKI_BASE_URL" not in os.environ:
        settings = replace(settings, base_url=address_of(listener).rstrip("/"))
    click.echo(f"{settings.site_name} is at {address_of(listener)}")
    with database.write() as session:
        token = setup_token(session)
    if token is not None:
        click.echo("Nobody administers this wiki yet. Whoever opens this link first does:")
        click.echo(f"  {settings.base_url}/-/setup?token={token}")
    sys.stdout.flush()
    database.dispose()
    serve_wiki(settings, listener, workers=workers, threads=threads, access_log=access_log)
