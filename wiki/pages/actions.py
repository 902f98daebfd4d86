"""Actions on pages. Each action first checks access, and publishes its events last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete
from sqlalchemy.orm import Session

from wiki.db import now
from wiki.errors import Invalid, WikiError
from wiki.outbox.actions import publish
from wiki.outbox.events import PageDeleted, PageRestored
from wiki.pages import queries
from wiki.pages.access import restrictions
from wiki.pages.access.acl import bounds_at, hold_spaces, let_go, recompute_scopes, scope_at
from wiki.pages.access.label_policy import (
    label_of,
    labels_of,
    may_show,
    refuse_lowered,
    refuse_narrower,
)
from wiki.pages.checks import checked, checked_path, same_form, with_front_matter
from wiki.pages.links.graph import places_of, relink, settle_links
from wiki.pages.links.moves import move_all
from wiki.pages.links.moving import plan_move
from wiki.pages.merging import Text, TextMerge, merge_texts
from wiki.pages.models import Action, Page, Redirect, Revision
from wiki.pages.redacted import require_unredacted
from wiki.pages.revising import (
    add_revision,
    lock_for_edit,
    lock_for_move,
    no_redirect,
    publish_saved,
    render_head,
    require_free,
    text_of,
    unused_page_id,
)
from wiki.pages.secrets import REPORTED, Override, allow, new_secrets, require_plain
from wiki.pages.tree import settle_folders
from wiki.rules.access import Actor, May
from wiki.rules.labels import Label
from wiki.spaces.models import Space
from wiki.text.markdown.destinations import RenderContext
from wiki.text.paths import name_of, parent_of, path_key


@dataclass(frozen=True)
class Saved:
    """The outcome of a save: the page with its head, whether a revision was added, whether edits
    were merged, and the names of the sections that no longer exist."""

    page: Page
    revision: Revision
    changed: bool
    merged: bool = False
    gone: frozenset[str] = frozenset()


class Conflict(WikiError):
    """An edit overlaps with one that was saved since it began. Nothing was saved and nothing is
    lost: the error carries the author's text and the present text of the page."""

    status = 409
    title = "Somebody else has changed the same lines"

    def __init__(self, base: int, head: Revision, merge: TextMerge) -> None:
        what = "lines" if merge.body.conflicts else "details"
        super().__init__(
            f"Somebody else has saved this page since you began, and changed the same {what}."
        )
        self.base = base
        self.head = head
        self.mine = merge.mine
        self.theirs = merge.theirs
        self.merge = merge


class MovedOn(WikiError):
    """The page was saved between the time when the actor saw it and their decision. Nothing was
    changed."""

    status = 409
    title = "The page has changed"

    def __init__(self) -> None:
        super().__init__("Somebody has saved this page since you looked at it.")


def create_page(
    session: Session,
    actor: Actor,
    space: Space,
    raw_path: str,
    text: Text,
    *,
    message: str = "",
    folder: bool = False,
    action: Action = Action.CREATE,
    max_bytes: int = 2 << 20,
    render_later: bool = False,
    override: Override | None = None,
    raise_to: Label | None = None,
    routes: Sequence[Sequence[str]] = (),
) -> Saved:
    """Create a page at a free path.

    :param render_later: leave rendering to the caller, who calls :func:`keep_head` after the
        commit.
    :param routes: addresses in the text whose target differs from their wording.
    :param override: the reason why the text may contain what looks like a secret.
    :param raise_to: the lowest label of its own that the page gets.
    :raises SecretsFound: when the text seems to contain a secret and there is no override.
    :raises ShowsNarrower: when the page would show content with a higher label than its own.
    :raises Forbidden: when the actor may not edit in the space.
    :raises Invalid: when the path is invalid or taken, or the text is beyond its limits.
    """
    path = checked_path(raw_path)
    text = checked(text, max_bytes)
    require_free(session, actor, space, [path])
    if override is not REPORTED:
        require_plain(session, space.id, message)
    key = path_key(path)
    at = None if action is Action.IMPORT else key
    require_unredacted(session, text, message, space_id=space.id, at=at)
    secrets = new_secrets(session, space.id, None, text, override)
    context = RenderContext(space.slug, path, folder or not path, text.title, routes=routes)
    _watch_flow(session, actor, space, None, text, context, override, raise_to)
    moment = now()
    page = Page(
        id=unused_page_id(session),
        space_id=space.id,
        path=path,
        path_key=key,
        parent_key=parent_of(key),
        name_key=name_of(key),
        scope_id=scope_at(session, space.id, key),
        title=text.title,
        folder=folder or not path,
        head=0,
        routes=[list(route) for route in routes],
        created_at=moment,
        created_by_id=actor.person_id,
        updated_at=moment,
        updated_by_id=actor.person_id,
    )
    session.add(page)
    session.flush()
    session.execute(no_redirect(), {"in_space": space.id, "at": key})
    settle_folders(session, space.id, [path])
    revision = add_revision(session, actor, page, text, action, message, base=None, previous=None)
    if not render_later:
        render_head(session, space, page, revision, text.body)
    settle_links(session, [(space.slug, key)])
    publish_saved(session, actor, page, revision)
    allow(session, actor, page, revision, secrets, override)
    if raise_to is not None:
        restrictions.raise_label(session, actor, page.id, raise_to)
    return Saved(page, revision, True)


