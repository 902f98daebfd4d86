"""Results of the quick switcher beside titles: sections, texts, people, tags."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from wiki.errors import NotFound
from wiki.pages.models import Page
from wiki.pages.rendering.models import RenderingRow
from wiki.rules.access import Actor
from wiki.search.asking import begins
from wiki.search.engine import Engine
from wiki.search.excerpts import Pieces
from wiki.search.listing import Listed
from wiki.search.queries import texts
from wiki.spaces.queries import SpaceAccess, see_space
from wiki.spaces.who import Suggestion, suggest_who
from wiki.tags.queries import Tag, tags_beginning

SHORTEST = 3
"""Minimum number of characters typed for which texts are searched."""
MOST_TEXTS = 12
"""Number of pages whose headings are compared with the typed text."""
BEFORE_MARK = 32
"""Maximum number of characters of an excerpt before its first mark."""
MOST_OF_A_KIND = 3
"""Maximum number of sections, pages by their texts, people and tags."""


@dataclass(frozen=True)
class Section:
    """A section of a page: the fragment and the text of its heading."""

    page: Page
    id: str
    heading: str


@dataclass(frozen=True)
class Beside:
    """Results for the typed text beside titles, a few of each kind."""

    sections: Sequence[Section] = ()
    texts: Sequence[Listed] = ()
    people: Sequence[Suggestion] = ()
    tags: Sequence[Tag] = ()

    def __bool__(self) -> bool:
        return bool(self.sections or self.texts or self.people or self.tags)


def beside_titles(
    session: Session, actor: Actor, engine: Engine, text: str, listed: Collection[int]
) -> Beside:
    """Return what a typed text finds beside the titles of pages.

    :param listed: the ids of pages that are listed by their titles.
    :raises IndexUnavailable: when there is no usable index at the moment.
    """
    found: Sequence[Listed] = ()
    if len(text) >= SHORTEST:
        found = texts(session, actor, engine, text, limit=MOST_TEXTS)
    named = _sections(session, text, [one.page for one in found])
    shown = {*listed, *(one.page.id for one in named)}
    others = [one for one in found if one.page.id not in shown]
    return Beside(
        named,
        [replace(one, excerpt=_from_mark(one.excerpt)) for one in others[:MOST_OF_A_KIND]],
        suggest_who(session, actor, text)[:MOST_OF_A_KIND],
        tags_beginning(session, actor, text, limit=MOST_OF_A_KIND),
    )


def _from_mark(pieces: Pieces) -> Pieces:
    """Return an excerpt from a few words before its first mark on, because a row shows one line."""
    first = next((at for at, (_, hit) in enumerate(pieces) if hit), 0)
    before = "".join(text for text, _ in pieces[:first])
    if len(before) <= BEFORE_MARK:
        return pieces
    cut = before[-BEFORE_MARK:].partition(" ")[2]
    return ((f"… {cut}", False), *pieces[first:])


def place_of(session: Session, actor: Actor, slug: str) -> SpaceAccess | None:
    """Return the space in which somebody types; None if they are in none that they may read."""
    try:
        return see_space(session, actor, slug) if slug else None
    except NotFound:
        return None


def _sections(session: Session, text: str, pages: Sequence[Page]) -> list[Section]:
    """Return the sections of these pages whose headings have words that begin with the typed ones,
    in the order of the pages."""
    if not pages:
        return []
    rows = session.execute(
        select(RenderingRow.page_id, RenderingRow.number, RenderingRow.headings).where(
            RenderingRow.page_id.in_([page.id for page in pages])
        )
    )
    headings = {(page_id, number): some for page_id, number, some in rows}
    return [
        Section(page, one["id"], one["text"])
        for page in pages
        for one in headings.get((page.id, page.head), ())
        if begins(text, one["text"])
    ][:MOST_OF_A_KIND]
