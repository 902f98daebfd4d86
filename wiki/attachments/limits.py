"""Limits on attached files, checked inside the transaction that attaches."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from wiki.attachments.models import Attachment, Upload
from wiki.config import Settings
from wiki.errors import TooLarge
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
    where = "This page" if page else "This space, outside its pages,"
    count, total = session.execute(
        select(func.count(), func.coalesce(func.sum(Attachment.size), 0)).where(
            owner, Attachment.removed_at.is_(None), Attachment.id.not_in(file.instead_of)
        )
    ).one()
    if limits.page_files and count >= limits.page_files:
        raise TooLarge(
            f"{where} has {count:,} of {limits.page_files:,} files, so there’s no room for "
            f"“{file.name}”: remove a file you no longer need, or attach it to another page."
        )
    total = int(total) + promised
    if limits.page_bytes and total + file.size > limits.page_bytes:
        raise TooLarge(
            f"{where} uses {_mib(total)} of {_mib(limits.page_bytes)} MiB for files, so there’s no "
            f"room for “{file.name}” ({_mib(file.size)} MiB): remove a file you no longer need, or "
            "attach it to another page."
        )


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
        f"The space {space.title} uses {_mib(total)} of {_mib(limits.space_bytes)} MiB for files, "
        "including earlier versions, so there’s no room for "
        f"“{file.name}” ({_mib(file.size)} MiB). An administrator can raise the limit."
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


def _mib(count: int) -> str:
    """Return a number of bytes in MiB, with one decimal if it is small and not whole."""
    amount = count / MIB
    return f"{amount:.1f}" if amount < 9.95 and not amount.is_integer() else f"{amount:,.0f}"
