"""Redaction of texts of revisions and bytes of files: search for a span, and replacement."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from wiki.attachments.models import Attachment
from wiki.attachments.storage import DamagedFile, Storage
from wiki.pages.models import AllowedSecret, Revision
from wiki.pages.saving.secrets import BODY
from wiki.pages.texts.stored import each_text, put_text
from wiki.text.paths import name_of, path_key
from wiki.text.rewrite.redaction import NAME_MARK, Span

MOST_BYTES = 32 << 20
"""A larger file is not searched."""
INSTEAD = b"This file was redacted.\n"


def hashes_of(session: Session, page_ids: Sequence[int]) -> list[str]:
    """Return the hashes of all texts of pages, in the order of their histories."""
    rows = session.scalars(
        select(Revision.content_hash)
        .where(Revision.page_id.in_(page_ids))
        .order_by(Revision.page_id, Revision.number)
    )
    return list(dict.fromkeys(rows))


def texts_with(session: Session, hashes: Sequence[str], span: Span) -> Iterator[tuple[str, str]]:
    """Return the texts that contain a span, with their hashes."""
    return (one for one in each_text(session, hashes) if span.pattern.search(one[1]))


def hide_in_texts(
    session: Session, page_ids: Sequence[int], span: Span
) -> tuple[Counter[int], set[str]]:
    """Replace a span with marks in the texts of revisions.

    :returns: how many words were removed from each page, and the hashes of the former texts.
    """
    connection = session.connection()
    revisions = connection.execute(
        select(Revision.id, Revision.page_id, Revision.number, Revision.content_hash)
        .where(Revision.page_id.in_(page_ids))
        .order_by(Revision.page_id, Revision.number)
    ).all()
    words: Counter[int] = Counter()
    new: dict[str, str] = {}
    counts: dict[str, int] = {}
    found = texts_with(session, list(dict.fromkeys(row.content_hash for row in revisions)), span)
    for key, text in found:
        counts[key] = span.words(text)
        # Stored as a delta to the text stored before, which is probably similar.
        new[key] = put_text(session, span.hide(text), next(reversed(new.values()), None))
        _move_secrets(session, page_ids, key, text, span)
    for row in revisions:
        words[row.page_id] += counts.get(row.content_hash, 0)
    for old, key in new.items():
        connection.execute(
            update(Revision)
            .where(Revision.page_id.in_(page_ids), Revision.content_hash == old)
            .values(content_hash=key)
        )
    return +words, set(new)


def _move_secrets(
    session: Session, page_ids: Sequence[int], key: str, text: str, span: Span
) -> None:
    """Move the positions of allowed secrets in a text to where they are after redaction; delete
    those that were redacted."""
    connection = session.connection()
    allowed = connection.execute(
        select(AllowedSecret.id, AllowedSecret.starts, AllowedSecret.ends)
        .join(
            Revision,
            (Revision.page_id == AllowedSecret.page_id)
            & (Revision.number == AllowedSecret.revision),
        )
        .where(
            AllowedSecret.page_id.in_(page_ids),
            AllowedSecret.place == BODY,
            Revision.content_hash == key,
        )
    ).all()
    if not allowed:
        return
    matches = [match.span() for match in span.pattern.finditer(text)]
    for id, starts, ends in allowed:
        if any(begin < ends and starts < end for begin, end in matches):
            connection.execute(delete(AllowedSecret).where(AllowedSecret.id == id))
            continue
        before = max((end for _, end in matches if end <= starts), default=0)
        moved = len(span.hide(text[:before]))
        connection.execute(
            update(AllowedSecret)
            .where(AllowedSecret.id == id)
            .values(starts=starts - before + moved, ends=ends - before + moved)
        )


@dataclass(frozen=True)
class FileFound:
    """The content of one or more files that contains a span. ``replaced`` is its replacement, or
    None if the whole content has to be deleted."""

    sha256: str
    names: tuple[str, ...]
    words: int
    replaced: bytes | None


def files_with(
    session: Session, storage: Storage, page_ids: Sequence[int], span: Span
) -> Iterator[FileFound]:
    """Yield the files, including former versions, whose bytes contain a span."""
    rows = session.execute(
        select(Attachment.sha256, Attachment.size, Attachment.name)
        .where(Attachment.page_id.in_(page_ids), Attachment.size <= MOST_BYTES)
        .order_by(Attachment.id)
    )
    names: dict[tuple[str, int], list[str]] = {}
    for sha256, size, name in rows:
        names.setdefault((sha256, size), []).append(name)
    for (sha256, size), called in names.items():
        try:
            with storage.open(sha256, size) as file:
                data = file.read()
        except DamagedFile:
            continue
        text, plain = _decoded(data)
        if span.pattern.search(text):
            new = span.hide(text).encode() if plain else None
            yield FileFound(sha256, tuple(dict.fromkeys(called)), span.words(text), new)


def _decoded(data: bytes) -> tuple[str, bool]:
    """Return bytes as text, and whether they are valid text."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return data.decode("utf-8", "replace"), False
    return text, "\0" not in text


def replace_file(
    session: Session, storage: Storage, found: FileFound, page_ids: Sequence[int]
) -> None:
    """Replace a content in all files of these pages that have it."""
    data = INSTEAD if found.replaced is None else found.replaced
    stored = storage.put(io.BytesIO(data), max_bytes=2 * MOST_BYTES)
    session.connection().execute(
        update(Attachment)
        .where(Attachment.page_id.in_(page_ids), Attachment.sha256 == found.sha256)
        .values(sha256=stored.sha256, size=stored.size, content_type=stored.content_type)
    )


def hide_in_file_names(session: Session, page_ids: Sequence[int], span: Span) -> Counter[int]:
    """Remove a span from the names of files, including former versions; return the number of words
    removed from each page."""
    words: Counter[int] = Counter()
    connection = session.connection()
    rows = connection.execute(
        select(Attachment.id, Attachment.page_id, Attachment.name, Attachment.name_key)
        .where(Attachment.page_id.in_(page_ids))
        .order_by(Attachment.id)
    ).all()
    taken = {(row.page_id, row.name_key) for row in rows}
    new_keys: dict[tuple[int, str], str] = {}
    for row in rows:
        name = span.hide_name(row.name)
        if name == row.name:
            continue
        words[row.page_id] += span.words(row.name)
        place = (row.page_id, row.name_key)
        if place not in new_keys:
            new_keys[place] = _free_name(name, row.page_id, taken)
            taken.add((row.page_id, path_key(new_keys[place])))
        name = new_keys[place]
        connection.execute(
            update(Attachment)
            .where(Attachment.id == row.id)
            .values(name=name, name_key=path_key(name), base_key=path_key(name_of(name)))
        )
    return words


def _free_name(name: str, page_id: int, taken: set[tuple[int, str]]) -> str:
    if (page_id, path_key(name)) not in taken:
        return name
    folder, slash, last = name.rpartition("/")
    stem, dot, ending = last.rpartition(".")
    if not stem:
        stem, dot, ending = last, "", ""
    number = 2
    while (page_id, path_key(f"{folder}{slash}{stem}-{number}{dot}{ending}")) in taken:
        number += 1
    return f"{folder}{slash}{stem or NAME_MARK}-{number}{dot}{ending}"
