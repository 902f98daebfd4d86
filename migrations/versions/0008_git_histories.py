"""Git histories that came into spaces"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Moment = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "imported_histories",
        sa.Column("id", BigId, nullable=False),
        sa.Column("space_id", BigId, nullable=False),
        sa.Column("root", sa.String(length=64), nullable=False),
        sa.Column("tip", sa.String(length=64), nullable=False),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("finished_at", Moment, nullable=True),
        sa.ForeignKeyConstraint(
            ["space_id"],
            ["spaces.id"],
            name="fk_imported_histories_space_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_imported_histories"),
        sa.UniqueConstraint("space_id", "root", name="uq_imported_histories_space_id_root"),
    )
    op.create_table(
        "imported_files",
        sa.Column("history_id", BigId, nullable=False),
        sa.Column("page_id", BigId, nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("blob", sa.String(length=64), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("gone", sa.Boolean(), nullable=False),
        sa.Column("origin", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["history_id"],
            ["imported_histories.id"],
            name="fk_imported_files_history_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["page_id"], ["pages.id"], name="fk_imported_files_page_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("history_id", "page_id", name="pk_imported_files"),
    )
    op.create_index("ix_imported_files_page_id", "imported_files", ["page_id"])


def downgrade() -> None:
    op.drop_table("imported_files")
    op.drop_table("imported_histories")
