"""Search on behalf of an actor, with results as rows of the database.

The engine searches only the spaces that the actor may read at this moment. Its index may be some
seconds behind. Therefore pages with pending updates that the actor may not read (any more) are
passed to it as hidden, so that they affect no hit, count, excerpt or suggestion. Every hit also
passes the access check before it is shown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property

from sqlalchemy import select
from sqlalchemy.orm import Session

from wiki.i18n import gettext as _
from wiki.kind import Kind
from wiki.kind_registry import kind_named
from wiki.pages.rendering.models import RenderingRow
from wiki.people.models import Person
from wiki.people.queries import people_by_id
from wiki.rules.access import Actor
from wiki.search.answers import Block, best_passage
from wiki.search.asking import begins
from wiki.search.engine import Engine, Filters, Results
from wiki.search.language.synonyms import Synonyms
from wiki.search.listing import Listed, hidden_pages, listed_pages, pages_by_id, with_crumbs
from wiki.search.query import Field, Query, parse, quoted
from wiki.search.scope import scope_of
from wiki.search.synonyms.queries import synonyms_in_force
from wiki.search.words import fold, is_unspaced
from wiki.spaces.models import Space
from wiki.spaces.queries import list_spaces

PER_SCREEN = 10
"""Number of hits per screen."""
LAST_SCREEN = 100
"""Number of the last screen; further hits need another query."""
MOST_UNFINISHED = 2
"""Maximum number of words of a text that is being typed whose last word counts as a beginning."""
MOST_AUTHORS = 8
"""Maximum number of authors offered to narrow a search."""
MOST_TAGS = 8
"""Maximum number of tags offered to narrow a search."""


@dataclass(frozen=True)
class LeftOut:
    """Words whose pages were excluded, and the query that searches for them as text instead."""

    words: str
    question: str


@dataclass(frozen=True)
class Answer:
    """One screen of hits, and summaries of all hits."""

    query: Query
    readable: tuple[Space, ...] = ()
    """Every space that the actor may read."""
    hits: tuple[Listed, ...] = ()
    total: int = 0
    cut: bool = False
    """True if the search stopped early because it took too long; `total` is then a lower bound."""
    number: int = 1
    """Number of this screen, from 1."""
    has_more: bool = False
    """True if there is a next screen."""
    corrected: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    loosened: bool = False
    spaces: tuple[tuple[Space, int], ...] = ()
    tags: tuple[tuple[str, int], ...] = ()
    kinds: tuple[tuple[Kind, int], ...] = ()
    authors: tuple[tuple[Person, int], ...] = ()
    since: tuple[tuple[datetime, int], ...] = ()
    """Moments with the numbers of pages that have changed since."""
    notes: tuple[str, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    passage: Block | None = None
    """The passage of the first page that answers the query, quoted."""
    as_text: tuple[str, ...] = ()
    """Operators, as typed, that had no results and were searched as text."""


@dataclass(frozen=True)
class Screen:
    """The number of a screen of results, from 1, and how many results it has."""

    number: int = 1
    size: int = PER_SCREEN


FIRST = Screen()


def search(
    session: Session,
    actor: Actor,
    engine: Engine,
    text: str,
    *,
    space: str = "",
    screen: Screen = FIRST,
) -> Answer:
    """Search for `text` in the space with that slug, or in all spaces that the actor may read.

    :raises IndexUnavailable: when there is no usable index at the moment.
    """
    query = parse(text)
    readable = list_spaces(session, actor)
    number = max(1, min(screen.number, LAST_SCREEN))
    offset = (number - 1) * screen.size
    asking = _Asking(session, actor, engine, readable, space, offset, screen.size)
    found, notes = asking.ask(query)
    as_text: tuple[str, ...] = ()
    if not found.total and query.operators:
        plain = parse(query.as_text(*query.operators))
        other, other_notes = asking.ask(plain)
        if other.total and not (other.loosened or other.corrected):
            as_text = tuple(one.written for one in query.operators)
            names = quoted(as_text)
            notes = [
                *other_notes,
                _(
                    "Nothing matches %(names)s as an operator, so it was searched as text.",
                    names=names,
                ),
            ]
            query, found = plain, other
    by_id = {one.id: one for one in readable}
    hits = listed_pages(session, actor, found)
    return Answer(
        query=query,
        readable=tuple(readable),
        hits=hits,
        total=found.total - (len(found.hits) - len(hits)),
        cut=found.cut,
        number=number,
        has_more=number < LAST_SCREEN and number * screen.size < found.total,
        corrected=found.corrected,
        loosened=found.loosened,
        spaces=tuple((by_id[i], count) for i, count in found.spaces.items() if i in by_id),
        tags=tuple(found.tags.items())[:MOST_TAGS],
        kinds=tuple((kind_named(name), count) for name, count in found.kinds.items()),
        authors=_authors(session, found),
        since=tuple((at, count) for at, count in found.since.items() if count),
        notes=(*query.notes, *notes, *_about_comments(query)),
        left_out=tuple(
            LeftOut(one.text, query.as_text(one))
            for one in query.without
            if one.field in (Field.ANY, Field.TITLE)
        ),
        passage=_passage(session, hits, found) if number == 1 and query.plain else None,
        as_text=as_text,
    )


def _about_comments(query: Query) -> tuple[str, ...]:
    if not query.in_comments:
        return ()
    return (_("Comments are searched on the search screen only. These are pages."),)


def _authors(session: Session, found: Results) -> tuple[tuple[Person, int], ...]:
    """Return the authors of most of the pages found, each with the number of pages."""
    some = list(found.authors.items())[:MOST_AUTHORS]
    people = people_by_id(session, [id for id, _ in some])
    return tuple((people[id], count) for id, count in some if id in people)


def _passage(session: Session, hits: Sequence[Listed], found: Results) -> Block | None:
    """Return the passage of the first hit that has most of the query; None if the query has less
    than two words that say much, or the page has changed since it was indexed."""
    if not hits or not hits[0].excerpt or len(found.groups) < 2:
        return None
    first = hits[0]
    html = session.scalar(
        select(RenderingRow.html).where(
            RenderingRow.page_id == first.page.id, RenderingRow.number == first.page.head
        )
    )
    return best_passage(html, first.fragment, found.groups, found.terms) if html else None


@dataclass(frozen=True)
class _Asking:
    """Access to the search engine for one actor and one or all of their spaces."""

    session: Session
    actor: Actor
    engine: Engine
    readable: Sequence[Space]
    space: str
    offset: int
    limit: int

    def ask(self, query: Query) -> tuple[Results, list[str]]:
        """Return the engine's results, and notes about operators whose values do not exist."""
        filters, notes = scope_of(self.session, self.actor, query, self.readable, self.space)
        found = self.engine.search(
            query,
            filters,
            synonyms=self.synonyms,
            offset=self.offset,
            limit=self.limit,
        )
        return found, notes

    @cached_property
    def synonyms(self) -> Synonyms:
        """The synonyms of the site."""
        return synonyms_in_force(self.session)


