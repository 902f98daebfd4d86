"""The scope of a search: the pages that the actor may read and that the operators name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from wiki.db import now
from wiki.i18n import gettext as _
from wiki.kind_registry import kind_names
from wiki.pages.models import Page
from wiki.pages.queries import live_for
from wiki.people.imported.models import Merged
from wiki.people.models import Person
from wiki.rules.access import Actor
from wiki.search.engine import Filters
from wiki.search.listing import hidden_pages
from wiki.search.query import Clause, Field, Query, quoted
from wiki.spaces.models import Membership, Space
from wiki.text.paths import path_key

MOST_PEOPLE = 50
"""Maximum number of people that one `author:` may match."""
PERIODS = (7, 30, 365)
"""Numbers of days since which changed pages are counted."""


def scope_of(
    session: Session, actor: Actor, query: Query, readable: Sequence[Space], space: str
) -> tuple[Filters, list[str]]:
    """Return the filters of a query of the actor, and notes about values that do not exist.

    :param readable: the spaces that the actor may read.
    :param space: the slug of a space that is searched alone; empty for all.
    """
    notes = []
    ids = {one.id for one in readable}
    wanted = [*query.values(Field.SPACE), *([space] if space else [])]
    for name in wanted:
        named = _named(readable, name)
        if not named:
            notes.append(_("There’s no space called “%(name)s” that you can read.", name=name))
        ids &= named
    for name in query.refused(Field.SPACE):
        ids -= _named(readable, name)
    notes += _about_kinds(query)
    within: frozenset[int] | None = None
    for clause in query.must:
        if clause.field is Field.UNDER:
            pages = _below(session, actor, readable, space, clause.text)
            if not pages:
                notes.append(
                    _("There are no pages below “%(path)s” that you can read.", path=clause.text)
                )
            within = pages if within is None else within & pages
    today = now().replace(hour=0, minute=0, second=0, microsecond=0)
    return (
        Filters(
            spaces=frozenset(ids),
            authors=tuple(_people(session, actor, name) for name in query.values(Field.AUTHOR)),
            not_authors=frozenset().union(
                *(_people(session, actor, name) for name in query.refused(Field.AUTHOR))
            ),
            hidden=hidden_pages(session, actor),
            within=within,
            beyond=frozenset().union(
                *(
                    _below(session, actor, readable, space, path)
                    for path in query.refused(Field.UNDER)
                )
            ),
            own=_own_spaces(session, actor),
            moments=tuple(today - timedelta(days=days) for days in PERIODS),
        ),
        notes,
    )


def _about_kinds(query: Query) -> list[str]:
    """Return a note about kinds that do not exist."""
    unknown = [
        one.text
        for one in (*query.must, *query.without)
        if one.field is Field.KIND and not _is_kind(one)
    ]
    if not unknown:
        return []
    return [
        _(
            "There’s no kind of page called %(names)s. The kinds are %(kinds)s.",
            names=quoted(unknown),
            kinds=quoted(kind_names()),
        )
    ]


def _is_kind(clause: Clause) -> bool:
    name = clause.text.casefold()
    return any(one.startswith(name) if clause.prefix else one == name for one in kind_names())


def _below(
    session: Session, actor: Actor, readable: Sequence[Space], space: str, path: str
) -> frozenset[int]:
    """Return the page at a path and the pages below it that the actor may read. The path begins
    with the slug of a space, unless one space is searched alone."""
    slug, _slash, rest = path.strip("/").partition("/")
    spaces = {one.slug: one.id for one in readable}
    places = [(spaces[slug], rest)] if slug in spaces else []
    if space in spaces:
        places.append((spaces[space], path.strip("/")))
    conditions = []
    for space_id, place in places:
        key = path_key(place)
        here = Page.path_key == key
        below = Page.path_key.startswith(f"{key}/", autoescape=True) if key else Page.id > 0
        conditions.append((Page.space_id == space_id) & (here | below))
    if not conditions:
        return frozenset()
    return frozenset(session.scalars(select(Page.id).where(or_(*conditions), live_for(actor))))


def _own_spaces(session: Session, actor: Actor) -> frozenset[int]:
    """Return the spaces in which the actor was given a role."""
    if actor.person_id is None:
        return frozenset()
    mine = select(Membership.space_id).where(Membership.person_id == actor.person_id)
    return frozenset(session.scalars(mine))


def _named(spaces: Iterable[Space], name: str) -> set[int]:
    name = name.casefold()
    return {one.id for one in spaces if name in (one.slug.casefold(), one.title.casefold())}


def _people(session: Session, actor: Actor, name: str) -> frozenset[int]:
    """Return the people that `author:` matches: `me`, a user name, or a part of a name."""
    name = name.removeprefix("@").casefold()
    if name == "me":
        return _with_merged(session, [actor.person_id] if actor.person_id is not None else [])
    exact = session.scalars(select(Person.id).where(func.lower(Person.handle) == name)).all()
    if exact:
        return _with_merged(session, exact)
    named = session.scalars(
        select(Person.id)
        .where(
            or_(
                func.lower(Person.name).contains(name, autoescape=True),
                func.lower(Person.handle).startswith(name, autoescape=True),
            ),
            Person.id.not_in(select(Merged.person_id)),
        )
        .limit(MOST_PEOPLE)
    )
    return _with_merged(session, named.all())


def _with_merged(session: Session, ids: Sequence[int]) -> frozenset[int]:
    """Return the people and the placeholders that were merged into them, in both directions: pages
    that were indexed before a merge still have the placeholder's id."""
    pairs = session.execute(
        select(Merged.person_id, Merged.into_id).where(
            or_(Merged.into_id.in_(ids), Merged.person_id.in_(ids))
        )
    )
    return frozenset(ids).union(*(pair for pair in pairs)) if ids else frozenset()
