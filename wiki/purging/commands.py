"""The command that removes a page or a revision permanently."""

from __future__ import annotations

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from wiki.pages.models import Page
from wiki.purging.actions import purge_page, purge_revisions
from wiki.shell import SHELL, deliver_all, opened
from wiki.spaces.models import Space
from wiki.text.counts import counted
from wiki.text.paths import PathError, normalise_path, path_key


@click.command()
@click.argument("page")
@click.option("--revision", type=click.IntRange(1), help="Purge only this revision.")
@click.option("--yes", is_flag=True, help="Don't ask for confirmation.")
def purge(page: str, revision: int | None, yes: bool) -> None:
    """Remove a page for good with its revisions and files, or one revision. PAGE is the number
    in its permanent link or its address, SPACE/PATH. Use the number for a deleted page.

    Example: wiki purge eng/teams/salaries --revision 4
    """
    settings, database = opened()
    with database.read() as session:
        found = _found(session, page)
        slug, path, page_id, head = found.space.slug, found.path, found.id, found.head
        title = found.title
    what = (
        f"revision {revision} of “{title}”"
        if revision
        else f"“{title}” ({counted(head, 'revision')})"
    )
    if not yes and not click.confirm(f"Purge {what} at /{slug}/{path} for good?"):
        raise click.ClickException("Nothing was purged.")
    with database.write() as session:
        if revision:
            purge_revisions(session, SHELL, page_id, {revision}, seen=head, anywhere=True)
        else:
            purge_page(session, SHELL, page_id, seen=head, anywhere=True)
    click.echo("Purged. Its traces on disk are being removed.")
    deliver_all(database, settings)


def _found(session: Session, page: str) -> Page:
    """Return the page with this id or address.

    :raises click.ClickException: when there is none.
    """
    query = select(Page).join(Page.space)
    if page.isascii() and page.isdigit() and len(page) < 16:
        query = query.where(Page.id == int(page))
    else:
        slug, _, path = page.strip("/").partition("/")
        try:
            key = path_key(normalise_path(path))
        except PathError as error:
            raise click.ClickException(str(error)) from None
        query = query.where(Space.slug == slug, Page.path_key == key, Page.deleted_at.is_(None))
    found = session.scalar(query)
    if found is None:
        raise click.ClickException(f"There is no page {page}.")
    return found


COMMANDS = (purge,)
