"""Comments"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Json = sa.JSON().with_variant(JSONB(), "postgresql")
Moment = sa.DateTime(timezone=True)


def _key(table: str, column: str, of: str, ondelete: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{of}.id"], name=f"fk_{table}_{column}", ondelete=ondelete
    )


def upgrade() -> None:
    op.create_table(
        "threads",
        sa.Column("id", BigId, nullable=False),
        sa.Column("page_id", BigId, nullable=False),
        sa.Column("opened_by_id", BigId, nullable=True),
        sa.Column("opened_at", Moment, nullable=False),
        sa.Column("last_number", sa.Integer(), nullable=False),
        sa.Column("resolved_at", Moment, nullable=True),
        _key("threads", "page_id", "pages", "CASCADE"),
        _key("threads", "opened_by_id", "people", "SET NULL"),
        sa.PrimaryKeyConstraint("id", name="pk_threads"),
    )
    op.create_index("ix_threads_page_id", "threads", ["page_id", "id"])
    op.create_index("ix_threads_page_id_resolved_at", "threads", ["page_id", "resolved_at", "id"])
    op.create_index("ix_threads_opened_by_id", "threads", ["opened_by_id"])
    op.create_table(
        "messages",
        sa.Column("id", BigId, nullable=False),
        sa.Column("thread_id", BigId, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("above", sa.Integer(), nullable=False),
        sa.Column("answers", sa.Integer(), nullable=False),
        sa.Column("author_id", BigId, nullable=True),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.Column("excerpt", sa.Text(), nullable=False),
        sa.Column("links", Json, nullable=False),
        sa.Column("rendered_with", sa.String(200), nullable=False),
        sa.Column("edited_at", Moment, nullable=True),
        sa.Column("deleted_at", Moment, nullable=True),
        sa.Column("deleted_by_id", BigId, nullable=True),
        _key("messages", "thread_id", "threads", "CASCADE"),
        _key("messages", "author_id", "people", "SET NULL"),
        _key("messages", "deleted_by_id", "people", "SET NULL"),
        sa.PrimaryKeyConstraint("id", name="pk_messages"),
        sa.UniqueConstraint("thread_id", "number", name="uq_messages_thread_id_number"),
    )
    op.create_index("ix_messages_rendered_with", "messages", ["rendered_with"])
    op.create_index("ix_messages_author_id", "messages", ["author_id"])
    op.create_table(
        "message_texts",
        sa.Column("id", BigId, nullable=False),
        sa.Column("message_id", BigId, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("until", Moment, nullable=False),
        _key("message_texts", "message_id", "messages", "CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_message_texts"),
    )
    op.create_index("ix_message_texts_message_id", "message_texts", ["message_id"])
    op.create_table(
        "thread_state_changes",
        sa.Column("id", BigId, nullable=False),
        sa.Column("thread_id", BigId, nullable=False),
        sa.Column("resolved", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("person_id", BigId, nullable=True),
        sa.Column("at", Moment, nullable=False),
        _key("thread_state_changes", "thread_id", "threads", "CASCADE"),
        _key("thread_state_changes", "person_id", "people", "SET NULL"),
        sa.PrimaryKeyConstraint("id", name="pk_thread_state_changes"),
    )
    op.create_index("ix_thread_state_changes_thread_id", "thread_state_changes", ["thread_id"])
    op.create_table(
        "reactions",
        sa.Column("message_id", BigId, nullable=False),
        sa.Column("person_id", BigId, nullable=False),
        sa.Column("sign", sa.String(20), nullable=False),
        sa.Column("at", Moment, nullable=False),
        _key("reactions", "message_id", "messages", "CASCADE"),
        _key("reactions", "person_id", "people", "CASCADE"),
        sa.PrimaryKeyConstraint("message_id", "person_id", "sign", name="pk_reactions"),
    )
    op.create_index("ix_reactions_person_id", "reactions", ["person_id"])


def downgrade() -> None:
    for table in ("reactions", "thread_state_changes", "message_texts", "messages", "threads"):
        op.drop_table(table)
