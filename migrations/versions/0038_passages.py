"""Comments on passages, and suggestions"""

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Moment = sa.DateTime(timezone=True)

COLUMNS = ("kind", "revision", "quote", "prefix", "suffix", "start", "words")


def _key(table: str, column: str, of: str, ondelete: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{of}.id"], name=f"fk_{table}_{column}", ondelete=ondelete
    )


def upgrade() -> None:
    kind = sa.Column("kind", sa.String(20), server_default="page", nullable=False)
    op.add_column("threads", kind)
    for name in ("revision", "start"):
        number = sa.Column(name, sa.Integer(), server_default="0", nullable=False)
        op.add_column("threads", number)
    for name in ("quote", "prefix", "suffix", "words"):
        text = sa.Column(name, sa.Text(), server_default="", nullable=False)
        op.add_column("threads", text)
    op.create_table(
        "anchors",
        sa.Column("thread_id", BigId, autoincrement=False, nullable=False),
        sa.Column("page_id", BigId, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("content_hash", sa.String(64), nullable=False),
        sa.Column("start", sa.Integer(), nullable=False),
        sa.Column("end", sa.Integer(), nullable=False),
        sa.Column("certainty", sa.String(20), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("before", sa.Text(), nullable=False),
        sa.Column("after", sa.Text(), nullable=False),
        _key("anchors", "thread_id", "threads", "CASCADE"),
        _key("anchors", "page_id", "pages", "CASCADE"),
        sa.PrimaryKeyConstraint("thread_id", name="pk_anchors"),
    )
    op.create_index("ix_anchors_page_id", "anchors", ["page_id"])
    op.create_table(
        "suggested_texts",
        sa.Column("thread_id", BigId, autoincrement=False, nullable=False),
        sa.Column("page_id", BigId, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("settled_at", Moment, nullable=True),
        sa.Column("settled_by_id", BigId, nullable=True),
        sa.Column("applied", sa.Integer(), nullable=True),
        _key("suggested_texts", "thread_id", "threads", "CASCADE"),
        _key("suggested_texts", "page_id", "pages", "CASCADE"),
        _key("suggested_texts", "settled_by_id", "people", "SET NULL"),
        sa.PrimaryKeyConstraint("thread_id", name="pk_suggested_texts"),
    )
    op.create_index("ix_suggested_texts_applied", "suggested_texts", ["page_id", "applied"])


def downgrade() -> None:
    op.drop_table("suggested_texts")
    op.drop_table("anchors")
    for name in COLUMNS:
        op.drop_column("threads", name)
