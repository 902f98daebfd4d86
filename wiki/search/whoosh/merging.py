"""Segments of the index: merging small ones, and reading all postings to find damage."""

from __future__ import annotations

import logging
from collections.abc import Collection
from typing import Any

from whoosh.reading import SegmentReader

from wiki.search.whoosh.snapshot import Snapshot
from wiki.search.whoosh.writing import Writer

log = logging.getLogger(__name__)


SMALL = 512
"""Number of pages from which a segment is not merged any more, except when most of them are
deleted."""
FANOUT = 8
"""Number of segments of similar size that are merged into one."""

RARELY = 4 * FANOUT
"""The same number for segments of many pages, when a commit of a few pages merges them."""
AT_REST = 2000
"""Number of pages that are merged at once when nothing changes; a page saved meanwhile waits."""
MANY = 64
"""Number of pages from which a commit has many."""


def merge_segments(writer: Writer, segments: list[Any], room: float) -> list[Any]:
    """Choose the segments that a commit merges into the one it writes (a hook of Whoosh).

    Segments are merged as soon as there are :data:`FANOUT` of fewer than 8 pages, and the result
    again with those of fewer than 64, and so on. So each page is copied once for each power of 8.
    Segments of which more than half is deleted are merged too. Both happen only as far as there is
    room.

    :param room: bytes of segments that may be merged.
    """
    live = {segment: segment.doc_count() for segment in segments}
    chosen = [one for one in segments if 2 * live[one] < one.doc_count_all()]
    size = FANOUT
    while size <= SMALL:
        pages = writer.doc_count() + sum(live[one] for one in chosen)
        if pages < size:
            alike = [one for one in segments if live[one] < size and one not in chosen]
            # Hundreds of pages take seconds, for which the pages of a save would wait.
            rarely = size == SMALL and writer.doc_count() < MANY
            if len(alike) + 1 < (RARELY if rarely else FANOUT):
                break
            chosen += alike
        size *= FANOUT
    return _merge(writer, segments, chosen, room)


def merge_smallest(writer: Writer, segments: list[Any], room: float) -> list[Any]:
    """Merge the smallest segments, so that half of :data:`FANOUT` remain or as many as
    :data:`AT_REST` allows; none, if they are few (a hook of Whoosh)."""
    chosen: list[Any] = []
    pages = 0
    by_size = sorted(segments, key=lambda one: one.doc_count())
    for segment in by_size[: len(segments) - FANOUT // 2 + 1]:
        pages += segment.doc_count()
        if pages <= AT_REST:
            chosen.append(segment)
    return _merge(writer, segments, chosen if len(chosen) >= FANOUT // 2 else [], room)


def merge_all(writer: Writer, segments: list[Any], room: float) -> list[Any]:
    """Merge all segments into one (a hook of Whoosh)."""
    return _merge(writer, segments, segments, room)


def _merge(writer: Writer, segments: list[Any], chosen: list[Any], room: float) -> list[Any]:
    """Merge the chosen segments, the smallest first, as far as there is room; return the others."""
    live = {segment: segment.doc_count() for segment in segments}
    kept = []
    for segment in sorted(segments, key=lambda one: live[one]):
        length = writer.storage.file_length(segment.make_filename(segment.COMPOUND_EXT))
        if segment not in chosen or length > room:
            kept.append(segment)
            continue
        room -= length
        if live[segment]:
            writer.add_reader(SegmentReader(writer.storage, writer.schema, segment))
    return kept


def delete_pages(writer: Writer, snapshot: Snapshot, page_ids: Collection[int]) -> None:
    """Mark pages as deleted. Whoosh itself would open the postings of every segment for it.

    :param snapshot: the newest state of the index.
    """
    segments = {segment.segment_id(): segment for segment in writer.segments}
    for leaf in snapshot.leaves:
        documents = leaf.segment.documents
        for page_id in page_ids:
            document = documents.get(page_id)
            if document is not None and document in leaf.live:
                segments[leaf.segment.id].delete_document(document)


def discard(writer: Writer) -> None:
    """Discard a writer after an exception; it may be in a state in which it cannot be closed."""
    try:
        writer.cancel()
    except Exception:
        log.debug("a writer could not be closed", exc_info=True)


def read_postings(reader: SegmentReader) -> None:
    for name, term in reader.all_terms():
        cursor = reader.postings(name, term)
        positions = cursor.supports("positions")
        while cursor.is_active():
            cursor.id()
            cursor.weight()
            if positions:
                cursor.value_as("positions")
            cursor.next()
