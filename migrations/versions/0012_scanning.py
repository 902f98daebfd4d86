"""Secrets that were saved on purpose, kinds of secrets that a space looks for"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Moment = sa.DateTime(timezone=True)
Json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def _key(table: str, column: str, to: str, ondelete: str = "CASCADE") -> sa.Constraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{to}.id"], name=f"fk_{table}_{column}", ondelete=ondelete
    )


def upgrade() -> None:
    op.create_table(
        "allowed_secrets",
        sa.Column("id", BigId, nullable=False),
        sa.Column("page_id", BigId, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("words", sa.String(80), nullable=False),
        sa.Column("masked", sa.String(120), nullable=False),
        sa.Column("place", sa.String(20), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("starts", sa.Integer(), nullable=False),
        sa.Column("ends", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(300), nullable=False),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("created_by_id", BigId, nullable=True),
        _key("allowed_secrets", "page_id", "pages"),
        _key("allowed_secrets", "created_by_id", "people", "SET NULL"),
        sa.PrimaryKeyConstraint("id", name="pk_allowed_secrets"),
    )
    op.create_index("ix_allowed_secrets_page_id", "allowed_secrets", ["page_id", "revision"])
    op.create_table(
        "scanned_kinds",
        sa.Column("space_id", BigId, nullable=False),
        sa.Column("kinds", Json, nullable=False),
        sa.Column("changed_at", Moment, nullable=False),
        sa.Column("changed_by_id", BigId, nullable=True),
        _key("scanned_kinds", "space_id", "spaces"),
        _key("scanned_kinds", "changed_by_id", "people", "SET NULL"),
        sa.PrimaryKeyConstraint("space_id", name="pk_scanned_kinds"),
    )


def downgrade() -> None:
    op.drop_table("scanned_kinds")
    op.drop_table("allowed_secrets")
