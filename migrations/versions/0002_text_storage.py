"""Texts compressed against one another; renderings that follow a save"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Never by copying the table: on SQLite dropping the old one would take along what refers to it.
    op.add_column("pages", sa.Column("rendered", sa.Integer(), nullable=False, server_default="0"))
    op.execute("UPDATE pages SET rendered = head")


def downgrade() -> None:
    op.drop_column("pages", "rendered")
