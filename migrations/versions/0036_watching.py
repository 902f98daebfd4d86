"""Watches of people and groups"""

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Moment = sa.DateTime(timezone=True)


def _key(table: str, column: str, of: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{of}.id"], name=f"fk_{table}_{column}", ondelete="CASCADE"
    )


def upgrade() -> None:
    op.create_table(
        "watches",
        sa.Column("id", BigId, nullable=False),
        sa.Column("person_id", BigId, nullable=True),
        sa.Column("group_id", BigId, nullable=True),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("space_id", BigId, nullable=True),
        sa.Column("page_id", BigId, nullable=True),
        sa.Column("thread_id", BigId, nullable=True),
        sa.Column("tag", sa.String(60), nullable=True),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(10), nullable=False),
        sa.Column("since", Moment, nullable=False),
        _key("watches", "person_id", "people"),
        _key("watches", "group_id", "groups"),
        _key("watches", "space_id", "spaces"),
        _key("watches", "page_id", "pages"),
        _key("watches", "thread_id", "threads"),
        sa.PrimaryKeyConstraint("id", name="pk_watches"),
        sa.UniqueConstraint("person_id", "subject", name="uq_watches_person_id_subject"),
        sa.UniqueConstraint("group_id", "subject", name="uq_watches_group_id_subject"),
    )
    for column in ("subject", "space_id", "page_id", "thread_id"):
        op.create_index(f"ix_watches_{column}", "watches", [column])
    op.create_table(
        "watch_preferences",
        sa.Column("person_id", BigId, nullable=False),
        sa.Column("written", sa.Boolean(), nullable=False),
        sa.Column("commented", sa.Boolean(), nullable=False),
        _key("watch_preferences", "person_id", "people"),
        sa.PrimaryKeyConstraint("person_id", name="pk_watch_preferences"),
    )


def downgrade() -> None:
    op.drop_table("watch_preferences")
    op.drop_table("watches")
