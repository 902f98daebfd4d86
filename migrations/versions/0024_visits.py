"""When people were last here"""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("seen_at", "left_at"):
        op.add_column("people", sa.Column(name, sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    for name in ("left_at", "seen_at"):
        op.drop_column("people", name)
