"""Purged revisions; renderings know their text; blames"""

import hashlib

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from wiki.text.markup import RENDERER_VERSION

revision = "0006"
down_revision = "0001"
branch_labels = None
depends_on = None

SOME = 500


def upgrade() -> None:
    # Never by copying a table: on SQLite dropping the old one would take along what refers to it.
    op.add_column("revisions", sa.Column("purged_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "revisions",
        sa.Column(
            "purged_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
    )
    op.add_column(
        "renderings",
        sa.Column("content_hash", sa.String(length=64), nullable=False, server_default=""),
    )
    op.create_index("ix_renderings_content_hash", "renderings", ["content_hash"], unique=False)
    purges = sa.text("name IN ('PagePurged', 'RevisionPurged')")
    op.create_index(
        "ix_events_purged", "events", ["id"], sqlite_where=purges, postgresql_where=purges
    )
    op.create_table(
        "blames",
        sa.Column("page_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column(
            "runs",
            sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["page_id"], ["pages.id"], name=op.f("fk_blames_page_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("page_id", "number", name=op.f("pk_blames")),
    )
    _say_of_which_text()


def _say_of_which_text() -> None:
    """Fill in of which text each rendering is, from all revisions. One that belongs to none was
    made by an older renderer: it is never looked for, and goes."""
    connection = op.get_bind()
    found = connection.execute(
        sa.text(
            "SELECT r.content_hash, s.slug, r.path, r.folder, r.title"
            " FROM revisions r JOIN spaces s ON s.id = r.space_id"
        )
    ).all()
    by_key = {
        _key(content_hash, slug, path, bool(folder), title): content_hash
        for content_hash, slug, path, folder, title in found
    }
    rows = [{"key": key, "content_hash": content_hash} for key, content_hash in by_key.items()]
    for start in range(0, len(rows), SOME):
        connection.execute(
            sa.text("UPDATE renderings SET content_hash = :content_hash WHERE key = :key"),
            rows[start : start + SOME],
        )
    connection.execute(sa.text("DELETE FROM renderings WHERE content_hash = ''"))


def _key(content_hash: str, slug: str, path: str, folder: bool, title: str) -> str:
    parts = (RENDERER_VERSION, content_hash, slug, path, str(folder), title, "")
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def downgrade() -> None:
    op.drop_table("blames")
    op.drop_index("ix_events_purged", table_name="events")
    op.drop_index("ix_renderings_content_hash", table_name="renderings")
    op.drop_column("renderings", "content_hash")
    op.drop_column("revisions", "purged_by_id")
    op.drop_column("revisions", "purged_at")
