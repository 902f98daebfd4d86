"""Actions that move pages and repair links. Each action first checks access."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

from sqlalchemy import Update, bindparam, insert, select, update
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from wiki.db import now
from wiki.errors import Invalid
from wiki.i18n import gettext as _
from wiki.i18n import lazy_gettext
from wiki.outbox.actions import publish_all
from wiki.pages.access.acl import recompute_acls
from wiki.pages.access.inheriting import preserve_inherited_restrictions
from wiki.pages.access.label_policy import refuse_lowered
from wiki.pages.access.label_sources import labels_of
from wiki.pages.events import PageMoved, PageSaved
from wiki.pages.links.models import PageAnchor
from wiki.pages.links.moving import plan_move, plan_renaming
from wiki.pages.links.plans import MoveTo, Plan
from wiki.pages.links.relinking import relink, settle_links
from wiki.pages.links.repairing import Repairs
from wiki.pages.models import Action, Page, Redirect, Revision
from wiki.pages.ordering.siblings import place, unplace
from wiki.pages.revising import lock_for_edit, lock_for_move, no_redirect, require_free, text_of
from wiki.pages.revisions import head_of
from wiki.pages.saving.checks import checked_path
from wiki.pages.saving.edit import Edit
from wiki.pages.saving.own_messages import own_message
from wiki.pages.saving.revisions import Attribution, revision_after, write_revisions
from wiki.pages.saving.secrets import require_plain
from wiki.pages.saving.submit import submit
from wiki.pages.texts.stored import put_text
from wiki.pages.tree import settle_folders
from wiki.rules.access import Actor, May
from wiki.spaces.consent import Consent, Done, needs_consent, watched
from wiki.spaces.exposure import subtree
from wiki.spaces.models import Space
from wiki.spaces.queries import see_space_by_id
from wiki.text.markdown.headings import PREFIX
from wiki.text.paths import name_of, parent_of, path_key
from wiki.text.rewrite.repair import Repair
from wiki.web.urls import page_url


@dataclass(frozen=True)
class Moved:
    """The outcome of a move: the moved pages, the named one first; the pages whose links to them
    were repaired, and the number of these links; the moved pages in which a link may lead elsewhere
    now."""

    pages: list[Page]
    repaired: list[Page]
    links: int
    unclear: list[Page]


@needs_consent(
    "move",
    lazy_gettext("Move a page"),
    lazy_gettext("moving a page"),
    lambda of: Done(_("Page moved."), page_url(of.to.space.slug, of.result.pages[0].path)),
)
def move_page(
    session: Session,
    actor: Actor,
    page_id: int,
    to: MoveTo,
    *,
    repairs: Repairs | None = None,
    consent: Consent | None = None,
) -> Moved:
    """Move a page, and the pages below it that the actor may edit, to another path in the same or
    another space. Pages that stay below the old path keep their protection.

    Every moved page gets a revision and leaves a redirect. Either all pages are moved or none. The
    links in moved pages keep their targets.

    :param repairs: repairs that were computed for a plan of the same move.
    :raises Invalid: when a path is taken, when a page would be moved below itself, or when a page
        shows content with a higher label than it would have there.
    :raises NeedsConsent: when more people could read content and the actor has not confirmed it.
    :raises NotFound: :raises Forbidden:
    """
    page, old_space = lock_for_move(session, actor, page_id, [to.space.id] if to.space else [])
    space = to.space or old_space
    see_space_by_id(session, actor, space.id).require(May.EDIT)
    to = replace(to, space=space, path=checked_move(page, space, to.path, to.with_subtree))
    require_plain(session, space.id, to.message)
    plan, locked = None, False
    while plan is None or not locked:
        plan = plan_move(session, actor, page, to, plan.repairs if plan else repairs)
        locked = _hold(session, plan)
    targets = plan.targets = [checked_path(target) for target in plan.targets]
    require_free(session, actor, space, targets, {one.id for one in plan.pages})
    old = f"{old_space.slug}/{page.path}"
    left = [_left(one) for one in plan.pages]
    old_parent = (page.space_id, page.parent_key)
    _carry_out(session, actor, plan, to, consent)
    arrives = (page.space_id, page.parent_key) != old_parent
    if arrives:
        unplace(session, [page])
    if to.spot:
        place(session, page, to.spot, arrives=arrives)
    _repair_all(
        session, actor, plan, own_message("repaired", changes=f"{old} → {space.slug}/{to.path}")
    )
    settle_folders(session, old_space.id, [one.path for one in left])
    settle_folders(session, space.id, targets)
    relink(session, plan.new_links())
    settle_links(
        session,
        [(slug, key) for kind, slug, key in plan.moves.places if kind == "page"]
        + [(space.slug, path_key(target)) for target in targets],
    )
    publish_all(session, actor, [_moved(*one) for one in zip(plan.pages, left, strict=True)])
    _publish_repaired(session, actor, [task.page for task, _ in plan.changed])
    retitle(session, actor, page, to.title)
    return Moved(
        plan.pages, [task.page for task, _ in plan.changed], plan.changed_links, plan.unclear
    )


@dataclass(frozen=True)
class _Left:
    """The place that a page has left, whether it was restricted there, and its position."""

    space_id: int
    path: str
    kept: bool
    position: str


def _left(page: Page) -> _Left:
    return _Left(page.space_id, page.path, page.scope_id is not None, page.position)


def _carry_out(
    session: Session, actor: Actor, plan: Plan, to: MoveTo, consent: Consent | None
) -> None:
    """Move the pages of a plan, with the check of what more people could read."""
    page, space = plan.pages[0], to.space or plan.pages[0].space
    old_space_id, old_key = page.space_id, page.path_key
    labels = labels_of(session, [one.id for one in plan.pages])
    with watched(session, subtree(page), consent, space_id=old_space_id):
        preserve_inherited_restrictions(session, plan.pages)
        move_all(session, actor, plan, to)
        # The new space first, so that the old scopes are unused when the old space is settled.
        recompute_acls(session, space.id, [path_key(to.path)])
        recompute_acls(session, old_space_id, [old_key])
        refuse_lowered(session, actor, labels)


def _moved(page: Page, left: _Left) -> PageMoved:
    return PageMoved(
        space_id=page.space_id,
        page_id=page.id,
        revision=page.head,
        old_space_id=left.space_id,
        old_path=left.path,
        new_path=page.path,
        kept=left.kept,
        position=left.position,
    )


def checked_move(page: Page, space: Space, raw_path: str, with_subtree: bool) -> str:
    """Return the path in its normal form, if the page can be moved to it.

    :raises Invalid: when it cannot be; whether the path is taken is not checked.
    """
    path = checked_path(raw_path)
    if not page.path:
        raise Invalid(_("The home page of a space can’t be moved."), field="path")
    if not path:
        raise Invalid(
            _("Enter a path: a page can’t become the home page of a space."), field="path"
        )
    if space.id == page.space_id:
        if path == page.path:
            raise Invalid(_("The page is already at this address."), field="path")
        if with_subtree and path_key(path).startswith(page.path_key + "/"):
            raise Invalid(_("A page can’t be moved below itself."), field="path")
    return path


def retitle(session: Session, actor: Actor, page: Page, title: str) -> None:
    """Give a page another title, in a revision of its own; an empty one changes nothing. The caller
    has locked the page.

    :raises Invalid: and what else :func:`wiki.pages.saving.submit.submit` raises.
    """
    if title in ("", page.title):
        return
    text = replace(text_of(session, head_of(session, page)), title=title)
    said = own_message("renamed", old=page.title, new=title)
    submit(session, actor, Edit(page.id, text, page.head, said, render_later=True))


def rename_sections(
    session: Session,
    actor: Actor,
    page_id: int,
    names: Mapping[str, str],
    *,
    repairs: Repairs | None = None,
) -> Moved:
    """Repair links to renamed sections of a page, in the pages that the actor may edit; each of
    these gets a revision.

    :param names: new names of sections by the names in the links.
    :raises Invalid: when the page has no section of a new name.
    :raises NotFound: :raises Forbidden:
    """
    page, space = lock_for_edit(session, actor, page_id)
    there = set(session.scalars(select(PageAnchor.anchor).where(PageAnchor.page_id == page.id)))
    if not there.issuperset(names.values()):
        raise Invalid(_("The page has changed, and a section with that name no longer exists."))
    plan, locked = None, False
    while plan is None or not locked:
        known = plan.repairs if plan else repairs
        plan = plan_renaming(session, actor, page, names, repairs=known)
        locked = _hold(session, plan)
    renamed = ", ".join(
        f"#{old.removeprefix(PREFIX)} → #{new.removeprefix(PREFIX)}" for old, new in names.items()
    )
    said = own_message("repaired", changes=f"{space.slug}/{page.path}{renamed}")
    _repair_all(session, actor, plan, said)
    relink(session, plan.new_links())
    _publish_repaired(session, actor, [task.page for task, _ in plan.changed])
    repaired = [task.page for task, _ in plan.changed]
    return Moved([], repaired, sum(made.changed for _, made in plan.changed), [])


def _hold(session: Session, plan: Plan) -> bool:
    """Lock the pages that a plan changes, and return whether none of them has changed meanwhile. If
    one has, the plan has to be computed again."""
    if session.get_bind().dialect.name == "sqlite":  # there is one writer at a time
        return True
    pages = {page.id: page for page in plan.pages}
    pages |= {task.page.id: task.page for task, _ in plan.changed}
    planned = {id: (page.head, page.space_id, page.path_key) for id, page in pages.items()}
    rows = session.execute(
        select(Page.id, Page.head, Page.space_id, Page.path_key, Page.deleted_at)
        .where(Page.id.in_(planned))
        .order_by(Page.id)
        .with_for_update(key_share=True)
    ).all()
    if {row.id: (row.head, row.space_id, row.path_key) for row in rows if not row.deleted_at} == (
        planned
    ):
        return True
    session.expire_all()
    return False


def _stored(session: Session, head: Revision, repair: Repair | None) -> str:
    """Store a repaired text, and return the hash of the page's text."""
    return put_text(session, repair.text, head.content_hash) if repair else head.content_hash


