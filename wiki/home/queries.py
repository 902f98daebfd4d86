"""Queries for the home screen: pages to go on with, and what is new."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from functools import lru_cache
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, contains_eager

from wiki.history.change import Change
from wiki.history.recent import Which, count_imported, recent_changes
from wiki.pages.models import Action, Page, Revision
from wiki.pages.queries import live_for
from wiki.people.signin.sign_in import SignedIn, last_visit_at
from wiki.rules.access import Actor

_CHANGES = 20
_PAGES = 6
_REVISIONS = 500
"""Number of the actor's newest revisions among which their pages are looked for."""
_NOT_BY_HAND = (Action.IMPORT.value, Action.REPAIR.value)


@dataclass(frozen=True)
class Edited:
    """A page that the actor edited, and when they did last."""

    page: Page
    at: datetime


@dataclass(frozen=True)
class News:
    """The changes on the home screen. ``since`` is the end of the last visit if they were made
    after it by others; None if they are simply the latest. ``imported`` is the number of imported
    changes, if there are no others."""

    changes: Sequence[Change]
    since: datetime | None = None
    imported: int = 0


def pages_edited_by(session: Session, actor: Actor) -> Sequence[Edited]:
    """Return the live pages that the actor edited last, with their spaces, the latest first. What
    they imported, and repairs of links by a move, are no edits."""
    if actor.is_anonymous:
        return ()
    return [Edited(page, at) for page, at in session.execute(_edited_by(actor))]


@lru_cache(maxsize=64)
def _edited_by(actor: Actor) -> Select[Any]:
    newest = (
        select(Revision.id, Revision.page_id, Revision.created_at, Revision.action)
        .where(Revision.author_id == actor.person_id)
        .order_by(Revision.id.desc())
        .limit(_REVISIONS)
        .subquery()
    )
    edited = (
        select(newest.c.page_id, func.max(newest.c.created_at).label("at"))
        .where(newest.c.action.not_in(_NOT_BY_HAND))
        .group_by(newest.c.page_id)
        .subquery()
    )
    return (
        select(Page, edited.c.at)
        .join(edited, edited.c.page_id == Page.id)
        .join(Page.space)
        .where(live_for(actor))
        .options(contains_eager(Page.space))
        .order_by(edited.c.at.desc(), Page.id.desc())
        .limit(_PAGES)
    )


def news_for(session: Session, actor: Actor, signed_in: SignedIn | None) -> News:
    """Return what others changed since the last visit of a person; if that is nothing, or if this
    is their first visit, the latest changes without history that was imported from before their
    first day; and if there are none either, the number of changes in that history."""
    if signed_in is None:
        return News(recent_changes(session, actor, limit=_CHANGES).rows)
    since = last_visit_at(session, actor.person_id)
    if since is not None:
        which = Which(since=since, not_by=actor.person_id)
        changes = recent_changes(session, actor, which, limit=_CHANGES).rows
        if changes:
            return News(changes, since)
    joined = signed_in.joined_at
    if joined is None:
        return News(recent_changes(session, actor, limit=_CHANGES).rows)
    first_day = datetime.combine(joined.astimezone(UTC).date(), time(), UTC)
    which = Which(history_from=first_day)
    changes = recent_changes(session, actor, which, limit=_CHANGES).rows
    return News(changes, imported=0 if changes else count_imported(session, actor, first_day))
