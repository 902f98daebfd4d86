"""Spaces in Git repositories: exported once, or mirrored continuously.

The position of a repository is stored in the trailers of its newest commit. After an interruption
at any moment, the next run continues where the last commit ended.
"""

from __future__ import annotations

import logging
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import exists, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, joinedload

from wiki.attachments.storage import Storage
from wiki.config import Settings
from wiki.db import Database, now
from wiki.errors import NotFound, WikiError
from wiki.outbox.actions import deliver_again
from wiki.outbox.models import Delivery, EventRow
from wiki.people.imported.placeholders import users_domain
from wiki.rules.access import Actor, May
from wiki.rules.roles import SiteRole
from wiki.spaces.models import Space
from wiki.spaces.queries import see_space_by_id
from wiki.transfer.git import trailers
from wiki.transfer.git.command import GitError
from wiki.transfer.git.commits import SpaceHistory
from wiki.transfer.git.fast_import import Busy, Repository
from wiki.transfer.git.repositories import Committed, newest_position, open_repository
from wiki.transfer.git.tree import Tree
from wiki.transfer.models import Mirror
from wiki.transfer.sources.source import Progress

log = logging.getLogger(__name__)

SUBSCRIBER = "transfer.mirror_spaces"
SLICE_SECONDS = 1.0
"""Maximum duration of a slice; other deliveries of the same worker wait for it."""
LONGEST_WAIT = timedelta(hours=1)
"""Maximum time between two attempts at a mirror that fails."""
# A mirror without a person is read as the machine's shell, like the export by the command.
_SHELL = Actor(None, "", "The shell", SiteRole.ADMIN)


def export_to_git(
    session: Session,
    actor: Actor,
    settings: Settings,
    space: Space,
    folder: Path,
    *,
    progress: Progress | None = None,
) -> Committed:
    """Commit the history of a space, as far as the actor may read it, to a bare repository. The
    repository is new, or was made by this function for the same space and is continued.

    :raises GitError: when Git is missing or refuses, or others committed there.
    :raises Invalid: when the folder is something else. :raises NotFound:
    """
    see_space_by_id(session, actor, space.id).require(May.READ)
    repository = open_repository(folder, space, new=True)
    with repository.lock():
        history = _history_of(session, actor, settings, space)
        return _continue(history, repository, progress=progress)


def _history_of(session: Session, actor: Actor, settings: Settings, space: Space) -> SpaceHistory:
    storage = Storage(settings.data_dir)
    return SpaceHistory(session, actor, space, storage, domain=users_domain(settings))


def _continue(
    history: SpaceHistory,
    repository: Repository,
    *,
    known: tuple[str, int] = ("", 0),
    seconds: float | None = None,
    progress: Progress | None = None,
) -> Committed:
    """Commit what the repository lacks. The caller holds its lock.

    :param known: a commit, and the event up to which the repository was complete with it.
    :param seconds: stop after this time, at the end of a slice.
    """
    tip, said = newest_position(repository)
    start = int(said.get(trailers.EVENT, "0"))
    if known[0] == tip:
        start = max(start, known[1])
    until = history.happened.newest()
    if start > until or not _happened(history.session, said):
        raise GitError(
            f"{repository.folder} contains changes that never happened in this wiki, perhaps "
            "because it was restored from a backup. Create a new repository."
        )
    total, kept = history.happened.count(start, until), history.kept_files()
    stale = {name: text for name, text in kept.items() if text != repository.read(name)}
    if not total and not stale:
        return Committed(0, until, tip)
    history.tree = Tree(repository.files())
    begun, event_id = time.monotonic(), start
    with repository.commits() as stream:
        for reached in history.run(stream, start, until):
            event_id = reached
            if progress:
                progress(history.events, total)
            if seconds is not None and time.monotonic() - begun >= seconds:
                break
        if event_id >= until:
            for name, text in stale.items():
                history.commit_kept(stream, name, text, until)
    if history.commits:
        with suppress(GitError):
            repository.tidy()
    return Committed(
        history.commits, event_id, repository.tip()[0], event_id >= until, history.problems
    )


def _happened(session: Session, said: dict[str, str]) -> bool:
    """Return whether the event of a commit is the one that its trailers describe, as far as it is
    still on record.

    After a restore from a backup, other events get the same ids.
    """
    event = session.get(EventRow, int(said[trailers.EVENT])) if said else None
    if event is None:
        return True
    revision = str(event.payload.get("revision") or "")  # events of purged pages have no revision
    return said.get(trailers.PAGE, "") == str(event.page_id or "") and (
        said.get(trailers.ACTION) in ("delete", "restore", "redact", "order", "space")
        or revision in ("", said.get(trailers.REVISION, ""))
    )


