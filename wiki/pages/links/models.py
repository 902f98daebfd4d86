"""Tables of links between pages, of the names of pages, and of their sections."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Index, String, false, literal_column, text
from sqlalchemy.orm import Mapped, mapped_column

from wiki.db import Base, Key


class PageLink(Base):
    """Derived: the links of a page's head to pages and files of this wiki, in order of appearance.

    ``kind`` is ``page``, ``file``, or ``anchor`` for a link to a missing section of the same page
    (links to existing sections are not stored). ``embedded`` is true for a file that is shown and
    not just linked. ``target_id`` is the live page that is at the place or has moved from it,
    regardless of access.

    A link ``by_name`` is a wiki link, which can have other targets than the written place: those of
    its readings or, if it has a ``name_key`` (the last segment of its path), a page elsewhere in
    the space. ``fragment`` is then that of the reading that was chosen, and ``written_fragment``
    that of the plain reading, if it differs. ``file_key`` is the place of the file that a link by
    name means, if it differs from the written one.
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


# Conditions on the kind of a link. The kinds are written into statements, because SQLite would plan
# a statement anew at each execution if they were parameters: some indexes are for one kind alone.
TO_PAGE = PageLink.kind == literal_column("'page'")
TO_FILE = PageLink.kind == literal_column("'file'")
TO_SECTION = PageLink.kind == literal_column("'anchor'")


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
    """Derived: the anchors in a page's head that a link can name after ``#``."""

    __tablename__ = "page_anchors"

    page_id: Mapped[int] = mapped_column(
        ForeignKey("pages.id", ondelete="CASCADE"), primary_key=True
    )
    anchor: Mapped[str] = mapped_column(String(300), primary_key=True)
