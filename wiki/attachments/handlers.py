"""Handlers of events of files, and the periodic removal of abandoned uploads."""

from __future__ import annotations

import time
from collections.abc import Sequence

from wiki.attachments.models import Attachment
from wiki.attachments.pictures.making import is_raster, measure
from wiki.attachments.storage import Storage
from wiki.attachments.uploading.actions import sweep_uploads
from wiki.config import Settings
from wiki.db import Database
from wiki.outbox.actions import deliver_again
from wiki.outbox.deliver import Happening

SLICE_SECONDS = 1.0
"""Maximum duration of a slice; other deliveries of the same worker wait for it."""


def make_thumbnails(
    database: Database, settings: Settings, happenings: Sequence[Happening]
) -> None:
    """Make the thumbnails of added pictures. After :data:`SLICE_SECONDS` the rest is scheduled for
    another delivery."""
    storage = Storage(settings.data_dir)
    until = time.monotonic() + SLICE_SECONDS
    for done, happening in enumerate(happenings):
        if time.monotonic() > until:
            with database.write() as session:
                for later in happenings[done:]:
                    deliver_again(session, later.event_id, "attachments.make_thumbnails")
            return
        with database.read() as session:
            file = session.get(Attachment, int(happening.payload["attachment_id"]))
        if file is not None and is_raster(file.content_type):
            measure(database, storage, file.sha256, file.size, file.content_type)


def forget_old_uploads(database: Database, settings: Settings) -> None:
    """Delete abandoned uploads (periodic)."""
    sweep_uploads(database, settings)
