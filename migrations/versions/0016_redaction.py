"""What was redacted, in which pages; who read what"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Moment = sa.DateTime(timezone=True)
Json = sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql")
UNDER_WAY = sa.text("indexed_at IS NULL")


def upgrade() -> None:
    op.add_column("pages", sa.Column("redacted", sa.Integer(), nullable=False, server_default="0"))
    op.create_table(
        "redactions",
        sa.Column("id", BigId, nullable=False),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("space_id", BigId, nullable=False),
        sa.Column("page_id", BigId, nullable=True),
        sa.Column("which", BigId, nullable=False),
        sa.Column("reason", sa.String(300), nullable=False),
        sa.Column("words", sa.Integer(), nullable=False),
        sa.Column("places", Json, nullable=False),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("created_by_id", BigId, nullable=True),
        sa.Column("could_read", Json, nullable=False),
        sa.Column("did_read", Json, nullable=False),
        sa.Column("logged", sa.Boolean(), nullable=False),
        sa.Column("length", sa.Integer(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=True),
        sa.Column("filter", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=True),
        sa.Column("whole", sa.Boolean(), nullable=False),
        sa.Column("lifted_at", Moment, nullable=True),
        sa.Column("lifted_by_id", BigId, nullable=True),
        sa.Column("files", Json, nullable=False),
        sa.Column("indexed_at", Moment, nullable=True),
        sa.Column("finished_at", Moment, nullable=True),
        sa.ForeignKeyConstraint(
            ["space_id"], ["spaces.id"], name="fk_redactions_space_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["people.id"], name="fk_redactions_created_by_id",
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["lifted_by_id"], ["people.id"], name="fk_redactions_lifted_by_id",
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_redactions"),
    )  # fmt: skip
    op.create_index("ix_redactions_space_id", "redactions", ["space_id"])
    op.create_index("ix_redactions_created_by_id", "redactions", ["created_by_id"])
    op.create_index(
        "ix_redactions_under_way",
        "redactions",
        ["id"],
        sqlite_where=UNDER_WAY,
        postgresql_where=UNDER_WAY,
    )
    op.create_table(
        "redacted_pages",
        sa.Column("redaction_id", BigId, nullable=False),
        sa.Column("page_id", BigId, nullable=False),
        sa.Column("words", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["redaction_id"], ["redactions.id"], name="fk_redacted_pages_redaction_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["page_id"], ["pages.id"], name="fk_redacted_pages_page_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("redaction_id", "page_id", name="pk_redacted_pages"),
    )  # fmt: skip
    op.create_index("ix_redacted_pages_page_id", "redacted_pages", ["page_id"])
    op.create_table(
        "page_reads",
        sa.Column("page_id", BigId, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("person_id", BigId, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("file_id", BigId, nullable=False),
        sa.Column("at", Moment, nullable=False),
        sa.PrimaryKeyConstraint(
            "page_id", "day", "person_id", "revision", "file_id", name="pk_page_reads"
        ),
    )
    op.create_index("ix_page_reads_at", "page_reads", ["at"])
    op.create_index("ix_page_reads_person_id_at", "page_reads", ["person_id", "at"])


def downgrade() -> None:
    for table in ("page_reads", "redacted_pages", "redactions"):
        op.drop_table(table)
    op.drop_column("pages", "redacted")
