"""Links by which pages are read without an account"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Moment = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "share_links",
        sa.Column("id", BigId, nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("page_id", BigId, nullable=False),
        sa.Column("subtree", sa.Boolean(), nullable=False),
        sa.Column("recipient", sa.String(100), nullable=False),
        sa.Column("email", sa.String(254), nullable=True),
        sa.Column("password_hash", sa.String(200), nullable=True),
        sa.Column("max_views", sa.Integer(), nullable=True),
        sa.Column("views", sa.Integer(), nullable=False),
        sa.Column("used_at", Moment, nullable=True),
        sa.Column("made_at", Moment, nullable=False),
        sa.Column("made_by_id", BigId, nullable=True),
        sa.Column("expires_at", Moment, nullable=False),
        sa.Column("revoked_at", Moment, nullable=True),
        sa.Column("revoked_by_id", BigId, nullable=True),
        sa.Column("suspended_at", Moment, nullable=True),
        sa.Column("suspended_for", sa.String(10), nullable=False),
        sa.ForeignKeyConstraint(
            ["page_id"], ["pages.id"], name="fk_share_links_page_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["made_by_id"], ["people.id"], name="fk_share_links_made_by_id", ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["revoked_by_id"],
            ["people.id"],
            name="fk_share_links_revoked_by_id",
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_share_links"),
        sa.UniqueConstraint("token_hash", name="uq_share_links_token_hash"),
    )
    op.create_index("ix_share_links_page_id", "share_links", ["page_id"])
    op.create_index("ix_share_links_made_by_id", "share_links", ["made_by_id"])
    op.create_index("ix_share_links_expires_at", "share_links", ["expires_at"])


def downgrade() -> None:
    op.drop_table("share_links")
