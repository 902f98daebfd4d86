"""The language of mails, and addresses that fail"""

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("mails", sa.Column("language", sa.String(20), nullable=True))
    op.add_column("people", sa.Column("bounced", sa.String(254), nullable=True))


def downgrade() -> None:
    op.drop_column("people", "bounced")
    op.drop_column("mails", "language")
