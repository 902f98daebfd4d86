"""Synonyms of the site"""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "synonym_groups",
        sa.Column("id", BigId, nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("built_in", sa.String(100)),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_synonym_groups")),
        sa.UniqueConstraint("built_in", name=op.f("uq_synonym_groups_built_in")),
    )


def downgrade() -> None:
    op.drop_table("synonym_groups")
