"""Notices and mentions"""

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Moment = sa.DateTime(timezone=True)


def _key(table: str, column: str, of: str, ondelete: str = "CASCADE") -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{of}.id"], name=f"fk_{table}_{column}", ondelete=ondelete
    )


def upgrade() -> None:
    op.create_table(
        "notices",
        sa.Column("id", BigId, nullable=False),
        sa.Column("person_id", BigId, nullable=False),
        sa.Column("subject", sa.String(60), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("space_id", BigId, nullable=True),
        sa.Column("page_id", BigId, nullable=True),
        sa.Column("thread_id", BigId, nullable=True),
        sa.Column("first_event", BigId, nullable=False),
        sa.Column("last_event", BigId, nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(10), nullable=False),
        sa.Column("watch_id", BigId, nullable=True),
        sa.Column("state", sa.Integer(), nullable=False),
        sa.Column("told_at", Moment, nullable=False),
        sa.Column("snoozed_until", Moment, nullable=True),
        _key("notices", "person_id", "people"),
        _key("notices", "space_id", "spaces"),
        _key("notices", "page_id", "pages"),
        _key("notices", "thread_id", "threads"),
        _key("notices", "watch_id", "watches", "SET NULL"),
        sa.PrimaryKeyConstraint("id", name="pk_notices"),
        sa.UniqueConstraint(
            "person_id", "subject", "kind", name="uq_notices_person_id_subject_kind"
        ),
    )
    op.create_index(
        "ix_notices_person_id_state_last_event", "notices", ["person_id", "state", "last_event"]
    )
    for column in ("space_id", "page_id", "thread_id", "watch_id"):
        op.create_index(f"ix_notices_{column}", "notices", [column])
    for table, column, of in (
        ("page_mentions", "page_id", "pages"),
        ("message_mentions", "message_id", "messages"),
    ):
        op.create_table(
            table,
            sa.Column(column, BigId, nullable=False),
            sa.Column("person_id", BigId, nullable=False),
            sa.Column("event_id", BigId, nullable=False),
            sa.Column("reason", sa.String(10), nullable=False),
            _key(table, column, of),
            _key(table, "person_id", "people"),
            sa.PrimaryKeyConstraint(column, "person_id", name=f"pk_{table}"),
        )
        op.create_index(f"ix_{table}_person_id", table, ["person_id"])


def downgrade() -> None:
    op.drop_table("message_mentions")
    op.drop_table("page_mentions")
    op.drop_table("notices")
