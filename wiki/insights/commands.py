"""The command that runs the self-check."""

from __future__ import annotations

import os
import sys

import click

from wiki.insights.points import Grade
from wiki.insights.selfcheck import self_check
from wiki.shell import SHELL, opened


@click.command()
@click.option("--strict", is_flag=True, help="Also fail if there are warnings.")
@click.option("--all", "everything", is_flag=True, help="Also list the checks that passed.")
def selfcheck(strict: bool, everything: bool) -> None:
    """Check how securely the wiki is set up and run, and say what to do about each problem. Exits
    with 1 if there is a critical issue.

    Example: wiki selfcheck
    """
    settings, database = opened()
    debug = os.environ.get("FLASK_DEBUG", "") not in ("", "0")
    with database.read() as session:
        points = self_check(database, settings, session, SHELL, debug=debug)
    for point in points:
        if point.grade is Grade.GOOD and not everything:
            continue
        click.echo(f"{point.grade.value:<6}  {point.name}: {point.said}")
        if point.todo:
            click.echo(f"        {point.todo}")
    count = {grade: sum(point.grade is grade for point in points) for grade in Grade}
    dangers, warnings = count[Grade.DANGER], count[Grade.WARN]
    click.echo(f"Critical: {dangers}, warnings: {warnings}, passed: {count[Grade.GOOD]}.")
    sys.exit(1 if dangers or (strict and warnings) else 0)


COMMANDS = (selfcheck,)
