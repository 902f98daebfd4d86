"""The pipeline of every save: permission, merge, guards, revision, event.

All edits go through :func:`submit`, wherever they come from: new pages, the editor, resolved
conflicts, restored revisions, the API, imported trees. Imported histories write many revisions at
once (:mod:`wiki.transfer.git.history_writer`), with the same :mod:`wiki.pages.saving.revisions`.
"""

from __future__ import annotations

from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from wiki.db import now
from wiki.errors import Invalid, WikiError
from wiki.i18n import gettext as _
from wiki.i18n import lazy_gettext
from wiki.kind_registry import kind_of
from wiki.outbox.actions import publish
from wiki.pages.access import restrictions
from wiki.pages.events import PageSaved
from wiki.pages.links.relinking import settle_links
from wiki.pages.merging import Text, TextMerge, merge_texts
from wiki.pages.models import Action, Page, Revision
from wiki.pages.rendering.stored import context_of, keep_rendering
from wiki.pages.revising import lock_with_head, no_redirect, require_free, text_of, unused_page_id
from wiki.pages.revisions import get_revision
from wiki.pages.saving.checks import keep_kind, require_size, with_front_matter
from wiki.pages.saving.edit import Draft, Edit, NewPage, Saved, is_same
from wiki.pages.saving.revisions import Attribution, revision_of, write_revision
from wiki.pages.texts.stored import put_text
from wiki.pages.tree import settle_folders
from wiki.rules.access import Actor
from wiki.text.markdown.context import RenderContext
from wiki.text.paths import name_of, parent_of, path_key


