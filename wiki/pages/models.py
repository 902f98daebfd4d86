"""Tables of pages: identity and path, revisions, texts, redirects; and what is derived of them."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    Date,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Mapped, mapped_column, relationship
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from wiki.db import Base, BigId, Key, now
from wiki.people.models import Person
from wiki.rules.labels import Label
from wiki.spaces.models import Space


class title_order(FunctionElement[str]):
    """A title as lists are sorted by it: upper and lower case make no difference."""

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
    """One document at a path of a space. ``head`` is the number of its newest revision."""

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
        Index("ix_pages_space_id_parent_key", "space_id", "parent_key"),
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
    # None for the page of the space itself, "" for those at its top level.
    parent_key: Mapped[str | None] = mapped_column(Key)
    # The last segment of the key, by which wiki links find the page anywhere in the space.
    name_key: Mapped[str] = mapped_column(Key, default="", server_default="")
    kind: Mapped[str] = mapped_column(String(20), default="article")
    label: Mapped[int] = mapped_column(default=int(Label.PUBLIC))
    # Derived: what labels and restrictions, also of pages above, say; None where there are none.
    scope_id: Mapped[int | None] = mapped_column(ForeignKey("scopes.id"), index=True)
    title: Mapped[str] = mapped_column(String(300))
    folder: Mapped[bool] = mapped_column(default=False)
    head: Mapped[int] = mapped_column(default=1)
    # How many times something was taken out of its revisions, which keep their numbers.
    redacted: Mapped[int] = mapped_column(default=0, server_default="0")
    # Derived: the revision whose rendering and links are stored; the head, soon after each save.
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


Index("ix_pages_title", title_order(Page.title), Page.id)
Index("ix_pages_space_id_title", Page.space_id, title_order(Page.title), Page.id)


class Content(Base):
    """A text, stored once under the SHA-256 of its UTF-8 bytes, compressed with zstandard.

    ``base`` is the hash of the text it was compressed against (None: it is whole), ``position``
    says how far it is from a whole one. No foreign key and no index: both would take more room
    than the texts, and ``wiki check`` proves that each base is there.
    """

    __tablename__ = "contents"

    hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    size: Mapped[int]
    position: Mapped[int] = mapped_column(default=0)
    base: Mapped[str | None] = mapped_column(String(64))
    data: Mapped[bytes] = mapped_column(LargeBinary)


class Action(StrEnum):
    """What an author did to make a revision."""

    CREATE = "create"
    EDIT = "edit"
    MERGE = "merge"
    REVERT = "revert"
    MOVE = "move"
    REPAIR = "repair"
    IMPORT = "import"
    TAG = "tag"


class Revision(Base):
    """A numbered snapshot of all that an author writes on a page; never changed, but for purging,
    which empties it."""

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
    # What it said is gone for good: the row stays as its tombstone, with an empty text.
    purged_at: Mapped[datetime | None]
    purged_by_id: Mapped[int | None] = mapped_column(BigId)

    page: Mapped[Page] = relationship()
    author: Mapped[Person | None] = relationship()


class Redirect(Base):
    """A path that a page once had; a live page at the path goes before it."""

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


class RenderingRow(Base):
    """Derived: the rendering of a text at one place, keyed by the hash of everything it depends on.

    If rendering was cut off, ``cut_off_after`` is the CPU time in seconds that it was given, and
    ``attempts`` the number of attempts. ``due_at`` is the time when the worker handles the row
    next: to try again, or to update the search index after a retry that succeeded.
    """

    __tablename__ = "renderings"
    __table_args__ = (
        Index(
            "ix_renderings_cut_off",
            "due_at",
            sqlite_where=text("cut_off_after IS NOT NULL OR due_at IS NOT NULL"),
            postgresql_where=text("cut_off_after IS NOT NULL OR due_at IS NOT NULL"),
        ),
    )

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    # Of which text, so that purging finds it.
    content_hash: Mapped[str] = mapped_column(String(64), index=True)
    html: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    excerpt: Mapped[str] = mapped_column(Text)
    headings: Mapped[list[Any]]
    links: Mapped[list[Any]]
    source_shown: Mapped[str] = mapped_column(Text, default="")
    checksum: Mapped[str] = mapped_column(String(32), default="")
    created_at: Mapped[datetime] = mapped_column(default=now)
    cut_off_after: Mapped[float | None]
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    due_at: Mapped[datetime | None]


class PageLink(Base):
    """Derived: the links of a page's head to pages and files of this wiki, in order of appearance.

    ``kind`` is ``page``, ``file``, or ``anchor`` for a link to a section of the page itself that is
    not there (those that work are not kept). ``embedded`` says that a file is shown, not linked.
    ``target_id`` is the live page that is at the place, or has moved from it, whoever may read it.

    A link ``by_name`` is a wiki link, which may mean something else: what its readings name, or,
    where there is a ``name_key`` (the last segment of its path), a page that lies elsewhere.
    ``fragment`` is then that of the reading which counts, and ``written_fragment`` that of the
    plain one, where it is another. ``file_key`` is the place of the file that a link by name means
    where that is not what is written.
    """

    __tablename__ = "page_links"
    __table_args__ = (
        Index("ix_page_links_space_slug_path_key", "space_slug", "path_key"),
        Index("ix_page_links_target_id", "target_id"),
        Index(
            "ix_page_links_nowhere",
            "space_slug",
            "path_key",
            sqlite_where=text("target_id IS NULL AND kind = 'page'"),
            postgresql_where=text("target_id IS NULL AND kind = 'page'"),
        ),
        Index(
            "ix_page_links_files",
            "space_slug",
            "path_key",
            sqlite_where=text("kind = 'file'"),
            postgresql_where=text("kind = 'file'"),
        ),
        Index(
            "ix_page_links_to_sections",
            "page_id",
            sqlite_where=text("fragment <> ''"),
            postgresql_where=text("fragment <> ''"),
        ),
        Index(
            "ix_page_links_name",
            "space_slug",
            "name_key",
            sqlite_where=text("name_key IS NOT NULL"),
            postgresql_where=text("name_key IS NOT NULL"),
        ),
        Index(
            "ix_page_links_file_key",
            "space_slug",
            "file_key",
            sqlite_where=text("file_key IS NOT NULL"),
            postgresql_where=text("file_key IS NOT NULL"),
        ),
    )

    page_id: Mapped[int] = mapped_column(
        ForeignKey("pages.id", ondelete="CASCADE"), primary_key=True
    )
    ordinal: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(8), default="page")
    space_slug: Mapped[str] = mapped_column(String(60))
    path_key: Mapped[str] = mapped_column(Key)
    fragment: Mapped[str] = mapped_column(String(300), default="")
    embedded: Mapped[bool] = mapped_column(default=False)
    target_id: Mapped[int | None] = mapped_column(ForeignKey("pages.id", ondelete="SET NULL"))
    by_name: Mapped[bool] = mapped_column(default=False, server_default=false())
    name_key: Mapped[str | None] = mapped_column(Key)
    written_fragment: Mapped[str | None] = mapped_column(String(300))
    file_key: Mapped[str | None] = mapped_column(Key)


class LinkReading(Base):
    """Derived: an alternative reading of a wiki link. Readings with a rank below 0 come before the
    plain one, the others after it."""

    __tablename__ = "link_readings"
    __table_args__ = (
        Index("ix_link_readings_space_slug_path_key", "space_slug", "path_key"),
        Index("ix_link_readings_space_slug_name_key", "space_slug", "name_key"),
    )

    page_id: Mapped[int] = mapped_column(
        ForeignKey("pages.id", ondelete="CASCADE"), primary_key=True
    )
    ordinal: Mapped[int] = mapped_column(primary_key=True)
    rank: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    space_slug: Mapped[str] = mapped_column(String(60))
    path_key: Mapped[str] = mapped_column(Key)
    name_key: Mapped[str | None] = mapped_column(Key)
    fragment: Mapped[str] = mapped_column(String(300), default="")


class PageAlias(Base):
    """Derived: an alias of a live page, from ``aliases`` in its head."""

    __tablename__ = "page_aliases"
    __table_args__ = (Index("ix_page_aliases_alias_key", "alias_key"),)

    page_id: Mapped[int] = mapped_column(
        ForeignKey("pages.id", ondelete="CASCADE"), primary_key=True
    )
    alias_key: Mapped[str] = mapped_column(Key, primary_key=True)


class PageAnchor(Base):
    """Derived: the names in a page's head that a link can lead to behind a ``#``."""

    __tablename__ = "page_anchors"

    page_id: Mapped[int] = mapped_column(
        ForeignKey("pages.id", ondelete="CASCADE"), primary_key=True
    )
    anchor: Mapped[str] = mapped_column(String(300), primary_key=True)


