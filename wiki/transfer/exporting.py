"""Export of a space as a tree of Markdown files that imports to the same pages."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from wiki.attachments.queries import files_of_space, place_of
from wiki.attachments.storage import DamagedFile, Storage
from wiki.db import batches
from wiki.errors import Invalid
from wiki.pages.merging import Text
from wiki.pages.models import Page, Revision
from wiki.pages.queries import live_for
from wiki.pages.revising import text_of
from wiki.pages.saving.checks import front_matter_of
from wiki.rules.access import Actor
from wiki.spaces.models import Space
from wiki.text.front_matter.changes import join
from wiki.transfer.kept_comments import COMMENTS_FILE, written_comments
from wiki.transfer.kept_order import ORDER_FILE, written_order
from wiki.transfer.kept_space import SPACE_FILE, written_space
from wiki.transfer.layout import file_of
from wiki.transfer.page_texts import leading_title
from wiki.transfer.routes.kept import ROUTES_FILE, written_routes
from wiki.transfer.sources.source import Progress


@dataclass(frozen=True)
class Exported:
    """The result of an export: numbers of pages and files written, and the damaged files."""

    pages: int
    files: int
    damaged: list[str]


def export_space(
    session: Session,
    actor: Actor,
    space: Space,
    folder: Path,
    storage: Storage,
    progress: Progress | None = None,
) -> Exported:
    """Write everything in a space that the actor may read into `folder`, which must be new or
    empty.

    :raises Invalid: when the folder is not empty or cannot be written.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Invalid(f"{folder} isn’t empty. Choose a new or empty folder.")
    revisions = session.scalars(
        select(Revision)
        .join(Page, (Page.id == Revision.page_id) & (Page.head == Revision.number))
        .where(Page.space_id == space.id, live_for(actor))
        .order_by(Page.path_key)
    ).all()
    files = files_of_space(session, actor, space)
    total, done, damaged = len(revisions) + len(files), 0, []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for revision in revisions:
            place = file_of(revision.path, revision.folder)
            text = file_text(text_of(session, revision), revision.path)
            _write(folder, place, text.encode())
            done += 1
            if progress:
                progress(done, total)
        routes = written_routes(space.slug, _routes(session, revisions))
        order = written_order(session, actor, space)
        beside = {
            ROUTES_FILE: routes,
            ORDER_FILE: order,
            SPACE_FILE: written_space(space),
            COMMENTS_FILE: written_comments(session, actor, space),
        }
        for name, text in beside.items():
            if text:
                _write(folder, name, text.encode())
        for file in files:
            try:
                with storage.open(file.sha256, file.size) as bytes_of_file:
                    target = _made(folder, place_of(file))
                    with target.open("xb") as written:
                        shutil.copyfileobj(bytes_of_file, written)
            except DamagedFile as error:
                damaged.append(f"{place_of(file)}: {error}")
            done += 1
            if progress:
                progress(done, total)
    except OSError as error:
        raise Invalid(f"{error.filename} can’t be written: {error.strerror}.") from None
    return Exported(len(revisions), len(files) - len(damaged), damaged)


def _routes(
    session: Session, revisions: Sequence[Revision]
) -> Iterator[tuple[str, bool, list[list[str]]]]:
    routes: dict[int, list[list[str]]] = {}
    for ids in batches([revision.page_id for revision in revisions]):
        rows = session.execute(select(Page.id, Page.routes).where(Page.id.in_(ids)))
        routes |= {row[0]: row[1] for row in rows}
    for revision in revisions:
        yield revision.path, revision.folder, routes[revision.page_id]


def file_text(text: Text, path: str) -> str:
    """Return the text of a page's file. The title is stated only if an import would not find it."""
    stated = leading_title(text.body, path) != text.title
    wanted = front_matter_of(text, text.front_matter, title=stated)
    return join(wanted, text.body, text.front_matter)


def _write(folder: Path, place: str, data: bytes) -> None:
    with _made(folder, place).open("xb") as file:
        file.write(data)


def _made(folder: Path, place: str) -> Path:
    """Return the path to write a file to, and create its folders.

    :raises Invalid: when it lies outside of `folder`.
    """
    target = folder / place
    if os.path.commonpath([folder, target]) != str(folder):
        raise Invalid(f"{place} leads out of the folder.")
    target.parent.mkdir(parents=True, exist_ok=True)
    return target
