"""Execution of the leak drill by the worker, as a separate process.

A drill takes minutes, so the worker only polls it now and then. The process works on a scratch wiki
and has no access to this one. It ends when the worker does, and a run that no worker continues is
marked as interrupted.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from subprocess import PIPE
from typing import IO, Any

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from wiki.audit.drills import Outcome
from wiki.audit.events import DrillFinished
from wiki.audit.models import DrillRun
from wiki.config import Settings
from wiki.db import Database, now
from wiki.outbox.actions import publish
from wiki.process import Child
from wiki.rules.access import ANONYMOUS

log = logging.getLogger(__name__)

COMMAND = (sys.executable, "-m", "wiki", "drill", "--json", "--attended")
LONGEST = timedelta(minutes=60)
BEAT = timedelta(seconds=3)
LOST = timedelta(seconds=60)
"""Time without an update by a worker after which a run counts as lost."""
FINDINGS = ("leaks", "differences", "unasked", "unseen", "changed")
"""The lists of a report that are empty when nothing leaks."""
KEPT = 200
"""Maximum number of findings kept of each list of a report."""


@dataclass
class _Process:
    """A running drill."""

    run_id: int
    process: Child
    answer: IO[bytes]
    steps: IO[bytes]
    began_at: datetime
    beat_at: datetime


class DrillKeeper:
    """A chore of the worker that runs requested drills, one at a time."""

    def __init__(self, command: Sequence[str] = COMMAND) -> None:
        self.command = command
        self._at_work: _Process | None = None

    def __call__(self, database: Database, settings: Settings) -> None:
        """Start a waiting run, or check the progress of the running one."""
        if self._at_work is not None:
            self._follow(database, self._at_work)
            return
        with database.read() as session:
            unfinished = session.scalar(_left(database).with_only_columns(DrillRun.id).limit(1))
        if unfinished is not None:
            self._begin(database)

    def _begin(self, database: Database) -> None:
        """Start the run that has waited longest, and mark lost runs as interrupted."""
        with database.write() as session:
            rows = session.scalars(_left(database).with_for_update(skip_locked=True)).all()
            for run in rows:
                if run.began_at is not None:
                    why = "The worker was stopped. Nothing is wrong; run the drill again."
                    _finish(session, run, Outcome.INTERRUPTED, error=why)
            waits = next((run for run in rows if run.began_at is None), None)
            at_work = select(DrillRun.id).where(
                DrillRun.done_at.is_(None), DrillRun.began_at.is_not(None)
            )
            if waits is None or session.scalar(at_work.limit(1)) is not None:
                return
            waits.began_at = waits.seen_at = now()
            run_id = waits.id
        # Files instead of pipes, because a full pipe would block the process.
        answer = tempfile.TemporaryFile()  # noqa: SIM115
        steps = tempfile.TemporaryFile()  # noqa: SIM115
        try:
            process = Child(self.command, None, stdin=PIPE, stdout=answer, stderr=steps)
        except OSError as error:
            with database.write() as session:
                _failed(f"The drill couldn’t be started: {error}.")(
                    session, session.get_one(DrillRun, run_id)
                )
            return
        self._at_work = _Process(run_id, process, answer, steps, now(), now())

    def _follow(self, database: Database, one: _Process) -> None:
        status = one.process.poll()
        if status is None:
            if now() - one.began_at > LONGEST:
                one.process.stop()
                minutes = int(LONGEST.total_seconds() / 60)
                self._end(database, one, _failed(f"The drill took more than {minutes} minutes."))
            elif now() - one.beat_at >= BEAT:
                one.beat_at = now()
                position, total = _far(_read(one.steps))
                with database.write() as session:
                    run = session.get(DrillRun, one.run_id)
                    if run is not None:
                        run.seen_at, run.position, run.total = now(), position, total
            return
        said, noise = _read(one.answer), _read(one.steps)
        try:
            report = json.loads(said)
            outcome = Outcome.CLEAN if report["clean"] else Outcome.LEAKS
        except (ValueError, KeyError, TypeError):
            log.error("the leak drill ended with %d and without a report:\n%s", status, noise)
            self._end(
                database,
                one,
                _failed(_last_words(noise) or f"The drill exited with status {status}."),
            )
            return
        kept = _shortened(report)
        self._end(database, one, lambda session, run: _finish(session, run, outcome, result=kept))

    def _end(
        self, database: Database, one: _Process, finish: Callable[[Session, DrillRun], None]
    ) -> None:
        """Store the result. If this fails, the next call tries again."""
        with database.write() as session:
            run = session.get(DrillRun, one.run_id)
            if run is not None:
                finish(session, run)
        one.process.stop()
        one.answer.close()
        one.steps.close()
        self._at_work = None


keep_drilling = DrillKeeper()


def _left(database: Database) -> Select[DrillRun]:
    """Return a query for unfinished runs that no worker updates: waiting and lost ones."""
    left = select(DrillRun).where(DrillRun.done_at.is_(None)).order_by(DrillRun.id)
    if database.is_sqlite:  # SQLite has a single worker, and it is not running one
        return left
    return left.where(or_(DrillRun.seen_at.is_(None), DrillRun.seen_at < now() - LOST))


def _finish(
    session: Session,
    run: DrillRun,
    outcome: Outcome,
    *,
    error: str = "",
    result: dict[str, Any] | None = None,
) -> None:
    run.done_at, run.outcome, run.error = now(), outcome.value, error
    run.result = result or {}
    found = sum(len(run.result.get(name, ())) for name in FINDINGS)
    publish(session, ANONYMOUS, DrillFinished(run.id, outcome.value, found))


def _failed(error: str) -> Callable[[Session, DrillRun], None]:
    return lambda session, run: _finish(session, run, Outcome.FAILED, error=error)


def _read(file: IO[bytes]) -> str:
    """Return what a process has written to a file so far. The position in the file, at which the
    process writes, is left alone."""
    size = os.fstat(file.fileno()).st_size
    return os.pread(file.fileno(), size, 0).decode("utf-8", "replace")


def _far(steps: str) -> tuple[int, int]:
    """Return the progress in the last complete line that reports it; (0, 0) if there is none."""
    for line in reversed(steps.split("\n")[:-1]):
        position, slash, total = line.partition("/")
        if slash and position.isdecimal() and total.isdecimal():
            return int(position), int(total)
    return 0, 0


def _last_words(noise: str) -> str:
    """Return the last line of the output of a process that failed, which names the error."""
    lines = [line for line in noise.splitlines() if line.strip() and not _far(f"{line}\n")[1]]
    return lines[-1].strip()[:1000] if lines else ""


def _shortened(report: dict[str, Any]) -> dict[str, Any]:
    """Return a report with at most :data:`KEPT` entries of each list."""
    return {
        name: value[:KEPT] if isinstance(value, list) else value for name, value in report.items()
    }
