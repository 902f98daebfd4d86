"""The command that rebuilds the search index."""

from __future__ import annotations

import click
from rich.console import Console
from rich.progress import Progress

from wiki.search.engine import IndexUnavailable
from wiki.search.index import rebuild
from wiki.shell import opened
from wiki.text.counts import counted


@click.command()
def reindex() -> None:
    """Build a new search index. The old one stays in use until the new one is ready.

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
                "Another process is already building the search index."
            ) from None
        except IndexUnavailable as error:
            raise click.ClickException(str(error)) from None
    click.echo(f"{counted(count, 'page is', 'pages are')} searchable.")


COMMANDS = (reindex,)