class Conflict(WikiError):
    """An edit overlaps with one that was saved since it began. Nothing was saved and nothing is
    lost: the error carries the author's text and the present text of the page."""

    status = 409
    title = lazy_gettext("Someone else changed the same lines")

    def __init__(self, base: int, head: Revision, merge: TextMerge) -> None:
        super().__init__(
            _(
                "Someone else has saved this page since you started editing, and changed the "
                "same lines."
            )
            if merge.body.conflicts
            else _(
                "Someone else has saved this page since you started editing, and changed the "
                "same details."
            )
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
    title = lazy_gettext("The page has changed")

    def __init__(self) -> None:
        super().__init__(_("Someone has saved this page since you opened it."))


def submit(session: Session, actor: Actor, edit: Edit) -> Saved:
    """Save an edit as a new page or as a new revision of a page. If the head is no longer the
    revision that the edit started from, both edits are merged unless they overlap.

    :raises SecretsFound: when the text seems to contain a new secret and there is no override.
    :raises ShowsRestricted: when the page would show content with a higher label than its own.
    :raises Redacted: when the text contains what was redacted.
    :raises Conflict: when both edits overlap. :raises MovedOn: when the head is not ``edit.head``.
    :raises NotFound: :raises Forbidden: when the actor may not edit there.
    :raises Invalid: when the path is invalid or taken, or a value is beyond its limits.
    :raises TooLarge:
    """
    edit = edit.normalised()
    if isinstance(edit.target, NewPage):
        draft = _draft_of_new_page(session, actor, edit, edit.target)
    else:
        draft = _draft_of_change(session, actor, edit, edit.target)
    if draft.page is not None and draft.head is not None and not draft.changes:
        return Saved(draft.page, draft.head, False)
    found = [guard(session, draft) for guard in session.info["guards"]]
    page = draft.page or _insert_page(session, draft)
    revision = _write(session, page, draft)
    gone: frozenset[str] = frozenset()
    if not edit.render_later:
        context = context_of(draft.space.slug, revision)
        gone = keep_rendering(session, page, revision, draft.text.body, context)
    if draft.page is None:
        settle_links(session, [(draft.space.slug, page.path_key)])
    publish(session, actor, PageSaved(page.space_id, page.id, revision.number, revision.action))
    for record in found:
        if record is not None:
            record(page, revision)
    if draft.page is None and edit.raise_to is not None:
        restrictions.raise_label(session, actor, page.id, edit.raise_to)
    return Saved(page, revision, True, draft.merged, gone, draft.text.body)


def _draft_of_new_page(session: Session, actor: Actor, edit: Edit, place: NewPage) -> Draft:
    if edit.text is None:
        raise ValueError("A new page needs a text.")
    free = require_free(session, actor, place.space, [place.path])
    title, routes = edit.text.title, place.routes
    context = RenderContext(place.space.slug, place.path, place.folder, title, routes=routes)
    return Draft(edit, actor, place.space, edit.text, context, free=free)


def _draft_of_change(session: Session, actor: Actor, edit: Edit, page_id: int) -> Draft:
    if edit.raise_to is not None:
        # Before the page is locked, because changing a label locks its space first.
        restrictions.raise_label(session, actor, page_id, edit.raise_to)
    page, space, head = lock_with_head(session, actor, page_id)
    if edit.head not in (None, page.head):
        raise MovedOn
    theirs = text_of(session, head)
    text, merged = edit.text, False
    if text is None:
        text = text_of(session, get_revision(session, page, edit.base))
    else:
        if not 1 <= edit.base <= page.head:
            raise Invalid(_("The revision that this edit is based on doesn’t exist."), field="base")
        text = with_front_matter(keep_kind(text, theirs), theirs.front_matter)
        if edit.base != page.head and not is_same(text, theirs):
            text = _merge(session, page, head, edit, text, theirs)
            require_size(text.body, edit.max_bytes)
            merged = True
    folder = page.folder if edit.folder is None else edit.folder
    context = RenderContext(space.slug, page.path, folder, text.title, routes=page.routes)
    return Draft(edit, actor, space, text, context, page, head, theirs, merged)


def _merge(
    session: Session, page: Page, head: Revision, edit: Edit, mine: Text, theirs: Text
) -> Text:
    """Merge two edits of the text of the edit's base.

    :raises Conflict: when they overlap.
    """
    origin = edit.origin or text_of(session, get_revision(session, page, edit.base))
    merged = merge_texts(origin, mine, theirs)
    if not merged.clean:
        session.expunge_all()  # keeps the error's objects loaded after the rollback
        raise Conflict(edit.base, head, merged)
    return with_front_matter(merged.resolve(), theirs.front_matter)


def _insert_page(session: Session, draft: Draft) -> Page:
    """Insert a new page, whose head is the revision that is about to be written."""
    place = draft.free
    if place is None:
        raise ValueError("This draft is not of a new page.")
    space_id, path, moment = place.space.id, draft.context.path, now()
    key = path_key(path)
    page = Page(
        id=unused_page_id(session),
        space_id=space_id,
        path=path,
        path_key=key,
        parent_key=parent_of(key),
        name_key=name_of(key),
        kind=kind_of(draft.text.fields).name,
        scope_id=place.above.scope_id if place.above else None,
        title=draft.text.title,
        folder=draft.context.folder,
        head=1,
        routes=[list(route) for route in draft.context.routes],
        created_at=moment,
        created_by_id=draft.actor.person_id,
        updated_at=moment,
        updated_by_id=draft.actor.person_id,
    )
    session.add(page)
    session.flush()
    set_committed_value(page, "space", place.space)
    if place.redirected:
        session.execute(no_redirect(), {"in_space": space_id, "at": key})
    settle_folders(session, space_id, [path])
    return page


def _write(session: Session, page: Page, draft: Draft) -> Revision:
    edit, head = draft.edit, draft.head
    page.folder = draft.context.folder
    action = edit.action
    if draft.merged and action is not Action.UNDO:  # an undo is merged as a rule
        action = Action.MERGE
    if head is None and action is Action.EDIT:
        action = Action.CREATE
    key = put_text(session, draft.text.body, head.content_hash if head else None)
    by = Attribution(draft.actor.person_id, now(), edit.message)
    base = edit.base if head else None
    row = revision_of(page, draft.text, key, action, by, base)
    row["number"] = head.number + 1 if head else 1
    return write_revision(session, row, is_first=head is None)