def _repair_all(session: Session, actor: Actor, plan: Plan, message: str) -> None:
    """Add revisions to the pages in which a plan repairs links."""
    rows = []
    by = Attribution(actor.person_id, now(), message)
    for task, made in plan.changed:
        key = _stored(session, task.revision, made)
        rows.append(revision_after(task.revision, Action.REPAIR, by, content_hash=key))
    write_revisions(session, rows)


def move_all(session: Session, actor: Actor, plan: Plan, to: MoveTo) -> None:
    """Move the pages of a plan: set their places, and add redirects from the old ones, and
    revisions."""
    space, message = to.space or plan.pages[0].space, to.message
    session.flush()
    places, gone, redirects, revisions = [], [], {}, []
    moment = now()
    own = {task.page.id: made for task, made in plan.own_changed}
    for page, path in zip(plan.pages, plan.targets, strict=True):
        key, made = path_key(path), own.get(page.id)
        was, becomes = (page.space_id, page.path_key), (space.id, key)
        gone += [{"in_space": space_id, "at": at} for space_id, at in (was, becomes)]
        redirects[was] = page.id
        redirects.pop(becomes, None)
        code, links = "moved" if page.path else "moved-from-home", made.changed if made else 0
        said = message or own_message(code, links=links, old=page.path, new=path)
        head = plan.heads[page.id]
        by = Attribution(actor.person_id, moment, said)
        stored = _stored(session, head, made)
        at = {"space_id": space.id, "path": path, "folder": page.folder, "content_hash": stored}
        revisions.append(revision_after(head, Action.MOVE, by, **at))
        keys = {"path_key": key, "parent_key": parent_of(key), "name_key": name_of(key)}
        place = {"space_id": space.id, "path": path, **keys}
        places.append({"of_page": page.id, **place})
        for name, value in place.items():
            set_committed_value(page, name, value)
    # In order, because a page may take a path that another one has just left.
    session.connection().execute(_new_place(), places)
    session.connection().execute(no_redirect(), gone)
    rows = [
        {"space_id": space_id, "path_key": key, "page_id": id}
        for (space_id, key), id in redirects.items()
    ]
    if rows:
        session.execute(_REDIRECT, rows)
    write_revisions(session, revisions)


_REDIRECT = insert(Redirect)


@cache
def _new_place() -> Update:
    return update(Page).where(Page.id == bindparam("of_page"))


def _publish_repaired(session: Session, actor: Actor, pages: Sequence[Page]) -> None:
    """Announce repairs of links; the rendering of these pages is left to the worker."""
    action = Action.REPAIR.value
    saved = [PageSaved(page.space_id, page.id, page.head, action) for page in pages]
    publish_all(session, actor, saved)
