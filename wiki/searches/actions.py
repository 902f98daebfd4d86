"""Saving a search under a name, changing and deleting it."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from wiki.errors import Forbidden, Invalid, SignInRequired, Unsuitable
from wiki.i18n import gettext as _
from wiki.outbox.models import EventRow
from wiki.rules.access import Actor
from wiki.search.query import LONGEST_QUESTION, parse
from wiki.search.words import fold
from wiki.searches.models import SavedSearch
from wiki.searches.queries import get_saved

LONGEST_NAME = 100
LONGEST_SLUG = 60
MOST = 100
"""Maximum number of saved searches of a person."""


@dataclass(frozen=True)
class Wish:
    """A search as it is to be saved: its name, the query, and the slug of the only space that it
    searches, or nothing."""

    name: str
    query: str
    space: str = ""


def save(session: Session, actor: Actor, wish: Wish) -> SavedSearch:
    """Save a search for the actor.

    :raises SignInRequired: when nobody is signed in.
    :raises Forbidden: for a token that is limited to some spaces.
    :raises Invalid: when the name or the query cannot be used, or there are too many.
    :raises Unsuitable: when they have a saved search with this name.
    """
    if actor.person_id is None:
        raise SignInRequired
    if actor.is_narrow:
        raise Forbidden(_("This token is limited to some spaces."))
    wish = _checked(wish)
    mine = select(func.count()).where(SavedSearch.person_id == actor.person_id)
    if (session.scalar(mine) or 0) >= MOST:
        raise Invalid(
            _("You already have %(number)s saved searches. Delete one first.", number=MOST),
            field="name",
        )
    row = SavedSearch(
        person_id=actor.person_id,
        seen_event=session.scalar(select(func.max(EventRow.id))) or 0,
    )
    session.add(row)
    _set(session, row, wish)
    return row


def change(session: Session, actor: Actor, search_id: int, wish: Wish) -> SavedSearch:
    """Change one of the actor's saved searches.

    :raises NotFound: when it is not there, or not theirs.
    :raises Invalid: when the name or the query cannot be used.
    :raises Unsuitable: when another one of theirs has this name.
    """
    row = get_saved(session, actor, search_id)
    _set(session, row, _checked(wish))
    return row


def delete(session: Session, actor: Actor, search_id: int) -> str:
    """Delete one of the actor's saved searches, and return its name.

    :raises NotFound: when it is not there, or not theirs.
    """
    row = get_saved(session, actor, search_id)
    if row.watch is not None:
        session.delete(row.watch)
    session.delete(row)
    session.flush()
    return row.name


def _set(session: Session, row: SavedSearch, wish: Wish) -> None:
    row.name, row.name_key = wish.name, sha256(fold(wish.name).encode()).hexdigest()
    row.query, row.space = wish.query, wish.space
    try:
        with session.begin_nested():
            session.flush()
    except IntegrityError:
        raise Unsuitable(_("You have another saved search with this name."), field="name") from None


def _checked(wish: Wish) -> Wish:
    name, query = _one_line(wish.name), _one_line(wish.query)
    if not name or len(name) > LONGEST_NAME:
        raise Invalid(
            _("Enter a name of up to %(number)s characters.", number=LONGEST_NAME), field="name"
        )
    if parse(query).empty or len(query) > LONGEST_QUESTION:
        raise Invalid(
            _("Enter words to search for, up to %(number)s characters.", number=LONGEST_QUESTION),
            field="query",
        )
    return Wish(name, query, _one_line(wish.space)[:LONGEST_SLUG])


def _one_line(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