def titles(
    session: Session,
    actor: Actor,
    engine: Engine,
    text: str,
    *,
    space: str = "",
    limit: int = 8,
) -> list[Listed]:
    """Return pages whose title begins with `text`: exact titles, then matching pages, then similar,
    misspelt and partly matching ones; within each group, pages of the given space come first.

    A page matches if every typed word begins a word of its title or path; those whose title alone
    has them come first. No page matches if the text has operators or quotation marks, because these
    need a full search.

    :raises IndexUnavailable: when there is no usable index at the moment.
    """
    readable = list_spaces(session, actor)
    filters = Filters(frozenset(one.id for one in readable), hidden=hidden_pages(session, actor))
    found = engine.titles(text, filters, limit=limit * 3, near=True)
    pages = pages_by_id(session, actor, [hit.page_id for hit in found])
    here = [pages[hit.page_id] for hit in found if hit.page_id in pages]
    plain = parse(text).plain
    listed = [
        replace(
            one,
            matches=plain and begins(text, f"{one.page.title} {one.page.path}"),
            exact=fold(one.page.title).strip() == fold(text).strip(),
        )
        for one in with_crumbs(session, here)
    ]
    listed.sort(
        key=lambda one: (
            not one.exact,
            not one.matches,
            not begins(text, one.page.title),
            bool(space) and one.page.space.slug != space,
        )
    )
    return listed[:limit]


def texts(
    session: Session, actor: Actor, engine: Engine, text: str, *, limit: int = 8
) -> tuple[Listed, ...]:
    """Return the pages whose texts have the words that are being typed, best first.

    :raises IndexUnavailable: when there is no usable index at the moment.
    """
    query = parse(text)
    unfinished = len(query.must) <= MOST_UNFINISHED and not is_unspaced(text[-1:])
    if query.plain and unfinished and text[-1:].isalnum():
        query = parse(f"{text}*")
    asking = _Asking(session, actor, engine, list_spaces(session, actor), "", 0, limit)
    return listed_pages(session, actor, asking.ask(query)[0])
