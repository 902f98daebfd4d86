"""Positions of pages among their siblings"""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

Key = sa.String(100).with_variant(sa.String(100, collation="C"), "postgresql")


def upgrade() -> None:
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    op.add_column("pages", sa.Column("position", Key, nullable=False, server_default="~"))
    op.drop_index("ix_pages_space_id_parent_key", "pages")
    title = "title COLLATE NOCASE" if is_sqlite else "lower(title)"
    op.execute(
        "CREATE INDEX ix_pages_siblings ON pages "
        f"(space_id, parent_key, position, {title}, path_key)"
    )


def downgrade() -> None:
    op.drop_index("ix_pages_siblings", "pages")
    op.create_index("ix_pages_space_id_parent_key", "pages", ["space_id", "parent_key"])
    op.drop_column("pages", "position")
