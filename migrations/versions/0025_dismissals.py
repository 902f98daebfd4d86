"""Notices that people have dismissed"""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "dismissals",
        sa.Column("person_id", BigId, nullable=False),
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name="fk_dismissals_person_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("person_id", "name", name="pk_dismissals"),
    )


def downgrade() -> None:
    op.drop_table("dismissals")