def advance(
    database: Database,
    settings: Settings,
    space_id: int,
    *,
    event_id: int | None = None,
    seconds: float | None = None,
    progress: Progress | None = None,
) -> Committed | None:
    """Bring a space's mirror up to date, or nearer to it, and store the result.

    :param event_id: the event that is being delivered. It is scheduled for another delivery if work
        is left or the run failed. Nothing is done if the mirror has already processed it, or waits
        for its next attempt.
    :param seconds: stop after this time.
    :returns: None when there was nothing to do, or it failed: the mirror's row says why.
    """
    if event_id is not None and _waits(database, space_id, event_id):
        return None
    with database.read() as session:
        row = session.get(Mirror, space_id, options=[joinedload(Mirror.person)])
        if row is None:
            return None
        if event_id is not None and not row.failures and row.event_id >= event_id:
            return None
        run = _attempt(session, settings, row, seconds, progress)
    with database.write() as session:
        row = session.get(Mirror, space_id, with_for_update=True)
        if row is not None:
            again = _store_run(row, run)
            if again is not None and event_id is not None:
                deliver_again(session, event_id, SUBSCRIBER, again)
    return run.done


@dataclass(frozen=True)
class _Run:
    """The result of one attempt: what was committed; or why it failed, or that another process is
    at work on the repository."""

    done: Committed | None = None
    failure: str = ""
    busy: bool = False


def _attempt(
    session: Session,
    settings: Settings,
    row: Mirror,
    seconds: float | None,
    progress: Progress | None,
) -> _Run:
    try:
        return _Run(_advance(session, settings, row, seconds, progress))
    except Busy:
        return _Run(busy=True)
    except OperationalError:
        raise  # the database is unavailable for a moment: the delivery is tried again
    except WikiError as error:
        return _Run(failure=error.sentence)
    except Exception:
        log.exception("the mirror of space %d failed", row.space_id)
        return _Run(failure="The error is on our side and has been logged.")


def _store_run(row: Mirror, run: _Run) -> datetime | None:
    """Store the result of an attempt; return when to try again, or None if nothing is left."""
    done = run.done
    if done is not None:
        if done.commits or row.mirrored_at is None:
            row.mirrored_at = now()
        row.event_id, row.tip = done.event_id, done.tip
        row.failure, row.failures, row.failed_at, row.retry_at = "", 0, None, None
        if done.problems:
            row.failure = " ".join(done.problems)[:2000]
        return None if done.finished else now()
    if run.busy:
        return now() + timedelta(seconds=2)
    row.failure = run.failure
    row.failures += 1
    row.failed_at = row.failed_at or now()
    wait = min(timedelta(seconds=2 ** min(row.failures, 20)), LONGEST_WAIT)
    row.retry_at = now() + wait
    return row.retry_at


def _waits(database: Database, space_id: int, event_id: int) -> bool:
    """Return whether a mirror that failed waits for its next attempt. Schedule a delivery of the
    event for then if no other is: a purge may have deleted it, or a run by hand have failed since.
    """
    with database.read() as session:
        row = session.get(Mirror, space_id)
        if row is None or row.retry_at is None or row.retry_at <= now():
            return False
        retry_at = row.retry_at
        scheduled = exists().where(Delivery.subscriber == SUBSCRIBER, Delivery.due_at == retry_at)
        if session.scalar(select(scheduled)):
            return True
    with database.write() as session:
        deliver_again(session, event_id, SUBSCRIBER, retry_at)
    return True


def _advance(
    session: Session,
    settings: Settings,
    row: Mirror,
    seconds: float | None,
    progress: Progress | None,
) -> Committed:
    if row.person is not None and row.person.disabled_at is not None:
        raise GitError(f"The account that the mirror reads as, {row.person.name}, is disabled.")
    actor = row.person.actor() if row.person else _SHELL
    try:
        space = see_space_by_id(session, actor, row.space_id).space
    except NotFound:
        raise GitError(f"{actor.name} can no longer read the space.") from None
    repository = open_repository(Path(row.folder), space)
    with repository.lock():
        return _continue(
            _history_of(session, actor, settings, space),
            repository,
            known=(row.tip, row.event_id),
            seconds=seconds,
            progress=progress,
        )
