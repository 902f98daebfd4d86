"""Personal addresses of feeds"""

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Moment = sa.DateTime(timezone=True)


def _key(column: str, of: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{of}.id"], name=f"fk_feed_addresses_{column}", ondelete="CASCADE"
    )


def upgrade() -> None:
    op.create_table(
        "feed_addresses",
        sa.Column("id", BigId, nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("person_id", BigId, nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("space_id", BigId, nullable=True),
        sa.Column("page_id", BigId, nullable=True),
        sa.Column("tag", sa.String(240), nullable=True),
        sa.Column("question", sa.String(400), nullable=True),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("used_at", Moment, nullable=True),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("changed_at", Moment, nullable=True),
        _key("person_id", "people"),
        _key("space_id", "spaces"),
        _key("page_id", "pages"),
        sa.PrimaryKeyConstraint("id", name="pk_feed_addresses"),
        sa.UniqueConstraint("token_hash", name="uq_feed_addresses_token_hash"),
    )
    for column in ("person_id", "space_id", "page_id"):
        op.create_index(f"ix_feed_addresses_{column}", "feed_addresses", [column])


def downgrade() -> None:
    op.drop_table("feed_addresses")