def save_page(
    session: Session,
    actor: Actor,
    page_id: int,
    text: Text,
    *,
    base: int,
    message: str = "",
    action: Action = Action.EDIT,
    folder: bool | None = None,
    max_bytes: int = 2 << 20,
    render_later: bool = False,
    override: Override | None = None,
    raise_to: Label | None = None,
) -> Saved:
    """Add a revision to a page. If the head is no longer the revision that the edit started from,
    both edits are merged unless they overlap.

    :param base: the number of the revision that the author started from.
    :param render_later: leave rendering to the caller, who calls :func:`keep_head` after the
        commit. If the caller's process dies before that, the worker renders the page.
    :param override: the reason why the text may contain what looks like a new secret.
    :param raise_to: the lowest label of its own that the page gets.
    :raises SecretsFound: when the text seems to contain a new secret and there is no override.
    :raises Conflict: when both edits overlap.
    :raises ShowsNarrower: when the page would show content with a higher label than its own.
    :raises NotFound: :raises Forbidden: :raises Invalid:
    """
    if raise_to is not None:
        restrictions.raise_label(session, actor, page_id, raise_to)
    page, space = lock_for_edit(session, actor, page_id)
    text = checked(text, max_bytes)
    head = queries.head_of(session, page)
    if not 1 <= base <= page.head:
        raise Invalid("The revision that this edit started from does not exist.", field="base")
    theirs = text_of(session, head)
    text = with_front_matter(text, theirs.front_matter)
    merged = False
    if base != page.head and not _same(text, theirs):
        text = _merge(
            session,
            base,
            head,
            text_of(session, queries.get_revision(session, page, base)),
            text,
            theirs,
        )
        text = with_front_matter(text, theirs.front_matter)
        merged = action is Action.EDIT
        action = Action.MERGE if merged else action
    folder = page.folder if folder is None else folder
    if _same(text, theirs) and folder == page.folder:
        return Saved(page, head, False)
    if override is not REPORTED:
        require_plain(session, space.id, message)
    require_unredacted(session, text, message, page_id=page.id)
    secrets = new_secrets(session, space.id, theirs, text, override)
    context = RenderContext(space.slug, page.path, folder, text.title, routes=page.routes)
    _watch_flow(session, actor, space, page, text, context, override)
    page.folder = folder
    revision = add_revision(
        session, actor, page, text, action, message, base=base, previous=head.content_hash
    )
    gone: frozenset[str] = frozenset()
    if not render_later:
        gone = render_head(session, space, page, revision, text.body)
    publish_saved(session, actor, page, revision)
    allow(session, actor, page, revision, secrets, override)
    return Saved(page, revision, True, merged, gone)


