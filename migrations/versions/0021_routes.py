"""Addresses in imported texts that lead elsewhere than their words say"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

Json = sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.add_column("pages", sa.Column("routes", Json, nullable=False, server_default="[]"))


def downgrade() -> None:
    op.drop_column("pages", "routes")
