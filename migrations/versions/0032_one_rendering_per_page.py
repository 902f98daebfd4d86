"""One rendering for each page, compressed"""

from typing import Any

import sqlalchemy as sa
import zstandard
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0032"
down_revision = "0030"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
Moment = sa.DateTime(timezone=True)
WATCHED = sa.text("cut_off_after IS NOT NULL OR due_at IS NOT NULL")
AT_ONCE = 200

# The columns that both tables have.
SAME = {
    "key": sa.String(64),
    "excerpt": sa.Text(),
    "headings": Json,
    "links": Json,
    "source_shown": sa.Text(),
    "checksum": sa.String(32),
    "created_at": Moment,
    "cut_off_after": sa.Double(),
    "attempts": sa.Integer(),
    "due_at": Moment,
}
OPTIONAL = ("cut_off_after", "due_at")
FORMER = sa.table(
    "renderings",
    sa.column("content_hash"),
    sa.column("html"),
    sa.column("text"),
    *(sa.column(name, type_) for name, type_ in SAME.items()),
)


def upgrade() -> None:
    table = _create("renderings_of_heads", sa.LargeBinary(), by_page=True)
    _copy(table)
    op.drop_index("ix_renderings_cut_off", "renderings")
    op.drop_table("renderings")
    op.rename_table("renderings_of_heads", "renderings")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER INDEX pk_renderings_of_heads RENAME TO pk_renderings")
    _watch()


def downgrade() -> None:
    op.drop_index("ix_renderings_cut_off", "renderings")
    op.drop_table("renderings")
    _create("renderings", sa.Text(), by_page=False)  # they are made anew when they are read
    op.create_index("ix_renderings_content_hash", "renderings", ["content_hash"])
    _watch()


def _create(name: str, packed: Any, *, by_page: bool) -> sa.Table:
    """Create a table of renderings."""
    own: list[Any] = [sa.Column("content_hash", sa.String(64), nullable=False)]
    if by_page:
        own = [
            sa.Column("page_id", BigId, nullable=False, autoincrement=False),
            sa.Column("number", sa.Integer(), nullable=False),
            sa.Column("size", sa.Integer(), nullable=False),
            sa.ForeignKeyConstraint(
                ["page_id"], ["pages.id"], name="fk_renderings_page_id", ondelete="CASCADE"
            ),
        ]
    zero = {"attempts": "0"}
    # Names of primary keys are those of indexes on PostgreSQL, where each exists once.
    key = "pk_renderings" if op.get_bind().dialect.name == "sqlite" else f"pk_{name}"
    return op.create_table(
        name,
        *own,
        sa.Column("html", packed, nullable=False),
        sa.Column("text", packed, nullable=False),
        *(
            sa.Column(column, type_, nullable=column in OPTIONAL, server_default=zero.get(column))
            for column, type_ in SAME.items()
        ),
        sa.PrimaryKeyConstraint("page_id" if by_page else "key", name=key),
    )


def _watch() -> None:
    op.create_index(
        "ix_renderings_cut_off",
        "renderings",
        ["due_at"],
        sqlite_where=WATCHED,
        postgresql_where=WATCHED,
    )


def _copy(table: sa.Table) -> None:
    """Copy the newest rendering of each page's head."""
    connection = op.get_bind()
    pages = sa.table("pages", sa.column("id"), sa.column("head"))
    revisions = sa.table(
        "revisions", sa.column("page_id"), sa.column("number"), sa.column("content_hash")
    )
    heads = (
        sa.select(pages.c.id, pages.c.head, FORMER)
        .join(revisions, (revisions.c.page_id == pages.c.id) & (revisions.c.number == pages.c.head))
        .join(FORMER, FORMER.c.content_hash == revisions.c.content_hash)
        .order_by(pages.c.id, FORMER.c.created_at)
    )
    last = 0
    while ids := connection.scalars(
        sa.select(pages.c.id).where(pages.c.id > last).order_by(pages.c.id).limit(AT_ONCE)
    ).all():
        last = ids[-1]
        found: dict[int, dict[str, Any]] = {}
        for row in connection.execute(heads.where(pages.c.id.in_(ids))).mappings():
            found[row["id"]] = {name: row[name] for name in SAME} | {
                "page_id": row["id"],
                "number": row["head"],
                "html": zstandard.compress(row["html"].encode(), 3),
                "size": len(row["html"]),
                "text": zstandard.compress(row["text"].encode(), 3),
            }
        if found:
            connection.execute(sa.insert(table), list(found.values()))