def revert_page(
    session: Session,
    actor: Actor,
    page_id: int,
    number: int,
    *,
    message: str = "",
    seen: int | None = None,
    override: Override | None = None,
    raise_to: Label | None = None,
) -> Saved:
    """Save an older revision's text as a new revision.

    Rendering is left to the caller, who calls :func:`keep_head` after the commit, or to the worker.

    :param seen: the head that the actor saw when they decided.
    :param override: the reason why the text may contain what looks like a secret.
    :param raise_to: the lowest label of its own that the page gets.
    :raises SecretsFound: when the text seems to contain a secret and there is no override.
    :raises ShowsNarrower: when the page would show content with a higher label than its own.
    :raises MovedOn: when the head has changed meanwhile.
    :raises NotFound: :raises Forbidden:
    """
    if raise_to is not None:
        restrictions.raise_label(session, actor, page_id, raise_to)
    page, space = lock_for_edit(session, actor, page_id)
    if seen is not None and seen != page.head:
        raise MovedOn
    text = text_of(session, queries.get_revision(session, page, number))
    head = queries.head_of(session, page)
    newest = text_of(session, head)
    if _same(text, newest):
        return Saved(page, head, False)
    require_plain(session, space.id, message)
    require_unredacted(session, text, message, page_id=page.id)
    secrets = new_secrets(session, space.id, newest, text, override)
    context = RenderContext(space.slug, page.path, page.folder, text.title, routes=page.routes)
    _watch_flow(session, actor, space, page, text, context, override)
    revision = add_revision(
        session,
        actor,
        page,
        text,
        Action.REVERT,
        message,
        base=number,
        previous=head.content_hash,
    )
    publish_saved(session, actor, page, revision)
    allow(session, actor, page, revision, secrets, override)
    return Saved(page, revision, True)


def delete_page(
    session: Session, actor: Actor, page_id: int, *, with_subtree: bool = False
) -> list[Page]:
    """Delete a page and, if requested, the pages below it; all of them can be restored. Pages below
    it that the actor may not edit are kept, with the same protection as before.

    :returns: the deleted pages. :raises NotFound: :raises Forbidden:
    """
    page, space = lock_for_move(session, actor, page_id)
    going = [page, *(queries.subtree_of(session, actor, page) if with_subtree else ())]
    let_go(session, going)
    moment = now()
    for one in going:
        one.deleted_at = moment
        one.deleted_by_id = actor.person_id
    recompute_scopes(session, space.id, [page.path_key])
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
        plan = plan_move(session, actor, page, space, path, with_subtree=False, others=False)
        move_all(session, actor, plan, space, [path], "")
        relink(session, plan.new_links())
    page.deleted_at = None
    page.deleted_by_id = None
    session.execute(
        delete(Redirect).where(Redirect.space_id == space.id, Redirect.path_key == path_key(path))
    )
    recompute_scopes(session, space.id, [page.path_key])
    refuse_lowered(session, actor, labels)
    settle_folders(session, space.id, [path])
    settle_links(session, places_of(session, space.slug, [page]))
    publish(session, actor, PageRestored(space.id, page.id, path))
    return page


def _watch_flow(
    session: Session,
    actor: Actor,
    space: Space,
    page: Page | None,
    text: Text,
    context: RenderContext,
    override: Override | None,
    raise_to: Label | None = None,
) -> None:
    """Refuse a text that shows content with a higher label than its page, or than a new page would
    have at its path."""
    if override is REPORTED or not may_show(text.body):
        return
    if page is None:
        around = bounds_at(session, space.id, path_key(context.path)).label
        label = Label(max(space.label, around, raise_to or Label.PUBLIC))
    else:
        label = label_of(session, page)
    refuse_narrower(session, actor, space, text, context, label)


def _same(one: Text, other: Text) -> bool:
    return one == other and same_form(one.front_matter, other.front_matter)


def _merge(
    session: Session, base: int, head: Revision, origin: Text, mine: Text, theirs: Text
) -> Text:
    """Merge two edits of the same text.

    :raises Conflict: when they overlap.
    """
    merged = merge_texts(origin, mine, theirs)
    if not merged.clean:
        session.expunge_all()  # keeps the error's objects loaded after the rollback
        raise Conflict(base, head, merged)
    return merged.resolve()
