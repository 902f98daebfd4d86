"""Subjects that can be watched, and how an actor finds them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, contains_eager

from wiki.comments.models import Thread
from wiki.errors import Invalid, NotFound
from wiki.i18n import gettext as _
from wiki.pages.models import Page
from wiki.pages.queries import live_for, look_up, see_page
from wiki.rules.access import Actor
from wiki.spaces.queries import SpaceAccess
from wiki.text.tags import tag_key

LONGEST_TAG = 60


@dataclass(frozen=True)
class Subject:
    """A space, a page with the pages below it, a thread, a tag in all spaces, or a saved search."""

    space_id: int | None = None
    page_id: int | None = None
    thread_id: int | None = None
    tag: str | None = None
    search_id: int | None = None

    @property
    def key(self) -> str:
        """The name under which watches of it are found."""
        if self.search_id is not None:
            return f"search:{self.search_id}"
        if self.tag is not None:
            return key_of_tag(tag_key(self.tag))
        if self.thread_id is not None:
            return key_of_thread(self.thread_id)
        if self.page_id is not None:
            return key_of_page(self.page_id)
        return f"space:{self.space_id}"

    def columns(self) -> dict[str, Any]:
        """Return the values of the columns of a watch."""
        return {
            "subject": self.key,
            "space_id": self.space_id,
            "page_id": self.page_id,
            "thread_id": self.thread_id,
            "tag": self.tag,
        }


def key_of_page(page_id: int) -> str:
    """Return the key of a page."""
    return f"page:{page_id}"


def key_of_thread(thread_id: int) -> str:
    """Return the key of a thread."""
    return f"thread:{thread_id}"


def key_of_tag(key: str) -> str:
    """Return the key of a tag by the key that pages are found by."""
    return f"tag:{key}"


@dataclass(frozen=True)
class SeenSubject:
    """A subject that an actor may read. ``seen`` are their permissions for it; None for a tag."""

    subject: Subject
    page: Page | None = None
    seen: SpaceAccess | None = None


def see_place(session: Session, actor: Actor, slug: str, path: str) -> SeenSubject:
    """Return the page at an address, or the space for the address of its home page.

    :raises NotFound: when there is none that the actor may read.
    """
    place = look_up(session, actor, slug, path)
    if not place.path:
        page = place.page if place.page and place.page.deleted_at is None else None
        return SeenSubject(Subject(space_id=place.space.id), page, place.seen)
    page = place.page or place.moved_to
    if page is None:
        raise NotFound
    seen = place.seen if place.page else see_page(session, actor, page)
    return SeenSubject(Subject(page_id=page.id), page, seen)


def see_thread(session: Session, actor: Actor, thread_id: int) -> SeenSubject:
    """Return a thread.

    :raises NotFound: when there is none that the actor may read.
    """
    thread = session.scalar(
        select(Thread)
        .join(Thread.page)
        .join(Page.space)
        .where(Thread.id == thread_id, live_for(actor))
        .options(contains_eager(Thread.page).contains_eager(Page.space))
    )
    if thread is None:
        raise NotFound
    subject = Subject(page_id=thread.page_id, thread_id=thread.id)
    return SeenSubject(subject, thread.page, see_page(session, actor, thread.page))


def see_tag(typed: str) -> SeenSubject:
    """Return a tag. Anybody may watch any tag, whether or not a page has it.

    :raises Invalid: if it is empty or too long.
    """
    tag = " ".join(typed.replace("\0", "").split()).removeprefix("#")
    if not tag or len(tag) > LONGEST_TAG:
        raise Invalid(
            _("Enter a tag of up to %(number)s characters.", number=LONGEST_TAG), field="tag"
        )
    return SeenSubject(Subject(tag=tag))
