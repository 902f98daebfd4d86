"""The link graph: kinds of links, where they lead, and the names of sections"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0001"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
NOWHERE = sa.text("target_id IS NULL AND kind = 'page'")
TO_SECTIONS = sa.text("fragment <> ''")


def upgrade() -> None:
    op.create_table(
        "page_anchors",
        sa.Column("page_id", BIG_ID, nullable=False),
        sa.Column("anchor", sa.String(length=300), nullable=False),
        sa.ForeignKeyConstraint(
            ["page_id"], ["pages.id"], name=op.f("fk_page_anchors_page_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("page_id", "anchor", name=op.f("pk_page_anchors")),
    )
    with op.batch_alter_table("page_links", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("kind", sa.String(length=8), nullable=False, server_default="page")
        )
        batch_op.add_column(
            sa.Column("embedded", sa.Boolean(), nullable=False, server_default=sa.false())
        )
        batch_op.add_column(sa.Column("target_id", BIG_ID, nullable=True))
        batch_op.create_foreign_key(
            op.f("fk_page_links_target_id"), "pages", ["target_id"], ["id"], ondelete="SET NULL"
        )
    with op.batch_alter_table("page_links", schema=None) as batch_op:
        batch_op.alter_column("kind", server_default=None)
        batch_op.alter_column("embedded", server_default=None)
        batch_op.create_index("ix_page_links_target_id", ["target_id"], unique=False)
        batch_op.create_index(
            "ix_page_links_nowhere",
            ["space_slug", "path_key"],
            unique=False,
            sqlite_where=NOWHERE,
            postgresql_where=NOWHERE,
        )
        batch_op.create_index(
            "ix_page_links_to_sections",
            ["page_id"],
            unique=False,
            sqlite_where=TO_SECTIONS,
            postgresql_where=TO_SECTIONS,
        )
    op.execute(
        """
        UPDATE page_links SET target_id = COALESCE(
            (SELECT pages.id FROM pages JOIN spaces ON spaces.id = pages.space_id
             WHERE spaces.slug = page_links.space_slug
               AND pages.path_key = page_links.path_key AND pages.deleted_at IS NULL),
            (SELECT pages.id FROM redirects JOIN spaces ON spaces.id = redirects.space_id
             JOIN pages ON pages.id = redirects.page_id
             WHERE spaces.slug = page_links.space_slug
               AND redirects.path_key = page_links.path_key AND pages.deleted_at IS NULL)
        )
        """
    )


def downgrade() -> None:
    op.execute("DELETE FROM page_links WHERE kind <> 'page'")
    with op.batch_alter_table("page_links", schema=None) as batch_op:
        batch_op.drop_index("ix_page_links_to_sections")
        batch_op.drop_index("ix_page_links_nowhere")
        batch_op.drop_index("ix_page_links_target_id")
    with op.batch_alter_table("page_links", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("fk_page_links_target_id"), type_="foreignkey")
        batch_op.drop_column("target_id")
        batch_op.drop_column("embedded")
        batch_op.drop_column("kind")
    op.drop_table("page_anchors")
