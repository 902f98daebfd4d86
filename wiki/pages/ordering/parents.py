"""Pages under which somebody may put a page: found by words, or chosen from the tree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, case, exists, func, literal, or_, select
from sqlalchemy.orm import Session, aliased

from wiki.pages.models import Page, title_order
from wiki.pages.queries import editable_by, live_for
from wiki.pages.tree import children_of
from wiki.rules.access import Actor
from wiki.spaces.models import Space
from wiki.spaces.queries import SpaceAccess
from wiki.text.paths import path_key

MOST = 100
"""Maximum number of pages that are offered at once."""


@dataclass(frozen=True)
class Choice:
    """A page or a folder that may be the parent. ``more``: whether there are pages below it;
    ``open``: whether pages can be put there."""

    path: str
    key: str
    title: str
    more: bool
    open: bool = True


@dataclass(frozen=True)
class Choices:
    """A level of the tree. If there are more pages, ``after`` is the id of the one after which they
    continue."""

    choices: Sequence[Choice]
    after: int = 0


def parents_in(session: Session, actor: Actor, space: Space, words: str = "") -> Sequence[Choice]:
    """Return the pages of a space that the actor may edit, the best matches first.

    :param words: only pages whose title or path contains each of these words. A slash separates
        words, too.
    """
    below = aliased(Page)
    of_page = and_(below.space_id == space.id, below.parent_key == Page.path_key)
    more = exists().where(of_page, live_for(actor, below))
    found = words.casefold().replace("/", " ").split()[:8]
    query = (
        select(Page.path, Page.path_key, Page.title, more)
        .where(Page.space_id == space.id, editable_by(actor), Page.path_key != "")
        .where(*(_has(word) for word in found))
        .order_by(title_order(Page.title), Page.id)
        .limit(MOST)
    )
    if found:
        best = [_rank(found, path_key(words.strip("/ "))), func.length(Page.title)]
        query = query.order_by(None).order_by(*best, title_order(Page.title), Page.id)
    return [
        Choice(path, key, title, bool(more)) for path, key, title, more in session.execute(query)
    ]


def _rank(words: Sequence[str], path: str) -> ColumnElement[int]:
    """Return how well a page matches words that are all in its title or path, 0 for the best: it
    is named so or is at this path, its title begins with them, has them in this order from the
    start of a word, has each at the start of a word, has each; or it has them in its path only."""
    phrase = " ".join(words)
    title = func.lower(Page.title)
    spaced = literal(" ") + title
    return case(
        (or_(title == phrase, Page.path_key == path), 0),
        (title.startswith(phrase, autoescape=True), 1),
        (_in(spaced, f" {phrase}"), 2),
        (and_(*(_in(spaced, f" {word}") for word in words)), 3),
        (and_(*(_in(title, word) for word in words)), 4),
        else_=5,
    )


def _has(word: str) -> ColumnElement[bool]:
    title = func.lower(Page.title)
    return or_(_in(title, word), Page.path_key.contains(word, autoescape=True))


def _in(text: ColumnElement[str], part: str) -> ColumnElement[bool]:
    return text.contains(part, autoescape=True)


def levels_of(
    session: Session, seen: SpaceAccess, keys: Sequence[str], after: Page | None = None
) -> dict[str, Choices]:
    """Return the pages and folders directly below paths of a space, by their keys.

    :param after: the page to continue after, if one level is asked for.
    """
    levels = children_of(session, seen, keys, after=after)
    ids = [node.page_id for level in levels.values() for node in level.nodes if node.page_id]
    editable = select(Page.id).where(Page.id.in_(ids), editable_by(seen.actor))
    allowed = set(session.scalars(editable))
    return {
        key: Choices(
            [
                Choice(
                    node.path,
                    node.path_key,
                    node.title,
                    node.has_children,
                    node.page_id is None or node.page_id in allowed,
                )
                for node in level.nodes
            ],
            level.more,
        )
        for key, level in levels.items()
    }
