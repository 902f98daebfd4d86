"""Pages while their past is recorded, and how their final states are stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import Table, bindparam, delete, insert, tuple_, update
from sqlalchemy.orm import Session

from wiki.db import batches
from wiki.kind_registry import kind_of
from wiki.pages.merging import Text
from wiki.pages.models import Page, Redirect
from wiki.pages.saving.checks import same_form
from wiki.pages.saving.revisions import Attribution
from wiki.text.paths import name_of, parent_of, path_key


@dataclass
class PastPage:
    """A page while its past is recorded: its newest content and its place."""

    id: int
    path: str
    folder: bool
    deleted: bool
    head: int
    title: str
    description: str
    tags: tuple[str, ...]
    fields: dict[str, Any]
    front_matter: str
    content_hash: str
    updated: Attribution
    removed: Attribution | None = None
    stored_key: str | None = None
    """The key of its path if the database has it as live, else None."""

    def says(self, text: Text, content_hash: str) -> bool:
        """Return whether the newest revision has exactly this content."""
        mine = (self.title, self.description, self.tags, self.fields, self.content_hash)
        same = (text.title, text.description, text.tags, text.fields, content_hash)
        return mine == same and same_form(text.front_matter, self.front_matter)

    def text(self, body: str) -> Text:
        """Return the text of the newest revision, given its body."""
        fields = dict(self.fields)
        return Text(self.title, body, self.tags, self.description, fields, self.front_matter)

    @property
    def leaves(self) -> bool:
        """True if the page is live at a path in the database and leaves it."""
        stored = self.stored_key
        return stored is not None and (self.deleted or stored != path_key(self.path))


def store_pages(session: Session, pages: Sequence[PastPage]) -> None:
    """Store the final states of pages that have rows already."""
    connection = session.connection()
    leaving = [{"of_page": page.id, "away": f"/{page.id}"} for page in pages if page.leaves]
    if leaving:  # so that two pages never have the same path while they are moved
        connection.execute(_AWAY, leaving)
    rows = []
    for page in pages:
        key = path_key(page.path)
        rows.append(
            {
                "of_page": page.id,
                "path": page.path,
                "path_key": key,
                "parent_key": parent_of(key),
                "name_key": name_of(key),
                "title": page.title,
                "kind": kind_of(page.fields).name,
                "folder": page.folder,
                "head": page.head,
                "updated_at": page.updated.at,
                "updated_by_id": page.updated.author_id,
                "deleted_at": page.removed.at if page.removed else None,
                "deleted_by_id": page.removed.author_id if page.removed else None,
            }
        )
        page.stored_key = None if page.deleted else key
    if rows:
        connection.execute(_PAGES, rows)


def store_redirects(session: Session, space_id: int, redirects: Mapping[str, int | None]) -> None:
    """Store redirects to pages of a space, by the keys of their paths. None removes one."""
    for keys in batches(redirects):
        among = [(space_id, key) for key in keys]
        session.execute(
            delete(Redirect)
            .where(tuple_(Redirect.space_id, Redirect.path_key).in_(among))
            .execution_options(synchronize_session=False)
        )
    rows = [
        {"space_id": space_id, "path_key": key, "page_id": page_id}
        for key, page_id in redirects.items()
        if page_id is not None
    ]
    if rows:
        session.connection().execute(insert(Redirect), rows)


_TABLE = cast(Table, Page.__table__)
_AWAY = update(_TABLE).where(_TABLE.c.id == bindparam("of_page")).values(path_key=bindparam("away"))
_STANDS = (
    "path",
    "path_key",
    "parent_key",
    "name_key",
    "title",
    "kind",
    "folder",
    "head",
    "updated_at",
    "updated_by_id",
    "deleted_at",
    "deleted_by_id",
)
_PAGES = (
    update(_TABLE)
    .where(_TABLE.c.id == bindparam("of_page"))
    .values({name: bindparam(name) for name in _STANDS})
)
