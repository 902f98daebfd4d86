"""The command `wiki`: the commands of the rooms, and those that run or show the whole wiki."""

from __future__ import annotations

import os
import sys
from dataclasses import replace

import click

from wiki.app import open_database
from wiki.commands import check, drill, mail
from wiki.config import Settings
from wiki.db import Database
from wiki.demo.make import make_demo
from wiki.demo.story import CAST
from wiki.migrate import migrate
from wiki.outbox.deliver import Deliverer
from wiki.people.signin.first_admin import setup_token
from wiki.rooms import ROOMS
from wiki.serve.web import address_of, listen
from wiki.serve.wiki import serve_wiki
from wiki.shell import SHELL, Wiki, Wiring, opened
from wiki.subscribers import handlers_by_name
from wiki.worker import run_until_told


@click.group(cls=Wiki)
@click.version_option(package_name="trellis-wiki", prog_name="wiki")
@click.pass_context
def main(context: click.Context) -> None:
    """Trellis, a wiki-style knowledge base."""
    context.obj = Wiring(_open, _deliver_all)


def _open(settings: Settings) -> Database:
    database = open_database(settings)
    migrate(database)
    return database


def _deliver_all(database: Database, settings: Settings) -> int:
    return Deliverer(database, settings, handlers_by_name()).deliver_all()


main.add_command(check.check)
main.add_command(drill.drill)
main.add_command(mail.mail)
for room in ROOMS:
    for command in room.commands:
        main.add_command(command)


@main.command()
@click.option("--force", is_flag=True, help="Add the demo even if the wiki has people and spaces.")
def demo(force: bool) -> None:
    """Fill an empty wiki with a small sample organisation.

    Example: WIKI_DATA_DIR=data/demo wiki demo
    """
    settings, database = opened()
    made = make_demo(database, settings, SHELL, force=force)
    click.echo(
        "Demo organisation “Saddlebag” created." if made.is_new else "The demo already exists."
    )
    for handle, name, _, what in CAST:
        click.echo(f"  {handle}  {name} {what}")
    if made.password:
        click.echo(f"Password of all demo accounts: {made.password}")
    else:
        click.echo("Their password was shown when the demo was created.")


@main.command()
def worker() -> None:
    """Process background jobs, such as indexing and email (part of `wiki serve`).

    Example: wiki worker
    """
    settings, database = opened()
    run_until_told(database, settings)


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", default=8000, show_default=True, help="Port to listen on; 0 for any free port."
)
@click.option(
    "--workers", type=click.IntRange(1), help="Number of web processes; by default one per core."
)
@click.option(
    "--threads", type=click.IntRange(1), default=8, show_default=True, help="Threads per process."
)
@click.option("--access-log", is_flag=True, help="Log each request to stderr.")
def serve(host: str, port: int, workers: int | None, threads: int, access_log: bool) -> None:
    """Migrate the database, then serve the wiki and process background jobs until stopped.

    Example: wiki serve --host 0.0.0.0 --port 8080
    """
    settings, database = opened()
    listener = listen(host, port)
    if "WIKI_BASE_URL" not in os.environ:
        settings = replace(settings, base_url=address_of(listener).rstrip("/"))
    click.echo(f"{settings.site_name} is running at {address_of(listener)}")
    with database.write() as session:
        token = setup_token(session)
    if token is not None:
        click.echo("To create the first admin account, open this link:")
        click.echo(f"  {settings.base_url}/-/setup?token={token}")
    sys.stdout.flush()
    database.dispose()
    serve_wiki(settings, listener, workers=workers, threads=threads, access_log=access_log)
