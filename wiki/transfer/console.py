"""Terminal output of an import: the progress bar and the report."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from wiki.errors import Invalid
from wiki.transfer import sources
from wiki.transfer.report import Report

SHOWN = 10
"""Maximum number of problems of a kind shown on a terminal; a report file lists all."""


class _Rate(ProgressColumn):
    """A column with the number of steps per second."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:,.0f}/s" if task.speed else "")


@contextmanager
def bar(what: str) -> Iterator[sources.Progress]:
    """Show a progress bar on stderr if that is a terminal, and yield the callback that moves it."""
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        _Rate(),
        TimeRemainingColumn(),
    )
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as progress:
        task = progress.add_task(what, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


def report_text(report: Report, most: int | None = SHOWN) -> str:
    """Return the report as text, with at most `most` problems of a kind."""
    lines = [report.summary()]
    if report.hidden:
        lines.append(f"Hidden files and folders passed over: {report.hidden}.")
    for kind, problems in report.by_kind():
        lines += ["", f"{kind.value} ({len(problems)}):"]
        lines += [f"  {one.where}: {one.sentence}" for one in problems[:most]]
        if most is not None and len(problems) > most:
            lines.append(f"  … and {len(problems) - most} more; --report FILE writes them all")
    if report.more_problems:
        lines += ["", f"{report.more_problems} more problems were not written down."]
    return "\n".join(lines)


def write_report(report: Report, file: Path) -> None:
    """Write the whole report as a text file. :raises Invalid: when it cannot be written."""
    text = report_text(report, None) + "\n"
    try:
        file.write_text(text, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise Invalid(f"{file} cannot be written: {error.strerror}.") from None
