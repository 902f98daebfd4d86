"""Commands for mirrors: Git repositories that every change of a space is committed to."""

from __future__ import annotations

from pathlib import Path

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from wiki.commands.base import SHELL, opened, writer
from wiki.errors import NotFound
from wiki.people.models import Person
from wiki.spaces.models import Space
from wiki.spaces.queries import see_space
from wiki.transfer.console import bar
from wiki.transfer.git import mirroring
from wiki.transfer.git.mirroring import Committed
from wiki.transfer.models import Mirror
from wiki.web.filters import exact


@click.group()
def mirror() -> None:
    """Mirrors of spaces in Git repositories."""


@mirror.command("add")
@click.argument("slug", metavar="SPACE")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--as", "handle", help="User name to read as; by default the shell's, or a lead's.")
def add_mirror(slug: str, folder: Path, handle: str | None) -> None:
    """Commit a space's history to a bare Git repository, and from then on all that happens in it.

    Whoever can read the folder reads the space. Interrupted, the same command goes on.

    Example: wiki mirror add handbook /srv/mirrors/handbook.git
    """
    settings, database = opened()
    with database.read() as session, bar(f"Exporting {slug}") as progress:
        actor = writer(session, slug, handle)
        space = see_space(session, actor, slug).space
        mirroring.check_mirror(session, SHELL, space, folder)
        done = mirroring.export_to_git(session, actor, settings, space, folder, progress=progress)
    with database.write() as session:
        person = session.get(Person, actor.person_id) if actor.person_id is not None else None
        mirroring.add_mirror(session, SHELL, space, folder, person)
    mirroring.advance(database, settings, space.id)  # changes made in the meantime
    say_committed(done, folder)


@mirror.command("list")
def list_mirrors() -> None:
    """List mirrors: space, folder, as whom it is read, state, parted by tabs.

    Example: wiki mirror list
    """
    _, database = opened()
    with database.read() as session:
        for one in mirroring.list_mirrors(session, SHELL):
            row = one.mirror
            who = row.person.handle if row.person else "the shell"
            click.echo("\t".join((row.space.slug, row.folder, who, _state(one))))


@mirror.command("update")
@click.argument("slug", metavar="SPACE")
def update_mirror(slug: str) -> None:
    """Bring a mirror up to date now, without waiting for the worker's next attempt.

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
            raise click.ClickException(f"{slug} has no mirror; `wiki mirror add` makes one.")
        if done is None:
            raise click.ClickException(row.failure or "Another process is at it.")
        say_committed(done, Path(row.folder))


@mirror.command("remove")
@click.argument("slug", metavar="SPACE")
def remove_mirror(slug: str) -> None:
    """Commit no more to a space's mirror. The repository stays as it is.

    Example: wiki mirror remove handbook
    """
    _, database = opened()
    with database.write() as session:
        try:
            row = mirroring.remove_mirror(session, SHELL, _space(session, slug))
        except NotFound:
            raise click.ClickException(f"{slug} has no mirror.") from None
    click.echo(f"{slug} is no longer mirrored; {row.folder} stays as it is.")


def say_committed(done: Committed, folder: Path) -> None:
    """Print the result of an export to a repository.

    :raises click.ClickException: when something could not be exported.
    """
    for sentence in done.problems:
        click.echo(sentence, err=True)
    commits = "One new commit is" if done.commits == 1 else f"{done.commits} new commits are"
    click.echo(f"{commits} in {folder}.")
    if done.problems:
        raise click.ClickException(f"{len(done.problems)} things could not be exported.")


def _state(one: mirroring.MirrorState) -> str:
    row = one.mirror
    if row.failures and row.failed_at is not None:
        return f"failing since {exact(row.failed_at)}: {row.failure}"
    said = f"{one.behind} events behind" if one.behind else "up to date"
    return f"{said}, with things left out: {row.failure}" if row.failure else said


def _space(session: Session, slug: str) -> Space:
    space = session.scalar(select(Space).where(Space.slug == slug))
    if space is None:
        raise click.ClickException(f"There is no space {slug}.")
    return space
