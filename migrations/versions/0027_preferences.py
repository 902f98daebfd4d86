"""Language, time zone and theme of people"""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

COLUMNS = (("language", 20), ("time_zone", 64), ("theme", 10))


def upgrade() -> None:
    for name, length in COLUMNS:
        op.add_column("people", sa.Column(name, sa.String(length), nullable=True))


def downgrade() -> None:
    for name, _length in reversed(COLUMNS):
        op.drop_column("people", name)
