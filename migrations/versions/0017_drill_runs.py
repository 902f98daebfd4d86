"""Runs of the leak drill"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Moment = sa.DateTime(timezone=True)
Json = sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "drill_runs",
        sa.Column("id", BigId, nullable=False),
        sa.Column("asked_at", Moment, nullable=False),
        sa.Column("asked_by_id", BigId, nullable=True),
        sa.Column("began_at", Moment, nullable=True),
        sa.Column("seen_at", Moment, nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("done_at", Moment, nullable=True),
        sa.Column("outcome", sa.String(20), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("result", Json, nullable=False),
        sa.ForeignKeyConstraint(
            ["asked_by_id"], ["people.id"], name="fk_drill_runs_asked_by_id", ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_drill_runs"),
    )


def downgrade() -> None:
    op.drop_table("drill_runs")
