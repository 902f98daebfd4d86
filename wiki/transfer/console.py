"""The report of an import, for terminals and files."""

from __future__ import annotations

from pathlib import Path

from wiki.errors import Invalid
from wiki.transfer.report import Report

SHOWN = 10
"""Maximum number of problems of a kind shown on a terminal; a report file lists all."""


def report_text(report: Report, most: int | None = SHOWN) -> str:
    """Return the report as text, with at most `most` problems of a kind."""
    lines = [report.summary()]
    if report.hidden:
        lines.append(f"Hidden files and folders skipped: {report.hidden}.")
    for kind, problems in report.by_kind():
        lines += ["", f"{kind.value} ({len(problems)}):"]
        lines += [f"  {one.where}: {one.sentence}" for one in problems[:most]]
        if most is not None and len(problems) > most:
            lines.append(f"  … and {len(problems) - most} more; --report FILE writes them all")
    if report.more_problems:
        lines += ["", f"{report.more_problems} more problems are not listed."]
    return "\n".join(lines)


def write_report(report: Report, file: Path) -> None:
    """Write the whole report as a text file. :raises Invalid: when it cannot be written."""
    text = report_text(report, None) + "\n"
    try:
        file.write_text(text, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise Invalid(f"{file} can’t be written: {error.strerror}.") from None
