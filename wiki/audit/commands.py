"""Commands of the audit log: exporting events, and signing their chains anew."""

from __future__ import annotations

import sys
from datetime import datetime

import click

from wiki.audit.actions import begin_export
from wiki.audit.exporting import Format, write_audit
from wiki.audit.queries import Filters, find
from wiki.outbox.chain.signing import seal_anew
from wiki.outbox.chain.verifying import verify
from wiki.shell import SHELL, bar, opened
from wiki.text.counts import counted


@click.group()
def audit() -> None:
    """Who did what, when and from where."""


@audit.command("export")
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="Only from this day on (UTC).")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="Only until this day (UTC).")
@click.option("--who", default="", help="User name: only what they did.")
@click.option("--space", "slug", default="", help="Address of a space: only what happened in it.")
@click.option(
    "--format",
    "form",
    type=click.Choice([one.value for one in Format]),
    default=Format.JSONL.value,
    show_default=True,
    help="How to write it.",
)
def export(since: datetime | None, until: datetime | None, who: str, slug: str, form: str) -> None:
    """Write the events of the audit to standard output, newest first. That it was done is an event.

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
@click.option("--yes", is_flag=True, help="Do not ask.")
def seal(yes: bool) -> None:
    """Sign the chain of events with the key that the wiki has now: after the key was changed, or
    when you accept what `wiki check` says of the events. That it was done is an event.

    Example: wiki audit seal
    """
    _, database = opened()
    with bar("Verifying") as progress:
        found = verify(database, progress)
    if not found.fault:
        events = counted(found.count, "event is as it was", "events are as they were")
        click.echo(f"{events} written, and signed.")
        return
    click.echo(found.fault)
    if not yes and not click.confirm("Take the events as they are now for what happened?"):
        raise click.ClickException("Nothing was signed.")
    with database.write() as session:
        count = seal_anew(session, SHELL, found.fault)
    events = counted(count, "event is", "events are")
    click.echo(f"{events} bound to the ones before and signed anew.")


def _day(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d}" if moment else ""


COMMANDS = (audit,)
