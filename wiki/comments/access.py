"""Threads and messages as an actor finds them: through the page, whose permissions decide."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, contains_eager

from wiki.comments.models import Message, Thread
from wiki.errors import NotFound
from wiki.pages.models import Page
from wiki.pages.queries import live_for, look_up, see_page
from wiki.rules.access import Actor, May
from wiki.spaces.queries import SpaceAccess


@dataclass(frozen=True)
class SeenThread:
    """A thread on a page that the actor may read, with their permissions for the page."""

    thread: Thread
    seen: SpaceAccess

    @property
    def page(self) -> Page:
        """The page that the thread is about."""
        return self.thread.page

    @property
    def may_settle(self) -> bool:
        """True if the actor may resolve and reopen the thread: they opened it, or edit the page."""
        me = self.seen.actor.person_id
        is_own = me is not None and self.thread.opened_by_id == me
        return is_own or bool(self.seen.may(May.EDIT))


def see_thread(session: Session, actor: Actor, thread_id: int, *, lock: bool = False) -> SeenThread:
    """Return a thread on a live page that the actor may read.

    :param lock: lock the thread, so that nobody else changes it meanwhile.
    :raises NotFound: otherwise.
    """
    if lock:  # in a statement of its own: what is read with a lock can be older than the lock
        session.execute(select(Thread.id).where(Thread.id == thread_id).with_for_update())
    thread = session.scalar(_threads(actor).where(Thread.id == thread_id))
    if thread is None:
        raise NotFound
    return SeenThread(thread, see_page(session, actor, thread.page))


def see_message(
    session: Session, actor: Actor, message_id: int, *, lock: bool = False
) -> tuple[Message, SeenThread]:
    """Return a message on a live page that the actor may read, with its thread.

    :param lock: as for :func:`see_thread`.
    :raises NotFound: otherwise.
    """
    thread_id = session.scalar(select(Message.thread_id).where(Message.id == message_id))
    if thread_id is None:
        raise NotFound
    found = see_thread(session, actor, thread_id, lock=lock)
    message = session.scalar(
        select(Message).where(Message.id == message_id).execution_options(populate_existing=True)
    )
    if message is None:
        raise NotFound
    return message, found


def see_commented_page(
    session: Session, actor: Actor, slug: str, path: str, *, lock: bool = False
) -> tuple[Page, SpaceAccess]:
    """Return a live page by its address or a former one, and the actor's permissions for it.

    :param lock: keep the page from being removed until the end of the transaction.
    :raises NotFound: when there is none that the actor may read.
    """
    place = look_up(session, actor, slug, path)
    page = place.page or place.moved_to
    if page is not None and lock:
        held = select(Page.id).where(Page.id == page.id).with_for_update(read=True, key_share=True)
        page = page if session.scalar(held) is not None else None
    if page is None:
        raise NotFound
    return page, place.seen if place.page else see_page(session, actor, page)


def _threads(actor: Actor) -> Select[Any]:
    return (
        select(Thread)
        .join(Thread.page)
        .join(Page.space)
        .where(live_for(actor))
        .options(contains_eager(Thread.page).contains_eager(Page.space))
        .execution_options(populate_existing=True)
    )
