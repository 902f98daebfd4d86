"""Actions on files. Each checks access first and publishes its event last."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from wiki.attachments.events import FileAdded, FileRemoved
from wiki.attachments.limits import NO_LIMITS, FileLimits, NewFile, require_room
from wiki.attachments.locks import hold_nearest, lock_file, lock_place
from wiki.attachments.models import Attachment, Picture
from wiki.attachments.queries import FileSeen, place_of
from wiki.attachments.storage import Storage, Stored
from wiki.attachments.uses import Use, uses_of
from wiki.attachments.versions import current_at, last_version_at
from wiki.db import now
from wiki.errors import Invalid, WikiError
from wiki.i18n import gettext as _
from wiki.i18n import lazy_gettext, ngettext
from wiki.outbox.actions import publish, take_turn
from wiki.pages.models import Page
from wiki.pages.queries import see_above
from wiki.rules.access import Actor, May
from wiki.spaces.models import Space
from wiki.spaces.queries import see_space_by_id
from wiki.text.paths import PathError, join, name_of, normalise_path, parent_of, path_key

MOST_USES = 50
"""Maximum number of pages that a refusal lists."""


class FileInUse(WikiError):
    """An error for the removal of a file that pages show or link to, as far as the actor may read
    them. Nothing was changed."""

    status = 409
    title = lazy_gettext("This file is in use")

    def __init__(self, name: str, pages: Sequence[Use]) -> None:
        count = len(pages)
        titles = [_("“%(text)s”", text=page.title) for page in pages[:3]]
        listed = ", ".join([*titles, "…"] if count > 3 else titles)
        if count < MOST_USES:
            sentence = ngettext(
                "“%(name)s” is used on a page: %(pages)s. Remove it from the text there first.",
                "“%(name)s” is used on %(num)s pages: %(pages)s. Remove it from the text there "
                "first.",
                count,
                name=name,
                pages=listed,
            )
        else:
            sentence = _(
                "“%(name)s” is used on %(count)s pages or more: %(pages)s. Remove it from the text "
                "there first.",
                name=name,
                count=count,
                pages=listed,
            )
        super().__init__(sentence)
        self.pages = pages


class ForgottenMeanwhile(WikiError):
    """An error for a content that was purged between its arrival and this moment. Nothing was
    changed."""

    status = 503
    title = lazy_gettext("Please send this again")

    def __init__(self) -> None:
        super().__init__(_("The same file was just purged. Send it again."))


@dataclass(frozen=True)
class Attached:
    """The result of attaching: the file, whether anything changed, whether another was replaced."""

    file: Attachment
    changed: bool
    replaced: bool = False


@dataclass(frozen=True)
class AttachRules:
    """The limits that an attached file must keep, and whether a file with other content at its
    place stays, so that the new one gets another name."""

    limits: FileLimits = NO_LIMITS
    keep_both: bool = False


REPLACE = AttachRules()


@dataclass(frozen=True)
class _Place:
    """A place for a file: its path in the space, its page if there is one, and the current files
    there."""

    space: Space
    page: Page | None
    path: str
    before: Sequence[Attachment]


def attach_file(
    session: Session,
    actor: Actor,
    space: Space,
    raw_path: str,
    stored: Stored,
    rules: AttachRules = REPLACE,
) -> Attached:
    """Attach stored bytes at a place of the space's tree; a file that was there is replaced (and
    kept).

    The file belongs to the page at its folder or, if there is none, to the nearest page above. If
    even the space has no home page, it belongs to the space.

    :param raw_path: folders and name, as in a tree of documents.
    :raises Forbidden: when the actor may not edit in the space.
    :raises Invalid: when the name is invalid.
    :raises TooLarge: when it exceeds a limit of its page or space.
    """
    seen = see_space_by_id(session, actor, space.id)
    path = checked_file_path(raw_path)
    see_above(session, actor, seen, path_key(path)).require(May.EDIT)
    page = hold_nearest(session, actor, space, path)
    lock_place(session, space, page, rules.limits)
    before = current_at(session, actor, space, path_key(path))
    if rules.keep_both and before and before[0].sha256 != stored.sha256:
        path = _other_name(path, stored.sha256)
        before = current_at(session, actor, space, path_key(path))
    if before and (before[0].sha256, place_of(before[0])) == (stored.sha256, path):
        return Attached(before[0], False)
    file = _put_at(session, actor, rules.limits, _Place(space, page, path, before), stored)
    if not stored.is_there():
        raise ForgottenMeanwhile
    return Attached(file, True, bool(before))


def remove_file(session: Session, actor: Actor, file_id: int) -> FileSeen:
    """Remove a file from its page. Its bytes are kept, and it can be restored.

    Pages that the actor may not read are ignored, because a refusal would reveal them.

    :raises FileInUse: while pages that the actor may read show it or link to it.
    :raises NotFound: :raises Forbidden:
    """
    found = lock_file(session, actor, file_id)
    file = found.file
    if file.removed_at is None:
        pages = uses_of(session, actor, found, limit=MOST_USES)
        if pages:
            raise FileInUse(name_of(file.name), pages)
        _remove(file, actor)
        session.flush()
        publish(session, actor, FileRemoved(found.seen.space.id, file.page_id, file.id, file.name))
    return found


def restore_file(
    session: Session, actor: Actor, file_id: int, *, limits: FileLimits = NO_LIMITS
) -> FileSeen:
    """Restore a removed or replaced version of a file as its newest version. The file at its place
    now is replaced (and kept).

    :raises NotFound: :raises Forbidden: :raises TooLarge: when it exceeds a limit.
    """
    found = lock_file(session, actor, file_id, limits)
    old, space = found.file, found.seen.space
    before = current_at(session, actor, space, path_key(found.path))
    if any(one.id == old.id or _is_same(one, old) for one in before):
        return FileSeen(before[0], found.seen)
    place = _Place(space, old.page, found.path, before)
    return FileSeen(_put_at(session, actor, limits, place, old), found.seen)


def forget_unused(session: Session, storage: Storage, hashes: Iterable[str]) -> list[str]:
    """Delete the contents that no file refers to any more, and their thumbnails.

    Called after a purge deleted the rows. A concurrent upload of the same content fails with
    :class:`ForgottenMeanwhile` and must be repeated.

    :returns: the hashes whose contents are deleted.
    """
    take_turn(session)
    wanted = list(dict.fromkeys(hashes))
    used = set(
        session.scalars(select(Attachment.sha256).where(Attachment.sha256.in_(wanted)).distinct())
    )
    gone = [sha256 for sha256 in wanted if sha256 not in used]
    session.execute(delete(Picture).where(Picture.sha256.in_(gone)))
    for sha256 in gone:
        storage.forget(sha256)
    return gone


def checked_file_path(raw: str) -> str:
    """Return ``raw`` in its normal form.

    :raises Invalid: when it cannot be the place of a file.
    """
    try:
        path = normalise_path(raw)
    except PathError as error:
        raise Invalid(str(error), field="file") from None
    if not path:
        raise Invalid(_("A file needs a name."), field="file")
    if path.casefold().endswith(".md"):
        raise Invalid(
            _(
                "“%(name)s” is a Markdown file. Create a page from it instead of attaching it.",
                name=name_of(path),
            ),
            field="file",
        )
    return path


def _other_name(path: str, sha256: str) -> str:
    """Return the path with a part of the content's hash in its name, so that two contents never
    share it."""
    folder, name = parent_of(path) or "", name_of(path)
    stem, dot, ending = name.rpartition(".")
    if not stem:
        stem, dot, ending = name, "", ""
    return checked_file_path(join(folder, f"{stem[:80]}-{sha256[:8]}{dot}{ending}"))


def _put_at(
    session: Session,
    actor: Actor,
    limits: FileLimits,
    place: _Place,
    content: Stored | Attachment,
) -> Attachment:
    """Make a content, or that of an earlier version, the current and next version at a place, and
    publish that.

    :raises TooLarge: when it exceeds a limit.
    """
    space, page, path = place.space, place.page, place.path
    replaced = [old.id for old in place.before]
    new = NewFile(space, page, name_of(path), content.size, content.sha256, replaced)
    require_room(session, limits, new)
    version = last_version_at(session, actor, space, path_key(path)) + 1
    for old in place.before:
        _remove(old, actor)
    session.flush()
    name = path[len(page.path) :].lstrip("/") if page else path
    file = Attachment(
        page=page,
        space_id=None if page else space.id,
        name=name,
        name_key=path_key(name),
        base_key=path_key(name_of(name)),
        version=version,
        created_by_id=actor.person_id,
        sha256=content.sha256,
        size=content.size,
        content_type=content.content_type,
    )
    session.add(file)
    session.flush()
    restored = content.version if isinstance(content, Attachment) else None
    added = FileAdded(space.id, file.page_id, file.id, file.name, file.version, restored)
    publish(session, actor, added)
    return file


def _is_same(one: Attachment, other: Attachment) -> bool:
    return (one.sha256, place_of(one)) == (other.sha256, place_of(other))


def _remove(file: Attachment, actor: Actor) -> None:
    file.removed_at = now()
    file.removed_by_id = actor.person_id
