"""Purged revisions; renderings know their text; blames"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


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
    )  # there are none yet: the migration before has emptied the table
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


def downgrade() -> None:
    op.drop_table("blames")
    op.drop_index("ix_events_purged", table_name="events")
    op.drop_index("ix_renderings_content_hash", table_name="renderings")
    op.drop_column("renderings", "content_hash")
    op.drop_column("revisions", "purged_by_id")
    op.drop_column("revisions", "purged_at")
