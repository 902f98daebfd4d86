"""Tags and lists: the derived tags of pages, and indexes for lists by author and date"""

import unicodedata

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

INDEXES = (
    ("ix_events_at", "events", ["at"]),
    ("ix_events_space_id_at", "events", ["space_id", "at"]),
    ("ix_pages_created_at", "pages", ["created_at"]),
    ("ix_pages_updated_at", "pages", ["updated_at"]),
    ("ix_pages_space_id_created_at", "pages", ["space_id", "created_at"]),
    ("ix_revisions_space_id_created_at", "revisions", ["space_id", "created_at", "page_id"]),
    ("ix_revisions_author_id_page_id", "revisions", ["author_id", "page_id"]),
)


def upgrade() -> None:
    on_sqlite = op.get_bind().dialect.name == "sqlite"
    key = sa.String(1000).with_variant(sa.String(1000, collation="C"), "postgresql")
    op.create_table(
        "page_tags",
        sa.Column("page_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("tag_key", key, nullable=False),
        sa.Column("tag", sa.String(length=60), nullable=False),
        sa.Column("space_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["page_id"], ["pages.id"], name=op.f("fk_page_tags_page_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["space_id"], ["spaces.id"], name=op.f("fk_page_tags_space_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("page_id", "tag_key", name=op.f("pk_page_tags")),
    )
    columns = ["tag_key", "updated_at", "page_id"]
    op.create_index("ix_page_tags_of_space", "page_tags", ["space_id", *columns])
    op.create_index("ix_page_tags_of_all", "page_tags", columns)
    for name, table, indexed in INDEXES:
        op.create_index(name, table, indexed)
    op.drop_index("ix_revisions_space_id", "revisions")
    title = "title COLLATE NOCASE" if on_sqlite else "lower(title)"
    op.execute(f"CREATE INDEX ix_pages_title ON pages ({title}, id)")
    op.execute(f"CREATE INDEX ix_pages_space_id_title ON pages (space_id, {title}, id)")
    _fill()


def _fill() -> None:
    """Derive the rows, as ``wiki/tags/projection.py`` does from then on."""
    pages = sa.table(
        "pages", *map(sa.column, ("id", "space_id", "head", "updated_at", "deleted_at"))
    )
    revisions = sa.table(
        "revisions", sa.column("page_id"), sa.column("number"), sa.column("tags", sa.JSON)
    )
    page_tags = sa.table(
        "page_tags", *map(sa.column, ("page_id", "tag_key", "tag", "space_id", "updated_at"))
    )
    connection = op.get_bind()
    heads = (
        sa.select(pages.c.id, pages.c.space_id, pages.c.updated_at, revisions.c.tags)
        .join(
            revisions,
            sa.and_(revisions.c.page_id == pages.c.id, revisions.c.number == pages.c.head),
        )
        .where(pages.c.deleted_at.is_(None))
        .order_by(pages.c.id)
        .limit(1000)
    )
    last = 0
    while found := connection.execute(heads.where(pages.c.id > last)).all():
        last = found[-1].id
        rows = {}
        for page in found:
            for tag in page.tags or ():
                key = _key(tag)
                rows.setdefault(
                    (page.id, key),
                    {
                        "page_id": page.id,
                        "tag_key": key,
                        "tag": tag,
                        "space_id": page.space_id,
                        "updated_at": page.updated_at,
                    },
                )
        if rows:
            connection.execute(sa.insert(page_tags), list(rows.values()))


_UNSEEN = dict.fromkeys([0x034F, 0x180B, 0x180C, 0x180D, 0x200C, 0x200D, *range(0xFE00, 0xFE10)])


def _key(tag: str) -> str:
    text = " ".join(tag.split())
    for _ in range(4):
        folded = unicodedata.normalize("NFKC", text).translate(_UNSEEN).casefold()
        folded = unicodedata.normalize("NFKC", folded)
        if folded == text:
            break
        text = folded
    return (text or tag)[:240]


def downgrade() -> None:
    op.drop_index("ix_pages_space_id_title", "pages")
    op.drop_index("ix_pages_title", "pages")
    op.create_index("ix_revisions_space_id", "revisions", ["space_id"])
    for name, table, _ in reversed(INDEXES):
        op.drop_index(name, table)
    op.drop_table("page_tags")
