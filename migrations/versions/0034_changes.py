"""Changes, which make remembered answers out of date"""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Its triggers are created after every upgrade (wiki/changes/triggers.py).
    op.create_table(
        "changes",
        sa.Column("scope", sa.String(80), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("scope", "at", name=op.f("pk_changes")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_changes_at"), "changes", ["at"])


def downgrade() -> None:
    op.drop_table("changes")
