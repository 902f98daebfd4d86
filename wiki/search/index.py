"""The search index of this wiki and its synchronisation with the database."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import Session

from wiki.config import POSTGRESQL, Settings
from wiki.db import Database, batches
from wiki.pages.models import Page, Revision
from wiki.pages.rendering.models import RenderingRow
from wiki.pages.rendering.stored import context_of, prepare, rendering_key
from wiki.pages.texts.packing import DamagedText
from wiki.pages.texts.stored import get_text
from wiki.search.engine import Document, Engine, IndexUnavailable
from wiki.search.link_texts import Linked, link_texts, targets_of
from wiki.search.postgresql.adapter import PostgresEngine
from wiki.search.whoosh.adapter import WhooshEngine
from wiki.spaces.models import Space

log = logging.getLogger(__name__)

CHUNK = 100
"""Number of pages read from the database at once."""
MANY = 200
"""A new index is built if more pages than this, and more than half of all, are stale."""

# Held while rows are read and indexed, so that an older state of a page never replaces a newer one.
_indexing = threading.Lock()

Progress = Callable[[int, int], None]
"""Callback that gets the number of finished pages and the total."""


@dataclass(frozen=True)
class Difference:
    """The differences between the index and the database, as page ids."""

    stale: tuple[int, ...] = ()
    """Pages that are missing in the index or indexed in another revision."""
    gone: tuple[int, ...] = ()
    """Pages that are in the index, but deleted or never committed."""

    def __bool__(self) -> bool:
        return bool(self.stale or self.gone)


def engine_of(settings: Settings, database: Database) -> Engine:
    """Return the search engine that the settings name."""
    if settings.search_engine == POSTGRESQL:
        return PostgresEngine(database)
    return whoosh_of(settings)


def whoosh_of(settings: Settings) -> WhooshEngine:
    """Return the engine of the index in the data folder; one per process."""
    return _engine_in(settings.data_dir / "index")


@lru_cache(maxsize=8)
def _engine_in(root: Path) -> WhooshEngine:
    return WhooshEngine(root)


def drop_other_index(database: Database, settings: Settings) -> None:
    """Remove the index of the engine that is not in use, because it is not kept up to date and
    would keep words of pages that are purged."""
    if settings.search_engine == POSTGRESQL:
        whoosh_of(settings).drop()
    elif not database.is_sqlite:
        PostgresEngine(database).drop()


def index(
    database: Database, settings: Settings, page_ids: Collection[int], *, anew: bool = False
) -> None:
    """Update the index to the current state of these pages in the database.

    Pages already indexed in their newest revision, for example by a rebuild, are skipped.

    :param anew: index those pages too, because their rendering has changed.
    :raises IndexUnavailable: when there is no usable index.
    :raises TimeoutError: when another process keeps the index locked.
    """
    with _indexing:
        have = engine_of(settings, database).revisions(page_ids)
        want = _revisions(database, page_ids)
        stale = [one for one in page_ids if anew or have.get(one) != want.get(one)]
        for some in batches(stale, CHUNK):
            found = list(documents_of(database, some))
            engine_of(settings, database).update(found, set(some) - {one.page_id for one in found})


def difference(database: Database, settings: Settings) -> Difference:
    """Compare the index with the database.

    :raises IndexUnavailable: when there is no usable index.
    """
    have = engine_of(settings, database).revisions()
    want = _revisions(database)
    return Difference(
        stale=tuple(page for page, revision in want.items() if have.get(page) != revision),
        gone=tuple(page for page in have if page not in want),
    )


def reconcile(database: Database, settings: Settings) -> Difference:
    """Index the pages that the index missed, because of a crash or while it was disabled."""
    try:
        found = difference(database, settings)
    except IndexUnavailable:
        rebuild(database, settings)
        return Difference()
    if len(found.stale) > max(MANY, len(_revisions(database)) // 2):
        rebuild(database, settings)
    elif found:
        index(database, settings, [*found.stale, *found.gone])
    if found:
        log.info("search index: %d pages taken in, %d out", len(found.stale), len(found.gone))
    return found


def rebuild(database: Database, settings: Settings, progress: Progress | None = None) -> int:
    """Build a new index beside the old one, which stays in use until they are swapped.

    :param progress: called with the number of finished pages and the total.
    :returns: the number of pages in the index.
    :raises TimeoutError: when another process is already building one.
    """

    def documents(ids: Collection[int] | None) -> Iterable[Document]:
        if ids is not None:
            return documents_of(database, ids)
        return _watched(documents_of(database, every := list(_revisions(database))), len(every))

    def _watched(found: Iterable[Document], total: int) -> Iterator[Document]:
        done = 0
        for done, one in enumerate(found, 1):
            yield one
            if progress and not done % 10:
                progress(done, total)
        if progress:
            progress(done, done)

    return engine_of(settings, database).rebuild(documents, lambda: _revisions(database))


def forget(database: Database, settings: Settings, page_ids: Collection[int]) -> None:
    """Remove the words of pages as they were from the index, after a purge or a redaction: those
    pages, and those that are found by the texts of their links, are indexed again. If the engine
    keeps words all the same, a new index is built.

    :raises TimeoutError: when another process is already building one, which may have begun before
        the purge.
    """
    engine = engine_of(settings, database)
    try:
        linked = engine.linked_from(page_ids)
    except IndexUnavailable:
        rebuild(database, settings)
        return
    if engine.keeps_words:
        rebuild(database, settings)
        return
    with database.read() as session:
        linked |= targets_of(session, set(page_ids), set())
    index(database, settings, [*page_ids, *(linked - set(page_ids))], anew=True)


def mend(database: Database, settings: Settings) -> str:
    """Build a new index if there is none or it is damaged. Return the reason; empty if nothing was
    built.

    Cheap if the index is fine: two checks of the folder.
    """
    reason = engine_of(settings, database).wanted()
    if reason:
        log.warning("%s A new one is being built.", reason)
        try:
            rebuild(database, settings)
        except TimeoutError:
            return ""  # another process is building it
        log.warning("the new search index is in use")
    return reason


def _revisions(database: Database, page_ids: Collection[int] | None = None) -> Mapping[int, int]:
    """Return the revision number of every live page, or of the given ones."""
    with database.read() as session:
        if page_ids is None:
            return {row.id: row.head for row in session.execute(_HEADS)}
        found = {}
        for some in batches(page_ids, CHUNK):
            rows = session.connection().execute(_SOME_HEADS, {"ids": some})
            found.update({row.id: row.head for row in rows})
        return found


_HEADS = select(Page.id, Page.head).where(Page.deleted_at.is_(None))
_SOME_HEADS = _HEADS.where(Page.id.in_(bindparam("ids", expanding=True)))


def documents_of(database: Database, page_ids: Collection[int]) -> Iterator[Document]:
    """Yield the live pages of these ids in their current state."""
    for some in batches(page_ids, CHUNK):
        with database.read() as session:
            found = _read(session, some)
        yield from found


def _read(session: Session, page_ids: Sequence[int]) -> list[Document]:
    found = session.execute(_shown(), {"ids": page_ids})
    rows = [(page, revision, slug) for page, revision, slug in found]
    authors: dict[int, list[int]] = {}
    for page_id, author_id in session.connection().execute(_authors(), {"ids": page_ids}):
        authors.setdefault(page_id, []).append(author_id or 0)
    texts = _texts(session, rows)
    linked = link_texts(session, [page for page, _, _ in rows])
    documents = []
    for page, revision, _slug in rows:
        body, headings, anchors = texts[page.id]
        links = linked.get(page.id, Linked())
        documents.append(
            Document(
                page_id=page.id,
                revision=page.head,
                space_id=page.space_id,
                path=page.path,
                title=page.title,
                body=body,
                headings=headings,
                anchors=anchors,
                link_texts=tuple(links.texts),
                link_sources=tuple(sorted(links.sources)),
                tags=tuple(revision.tags),
                author_ids=tuple(authors.get(page.id, ())),
                kind=page.kind,
                updated=page.updated_at,
            )
        )
    return documents


@cache
def _shown() -> Select[Page, Revision, str]:
    return (
        select(Page, Revision, Space.slug)
        .join(Revision, (Revision.page_id == Page.id) & (Revision.number == Page.head))
        .join(Space, Space.id == Page.space_id)
        .where(Page.id.in_(bindparam("ids", expanding=True)), Page.deleted_at.is_(None))
    )


@cache
def _authors() -> Select[int, int | None]:
    of_pages = Revision.page_id.in_(bindparam("ids", expanding=True))
    found = select(Revision.page_id, Revision.author_id).distinct()
    return found.where(of_pages, Revision.author_id.is_not(None))


@cache
def _renderings() -> Select[Any]:
    row = RenderingRow
    found: Select[Any] = select(row.page_id, row.key, row.text, row.headings)
    return found.where(row.page_id.in_(bindparam("ids", expanding=True)))


def _texts(
    session: Session, rows: Sequence[tuple[Page, Revision, str]]
) -> dict[int, tuple[str, tuple[str, ...], tuple[str, ...]]]:
    """Return plain text, headings and their fragments by page id, from the stored renderings or
    rendered now."""
    keys = {
        page.id: rendering_key(revision.content_hash, context_of(slug, revision))
        for page, revision, slug in rows
    }
    stored = {
        page_id: (
            text,
            tuple(one["text"] for one in headings),
            tuple(one["id"] for one in headings),
        )
        for page_id, key, text, headings in session.connection().execute(
            _renderings(), {"ids": list(keys)}
        )
        if key == keys[page_id] and text is not None
    }
    texts = {}
    for page, revision, slug in rows:
        found = stored.get(page.id)
        if found is None:
            try:
                text = get_text(session, revision.content_hash)
                rendering = prepare(revision.content_hash, text, context_of(slug, revision))
                found = (
                    rendering.text,
                    tuple(one.text for one in rendering.headings),
                    tuple(one.id for one in rendering.headings),
                )
            except DamagedText:
                log.exception("page %d is indexed by its title only", page.id)
                found = "", (), ()
        texts[page.id] = found
    return texts
