"""Front matter as it was written"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    column = sa.Column("front_matter", sa.Text(), nullable=False, server_default="")
    op.add_column("revisions", column)


def downgrade() -> None:
    op.drop_column("revisions", "front_matter")
