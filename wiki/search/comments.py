"""Search in comments, for queries with `in:comments`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session, contains_eager, joinedload

from wiki.comments.models import Message, Thread
from wiki.pages.models import Page
from wiki.pages.queries import live_for
from wiki.rules.access import Actor
from wiki.search.asking import terms_of
from wiki.search.excerpts import Pieces, excerpt
from wiki.search.query import Clause, Query
from wiki.search.scope import scope_of
from wiki.spaces.models import Space
from wiki.spaces.queries import list_spaces

MOST = 50
"""Maximum number of comments found."""


@dataclass(frozen=True)
class FoundComment:
    """A comment with the words of a query, and the page that it is about."""

    message: Message
    page: Page
    excerpt: Pieces

    @property
    def url(self) -> str:
        """The address of the comment among those of its page."""
        return f"/-/p/{self.page.id}/comments?message={self.message.id}#m{self.message.id}"


@dataclass(frozen=True)
class CommentAnswer:
    """The comments found, the newest first; `has_more` if there are others."""

    query: Query
    readable: Sequence[Space]
    found: Sequence[FoundComment]
    has_more: bool
    notes: Sequence[str]


def search_comments(session: Session, actor: Actor, query: Query, *, space: str) -> CommentAnswer:
    """Return the comments with all words of a query, on pages that the actor may read, the newest
    first. The operators for spaces, places, authors and dates count."""
    readable = list_spaces(session, actor)
    scope, notes = scope_of(session, actor, query, readable, space)
    conditions = [
        live_for(actor),
        Page.space_id.in_(scope.spaces),
        Message.deleted_at.is_(None),
        *(_has(clause) for clause in query.words()),
        *(~_has(clause) for clause in query.without if clause.plain or clause.phrase),
        *(Message.author_id.in_(group) for group in scope.authors),
    ]
    if scope.not_authors:
        conditions.append(Message.author_id.not_in(scope.not_authors))
    if scope.within is not None:
        conditions.append(Page.id.in_(scope.within))
    if query.updated.start:
        conditions.append(Message.created_at >= query.updated.start)
    if query.updated.end:
        conditions.append(Message.created_at < query.updated.end)
    rows = session.scalars(
        select(Message)
        .join(Message.thread)
        .join(Thread.page)
        .join(Page.space)
        .where(*conditions)
        .order_by(Message.id.desc())
        .limit(MOST + 1)
        .options(
            contains_eager(Message.thread).contains_eager(Thread.page).contains_eager(Page.space),
            joinedload(Message.author),
        )
    ).all()
    terms = tuple({term for clause in query.words() for term in terms_of(clause.text)})
    found = [FoundComment(one, one.thread.page, excerpt(one.text, terms)) for one in rows[:MOST]]
    return CommentAnswer(query, readable, found, len(rows) > MOST, (*query.notes, *notes))


def _has(clause: Clause) -> ColumnElement[bool]:
    """Return the condition that a message has the text of a clause, in upper or lower case."""
    text = clause.text
    return or_(
        func.lower(Message.text).contains(text.lower(), autoescape=True),
        Message.text.contains(text, autoescape=True),
    )
