"""Watched searches"""

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    with op.batch_alter_table("saved_searches") as table:
        table.add_column(sa.Column("watch_id", BigId, nullable=True))
        table.create_foreign_key(
            "fk_saved_searches_watch_id", "watches", ["watch_id"], ["id"], ondelete="SET NULL"
        )
        table.create_index("ix_saved_searches_watch_id", ["watch_id"])


def downgrade() -> None:
    op.execute(
        "DELETE FROM watches WHERE id IN "
        "(SELECT watch_id FROM saved_searches WHERE watch_id IS NOT NULL)"
    )
    with op.batch_alter_table("saved_searches") as table:
        table.drop_index("ix_saved_searches_watch_id")
        table.drop_constraint("fk_saved_searches_watch_id", type_="foreignkey")
        table.drop_column("watch_id")