class AllowedSecret(Base):
    """What looked like a secret and was saved all the same, in which revision, by whom and why.

    ``starts`` and ``ends`` say where it stands in that revision's ``place``; the secret itself is
    nowhere but there.
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
    """Which kinds of secrets a space looks for, where its leads have chosen."""

    __tablename__ = "scanned_kinds"

    space_id: Mapped[int] = mapped_column(
        ForeignKey("spaces.id", ondelete="CASCADE"), primary_key=True
    )
    kinds: Mapped[list[str]]
    changed_at: Mapped[datetime] = mapped_column(default=now)
    changed_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"))


class BlameRow(Base):
    """Derived: the revision that each line of a revision comes from, as runs."""

    __tablename__ = "blames"

    page_id: Mapped[int] = mapped_column(
        ForeignKey("pages.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(primary_key=True)
    runs: Mapped[list[Any]]


class Redaction(Base):
    """What was taken out of pages, when, by whom and why: never what it was.

    ``which`` is the number of the revision or the id of the file, of those kinds. ``could_read``
    says who could read the page then, ``did_read`` who did as far as that was logged (``logged``).
    The span itself is known again by ``digest``, until a lead lets it be written again. ``files``
    are contents whose bytes are still to be deleted; ``indexed_at`` is when search had forgotten
    it, ``finished_at`` when nothing was left to do.
    """

    __tablename__ = "redactions"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    kind: Mapped[str] = mapped_column(String(12))
    space_id: Mapped[int] = mapped_column(ForeignKey("spaces.id", ondelete="CASCADE"), index=True)
    # Without a foreign key, as events have it: it outlives the page.
    page_id: Mapped[int | None] = mapped_column(BigId)
    which: Mapped[int] = mapped_column(BigId, default=0)
    reason: Mapped[str] = mapped_column(String(300))
    words: Mapped[int] = mapped_column(default=0)
    places: Mapped[dict[str, Any]]
    created_at: Mapped[datetime] = mapped_column(default=now)
    created_by_id: Mapped[int | None] = mapped_column(
        ForeignKey("people.id", ondelete="SET NULL"), index=True
    )
    could_read: Mapped[dict[str, Any]]
    did_read: Mapped[list[Any]]
    logged: Mapped[bool] = mapped_column(default=False)
    length: Mapped[int] = mapped_column(default=0)
    salt: Mapped[bytes | None] = mapped_column(LargeBinary)
    filter: Mapped[int] = mapped_column(BigInteger, default=0)
    digest: Mapped[bytes | None] = mapped_column(LargeBinary)
    # Only where it is no part of a longer word.
    whole: Mapped[bool] = mapped_column(default=False)
    lifted_at: Mapped[datetime | None]
    lifted_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"))
    files: Mapped[list[str]]
    indexed_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]

    space: Mapped[Space] = relationship()
    created_by: Mapped[Person | None] = relationship(foreign_keys=[created_by_id])
    lifted_by: Mapped[Person | None] = relationship(foreign_keys=[lifted_by_id])


Index(
    "ix_redactions_under_way",
    Redaction.id,
    sqlite_where=text("indexed_at IS NULL"),
    postgresql_where=text("indexed_at IS NULL"),
)


class RedactedPage(Base):
    """A page that a redaction took something out of, and how many words."""

    __tablename__ = "redacted_pages"

    redaction_id: Mapped[int] = mapped_column(
        ForeignKey("redactions.id", ondelete="CASCADE"), primary_key=True
    )
    page_id: Mapped[int] = mapped_column(
        ForeignKey("pages.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    words: Mapped[int] = mapped_column(default=0)


class PageRead(Base):
    """That somebody read a page on a day, of which revision or which file; once for all that they
    read of it then.

    ``person_id`` is 0 for whoever was not signed in, ``revision`` 0 where a file was read.
    """

    __tablename__ = "page_reads"
    __table_args__ = (
        Index("ix_page_reads_at", "at"),
        Index("ix_page_reads_person_id_at", "person_id", "at"),
    )

    # Without a foreign key: who read a page is known when it is purged too.
    page_id: Mapped[int] = mapped_column(BigId, primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    person_id: Mapped[int] = mapped_column(BigId, primary_key=True)
    revision: Mapped[int] = mapped_column(primary_key=True)
    file_id: Mapped[int] = mapped_column(BigId, primary_key=True)
    at: Mapped[datetime] = mapped_column(default=now)
