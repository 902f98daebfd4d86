"""Completions in the editor after `[[`: pages by name, and sections of a page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from wiki.errors import NotFound
from wiki.pages.links.marking import page_meant
from wiki.pages.models import Page
from wiki.pages.queries import head_of, look_up
from wiki.pages.rendering.stored import read_rendering
from wiki.rules.access import Actor, May
from wiki.search.asking import begins
from wiki.search.queries import Listed, pages_by_id, with_crumbs
from wiki.search.words import fold
from wiki.text.markdown.destinations import RenderContext, resolve_wiki_link
from wiki.text.markdown.headings import PREFIX, fragment_id
from wiki.text.markdown.wikilinks import escape, split_target, unescape

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
