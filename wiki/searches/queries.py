"""Queries for saved searches, which only their owner sees."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, joinedload

from wiki.errors import NotFound
from wiki.rules.access import Actor
from wiki.search.asking import begins
from wiki.searches.models import SavedSearch

FEW = 3
"""Maximum number of saved searches in the switcher."""


def get_saved(session: Session, actor: Actor, search_id: int) -> SavedSearch:
    """Return one of the actor's saved searches.

    :raises NotFound: when it is not there, or not theirs.
    """
    row = session.scalar(_own(actor).where(SavedSearch.id == search_id))
    if row is None:
        raise NotFound
    return row


def list_saved(session: Session, actor: Actor) -> Sequence[SavedSearch]:
    """Return the actor's saved searches by name; none for visitors without an account."""
    if actor.person_id is None:
        return ()
    return session.scalars(_own(actor).order_by(func.lower(SavedSearch.name), SavedSearch.id)).all()


def list_begun(session: Session, actor: Actor, typed: str) -> Sequence[SavedSearch]:
    """Return the first few of the actor's saved searches whose names have words that begin with the
    typed ones; of all, if nothing is typed."""
    found = list_saved(session, actor)
    return [one for one in found if not typed or begins(typed, one.name)][:FEW]


def _own(actor: Actor) -> Select[SavedSearch]:
    # A token for some spaces knows nothing that belongs to no space.
    person_id = None if actor.is_narrow else actor.person_id
    query = select(SavedSearch).where(SavedSearch.person_id == person_id)
    return query.options(joinedload(SavedSearch.watch))
