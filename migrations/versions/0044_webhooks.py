"""Webhooks of spaces"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Moment = sa.DateTime(timezone=True)
Json = sa.JSON().with_variant(JSONB(), "postgresql")


def _key(table: str, column: str, of: str, ondelete: str = "CASCADE") -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{of}.id"], name=f"fk_{table}_{column}", ondelete=ondelete
    )


def upgrade() -> None:
    op.create_table(
        "webhooks",
        sa.Column("id", BigId, nullable=False),
        sa.Column("space_id", BigId, nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("url", sa.String(500), nullable=False),
        sa.Column("format", sa.String(20), nullable=False),
        sa.Column("kinds", Json, nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("old_secret", sa.LargeBinary(), nullable=True),
        sa.Column("old_secret_until", Moment, nullable=True),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("created_by_id", BigId, nullable=True),
        sa.Column("failing_since", Moment, nullable=True),
        sa.Column("disabled_at", Moment, nullable=True),
        sa.Column("disabled_for", sa.String(10), nullable=False),
        _key("webhooks", "space_id", "spaces"),
        _key("webhooks", "created_by_id", "people", "SET NULL"),
        sa.PrimaryKeyConstraint("id", name="pk_webhooks"),
    )
    op.create_index("ix_webhooks_space_id", "webhooks", ["space_id"])
    op.create_table(
        "webhook_calls",
        sa.Column("id", BigId, nullable=False),
        sa.Column("webhook_id", BigId, nullable=False),
        sa.Column("event_id", BigId, nullable=True),
        sa.Column("page_id", BigId, nullable=True),
        sa.Column("key", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("due_at", Moment, nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("attempted_at", Moment, nullable=True),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("response", sa.String(300), nullable=False),
        _key("webhook_calls", "webhook_id", "webhooks"),
        _key("webhook_calls", "event_id", "events"),
        _key("webhook_calls", "page_id", "pages"),
        sa.PrimaryKeyConstraint("id", name="pk_webhook_calls"),
        sa.UniqueConstraint("webhook_id", "event_id", name="uq_webhook_calls_webhook_id_event_id"),
        sa.UniqueConstraint("key", name="uq_webhook_calls_key"),
    )
    op.create_index("ix_webhook_calls_due_at", "webhook_calls", ["due_at"])
    op.create_index("ix_webhook_calls_event_id", "webhook_calls", ["event_id"])
    op.create_index("ix_webhook_calls_page_id", "webhook_calls", ["page_id"])


def downgrade() -> None:
    op.drop_table("webhook_calls")
    op.drop_table("webhooks")
