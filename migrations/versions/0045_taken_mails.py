"""Mails of which comments were made"""

import sqlalchemy as sa
from alembic import op

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "taken_mails",
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("hash", name="pk_taken_mails"),
    )
    op.create_index("ix_taken_mails_at", "taken_mails", ["at"])


def downgrade() -> None:
    op.drop_table("taken_mails")
