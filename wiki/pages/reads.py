"""Who read what: written down before the answer goes out, of pages whose label asks for it.

One row for each person, page, revision (or file) and day. A page below the label costs nothing: no
query, no write. What was written down once on a day is remembered, so that reading on is as quick.
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
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from wiki.db import Database, now
from wiki.pages.models import Page, PageRead
from wiki.people.models import Person
from wiki.people.queries import people_by_id
from wiki.rules.labels import Label
from wiki.spaces.queries import SpaceSeen
from wiki.web.errors import error_page, problem, wants_json
from wiki.web.memo import REMEMBER
from wiki.web.request import actor, settings

log = logging.getLogger(__name__)

AT_ONCE = 5000
_REMEMBERED = 20_000
# Answers in which something was given away; a conflict shows what others wrote.
_GIVEN = frozenset({200, 206, 304, 409})
_Key = tuple[int, date, int, int, int]


class ReadLog:
    """Writes reads down; what it has written is remembered, and not written again."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._written: OrderedDict[_Key, None] = OrderedDict()
        self._lock = threading.Lock()

    def write(self, reads: Iterable[_Key]) -> None:
        """Write down what is not yet; it is on disk when this returns."""
        with self._lock:
            missing = [one for one in dict.fromkeys(reads) if one not in self._written]
        if not missing:
            return
        rows = [dict(zip(_COLUMNS, one, strict=True), at=now()) for one in missing]
        insert = sqlite.insert if self.database.is_sqlite else postgresql.insert
        with self.database.write() as session:
            session.execute(insert(PageRead).on_conflict_do_nothing(), rows)
        with self._lock:
            self._written.update(dict.fromkeys(missing))
            while len(self._written) > _REMEMBERED:
                self._written.popitem(last=False)


_COLUMNS = ("page_id", "day", "person_id", "revision", "file_id")


def is_logged(seen: SpaceSeen) -> bool:
    """Whether it is written down who reads a page, or a file of it or of its space."""
    return _asks_for_it(seen.label)


def _asks_for_it(label: Label) -> bool:
    since = settings().access_log_label
    return since is not None and label >= since


def note_read(seen: SpaceSeen, page: Page | None, *revisions: int, file_id: int = 0) -> None:
    """Say that this answer gives a page's text away, in these revisions, or a file of it.

    Without a page there is nothing to write it under: files of a space itself are not logged.
    """
    if page is None or not is_logged(seen):
        return
    for number in revisions:
        if number:
            _note(page.id, number, 0)
    if file_id:
        _note(page.id, 0, file_id)


def note_included(page_id: int, revision: int, label: Label) -> None:
    """The same of a page that is shown inside another one, by its effective label."""
    if _asks_for_it(label):
        _note(page_id, revision, 0)


def _note(page_id: int, revision: int, file_id: int) -> None:
    read: _Key = (page_id, now().date(), actor().person_id or 0, revision, file_id)
    g.setdefault("reads", []).append(read)


def init_app(app: Flask, database: Database) -> None:
    """Write down what was noted before each answer goes out; what cannot be is not answered."""
    app.extensions["wiki.reads"] = ReadLog(database)

    @app.after_request
    def write_down(response: Response) -> Response:
        noted = g.pop("reads", None)
        if not noted or response.status_code not in _GIVEN:
            return response
        # Somebody else's answer, and tomorrow's, has to be written down too.
        request.environ.pop(REMEMBER, None)
        try:
            read_log: ReadLog = current_app.extensions["wiki.reads"]
            read_log.write(noted)
        except Exception:
            log.exception("a read could not be written down")
            response.close()
            title = "Back in a moment"
            sentence = (
                "Who reads this is written down, and that is not possible just now. "
                "Please try again."
            )
            if wants_json():
                return problem(503, title, sentence)
            return error_page(503, title, sentence)
        return response


@dataclass(frozen=True)
class Reader:
    """Somebody (None: whoever was not signed in, or whose account is gone) who read a page: on how
    many days, which revisions, how many files, and when last."""

    person: Person | None
    anonymous: bool
    days: int
    revisions: int
    files: int
    last: datetime


def readers_of(session: Session, page: Page, limit: int = 50) -> Sequence[Reader]:
    """Who read a page, as far as that was written down, the last ones first. For those who lead
    its space, and admins."""
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
    """The same of some pages, as a redaction keeps it: ids of people with the first and the last
    day."""
    rows = session.execute(
        _readers()
        .where(PageRead.page_id.in_(page_ids))
        .order_by(func.max(PageRead.at).desc(), PageRead.person_id)
    )
    return [[row.person_id, row.since.isoformat(), row.until.isoformat()] for row in rows]


def _readers() -> Select[Any]:
    """One row for each reader."""
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
    """Whether something was written down before a moment."""
    oldest = session.scalar(select(func.min(PageRead.at)))
    return oldest is not None and oldest < moment


def forget_reads(session: Session, before: datetime) -> int:
    """Delete what was written down before a moment, at most some thousand rows; how many."""
    beyond = select(PageRead.at).order_by(PageRead.at).offset(AT_ONCE).limit(1)
    until = min(session.scalar(beyond) or before, before)
    gone = session.connection().execute(delete(PageRead).where(PageRead.at < until))
    return int(gone.rowcount)
