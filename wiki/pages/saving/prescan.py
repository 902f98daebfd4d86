"""Work done before the transaction of a save, so that other saves do not wait for it."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy.orm import Session

from wiki.pages.access import label_policy
from wiki.pages.links.graph import has_links_to_sections
from wiki.pages.merging import Text, merge_texts
from wiki.pages.models import Page
from wiki.pages.rendering.stored import prepare
from wiki.pages.revising import text_of
from wiki.pages.revisions import get_revision, get_revisions, head_of
from wiki.pages.saving import secrets
from wiki.pages.saving.checks import content_hash_of, with_front_matter
from wiki.pages.saving.edit import Edit, NewPage
from wiki.spaces.queries import SpaceAccess
from wiki.text.markdown.context import RenderContext
from wiki.text.rewrite.sections import may_lose_sections


def prescan(
    session: Session, seen: SpaceAccess, edit: Edit, page: Page | None = None, *, tells: bool = True
) -> Edit:
    """Compute and cache what the transaction that saves an edit needs to know about its text. The
    text is merged first if the page has a newer revision.

    :param page: the page, unless it is a new one.
    :param tells: whether the author is told of links to sections that the edit removes. If there
        may be such links, the text is rendered now, and stored with the edit.
    :returns: the edit in its normal form.
    :raises Invalid: when the path or a value is invalid. :raises TooLarge:
    """
    edit = edit.normalised()
    if page is None:
        text, origin, later = edit.text or Text("", ""), None, True
        context = context_of_new(edit)
    else:
        text, origin = _to_be_saved(session, page, edit)
        place = seen.space.slug, page.path, page.folder, text.title
        context = RenderContext(*place, routes=page.routes)
        later = not (tells and _may_break_links(session, page, text.body))
    secrets.prescan(text)
    label_policy.prescan(session, text, context, seen.label)
    if not later:
        prepare(content_hash_of(text), text.body, context)
    return replace(edit, render_later=later, origin=origin)


def context_of_new(edit: Edit) -> RenderContext:
    """Return the place and title that the text of a new page is rendered for."""
    place, text = edit.target, edit.text
    if not isinstance(place, NewPage) or text is None:
        raise ValueError("This edit is not for a new page.")
    return RenderContext(
        place.space.slug, place.path, place.folder, text.title, routes=place.routes
    )


def _to_be_saved(session: Session, page: Page, edit: Edit) -> tuple[Text, Text | None]:
    """Return a text merged with the head of its page, and the text of its base; or the text
    unchanged, and None, if the save will not merge it."""
    if edit.text is None:
        return text_of(session, get_revision(session, page, edit.base)), None
    if not 1 <= edit.base < page.head:
        return edit.text, None
    both = get_revisions(session, page, [edit.base, page.head])
    origin, theirs = (text_of(session, one) for one in both)
    merged = merge_texts(origin, with_front_matter(edit.text, theirs.front_matter), theirs)
    return merged.resolve() if merged.clean else edit.text, origin


def _may_break_links(session: Session, page: Page, body: str) -> bool:
    """Return whether other pages link to sections of a page that this text may no longer have."""
    if not has_links_to_sections(session, page.id):
        return False
    return may_lose_sections(text_of(session, head_of(session, page)).body, body)
