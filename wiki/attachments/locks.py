"""Locks of the places of files while they change."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from wiki.attachments.limits import NO_LIMITS, FileLimits
from wiki.attachments.queries import FileSeen, get_file, nearest_page
from wiki.errors import NotFound
from wiki.pages.models import Page
from wiki.rules.access import Actor, May
from wiki.spaces.models import Space
from wiki.text.paths import parent_of


def lock_file(
    session: Session, actor: Actor, file_id: int, limits: FileLimits = NO_LIMITS
) -> FileSeen:
    found = get_file(session, actor, file_id)
    found.seen.require(May.EDIT)
    if found.file.page is not None and not hold_live(session, found.file.page):
        raise NotFound
    lock_place(session, found.seen.space, found.file.page, limits)
    session.refresh(found.file, ["removed_at", "removed_by_id"])
    return found


def hold_live(session: Session, page: Page) -> bool:
    """Lock a page against concurrent deletion and moves; return False if it is deleted."""
    live = select(Page.id).where(Page.id == page.id, Page.deleted_at.is_(None))
    return session.scalar(live.with_for_update(key_share=True)) is not None


def hold_nearest(session: Session, actor: Actor, space: Space, path: str) -> Page | None:
    """Lock and return the page that a file at this path belongs to. If a concurrent change deleted
    or moved the page before it was locked, or added a nearer one, the next one is taken."""
    folder, held = parent_of(path) or "", None
    while (page := nearest_page(session, actor, space, folder)) is not None and page is not held:
        hold_page(session, Page, page.id)
        session.expire(page)
        held = page
    return page


def lock_place(session: Session, space: Space, page: Page | None, limits: FileLimits) -> None:
    """Lock the owner of files against concurrent changes of its files; if the space has a limit,
    the space too. A page is locked before its space, in the same order as when it moves."""
    if page is not None:
        hold_page(session, Page, page.id)
    if page is None or limits.space_bytes:
        hold_page(session, Space, space.id)


def hold_page(session: Session, table: type[Page] | type[Space], key: int) -> None:
    session.execute(select(table.id).where(table.id == key).with_for_update(key_share=True))
