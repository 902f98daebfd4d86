"""The integrity checks of files and pictures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress

from sqlalchemy import select

from wiki.attachments.models import Attachment
from wiki.attachments.pictures.making import NotNow, measure, unmeasured
from wiki.attachments.storage import DamagedFile, Storage
from wiki.config import Settings
from wiki.db import Database
from wiki.room import Check, Finding, Progress
from wiki.text.counts import counted


def check_files(database: Database, settings: Settings, progress: Progress) -> Iterator[Finding]:
    """Check that the content of every file exists and has its hash."""
    storage = Storage(settings.data_dir)
    with database.read() as session:
        files = session.execute(
            select(Attachment.sha256, Attachment.size, Attachment.name)
            .distinct()
            .order_by(Attachment.sha256)
        ).all()
    for done, (sha256, size, name) in enumerate(files):
        try:
            storage.verify(sha256, size)
        except DamagedFile as error:
            yield Finding(f"{name}: {error} A backup may have it.")
        progress(done + 1, len(files))


def check_pictures(database: Database, settings: Settings, progress: Progress) -> Iterator[Finding]:
    """Check that each picture was measured, and has thumbnails or a reason for having none."""
    found = unmeasured(database)
    progress(1, 1)
    if found:
        sentence = f"{counted(len(found), 'picture has', 'pictures have')} not been measured."
        yield Finding(sentence, lambda: _measure_all(database, settings, found))


def _measure_all(
    database: Database, settings: Settings, found: Sequence[tuple[str, int, str]]
) -> None:
    storage = Storage(settings.data_dir)
    for sha256, size, kind in found:
        with suppress(NotNow):  # the next check tries it again
            measure(database, storage, sha256, size, kind)


CHECKS = (Check(210, "Files", check_files), Check(220, "Pictures", check_pictures))
