"""Access log of pages: reads are stored before the response is sent, for pages from a certain label
on.

There is one row for each person, page, revision (or file) and day. A page below the label needs no
query and no write. Rows written on a day are cached, so repeated reads need no query either.
"""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from flask import Flask, Response, current_app, g, request
from sqlalchemy import Select, delete, func, select
from sqlalchemy.orm import Session

from wiki.db import Database, insert_into, now
from wiki.i18n import gettext as _
from wiki.pages.access.models import PageRead
from wiki.pages.models import Page
from wiki.people.models import Person
from wiki.people.queries import people_by_id
from wiki.rules.labels import Label
from wiki.spaces.queries import SpaceAccess
from wiki.web.errors import error_page, problem, wants_json
from wiki.web.request import actor, settings
from wiki.web.response_cache import REMEMBER

log = logging.getLogger(__name__)

AT_ONCE = 5000
_REMEMBERED = 20_000
# Statuses of responses that contain page text; a conflict shows what others wrote.
_GIVEN = frozenset({200, 206, 304, 409})
_Key = tuple[int, date, int, int, int]


class ReadLog:
    """Writes reads to the database, and caches which ones it has written."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._written: OrderedDict[_Key, None] = OrderedDict()
        self._lock = threading.Lock()

    def write(self, reads: Iterable[_Key]) -> None:
        """Write the reads that are not stored yet, and return when they are committed."""
        with self._lock:
            missing = [one for one in dict.fromkeys(reads) if one not in self._written]
        if not missing:
            return
        rows = [dict(zip(_COLUMNS, one, strict=True), at=now()) for one in missing]
        with self.database.write() as session:
            session.execute(insert_into(session, PageRead).on_conflict_do_nothing(), rows)
        with self._lock:
            self._written.update(dict.fromkeys(missing))
            while len(self._written) > _REMEMBERED:
                self._written.popitem(last=False)


_COLUMNS = ("page_id", "day", "person_id", "revision", "file_id")


def is_logged(seen: SpaceAccess) -> bool:
    """Return whether reads of a page, of its files or of files of its space are logged."""
    return _asks_for_it(seen.label)


def _asks_for_it(label: Label) -> bool:
    since = settings().access_log_label
    return since is not None and label >= since


def log_read(seen: SpaceAccess, page: Page | None, *revisions: int, file_id: int = 0) -> None:
    """Note that the response contains revisions of a page's text, or one of its files.

    Without a page nothing is noted: files that belong to a space itself are not logged.
    """
    if page is None or not is_logged(seen):
        return
    for number in revisions:
        if number:
            _note(page.id, number, 0)
    if file_id:
        _note(page.id, 0, file_id)


def log_other_read(page_id: int, revision: int, label: Label) -> None:
    """Note that the response for another page contains text of a page with this effective label."""
    if _asks_for_it(label):
        _note(page_id, revision, 0)


def _note(page_id: int, revision: int, file_id: int) -> None:
    read: _Key = (page_id, now().date(), actor().person_id or 0, revision, file_id)
    g.setdefault("reads", []).append(read)


def connect(app: Flask, database: Database) -> None:
    """Give the app a log that writes reads to the database."""
    app.extensions["wiki.reads"] = ReadLog(database)


def init_app(app: Flask) -> None:
    """Write the noted reads before each response is sent. If that fails, send an error instead."""

    @app.after_request
    def write_down(response: Response) -> Response:
        noted = g.pop("reads", None)
        if not noted or response.status_code not in _GIVEN:
            return response
        # The response must not be cached: reads by other people and on other days are logged too.
        request.environ.pop(REMEMBER, None)
        try:
            read_log: ReadLog = current_app.extensions["wiki.reads"]
            read_log.write(noted)
        except Exception:
            log.exception("a read could not be written down")
            response.close()
            title = _("Back in a moment")
            sentence = _(
                "Reads of this page are logged, and logging isn’t possible right now. "
                "Please try again in a moment."
            )
            if wants_json():
                return problem(503, title, sentence)
            return error_page(503, title, sentence)
        return response


@dataclass(frozen=True)
class Reader:
    """A reader of a page, with the number of days, revisions and files, and the time of the last
    read. ``person`` is None for anonymous readers and for accounts that were deleted."""

    person: Person | None
    anonymous: bool
    days: int
    revisions: int
    files: int
    last: datetime


def readers_of(session: Session, page: Page, limit: int = 50) -> Sequence[Reader]:
    """Return the logged readers of a page, the most recent first. Only leads of its space and
    admins may see them."""
    rows = session.execute(
        _readers().where(PageRead.page_id == page.id).order_by(func.max(PageRead.at).desc())
        .limit(limit)
    ).all()  # fmt: skip
    known = people_by_id(session, [row.person_id for row in rows])
    return [
        Reader(
            known.get(row.person_id),
            row.person_id == 0,
            row.days,
            row.revisions,
            row.files,
            row.last,
        )
        for row in rows
    ]


def who_read(session: Session, page_ids: Collection[int]) -> list[Any]:
    """Return the logged readers of some pages in the form that a redaction stores: id of the
    person, first day and last day."""
    rows = session.execute(
        _readers()
        .where(PageRead.page_id.in_(page_ids))
        .order_by(func.max(PageRead.at).desc(), PageRead.person_id)
    )
    return [[row.person_id, row.since.isoformat(), row.until.isoformat()] for row in rows]


def _readers() -> Select[Any]:
    """Select one row for each reader."""
    return select(  # type: ignore[return-value]
        PageRead.person_id,
        func.count(PageRead.day.distinct()).label("days"),
        func.count(func.nullif(PageRead.revision, 0).distinct()).label("revisions"),
        func.count(func.nullif(PageRead.file_id, 0).distinct()).label("files"),
        func.min(PageRead.day).label("since"),
        func.max(PageRead.day).label("until"),
        func.max(PageRead.at).label("last"),
    ).group_by(PageRead.person_id)


def has_reads_before(session: Session, moment: datetime) -> bool:
    """Return whether there are entries before a moment."""
    oldest = session.scalar(select(func.min(PageRead.at)))
    return oldest is not None and oldest < moment


def forget_reads(session: Session, before: datetime) -> int:
    """Delete entries before a moment, at most a few thousand rows, and return how many were
    deleted."""
    beyond = select(PageRead.at).order_by(PageRead.at).offset(AT_ONCE).limit(1)
    until = min(session.scalar(beyond) or before, before)
    gone = session.connection().execute(delete(PageRead).where(PageRead.at < until))
    return int(gone.rowcount)
