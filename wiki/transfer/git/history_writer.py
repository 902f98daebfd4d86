"""Recording of an imported past: pages and revisions with their original authors and times.

A :class:`HistoryWriter` takes steps one after another and stores the results in batches. It writes
what :mod:`wiki.pages.actions` would have written at the time: revisions, redirects from former
paths, folders, and an event for each step. Renderings and links are made at the end, for the final
state of each page only.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import chain
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from wiki.db import batches
from wiki.errors import Invalid
from wiki.outbox.actions import record, tell_newest
from wiki.outbox.event import Event
from wiki.pages.access.acl import recompute_acls
from wiki.pages.access.inheriting import preserve_inherited_restrictions
from wiki.pages.events import PageDeleted, PageMoved, PageRestored, PageSaved
from wiki.pages.links.relinking import former_places, settle_links
from wiki.pages.merging import Text
from wiki.pages.models import Action, Page, Revision
from wiki.pages.revising import unused_page_id
from wiki.pages.saving.checks import checked_path, with_front_matter
from wiki.pages.saving.redacted import spans_by_page, without_redacted
from wiki.pages.saving.revisions import (
    Attribution,
    RevisionRow,
    checked_message,
    write_revisions,
)
from wiki.pages.texts.shelf import Shelf
from wiki.pages.tree import settle_folders
from wiki.rules.access import Actor, May
from wiki.spaces.models import Scope, Space
from wiki.spaces.queries import see_space_by_id
from wiki.text.paths import name_of, parent_of, path_key
from wiki.text.rewrite.redaction import Sealed
from wiki.transfer.git.past_pages import PastPage, store_pages, store_redirects


@dataclass
class _Waiting:
    """The rows to be stored at the next flush."""

    revisions: list[RevisionRow] = field(default_factory=list)
    events: list[tuple[Event, int | None, datetime]] = field(default_factory=list)
    pages: dict[int, PastPage] = field(default_factory=dict)
    redirects: dict[str, int | None] = field(default_factory=dict)
    paths: set[str] = field(default_factory=set)
    come_or_gone: set[int] = field(default_factory=set)


def tell(session: Session, page_ids: Collection[int]) -> None:
    """Announce to subscribers the pages whose past was recorded."""
    for some in batches(sorted(page_ids)):
        tell_newest(session, some, _TOLD)


_TOLD = (PageSaved, PageMoved, PageDeleted, PageRestored)


class HistoryWriter:
    """A writer of the past of a space, in one transaction, by an actor who may edit there.

    It locks the space and the loaded pages: other writers that need a path of the space, or save
    one of the loaded pages, wait.

    :param shelf: texts stored in earlier transactions, which need not be looked up again.
    :raises NotFound: :raises Forbidden: when the actor may not.
    """

    def __init__(self, session: Session, actor: Actor, space: Space, shelf: Shelf) -> None:
        seen = see_space_by_id(session, actor, space.id)
        seen.require(May.EDIT)
        # If some pages are restricted, only an actor who sees all of them can assign paths.
        if session.scalar(select(Scope.id).where(Scope.space_id == space.id).limit(1)) is not None:
            seen.require(May.MANAGE)
        self.session = session
        self.space_id, self.slug = space.id, space.slug
        self.shelf = shelf
        self._known: dict[int, PastPage] = {}
        self._at: dict[str, PastPage | None] = {}
        self._redacted: dict[int, list[Sealed]] | None = None
        self._waiting = _Waiting()
        session.execute(
            select(Space.id).where(Space.id == space.id).with_for_update(key_share=True)
        )

    def load(self, page_ids: Collection[int]) -> None:
        """Load pages of the space, so that :meth:`page` needs no query for each."""
        missing = sorted(set(page_ids) - self._known.keys())
        for some in batches(missing):
            rows = self.session.execute(
                select(Page, Revision)
                .join(Revision, (Revision.page_id == Page.id) & (Revision.number == Page.head))
                .where(Page.id.in_(some), Page.space_id == self.space_id)
                .with_for_update(of=Page)
            )
            for page, revision in rows:
                self._learn(page, revision)

    def page(self, page_id: int) -> PastPage | None:
        """Return a page of the space, live or deleted; None if there is none."""
        self.load([page_id])
        return self._known.get(page_id)

    def at(self, path: str) -> PastPage | None:
        """Return the live page at a path after the steps so far."""
        key = path_key(path)
        if key not in self._at:
            page_id = self.session.scalar(
                select(Page.id).where(
                    Page.space_id == self.space_id,
                    Page.path_key == key,
                    Page.deleted_at.is_(None),
                )
            )
            found = self.page(page_id) if page_id is not None else None
            if found is not None and (found.deleted or path_key(found.path) != key):
                found = None  # moved or deleted in a step that is not stored yet
            self._at[key] = found
        return self._at[key]

    def create(
        self,
        path: str,
        folder: bool,
        text: Text,
        attribution: Attribution,
        action: Action = Action.IMPORT,
    ) -> PastPage:
        """Create a page at a free path.

        :raises Invalid: when the path is taken or invalid.
        """
        path = self._free(path, None)
        text, attribution = self._without_redacted(None, text, attribution)
        text = with_front_matter(text)
        key = path_key(path)
        row: dict[str, Any] = {
            "space_id": self.space_id,
            "path": path,
            "path_key": key,
            "parent_key": parent_of(key),
            "name_key": name_of(key),
            "title": text.title,
            "folder": folder or not path,
            "head": 0,
            "created_at": attribution.at,
            "created_by_id": attribution.author_id,
            "updated_at": attribution.at,
            "updated_by_id": attribution.author_id,
            "deleted_at": attribution.at,  # until a flush stores its final state
        }
        unused = unused_page_id(self.session)
        if unused is not None:
            row["id"] = unused
        page_id = int(self.session.connection().execute(_PAGE, row).scalar_one())
        page = PastPage(
            page_id, path, folder or not path, False, 0, "", "", (), {}, "", "", attribution
        )
        self._known[page_id] = page
        self._place(page)
        self._revise(page, text, action, attribution, None)
        return page

    def revise(
        self,
        page: PastPage,
        text: Text,
        attribution: Attribution,
        place: tuple[str, bool],
        *,
        action: Action,
        base: int | None = None,
    ) -> bool:
        """Add a revision to a live page, perhaps at another path; return False if nothing changes.

        :param place: the path, and whether the page is a folder page.
        :raises Invalid: when the path is taken or invalid.
        """
        path, folder = place
        text, attribution = self._without_redacted(page, text, attribution)
        text = with_front_matter(text, page.front_matter)
        old_path = page.path
        moves = path != page.path
        content_hash = self.shelf.put(self.session, text.body, page.content_hash or None)
        if not moves and folder == page.folder and page.says(text, content_hash):
            return False
        if moves:
            self._move(page, self._free(path, page))
        page.folder = folder or not page.path
        self._revise(page, text, action, attribution, base, old_path if moves else None)
        return True

    def leave(self, page: PastPage) -> None:
        """Free the path of a page that is about to move, so that others can take it first."""
        self._at[path_key(page.path)] = None

    def stay(self, page: PastPage) -> None:
        """Keep a page that does not move after all at its path or, if that is taken, delete it."""
        key = path_key(page.path)
        if not page.deleted and self._at.get(key) is None:
            self._at[key] = page
        elif not page.deleted and self._at.get(key) is not page:
            self.delete(page, page.updated)

    def delete(self, page: PastPage, attribution: Attribution) -> None:
        """Delete a page, unless it is deleted."""
        if page.deleted:
            return
        page.deleted, page.removed = True, attribution
        self._waiting.come_or_gone.add(page.id)
        self._waiting.paths.add(page.path)
        if self._at.get(path_key(page.path)) is page:
            self._at[path_key(page.path)] = None
        self._touch(
            page, PageDeleted(self.space_id, page.id, page.path, imported=True), attribution
        )

    def restore(self, page: PastPage, attribution: Attribution, path: str) -> None:
        """Restore a deleted page at a free path.

        :raises Invalid: when the path is taken or invalid.
        """
        path = self._free(path, page)
        old_path, page.deleted, page.removed = page.path, False, None
        self._waiting.come_or_gone.add(page.id)
        page.path = path
        self._place(page)
        self._touch(page, PageRestored(self.space_id, page.id, path, imported=True), attribution)
        if path != old_path:
            self._waiting.paths.add(old_path)
            self._redirect(old_path, page)

    def redirect(self, path: str, page: PastPage) -> None:
        """Redirect a path without a page to this one."""
        if self.at(path) is None:
            self._redirect(path, page)

    @property
    def steps(self) -> int:
        """Number of steps that wait to be stored."""
        return len(self._waiting.events)

    def flush(self) -> None:
        """Store all waiting steps."""
        waiting = self._waiting
        self.shelf.flush(self.session)
        write_revisions(self.session, waiting.revisions, heads=False)
        self._let_go(list(waiting.pages.values()))
        store_pages(self.session, list(waiting.pages.values()))
        store_redirects(self.session, self.space_id, waiting.redirects)
        recompute_acls(self.session, self.space_id, {path_key(path) for path in waiting.paths})
        settle_folders(self.session, self.space_id, sorted(waiting.paths))
        keys = {*waiting.redirects, *(path_key(path) for path in waiting.paths)}
        places = [(self.slug, key) for key in keys]
        settle_links(self.session, places + former_places(self.session, list(waiting.pages)))
        record(self.session, waiting.events)
        tell(self.session, waiting.come_or_gone)
        self._waiting = _Waiting()

    def _let_go(self, pages: list[PastPage]) -> None:
        """Keep the restrictions of pages below a page that is moved or deleted."""
        leaving = [page.id for page in pages if page.leaves]
        for some in batches(leaving):
            bound = select(Page).where(Page.id.in_(some), Page.scope_id.is_not(None))
            preserve_inherited_restrictions(self.session, self.session.scalars(bound).all())

    def _learn(self, page: Page, revision: Revision) -> None:
        known = PastPage(
            id=page.id,
            path=page.path,
            folder=page.folder,
            deleted=page.deleted_at is not None,
            head=page.head,
            title=revision.title,
            description=revision.description,
            tags=tuple(revision.tags),
            fields=dict(revision.fields),
            front_matter=revision.front_matter,
            content_hash=revision.content_hash,
            updated=Attribution(page.updated_by_id, page.updated_at),
            removed=Attribution(page.deleted_by_id, page.deleted_at) if page.deleted_at else None,
            stored_key=page.path_key if page.deleted_at is None else None,
        )
        self._known[page.id] = known
        if not known.deleted:
            self._at.setdefault(page.path_key, known)

    def _without_redacted(
        self, page: PastPage | None, text: Text, attribution: Attribution
    ) -> tuple[Text, Attribution]:
        """Return text and message with marks in place of what was redacted in the wiki, so that an
        imported history does not bring it back."""
        if self._redacted is None:
            self._redacted = spans_by_page(self.session, self.space_id)
        known = self._redacted
        of_page = known.get(page.id, []) if page is not None else list(chain(*known.values()))
        if not of_page:
            return text, attribution
        message = without_redacted(self.session, Text(attribution.message, ""), of_page).title
        return without_redacted(self.session, text, of_page), replace(attribution, message=message)

    def _free(self, raw_path: str, page: PastPage | None) -> str:
        path = checked_path(raw_path)
        taken = self.at(path)
        if taken is not None and taken is not page:
            raise Invalid(f"There’s already a page at “{path or '/'}”: “{taken.title}”.")
        return path

    def _place(self, page: PastPage) -> None:
        key = path_key(page.path)
        self._at[key] = page
        self._waiting.redirects[key] = None
        self._waiting.paths.add(page.path)

    def _move(self, page: PastPage, path: str) -> None:
        old_path, page.path = page.path, path
        self._waiting.paths.add(old_path)
        if self._at.get(path_key(old_path)) is page:
            self._at[path_key(old_path)] = None
        self._place(page)
        self._redirect(old_path, page)

    def _redirect(self, path: str, page: PastPage) -> None:
        key = path_key(path)
        if self._at.get(key) is None:
            self._waiting.redirects[key] = page.id

    def _revise(
        self,
        page: PastPage,
        text: Text,
        action: Action,
        attribution: Attribution,
        base: int | None,
        old_path: str | None = None,
    ) -> None:
        content_hash = self.shelf.put(self.session, text.body, page.content_hash or None)
        page.head += 1
        page.title, page.description = text.title, text.description
        page.tags, page.fields = text.tags, dict(text.fields)
        page.front_matter = text.front_matter
        page.content_hash, page.updated = content_hash, attribution
        self._waiting.revisions.append(
            {
                "page_id": page.id,
                "number": page.head,
                "action": action.value,
                "space_id": self.space_id,
                "path": page.path,
                "folder": page.folder,
                "title": page.title,
                "description": page.description,
                "tags": list(page.tags),
                "fields": page.fields,
                "front_matter": page.front_matter,
                "content_hash": content_hash,
                "message": checked_message(attribution.message),
                "base": base,
                "author_id": attribution.author_id,
                "created_at": attribution.at,
            }
        )
        event: Event = PageSaved(self.space_id, page.id, page.head, action.value)
        if old_path is not None:
            place = self.space_id, old_path, page.path
            event = PageMoved(self.space_id, page.id, page.head, *place, imported=True)
        self._touch(page, event, attribution)

    def _touch(self, page: PastPage, event: Event, attribution: Attribution) -> None:
        self._waiting.pages[page.id] = page
        self._waiting.events.append((event, attribution.author_id, attribution.at))


_PAGE = insert(Page).returning(Page.id)
