"""Icons and colours of spaces"""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("spaces", sa.Column("icon", sa.String(40), nullable=False, server_default=""))
    op.add_column("spaces", sa.Column("colour", sa.String(20), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("spaces", "colour")
    op.drop_column("spaces", "icon")
