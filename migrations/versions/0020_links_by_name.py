"""Links by name: their readings, aliases of pages, names of files without folders"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Key = sa.String(1000).with_variant(sa.String(1000, collation="C"), "postgresql")
NAMED = sa.text("name_key IS NOT NULL")
LED = sa.text("file_key IS NOT NULL")


def upgrade() -> None:
    with op.batch_alter_table("page_links") as table:
        table.add_column(
            sa.Column("by_name", sa.Boolean(), nullable=False, server_default=sa.false())
        )
        table.add_column(sa.Column("name_key", Key, nullable=True))
        table.add_column(sa.Column("written_fragment", sa.String(300), nullable=True))
        table.add_column(sa.Column("file_key", Key, nullable=True))
    for name, key, where in (("name", "name_key", NAMED), ("file_key", "file_key", LED)):
        op.create_index(
            f"ix_page_links_{name}", "page_links", ["space_slug", key],
            sqlite_where=where, postgresql_where=where,
        )  # fmt: skip
    op.create_table(
        "link_readings",
        sa.Column("page_id", BigId, nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("space_slug", sa.String(60), nullable=False),
        sa.Column("path_key", Key, nullable=False),
        sa.Column("name_key", Key, nullable=True),
        sa.Column("fragment", sa.String(300), nullable=False),
        sa.ForeignKeyConstraint(
            ["page_id"], ["pages.id"], name="fk_link_readings_page_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("page_id", "ordinal", "rank", name="pk_link_readings"),
    )
    for key in ("path_key", "name_key"):
        op.create_index(f"ix_link_readings_space_slug_{key}", "link_readings", ["space_slug", key])
    op.create_table(
        "page_aliases",
        sa.Column("page_id", BigId, nullable=False),
        sa.Column("alias_key", Key, nullable=False),
        sa.ForeignKeyConstraint(
            ["page_id"], ["pages.id"], name="fk_page_aliases_page_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("page_id", "alias_key", name="pk_page_aliases"),
    )
    op.create_index("ix_page_aliases_alias_key", "page_aliases", ["alias_key"])
    op.add_column("pages", sa.Column("name_key", Key, nullable=False, server_default=""))
    op.execute(
        "UPDATE pages SET name_key = CASE WHEN coalesce(parent_key, '') = '' THEN path_key "
        "ELSE substr(path_key, length(parent_key) + 2) END"
    )
    op.create_index("ix_pages_space_id_name_key", "pages", ["space_id", "name_key"])
    op.add_column("attachments", sa.Column("base_key", Key, nullable=False, server_default=""))
    _name_files()
    op.create_index("ix_attachments_base_key", "attachments", ["base_key"])


def _name_files() -> None:
    files = sa.table("attachments", sa.column("id"), sa.column("name_key"), sa.column("base_key"))
    connection = op.get_bind()
    connection.execute(sa.update(files).values(base_key=files.c.name_key))
    in_folders = sa.select(files.c.id, files.c.name_key).where(files.c.name_key.contains("/"))
    change = (
        sa.update(files)
        .where(files.c.id == sa.bindparam("of_file"))
        .values(base_key=sa.bindparam("base"))
    )
    rows = [
        {"of_file": id, "base": key.rpartition("/")[2]}
        for id, key in connection.execute(in_folders)
    ]
    if rows:
        connection.execute(change, rows)


def downgrade() -> None:
    op.drop_index("ix_attachments_base_key", "attachments")
    op.drop_column("attachments", "base_key")
    op.drop_index("ix_pages_space_id_name_key", "pages")
    op.drop_column("pages", "name_key")
    op.drop_table("page_aliases")
    op.drop_table("link_readings")
    for name in ("name", "file_key"):
        op.drop_index(f"ix_page_links_{name}", "page_links")
    with op.batch_alter_table("page_links") as table:
        for column in ("file_key", "written_fragment", "name_key", "by_name"):
            table.drop_column(column)
