"""Copies of pages, as they are offered in the form for a new page."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy.orm import Session

from wiki.i18n import gettext as _
from wiki.pages import revising, revisions
from wiki.pages.forms import PageForm, form_of
from wiki.pages.models import Page
from wiki.pages.queries import Place, see_above
from wiki.pages.rendering.stored import context_of
from wiki.pages.saving.checks import MAX_TITLE
from wiki.rules.access import Actor
from wiki.spaces.queries import see_space
from wiki.text.markdown.context import RenderContext
from wiki.text.paths import join, parent_of, slugify
from wiki.text.rewrite.repair import Moves
from wiki.text.sandbox.parent import repair_safely


def copy_of(session: Session, actor: Actor, place: Place, page: Page) -> tuple[PageForm, str]:
    """Return the form for a copy of a page, and the path of the page to create it below.

    The copy goes beside the page; below it if the page has a label or restriction of its own, so
    that the copy has the same readers. Relative addresses are adapted to the new place, so that
    pages and files stay linked.
    """
    text = revising.text_of(session, revisions.head_of(session, page))
    title = _("Copy of %(title)s", title=text.title)[:MAX_TITLE]
    above = see_above(session, actor, see_space(session, actor, place.space.slug), page.path_key)
    under = parent_of(page.path) or ""
    if place.seen.scope_id != above.scope_id:
        under = page.path
    body = readdressed(text.body, page, place.space.slug, join(under, slugify(title)))
    return form_of(replace(text, title=title, body=body), 0), under


def readdressed(body: str, page: Page, slug: str, path: str) -> str:
    """Return a text of a page with its addresses written for a page at ``path`` of the same space,
    whose slug is ``slug``."""
    before = replace(context_of(slug, page), title="")
    after = RenderContext(slug, path)
    if before.base == after.base and not before.routes:
        return body
    made = repair_safely(body, before, after, Moves())
    return made.text if made is not None else body
