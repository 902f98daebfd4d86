"""Versions of files, sizes of pictures, uploads under way"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column(
        "attachments", sa.Column("version", sa.Integer(), server_default="1", nullable=False)
    )
    op.execute(
        """
        UPDATE attachments SET version = (
            SELECT count(*) FROM attachments AS earlier
            WHERE earlier.name_key = attachments.name_key AND earlier.id <= attachments.id
              AND (earlier.page_id = attachments.page_id
                   OR earlier.space_id = attachments.space_id)
        )
        """
    )
    op.drop_index("ix_attachments_page_id", table_name="attachments")
    op.drop_index("ix_attachments_space_id", table_name="attachments")
    op.create_index("ix_attachments_page_id_name_key", "attachments", ["page_id", "name_key"])
    op.create_index("ix_attachments_space_id_name_key", "attachments", ["space_id", "name_key"])
    op.create_table(
        "pictures",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("moves", sa.Boolean(), nullable=False),
        sa.Column("failure", sa.String(length=200), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_pictures")),
    )
    op.create_table(
        "uploads",
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("person_id", BIG, nullable=False),
        sa.Column("space_id", BIG, nullable=False),
        sa.Column("page_id", BIG, nullable=True),
        sa.Column("name", sa.String(length=500), nullable=False),
        sa.Column("keep_both", sa.Boolean(), nullable=False),
        sa.Column("size", BIG, nullable=False),
        sa.Column("received", BIG, nullable=False),
        sa.Column("attachment_id", BIG, nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["attachment_id"],
            ["attachments.id"],
            name=op.f("fk_uploads_attachment_id"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["page_id"], ["pages.id"], name=op.f("fk_uploads_page_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_uploads_person_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["space_id"], ["spaces.id"], name=op.f("fk_uploads_space_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_uploads")),
    )
    for column in ("attachment_id", "expires_at", "page_id", "person_id", "space_id"):
        op.create_index(f"ix_uploads_{column}", "uploads", [column])
    # The pictures that are there already are looked at as if they had just been added.
    op.execute(
        """
        INSERT INTO deliveries (event_id, subscriber, due_at, attempts)
        SELECT id, 'attachments.make_thumbnails', CURRENT_TIMESTAMP, 0
        FROM events WHERE name = 'FileAdded'
        """
    )


def downgrade() -> None:
    op.execute("DELETE FROM deliveries WHERE subscriber = 'attachments.make_thumbnails'")
    op.drop_table("uploads")
    op.drop_table("pictures")
    op.drop_index("ix_attachments_space_id_name_key", table_name="attachments")
    op.drop_index("ix_attachments_page_id_name_key", table_name="attachments")
    op.create_index("ix_attachments_space_id", "attachments", ["space_id"])
    op.create_index("ix_attachments_page_id", "attachments", ["page_id"])
    op.drop_column("attachments", "version")
