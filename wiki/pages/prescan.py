"""Work done before the transaction of a save, so that other saves do not wait for it."""

from __future__ import annotations

from sqlalchemy.orm import Session

from wiki.pages import secrets
from wiki.pages.access import label_policy
from wiki.pages.checks import content_hash_of, with_front_matter
from wiki.pages.links.graph import has_links_to_sections
from wiki.pages.merging import Text, merge_texts
from wiki.pages.models import Page
from wiki.pages.queries import get_revision, head_of
from wiki.pages.rendering.stored import prepare
from wiki.pages.revising import text_of
from wiki.rules.labels import Label
from wiki.spaces.queries import SpaceAccess
from wiki.text.markdown.markup import RenderContext
from wiki.text.rewrite.sections import may_lose_sections


def prescan(session: Session, text: Text, context: RenderContext, label: Label) -> None:
    """Compute and cache what the transaction that stores a text needs to know about it."""
    secrets.prescan(text)
    label_policy.prescan(session, text, context, label)


def prescan_edit(
    session: Session, seen: SpaceAccess, page: Page, text: Text, base: int, *, tells: bool = False
) -> bool:
    """Do the same for an edit of a page, which is merged first if the page has a newer revision.

    :param base: the revision that the edit started from.
    :param tells: whether the author is told of links to sections that the edit removes.
    :returns: whether rendering can wait until the edit is saved. It cannot if the author may have
        to be told of such links.
    """
    text = _to_be_saved(session, page, text, base)
    context = RenderContext(seen.space.slug, page.path, page.folder, text.title, routes=page.routes)
    prescan(session, text, context, seen.label)
    later = not (tells and _may_break_links(session, page, text.body))
    if not later:
        prepare(content_hash_of(text), text.body, context)
    return later


def _to_be_saved(session: Session, page: Page, text: Text, base: int) -> Text:
    """Return a text merged with the head of its page, or unchanged if the save will not merge
    it."""
    if base == page.head or not 1 <= base < page.head:
        return text
    theirs = text_of(session, head_of(session, page))
    origin = text_of(session, get_revision(session, page, base))
    merged = merge_texts(origin, with_front_matter(text, theirs.front_matter), theirs)
    return merged.resolve() if merged.clean else text


def _may_break_links(session: Session, page: Page, body: str) -> bool:
    """Return whether other pages link to sections of a page that this text may no longer have."""
    if not has_links_to_sections(session, page.id):
        return False
    return may_lose_sections(text_of(session, head_of(session, page)).body, body)
