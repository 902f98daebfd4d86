"""The log of searches, and claims to write what was not found"""

import sqlalchemy as sa
from alembic import op

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _key(table: str, column: str, of: str, ondelete: str = "CASCADE") -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{of}.id"], name=f"fk_{table}_{column}", ondelete=ondelete
    )


def upgrade() -> None:
    op.create_table(
        "asked_searches",
        sa.Column("id", BigId, nullable=False),
        sa.Column("person_id", BigId, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("question", sa.String(64), nullable=False),
        sa.Column("words", sa.String(400), nullable=False),
        sa.Column("space_id", BigId, nullable=True),
        sa.Column("found", sa.Integer(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("opened_id", BigId, nullable=True),
        sa.Column("helped", sa.Boolean(), nullable=True),
        _key("asked_searches", "person_id", "people"),
        _key("asked_searches", "space_id", "spaces"),
        _key("asked_searches", "opened_id", "pages", "SET NULL"),
        sa.PrimaryKeyConstraint("id", name="pk_asked_searches"),
        sa.UniqueConstraint(
            "person_id", "day", "question", name="uq_asked_searches_person_id_day_question"
        ),
    )
    for column in ("day", "question", "space_id", "opened_id"):
        op.create_index(f"ix_asked_searches_{column}", "asked_searches", [column])
    op.create_table(
        "search_claims",
        sa.Column("id", BigId, nullable=False),
        sa.Column("question", sa.String(64), nullable=False),
        sa.Column("words", sa.String(400), nullable=False),
        sa.Column("space_id", BigId, nullable=True),
        sa.Column("target_id", BigId, nullable=False),
        sa.Column("person_id", BigId, nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=False),
        _key("search_claims", "space_id", "spaces"),
        _key("search_claims", "target_id", "spaces"),
        _key("search_claims", "person_id", "people"),
        sa.PrimaryKeyConstraint("id", name="pk_search_claims"),
        sa.UniqueConstraint("question", name="uq_search_claims_question"),
    )
    for column in ("space_id", "target_id", "person_id"):
        op.create_index(f"ix_search_claims_{column}", "search_claims", [column])


def downgrade() -> None:
    op.drop_table("search_claims")
    op.drop_table("asked_searches")
