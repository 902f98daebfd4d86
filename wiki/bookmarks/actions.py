"""Starring and unstarring a page."""

from __future__ import annotations

from sqlalchemy import delete
from sqlalchemy.orm import Session

from wiki.bookmarks.models import Bookmark
from wiki.db import insert_into
from wiki.errors import NotFound, SignInRequired
from wiki.pages.queries import look_up
from wiki.rules.access import Actor


def star(session: Session, actor: Actor, slug: str, path: str) -> None:
    """Star a page for the actor. A page that has a star keeps it as it is.

    :raises NotFound: when there is no such page, or the actor may not read it.
    :raises SignInRequired: when nobody is signed in.
    """
    row = _key(session, actor, slug, path)
    session.execute(insert_into(session, Bookmark).on_conflict_do_nothing(), row)


def unstar(session: Session, actor: Actor, slug: str, path: str) -> None:
    """Remove the actor's star from a page, if it has one.

    :raises NotFound: when there is no such page, or the actor may not read it.
    :raises SignInRequired: when nobody is signed in.
    """
    session.execute(delete(Bookmark).filter_by(**_key(session, actor, slug, path)))


def _key(session: Session, actor: Actor, slug: str, path: str) -> dict[str, int]:
    place = look_up(session, actor, slug, path)
    page = place.page or place.moved_to
    if page is None:
        raise NotFound
    if actor.person_id is None:
        raise SignInRequired
    return {"person_id": actor.person_id, "page_id": page.id}
