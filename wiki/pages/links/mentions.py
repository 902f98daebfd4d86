"""Mentions of people and groups: links if the reader may know the person or group, else plain
text."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import ColumnElement, false, or_, select, true
from sqlalchemy.orm import Session

from wiki.pages.models import Page, Revision
from wiki.pages.queries import live_for
from wiki.people.models import Group, Person
from wiki.rules.access import Actor, may_see_groups
from wiki.spaces.members import shares_a_space_with
from wiki.text.markdown.links import mentioned, without_mentions

MOST = 500
"""Maximum number of distinct names on a page that are looked up; further ones are plain text."""


def mentions_for(session: Session, actor: Actor, html: str) -> str:
    """Return ``html`` of a page with its mentions resolved for the actor: one statement, and none
    on a page without mentions."""
    names = mentioned(html)
    return without_mentions(html, _known(session, actor, names[:MOST])) if names else html


def _known(session: Session, actor: Actor, handles: Collection[str]) -> set[str]:
    """Return those of the names that belong to people or groups whom the actor may know."""
    if actor.is_anonymous:
        return set()
    found = select(Person.handle).where(Person.handle.in_(handles), may_be_known_to(actor))
    if may_see_groups(actor):
        groups = select(Group.handle).where(Group.handle.in_(handles))
        return set(session.scalars(found.union_all(groups)))
    return set(session.scalars(found))


def may_be_known_to(actor: Actor) -> ColumnElement[bool]:
    """Return the condition on ``Person`` that the actor may know them.

    Members know each other; a guest knows people in the same spaces, and the authors of the pages
    that they read.
    """
    if actor.is_anonymous:
        return false()
    if actor.is_member:
        return true()
    written = (
        select(Revision.id)
        .join(Revision.page)
        .join(Page.space)
        .where(Revision.author_id == Person.id, Revision.purged_at.is_(None), live_for(actor))
        .correlate(Person)
    )
    return or_(Person.id == actor.person_id, shares_a_space_with(actor), written.exists())
