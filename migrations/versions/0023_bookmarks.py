"""Pages that people have starred"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "bookmarks",
        sa.Column("person_id", BigId, nullable=False),
        sa.Column("page_id", BigId, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["page_id"], ["pages.id"], name="fk_bookmarks_page_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name="fk_bookmarks_person_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("person_id", "page_id", name="pk_bookmarks"),
    )
    op.create_index("ix_bookmarks_page_id", "bookmarks", ["page_id"])


def downgrade() -> None:
    op.drop_table("bookmarks")
