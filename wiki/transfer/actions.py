"""Actions that start an import in the browser."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import IO

from sqlalchemy.orm import Session

from wiki.config import Settings
from wiki.errors import Invalid, TooLarge
from wiki.i18n import gettext as _
from wiki.outbox.actions import publish
from wiki.rules.access import May
from wiki.spaces.queries import SpaceAccess
from wiki.transfer.events import ImportRequested
from wiki.transfer.models import Import
from wiki.transfer.sources.source import ZipSource, limits_of

CHUNK = 1 << 20


def uploads(settings: Settings) -> Path:
    """Return the folder that holds uploaded zips until they are imported."""
    return settings.data_dir / "imports"


def keep_upload(settings: Settings, stream: IO[bytes]) -> str:
    """Store an uploaded zip for the worker, after checking that it can be imported.

    :returns: its name in :func:`uploads`.
    :raises TooLarge: when it exceeds the limit.
    :raises Invalid: when it is no zip, or has no Markdown file.
    """
    folder = uploads(settings)
    folder.mkdir(parents=True, exist_ok=True)
    name = f"{secrets.token_hex(16)}.zip"
    target, size = folder / name, 0
    try:
        with target.open("xb") as file:
            while chunk := stream.read(CHUNK):
                size += len(chunk)
                if size > settings.max_import_mb << 20:
                    raise TooLarge(
                        _(
                            "A zip file can have up to %(size)s MiB.",
                            size=settings.max_import_mb,
                        )
                    )
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        source = ZipSource(target, limits_of(settings))
        source.close()
        if not any(entry.is_markdown for entry in source.entries):
            raise Invalid(_("This zip file contains no Markdown files."), field="file")
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    return name


def request_import(
    session: Session, seen: SpaceAccess, *, name: str, file: str, keep_outer: bool
) -> Import:
    """Queue the import of a stored zip into a space.

    :param name: the zip's name on the uploader's machine.
    :raises Forbidden: unless the actor may manage the space.
    """
    seen.require(May.MANAGE)
    row = Import(
        space_id=seen.space.id,
        person_id=seen.actor.person_id,
        name=" ".join(name.split())[:300] or "a zip",
        file=file,
        keep_outer=keep_outer,
        report={},
    )
    session.add(row)
    session.flush()
    publish(session, seen.actor, ImportRequested(seen.space.id, row.id))
    return row
