"""Actions on pages. Each action first checks access, and publishes its events last."""

from __future__ import annotations

from sqlalchemy import delete
from sqlalchemy.orm import Session

from wiki.db import now
from wiki.outbox.actions import publish
from wiki.pages import below, queries
from wiki.pages.access.acl import hold_spaces, recompute_acls
from wiki.pages.access.inheriting import preserve_inherited_restrictions
from wiki.pages.access.label_policy import refuse_lowered
from wiki.pages.access.label_sources import labels_of
from wiki.pages.events import PageDeleted, PageRestored
from wiki.pages.links.moves import move_all
from wiki.pages.links.moving import plan_move
from wiki.pages.links.plans import MoveTo
from wiki.pages.links.relinking import places_of, relink, settle_links
from wiki.pages.models import Page, Redirect
from wiki.pages.ordering.siblings import unplace
from wiki.pages.revising import lock_for_move, require_free
from wiki.pages.saving.checks import checked_path
from wiki.pages.tree import settle_folders
from wiki.rules.access import Actor, May
from wiki.text.paths import parent_of, path_key


def delete_page(
    session: Session, actor: Actor, page_id: int, *, with_subtree: bool = False
) -> list[Page]:
    """Delete a page and, if requested, the pages below it; all of them can be restored. Pages below
    it that the actor may not edit are kept, with the same protection as before.

    :returns: the deleted pages. :raises NotFound: :raises Forbidden:
    """
    page, space = lock_for_move(session, actor, page_id)
    going = [page, *(below.subtree_of(session, actor, page) if with_subtree else ())]
    preserve_inherited_restrictions(session, going)
    moment = now()
    for one in going:
        one.deleted_at = moment
        one.deleted_by_id = actor.person_id
    recompute_acls(session, space.id, [page.path_key])
    settle_folders(session, space.id, [one.path for one in going])
    settle_links(session, places_of(session, space.slug, going))
    for one in going:
        publish(session, actor, PageDeleted(space.id, one.id, one.path))
    return going


def restore_page(
    session: Session, actor: Actor, page_id: int, *, raw_path: str | None = None
) -> Page:
    """Restore a deleted page, at its old path or, if that is taken, at ``raw_path``.

    :raises Invalid: when the path is taken, or when the page shows content with a higher label than
        the page would have there.
    :raises NotFound: :raises Forbidden:
    """
    page = queries.get_page(session, actor, page_id)
    space = page.space
    hold_spaces(session, [space.id])
    queries.see_page(session, actor, page).require(May.EDIT)
    if page.deleted_at is None:
        return page
    labels = labels_of(session, [page.id])
    path = page.path if raw_path is None else checked_path(raw_path)
    require_free(session, actor, space, [path])
    if path != page.path:  # moved while deleted, because another page may be at the old path
        to = MoveTo(path, space, with_subtree=False, repair=False)
        parent, plan = page.parent_key, plan_move(session, actor, page, to)
        move_all(session, actor, plan, to)
        if parent_of(path_key(path)) != parent:
            unplace(session, [page])
        relink(session, plan.new_links())
    page.deleted_at = None
    page.deleted_by_id = None
    session.execute(
        delete(Redirect).where(Redirect.space_id == space.id, Redirect.path_key == path_key(path))
    )
    recompute_acls(session, space.id, [page.path_key])
    refuse_lowered(session, actor, labels)
    settle_folders(session, space.id, [path])
    settle_links(session, places_of(session, space.slug, [page]))
    publish(session, actor, PageRestored(space.id, page.id, path))
    return page
