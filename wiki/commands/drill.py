"""`wiki drill`: a test for leaks of what accounts may not know."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import tempfile
import threading
from dataclasses import asdict, replace
from pathlib import Path

import click

from wiki.app import create_app, open_database
from wiki.config import Settings
from wiki.config.environment import load
from wiki.drill.canaries import lay_out
from wiki.drill.crawl import Drill, Progress
from wiki.drill.report import Report
from wiki.migrate import migrate
from wiki.shell import bar


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@click.option(
    "--attended",
    is_flag=True,
    help="With --json: report progress on stderr, and stop when standard input closes.",
)
def drill(as_json: bool, attended: bool) -> None:
    """Request every route of a scratch wiki full of marked secrets as a visitor, a guest, a
    member of another team, people who have lost their rights, and someone with a share
    link.

    The wiki itself isn't touched. Exits with 1 if anyone saw a secret, if hidden content can be
    told from missing content, or if a route couldn't be tested.

    Example: wiki drill
    """
    if as_json:
        report = run(load(), _attend() if attended else None)
        click.echo(json.dumps(asdict(report) | {"clean": report.clean}, default=str))
    else:
        with bar("Routes") as progress:
            report = run(load(), progress)
        _tell(report)
    if not report.clean:
        raise click.exceptions.Exit(1)


def run(settings: Settings, progress: Progress | None = None) -> Report:
    """Run a whole drill in a scratch folder, with the wiki's settings except those of its data,
    database, mail and secret key."""
    with tempfile.TemporaryDirectory(prefix="wiki-drill-") as folder:
        scratch = replace(
            settings, data_dir=Path(folder), database_url="", smtp_url="", secret_key="d" * 40
        )
        database = open_database(scratch)
        migrate(database)
        app = create_app(scratch, database)
        app.config.update(WTF_CSRF_ENABLED=False)  # only the access check refuses
        try:
            return Drill(lay_out(app, database, scratch)).run(progress)
        finally:
            database.dispose()


def _attend() -> Progress:
    """Report progress on stderr, and exit as soon as standard input ends, because then the caller
    no longer waits for the report."""

    def follow() -> None:
        with contextlib.suppress(OSError):
            os.read(0, 1)
        os.kill(os.getpid(), signal.SIGINT)  # an interrupt also removes the scratch folder

    # Programs that a script starts in the background ignore interrupts.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    threading.Thread(target=follow, name="attended", daemon=True).start()
    return lambda position, total: click.echo(f"{position}/{total}", err=True)


def _tell(report: Report) -> None:
    for title, found in (
        ("Visible without access", report.leaks),
        ("Distinguishable from missing content", report.differences),
    ):
        for leak in found:
            click.echo(f"{title}: {leak}")
    for rule, why in report.unasked.items():
        click.echo(f"Not tested: {rule}: {why}")
    for what in report.unseen:
        click.echo(f"Never visible, even with access: {what}")
    for what in report.changed:
        click.echo(f"Changed without access: {what}")
    click.echo(
        f"{report.requests} requests to {report.routes} routes for {report.canaries} canaries: "
        + ("nothing leaks." if report.clean else "see above.")
    )
