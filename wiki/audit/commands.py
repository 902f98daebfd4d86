"""Commands of the audit log: exporting events, and signing their chains anew."""

from __future__ import annotations

import sys
from datetime import datetime

import click

from wiki.audit.actions import begin_export
from wiki.audit.exporting import Format, write_audit
from wiki.audit.filters import Filters
from wiki.audit.queries import find
from wiki.outbox.chain.signing import seal_anew
from wiki.outbox.chain.verifying import verify
from wiki.shell import SHELL, bar, opened
from wiki.text.counts import counted


@click.group()
def audit() -> None:
    """Export and verify the audit log."""


@audit.command("export")
@click.option(
    "--since", type=click.DateTime(["%Y-%m-%d"]), help="Only events from this day on (UTC)."
)
@click.option(
    "--until", type=click.DateTime(["%Y-%m-%d"]), help="Only events up to this day (UTC)."
)
@click.option("--who", default="", help="Only events of this user name.")
@click.option("--space", "slug", default="", help="Only events in the space with this address.")
@click.option(
    "--format",
    "form",
    type=click.Choice([one.value for one in Format]),
    default=Format.JSONL.value,
    show_default=True,
    help="Output format.",
)
def export(since: datetime | None, until: datetime | None, who: str, slug: str, form: str) -> None:
    """Write audit events to standard output, newest first. The export is recorded as an event.

    Example: wiki audit export --since 2026-01-01 > audit.jsonl
    """
    _, database = opened()
    filters = Filters(who=who, space=slug, since=_day(since), until=_day(until))
    with database.write() as session:
        found = find(session, SHELL, filters)
        last = begin_export(session, SHELL, found, Format(form))
    out = sys.stdout
    for lines in write_audit(database, SHELL, found, Format(form), before=last):
        out.write(lines)
    out.flush()


@audit.command()
@click.option("--yes", is_flag=True, help="Don't ask for confirmation.")
def seal(yes: bool) -> None:
    """Sign the event chain with the wiki's current key. Use this after changing the key, or to
    accept what `wiki check` reports about the events. This is recorded as an event.

    Example: wiki audit seal
    """
    _, database = opened()
    with bar("Verifying") as progress:
        found = verify(database, progress)
    if not found.fault:
        events = counted(found.count, "event is unchanged", "events are unchanged")
        click.echo(f"{events} and signed.")
        return
    click.echo(found.fault)
    if not yes and not click.confirm("Accept the events as they are now?"):
        raise click.ClickException("Nothing was signed.")
    with database.write() as session:
        count = seal_anew(session, SHELL, found.fault)
    events = counted(count, "event is", "events are")
    click.echo(f"{events} linked and signed again.")


def _day(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d}" if moment else ""


COMMANDS = (audit,)
