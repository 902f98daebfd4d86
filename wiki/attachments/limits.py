"""Limits on attached files, checked inside the transaction that attaches."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from wiki.attachments.models import Attachment, Upload
from wiki.config import Settings
from wiki.errors import TooLarge
from wiki.i18n import gettext as _
from wiki.i18n import lazy_gettext
from wiki.pages.models import Page
from wiki.spaces.models import Space

MIB = 1 << 20


@dataclass(frozen=True)
class FileLimits:
    """Limits of a page and a space; 0 is no limit.

    For a page its current files count, so removing one makes room. For a space the bytes it keeps
    on disk count: earlier versions too, each content once.
    """

    page_files: int = 0
    page_bytes: int = 0
    space_bytes: int = 0


NO_LIMITS = FileLimits()

_FULL_PAGE = lazy_gettext(
    "This page has %(used)s of %(limit)s files, so there’s no room for “%(name)s”: remove a file "
    "you no longer need, or attach it to another page."
)
_FULL_SPACE = lazy_gettext(
    "This space, outside its pages, has %(used)s of %(limit)s files, so there’s no room for "
    "“%(name)s”: remove a file you no longer need, or attach it to another page."
)
_LARGE_PAGE = lazy_gettext(
    "This page uses %(used)s of %(limit)s MiB for files, so there’s no room for “%(name)s” "
    "(%(size)s MiB): remove a file you no longer need, or attach it to another page."
)
_LARGE_SPACE = lazy_gettext(
    "This space, outside its pages, uses %(used)s of %(limit)s MiB for files, so there’s no room "
    "for “%(name)s” (%(size)s MiB): remove a file you no longer need, or attach it to another page."
)


def limits_of(settings: Settings) -> FileLimits:
    """Return the configured limits."""
    return FileLimits(
        settings.max_page_files,
        settings.max_page_files_mb * MIB,
        settings.max_space_files_mb * MIB,
    )


@dataclass(frozen=True)
class NewFile:
    """A file that is to be attached to a page or, without one, to its space.

    ``instead_of`` are the ids of the files that it replaces.
    """

    space: Space
    page: Page | None
    name: str
    size: int
    sha256: str | None = None
    instead_of: Collection[int] = ()


def require_room(
    session: Session, limits: FileLimits, file: NewFile, waiting: tuple[int, int] = (0, 0)
) -> None:
    """Check that a file fits on its page (or, without a page, in its space).

    :param waiting: bytes reserved by unfinished uploads, on the page and in the space.
    :raises TooLarge: with the current and the maximum amount.
    """
    if limits.page_files or limits.page_bytes:
        _require_room_at(session, limits, file, waiting[0])
    if limits.space_bytes:
        _require_room_in(session, limits, file, waiting[1])


def _require_room_at(session: Session, limits: FileLimits, file: NewFile, promised: int) -> None:
    page = file.page
    owner = Attachment.page_id == page.id if page else Attachment.space_id == file.space.id
    count, total = session.execute(
        select(func.count(), func.coalesce(func.sum(Attachment.size), 0)).where(
            owner, Attachment.removed_at.is_(None), Attachment.id.not_in(file.instead_of)
        )
    ).one()
    if limits.page_files and count >= limits.page_files:
        sentence = _FULL_PAGE if page else _FULL_SPACE
        raise TooLarge(
            sentence % {"used": f"{count:,}", "limit": f"{limits.page_files:,}", "name": file.name}
        )
    total = int(total) + promised
    if limits.page_bytes and total + file.size > limits.page_bytes:
        sentence = _LARGE_PAGE if page else _LARGE_SPACE
        raise TooLarge(sentence % _amounts(total, limits.page_bytes, file))


def _require_room_in(session: Session, limits: FileLimits, file: NewFile, promised: int) -> None:
    space, sha256 = file.space, file.sha256
    of_space = or_(
        Attachment.space_id == space.id,
        Attachment.page_id.in_(select(Page.id).where(Page.space_id == space.id)),
    )
    contents = select(Attachment.sha256, Attachment.size).where(of_space).distinct().subquery()
    total = int(session.scalar(select(func.coalesce(func.sum(contents.c.size), 0))) or 0) + promised
    if total + file.size <= limits.space_bytes:
        return
    if sha256 and session.scalar(
        select(Attachment.id).where(of_space, Attachment.sha256 == sha256).limit(1)
    ):
        return
    raise TooLarge(
        _(
            "The space %(space)s uses %(used)s of %(limit)s MiB for files, including earlier "
            "versions, so there’s no room for “%(name)s” (%(size)s MiB). An administrator can "
            "raise the limit.",
            space=space.title,
            **_amounts(total, limits.space_bytes, file),
        )
    )


def under_way(session: Session, space: Space, page: Page | None) -> tuple[int, int]:
    """Return the bytes reserved by unfinished uploads: of the page (or the space itself), and of
    all."""
    own = Upload.page_id == page.id if page else Upload.page_id.is_(None)
    rows = session.execute(
        select(own, func.sum(Upload.size))
        .where(Upload.space_id == space.id, Upload.attachment_id.is_(None))
        .group_by(own)
    )
    found = {bool(is_own): int(total) for is_own, total in rows}
    return found.get(True, 0), sum(found.values())


def _amounts(used: int, limit: int, file: NewFile) -> dict[str, str]:
    """Return the values of a refusal."""
    return {
        "used": _mib(used),
        "limit": _mib(limit),
        "name": file.name,
        "size": _mib(file.size),
    }


def _mib(count: int) -> str:
    """Return a number of bytes in MiB, with one decimal if it is small and not whole."""
    amount = count / MIB
    return f"{amount:.1f}" if amount < 9.95 and not amount.is_integer() else f"{amount:,.0f}"
