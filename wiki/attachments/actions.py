"""What people do with files. Each verb asks the gate first, and announces what happened last."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from wiki.attachments.models import Attachment
from wiki.attachments.queries import FileSeen, current_at, get_file, nearest_page, place_of
from wiki.attachments.storage import Storage, Stored
from wiki.db import now
from wiki.errors import Invalid, NotFound
from wiki.outbox.actions import announce
from wiki.outbox.events import FileAdded, FileRemoved
from wiki.pages.models import Page
from wiki.rules.access import Actor, May
from wiki.spaces.models import Space
from wiki.spaces.queries import see_space_by_id
from wiki.text.paths import PathError, join, name_of, normalise_path, parent_of, path_key


@dataclass(frozen=True)
class Attached:
    """The outcome of attaching: the file, whether it was not there already, and whether it took
    the place of another."""

    file: Attachment
    changed: bool
    replaced: bool = False


def attach_file(
    session: Session,
    actor: Actor,
    space: Space,
    raw_path: str,
    stored: Stored,
    *,
    keep_both: bool = False,
) -> Attached:
    """Attach stored bytes at a place of the space's tree; what was there is replaced (and kept).

    It belongs to the page at its folder or, where there is none, to the nearest one above; where
    not even the space has a page, to the space.

    :param raw_path: folders and name, as a tree of documents has them.
    :param keep_both: when other bytes are there under this name, take another name instead.
    :raises Forbidden: when the actor may not edit in the space.
    :raises Invalid: for a name that cannot be one.
    """
    see_space_by_id(session, actor, space.id).require(May.EDIT)
    path = checked_file_path(raw_path)
    page = nearest_page(session, actor, space, parent_of(path) or "")
    _lock(session, space, page)
    before = current_at(session, actor, space, path_key(path))
    if keep_both and before and before[0].sha256 != stored.sha256:
        path = _other_name(path, stored.sha256)
        before = current_at(session, actor, space, path_key(path))
    if before and (before[0].sha256, place_of(before[0])) == (stored.sha256, path):
        return Attached(before[0], False)
    for old in before:
        _remove(old, actor)
    session.flush()
    name = path[len(page.path) :].lstrip("/") if page else path
    file = Attachment(
        page=page,
        space_id=None if page else space.id,
        name=name,
        name_key=path_key(name),
        sha256=stored.sha256,
        size=stored.size,
        content_type=stored.content_type,
        created_by_id=actor.person_id,
    )
    session.add(file)
    session.flush()
    version = len(before) + 1
    announce(session, actor, FileAdded(space.id, file.page_id, file.id, file.name, version))
    return Attached(file, True, bool(before))


def remove_file(session: Session, actor: Actor, file_id: int) -> FileSeen:
    """Take a file off its page. Its bytes are kept, and it can be brought back.

    :raises NotFound: :raises Forbidden:
    """
    found = _locked(session, actor, file_id)
    file = found.file
    if file.removed_at is None:
        _remove(file, actor)
        session.flush()
        announce(session, actor, FileRemoved(found.seen.space.id, file.page_id, file.id, file.name))
    return found


def restore_file(session: Session, actor: Actor, file_id: int) -> FileSeen:
    """Bring a file back that was removed or replaced; what is at its place now is replaced.

    :raises NotFound: :raises Forbidden:
    """
    found = _locked(session, actor, file_id)
    file, space = found.file, found.seen.space
    if file.removed_at is not None:
        for other in current_at(session, actor, space, path_key(found.path)):
            _remove(other, actor)
        session.flush()
        file.removed_at = None
        file.removed_by_id = None
        session.flush()
        announce(session, actor, FileAdded(space.id, file.page_id, file.id, file.name, 2, 1))
    return found


def forget_unused(session: Session, storage: Storage, hashes: Iterable[str]) -> list[str]:
    """Delete the bytes of those contents that no file refers to any more.

    For what was purged: with the rows gone, this is the last of it.

    :returns: the hashes whose bytes are gone.
    """
    wanted = list(dict.fromkeys(hashes))
    used = set(
        session.scalars(select(Attachment.sha256).where(Attachment.sha256.in_(wanted)).distinct())
    )
    gone = [sha256 for sha256 in wanted if sha256 not in used]
    for sha256 in gone:
        storage.forget(sha256)
    return gone


def checked_file_path(raw: str) -> str:
    """``raw`` in its normal form.

    :raises Invalid: when it cannot be the place of a file.
    """
    try:
        path = normalise_path(raw)
    except PathError as error:
        raise Invalid(str(error), field="file") from None
    if not path:
        raise Invalid("A file needs a name.", field="file")
    if path.casefold().endswith(".md"):
        raise Invalid(
            f"“{name_of(path)}” is a Markdown text: make a page of it instead of attaching it.",
            field="file",
        )
    return path


def _other_name(path: str, sha256: str) -> str:
    """The same name with a part of the content's hash in it, so that two contents never meet."""
    folder, name = parent_of(path) or "", name_of(path)
    stem, dot, ending = name.rpartition(".")
    if not stem:
        stem, dot, ending = name, "", ""
    return checked_file_path(join(folder, f"{stem[:80]}-{sha256[:8]}{dot}{ending}"))


def _remove(file: Attachment, actor: Actor) -> None:
    file.removed_at = now()
    file.removed_by_id = actor.person_id


def _locked(session: Session, actor: Actor, file_id: int) -> FileSeen:
    found = get_file(session, actor, file_id)
    found.seen.require(May.EDIT)
    if found.file.page is not None and found.file.page.deleted_at is not None:
        raise NotFound
    _lock(session, found.seen.space, found.file.page)
    session.refresh(found.file, ["removed_at", "removed_by_id"])
    return found


def _lock(session: Session, space: Space, page: Page | None) -> None:
    """Make others wait who would change files of the same owner."""
    table, key = (Page, page.id) if page is not None else (Space, space.id)
    session.execute(select(table.id).where(table.id == key).with_for_update(key_share=True))
