"""Renderings and thumbnails that were cut off are tried again"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

Moment = sa.DateTime(timezone=True)
WATCHED = sa.text("cut_off_after IS NOT NULL OR due_at IS NOT NULL")


def upgrade() -> None:
    op.add_column("renderings", sa.Column("cut_off_after", sa.Double(), nullable=True))
    op.add_column(
        "renderings", sa.Column("attempts", sa.Integer(), nullable=False, server_default="0")
    )
    op.add_column("renderings", sa.Column("due_at", Moment, nullable=True))
    op.create_index(
        "ix_renderings_cut_off",
        "renderings",
        ["due_at"],
        sqlite_where=WATCHED,
        postgresql_where=WATCHED,
    )
    # Earlier releases did not note which texts were cut off, and kept no links of any of these.
    op.execute(
        "UPDATE renderings SET cut_off_after = 0, due_at = created_at WHERE source_shown <> ''"
    )
    # The worker may just have been slow; `wiki check` has them measured again.
    op.execute(
        "DELETE FROM pictures WHERE failure IN "
        "('It takes too long.', 'It takes too much time or memory.')"
    )


def downgrade() -> None:
    op.drop_index("ix_renderings_cut_off", "renderings")
    op.drop_column("renderings", "due_at")
    op.drop_column("renderings", "attempts")
    op.drop_column("renderings", "cut_off_after")
