"""Queries for tags and the numbers of their pages, limited to what an actor may read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from wiki.errors import NotFound
from wiki.pages.models import Page
from wiki.pages.queries import live_for
from wiki.rules.access import Actor
from wiki.spaces.models import Space
from wiki.tags.models import PageTag
from wiki.text.tags import tag_key
from wiki.web.paging import Slice, decode_cursor, encode_cursor

ROWS = 200
CHOICES = 300


@dataclass(frozen=True)
class Tag:
    """A tag, spelled as on its most recently changed page, and the number of pages that have it.

    ``spaces`` has the number for each space by id, if several spaces were searched.
    """

    key: str
    name: str
    count: int
    spaces: Mapping[int, int] = field(default_factory=dict)


def list_tags(
    session: Session,
    actor: Actor,
    *,
    space: Space | None = None,
    by_size: bool = False,
    after: str | None = None,
    limit: int = ROWS,
) -> Slice[Tag]:
    """Return the tags of pages that the actor may read, by name or by number of pages, largest
    first.

    :param after: the cursor of the previous slice.
    """
    count = func.count()
    query = (
        select(PageTag.tag_key, _spelling(actor, space), count)
        .where(*_readable(PageTag, actor, space))
        .group_by(PageTag.tag_key)
        .limit(limit + 1)
    )
    if by_size:
        query = query.order_by(count.desc(), PageTag.tag_key)
        beyond = decode_cursor(after, (int, str))
        if beyond:
            query = query.having(
                or_(count < beyond[0], and_(count == beyond[0], PageTag.tag_key > beyond[1]))
            )
    else:
        query = query.order_by(PageTag.tag_key)
        beyond = decode_cursor(after, (str,))
        if beyond:
            query = query.where(PageTag.tag_key > beyond[0])
    rows = session.execute(query).all()
    tags = [Tag(*row) for row in rows[:limit]]
    if len(rows) <= limit:
        return Slice(tags, None)
    last = tags[-1]
    return Slice(tags, encode_cursor([last.count, last.key] if by_size else [last.key]))


def tags_beginning(
    session: Session, actor: Actor, typed: str, *, space: Space | None = None, limit: int = 8
) -> list[Tag]:
    """Return the tags of pages that the actor may read that begin with a text, or have a word that
    does; those of most pages first. For an empty text these are the tags of most pages."""
    key = tag_key(typed)
    count = func.count()
    query = (
        select(PageTag.tag_key, _spelling(actor, space), count)
        .where(
            or_(
                PageTag.tag_key.startswith(key, autoescape=True),
                PageTag.tag_key.contains(f" {key}", autoescape=True),
            ),
            *_readable(PageTag, actor, space),
        )
        .group_by(PageTag.tag_key)
        .order_by(count.desc(), PageTag.tag_key)
        .limit(limit)
    )
    return [Tag(*row) for row in session.execute(query)]


def see_tag(session: Session, actor: Actor, raw: str, *, space: Space | None = None) -> Tag:
    """Return a tag of pages that the actor may read.

    :raises NotFound: when no page that the actor may read has it.
    """
    tag = find_tag(session, actor, raw, space=space)
    if tag is None:
        raise NotFound
    return tag


def find_tag(session: Session, actor: Actor, raw: str, *, space: Space | None = None) -> Tag | None:
    """Return a tag of pages that the actor may read; None if there is none."""
    key = tag_key(raw)
    rows = session.execute(
        select(PageTag.space_id, _spelling(actor, space), func.count())
        .where(PageTag.tag_key == key, *_readable(PageTag, actor, space))
        .group_by(PageTag.space_id, PageTag.tag_key)
        .order_by(PageTag.space_id)
    ).all()
    if not rows:
        return None
    spaces = {space_id: count for space_id, _, count in rows}
    return Tag(key, rows[0][1], sum(spaces.values()), spaces)


def tag_choices(session: Session, actor: Actor, space: Space, limit: int = CHOICES) -> list[str]:
    """Return the tags that authors in a space are most likely to use, those of most pages first."""
    return [
        tag.name for tag in list_tags(session, actor, space=space, by_size=True, limit=limit).rows
    ]


def _readable(tagged: type[PageTag], actor: Actor, space: Space | None) -> list[Any]:
    """Return the conditions that rows of tags belong to live pages that the actor may read."""
    page = select(Page.id).where(Page.id == tagged.page_id, live_for(actor))
    if space is None:
        return [page.correlate(tagged).exists()]
    # The first condition is for the index; the second, for pages moved since the row was written.
    page = page.where(Page.space_id == space.id)
    return [tagged.space_id == space.id, page.correlate(tagged).exists()]


def _spelling(actor: Actor, space: Space | None) -> Any:
    """Return a subquery for the spelling of a tag on its most recently changed page."""
    one = aliased(PageTag)
    return (
        select(one.tag)
        .where(one.tag_key == PageTag.tag_key, *_readable(one, actor, space))
        .order_by(one.updated_at.desc(), one.page_id.desc())
        .limit(1)
        .correlate(PageTag)
        .scalar_subquery()
    )
