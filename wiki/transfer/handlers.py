"""Handlers of imports and mirrors. Each run does one slice, so that other deliveries get a turn."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from sqlalchemy import bindparam, select
from sqlalchemy.exc import OperationalError

from wiki.config import Settings
from wiki.db import Database, now
from wiki.errors import Forbidden, WikiError
from wiki.i18n import gettext as _
from wiki.i18n import lazy_gettext, speaking
from wiki.outbox.actions import deliver_again
from wiki.outbox.deliver import Happening
from wiki.rules.access import May
from wiki.spaces.queries import see_space_by_id
from wiki.transfer.actions import uploads
from wiki.transfer.git import mirroring
from wiki.transfer.importing import TreeImport
from wiki.transfer.models import Import, Mirror
from wiki.transfer.report import Report
from wiki.transfer.sources.source import ZipSource, limits_of

SLICE_SECONDS = 1.0
"""Maximum duration of a slice; other deliveries of the same worker wait for it."""

log = logging.getLogger(__name__)


def import_more(database: Database, settings: Settings, happenings: Sequence[Happening]) -> None:
    """Do a slice of each import, and schedule another delivery of its event for the rest.

    After an interruption the event is delivered again. The handler then finds by comparison what is
    already imported, and continues.
    """
    for happening in happenings:
        import_id = int(happening.payload["import_id"])
        try:
            with speaking(_language(database, settings, import_id)):
                finished = _advance(database, settings, import_id)
        except OperationalError:
            raise  # the database is unavailable for a moment: the delivery is tried again
        except WikiError as refused:
            _give_up(database, settings, import_id, refused.sentence)
            finished = True
        except Exception:
            log.exception("import %d failed", import_id)
            sentence = lazy_gettext(
                "The error is on our side and has been logged. Everything imported so far is kept; "
                "import the same zip again to continue."
            )
            with speaking(_language(database, settings, import_id)):
                _give_up(database, settings, import_id, str(sentence))
            finished = True
        if not finished:
            with database.write() as session:
                deliver_again(session, happening.event_id, "transfer.import_more")


def mirror_spaces(database: Database, settings: Settings, happenings: Sequence[Happening]) -> None:
    """Commit the history of mirrored spaces up to these events: everything that the repository
    lacks."""
    newest: dict[int, int] = {}
    for happening in happenings:
        for space_id in (happening.space_id, happening.payload.get("old_space_id")):
            if space_id is not None:
                newest[space_id] = happening.event_id
    with database.read() as session:
        space_ids = list(session.connection().scalars(_MIRRORED, {"spaces": list(newest)}))
    for space_id in space_ids:
        mirroring.advance(
            database,
            settings,
            space_id,
            event_id=newest[space_id],
            seconds=mirroring.SLICE_SECONDS,
        )


_MIRRORED = select(Mirror.space_id).where(Mirror.space_id.in_(bindparam("spaces", expanding=True)))


def _language(database: Database, settings: Settings, import_id: int) -> str:
    """Return the language of an import's report: that of the person who started it, else the
    site's."""
    with database.read() as session:
        row = session.get(Import, import_id)
        own = row.person.language if row is not None and row.person is not None else None
        return own or settings.language


def _advance(database: Database, settings: Settings, import_id: int) -> bool:
    """Do a slice of an import; return True when nothing is left to do."""
    with database.read() as session:
        row = session.get(Import, import_id)
        if row is None or row.finished_at is not None:
            return True
        if row.person is None:
            raise WikiError(_("The account that started the import no longer exists."))
        actor = row.person.actor()
        if row.person.disabled_at is not None:
            raise WikiError(_("%(name)s’s account has been closed.", name=actor.name))
        decision = see_space_by_id(session, actor, row.space_id).may(May.MANAGE)
        if not decision:
            raise Forbidden(decision.reason)
        space_id, position, report = row.space_id, row.position, Report.from_json(row.report)
        file, keep_outer = uploads(settings) / row.file, row.keep_outer
    source = ZipSource(file, limits_of(settings), keep_outer=keep_outer)
    try:
        tree = TreeImport(database, settings, actor, space_id, source)
        tree.report = report
        position = tree.run(position, seconds=SLICE_SECONDS)
        finished = position >= tree.total
        if finished:
            tree.finish()
    finally:
        source.close()
    with database.write() as session:
        row = session.get_one(Import, import_id)
        row.position, row.total, row.report = position, tree.total, tree.report.to_json()
        row.finished_at = now() if finished else None
    if finished:
        file.unlink(missing_ok=True)
    return finished


def _give_up(database: Database, settings: Settings, import_id: int, sentence: str) -> None:
    with database.write() as session:
        row = session.get(Import, import_id)
        if row is None:
            return
        row.failure, row.finished_at = sentence, now()
        file = row.file
    (uploads(settings) / file).unlink(missing_ok=True)
