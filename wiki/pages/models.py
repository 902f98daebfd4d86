"""Tables of pages: pages, revisions, texts, redirects, and data derived from them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Mapped, mapped_column, relationship
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from wiki.db import Base, BigId, Key, now
from wiki.kind import DEFAULT
from wiki.people.models import Person
from wiki.rules.labels import Label
from wiki.spaces.models import Space
from wiki.text.positions import UNPLACED

PositionKey = String(100).with_variant(String(100, collation="C"), "postgresql")


class title_order(FunctionElement[str]):
    """A title as the key by which lists are sorted, ignoring case."""

    name = "title_order"
    type = String()
    inherit_cache = True


@compiles(title_order, "sqlite")
def _without_case(element: title_order, compiler: SQLCompiler, **options: Any) -> str:
    return f"{compiler.process(element.clauses, **options)} COLLATE NOCASE"


@compiles(title_order, "postgresql")
def _lower_case(element: title_order, compiler: SQLCompiler, **options: Any) -> str:
    return f"lower({compiler.process(element.clauses, **options)})"


class Page(Base):
    """A document at a path of a space. ``head`` is the number of its newest revision."""

    __tablename__ = "pages"
    __table_args__ = (
        Index(
            "uq_pages_live_path",
            "space_id",
            "path_key",
            unique=True,
            sqlite_where=text("deleted_at IS NULL"),
            postgresql_where=text("deleted_at IS NULL"),
        ),
        Index(
            "ix_pages_deleted",
            "space_id",
            "path_key",
            sqlite_where=text("deleted_at IS NOT NULL"),
            postgresql_where=text("deleted_at IS NOT NULL"),
        ),
        Index("ix_pages_space_id_name_key", "space_id", "name_key"),
        Index("ix_pages_space_id_updated_at", "space_id", "updated_at"),
        Index("ix_pages_space_id_created_at", "space_id", "created_at"),
        Index("ix_pages_updated_at", "updated_at"),
        Index("ix_pages_created_at", "created_at"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    space_id: Mapped[int] = mapped_column(ForeignKey("spaces.id", ondelete="CASCADE"))
    path: Mapped[str] = mapped_column(String(500))
    path_key: Mapped[str] = mapped_column(Key)
    # None for the home page of the space, "" for pages at its top level.
    parent_key: Mapped[str | None] = mapped_column(Key)
    # The last segment of the key, so that wiki links find the page anywhere in the space.
    name_key: Mapped[str] = mapped_column(Key, default="", server_default="")
    # A key of wiki.text.positions: the place among the pages with the same parent.
    position: Mapped[str] = mapped_column(PositionKey, default=UNPLACED, server_default=UNPLACED)
    kind: Mapped[str] = mapped_column(String(20), default=DEFAULT)
    label: Mapped[int] = mapped_column(default=int(Label.PUBLIC))
    # Derived from the labels and restrictions of the page and of those above it; None without any.
    scope_id: Mapped[int | None] = mapped_column(ForeignKey("scopes.id"), index=True)
    title: Mapped[str] = mapped_column(String(300))
    folder: Mapped[bool] = mapped_column(default=False)
    head: Mapped[int] = mapped_column(default=1)
    # Number of redactions of its revisions, which keep their numbers.
    redacted: Mapped[int] = mapped_column(default=0, server_default="0")
    # Derived: the revision whose rendering and links are stored; after a save, soon the head.
    rendered: Mapped[int] = mapped_column(default=0)
    # For an imported page: addresses in its text whose target differs from their wording, as
    # lists of the address's key, the kind of destination, its space and its path.
    routes: Mapped[list[Any]] = mapped_column(default=list, server_default="[]")
    created_at: Mapped[datetime] = mapped_column(default=now)
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"))
    updated_at: Mapped[datetime] = mapped_column(default=now)
    updated_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"))
    deleted_at: Mapped[datetime | None]
    deleted_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"))

    space: Mapped[Space] = relationship()
    updated_by: Mapped[Person | None] = relationship(foreign_keys=[updated_by_id])
    deleted_by: Mapped[Person | None] = relationship(foreign_keys=[deleted_by_id])


Index(
    "ix_pages_siblings",
    Page.space_id,
    Page.parent_key,
    Page.position,
    title_order(Page.title),
    Page.path_key,
)
Index("ix_pages_title", title_order(Page.title), Page.id)
Index("ix_pages_space_id_title", Page.space_id, title_order(Page.title), Page.id)


class Content(Base):
    """A text, stored once under the SHA-256 of its UTF-8 bytes, compressed with zstandard.

    ``base`` is the hash of the text that it was compressed against (None: it is stored whole), and
    ``position`` determines which text that is. There is no foreign key and no index on ``base``:
    both would take more space than the texts, and ``wiki check`` verifies that each base exists.
    """

    __tablename__ = "contents"

    hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    size: Mapped[int]
    position: Mapped[int] = mapped_column(default=0)
    base: Mapped[str | None] = mapped_column(String(64))
    data: Mapped[bytes] = mapped_column(LargeBinary)


class Action(StrEnum):
    """The kind of action that created a revision."""

    CREATE = "create"
    EDIT = "edit"
    MERGE = "merge"
    REVERT = "revert"
    UNDO = "undo"
    MOVE = "move"
    REPAIR = "repair"
    IMPORT = "import"
    TAG = "tag"


class Revision(Base):
    """A numbered snapshot of everything that an author writes on a page. Revisions are immutable,
    except that a purge or redaction removes their content."""

    __tablename__ = "revisions"
    __table_args__ = (
        UniqueConstraint("page_id", "number"),
        Index("ix_revisions_created_at", "created_at"),
        Index("ix_revisions_space_id_created_at", "space_id", "created_at", "page_id"),
        Index("ix_revisions_author_id_page_id", "author_id", "page_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    page_id: Mapped[int] = mapped_column(ForeignKey("pages.id", ondelete="CASCADE"))
    number: Mapped[int]
    action: Mapped[str] = mapped_column(String(20))
    space_id: Mapped[int] = mapped_column(ForeignKey("spaces.id", ondelete="CASCADE"))
    path: Mapped[str] = mapped_column(String(500))
    folder: Mapped[bool] = mapped_column(default=False)
    title: Mapped[str] = mapped_column(String(300))
    description: Mapped[str] = mapped_column(Text, default="")
    tags: Mapped[list[str]]
    fields: Mapped[dict[str, Any]]
    # The block as it was written; empty if an export chooses the form.
    front_matter: Mapped[str] = mapped_column(Text, default="", server_default="")
    content_hash: Mapped[str] = mapped_column(ForeignKey("contents.hash"), index=True)
    message: Mapped[str] = mapped_column(String(500), default="")
    # The revision the author started from (differs from number - 1 after a merge), or the one
    # that was restored.
    base: Mapped[int | None]
    author_id: Mapped[int | None] = mapped_column(
        ForeignKey("people.id", ondelete="SET NULL"), index=True
    )
    created_at: Mapped[datetime] = mapped_column(default=now)
    # The content of a purged revision is deleted; the row is a tombstone with an empty text.
    purged_at: Mapped[datetime | None]
    purged_by_id: Mapped[int | None] = mapped_column(BigId)

    page: Mapped[Page] = relationship()
    author: Mapped[Person | None] = relationship()


class Redirect(Base):
    """A former path of a page. A live page at the path takes precedence."""

    __tablename__ = "redirects"

    space_id: Mapped[int] = mapped_column(
        ForeignKey("spaces.id", ondelete="CASCADE"), primary_key=True
    )
    path_key: Mapped[str] = mapped_column(Key, primary_key=True)
    page_id: Mapped[int] = mapped_column(ForeignKey("pages.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(default=now)


class Folder(Base):
    """Derived: a path with live pages below it and none at it, so that trees show it."""

    __tablename__ = "folders"
    __table_args__ = (Index("ix_folders_space_id_parent_key", "space_id", "parent_key"),)

    space_id: Mapped[int] = mapped_column(
        ForeignKey("spaces.id", ondelete="CASCADE"), primary_key=True
    )
    path_key: Mapped[str] = mapped_column(Key, primary_key=True)
    parent_key: Mapped[str] = mapped_column(Key)
    path: Mapped[str] = mapped_column(String(500))


class AllowedSecret(Base):
    """A likely secret that was saved with an override: its revision, the person who saved it and
    the reason.

    ``starts`` and ``ends`` are its offsets in the ``place`` of that revision; the secret itself is
    not stored here.
    """

    __tablename__ = "allowed_secrets"
    __table_args__ = (Index("ix_allowed_secrets_page_id", "page_id", "revision"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    page_id: Mapped[int] = mapped_column(ForeignKey("pages.id", ondelete="CASCADE"))
    revision: Mapped[int]
    kind: Mapped[str] = mapped_column(String(20))
    words: Mapped[str] = mapped_column(String(80))
    masked: Mapped[str] = mapped_column(String(120))
    place: Mapped[str] = mapped_column(String(20))
    line: Mapped[int]
    starts: Mapped[int]
    ends: Mapped[int]
    reason: Mapped[str] = mapped_column(String(300))
    created_at: Mapped[datetime] = mapped_column(default=now)
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"))

    page: Mapped[Page] = relationship()
    created_by: Mapped[Person | None] = relationship()


class ScannedKinds(Base):
    """The kinds of secrets that are searched for in a space, if its leads have chosen them."""

    __tablename__ = "scanned_kinds"

    space_id: Mapped[int] = mapped_column(
        ForeignKey("spaces.id", ondelete="CASCADE"), primary_key=True
    )
    kinds: Mapped[list[str]]
    changed_at: Mapped[datetime] = mapped_column(default=now)
    changed_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"))


class BlameRow(Base):
    """Derived: the revision that each line of a revision comes from, run-length encoded."""

    __tablename__ = "blames"

    page_id: Mapped[int] = mapped_column(
        ForeignKey("pages.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(primary_key=True)
    runs: Mapped[list[Any]]
