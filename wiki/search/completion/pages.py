"""Pages to choose from without searching: completions in the editor after `[[`, and the pages that
a browser remembers as read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice

from sqlalchemy.orm import Session

from wiki.errors import NotFound
from wiki.pages.links.marking import page_meant
from wiki.pages.models import Page
from wiki.pages.queries import look_up
from wiki.pages.rendering.reading import read_rendering
from wiki.pages.revisions import head_of
from wiki.rules.access import Actor, May
from wiki.search.asking import begins
from wiki.search.listing import Listed, pages_by_id, with_crumbs
from wiki.search.words import fold
from wiki.spaces.models import Space
from wiki.spaces.queries import list_spaces
from wiki.text.markdown.context import RenderContext
from wiki.text.markdown.destinations import resolve_wiki_link
from wiki.text.markdown.headings import PREFIX, fragment_id
from wiki.text.markdown.wikilinks import escape, split_target, unescape

MOST_REMEMBERED = 8
"""Maximum number of remembered pages that are looked up."""
MOST_SPACES = 3
"""Maximum number of spaces that are offered."""
MOST_SECTIONS = 12
"""Maximum number of sections of a page that are offered."""


@dataclass(frozen=True)
class Section:
    """A section of a page; `target` is the text between the brackets of a wiki link to it."""

    page: Page
    id: str
    heading: str
    target: str
    exact: bool


def sections(session: Session, actor: Actor, text: str, space: str) -> list[Section] | None:
    """Return the sections that `[[page#text` may mean: those with words in their headings that
    begin with the typed words; None if no page is named before a `#`."""
    lead, path, parts = split_target(text)
    page_id = page_meant(session, actor, lead + path, space) if parts and path else None
    if page_id is None:
        return None
    page = pages_by_id(session, actor, [page_id])[page_id]
    typed = unescape(parts[-1]).strip()
    found = []
    for one in read_rendering(session, page.space.slug, head_of(session, page)).headings:
        if not typed or begins(typed, one["text"]):
            by_text = fragment_id(one["text"]) == one["id"]
            name = escape(one["text"]) if by_text else one["id"].removeprefix(PREFIX)
            exact = fold(typed) == fold(one["text"])
            found.append(Section(page, one["id"], one["text"], f"{lead}{path}#{name}", exact))
    return found[:MOST_SECTIONS]


def linkable(
    session: Session,
    actor: Actor,
    text: str,
    space: str,
    found: Sequence[Listed],
) -> tuple[list[Listed], bool]:
    """Return the completions of `[[text` in the editor: the page that the text names, if any,
    followed by the pages found; and whether the actor may create a page of that name."""
    found = list(found)
    page_id = page_meant(session, actor, text, space)
    if page_id is not None:
        page = pages_by_id(session, actor, [page_id])[page_id]
        others = [one for one in found if one.page.id != page.id]
        return [replace(with_crumbs(session, [page])[0], matches=True, exact=True), *others], False
    to = resolve_wiki_link(text, RenderContext(space, ""))
    if to.kind != "page":
        return found, False
    try:
        place = look_up(session, actor, to.space, to.path)
    except NotFound:
        return found, False
    return found, place.page is None and bool(place.seen.may(May.EDIT))


def with_named(
    session: Session, actor: Actor, text: str, space: str, found: Sequence[Listed]
) -> list[Listed]:
    """Return the pages found, after the one that the text names by its address or a former one."""
    page_id = page_meant(session, actor, text, space)
    if page_id is None or any(one.page.id == page_id for one in found):
        return list(found)
    page = pages_by_id(session, actor, [page_id])[page_id]
    return [replace(with_crumbs(session, [page])[0], matches=True, exact=True), *found]


def spaces_named(session: Session, actor: Actor, text: str) -> list[Space]:
    """Return a few of the spaces that the actor may read whose titles have words, or whose slugs,
    that begin with the typed words; by title."""
    typed = fold(text)
    found = (
        one
        for one in list_spaces(session, actor)
        if one.slug.startswith(typed) or begins(text, one.title)
    )
    return list(islice(found, MOST_SPACES))


def remembered_pages(session: Session, actor: Actor, ids: str) -> list[Page]:
    """Return the pages that the actor may read of those with these ids, in their order.

    :param ids: ids of pages, separated by commas, as a browser remembers them; all else is ignored.
    """
    known = [int(one) for one in ids.split(",") if re.fullmatch("[0-9]{1,9}", one)]
    pages = pages_by_id(session, actor, known[:MOST_REMEMBERED])
    return [pages[one] for one in dict.fromkeys(known) if one in pages]
