"""Groups, labels, clearances, restrictions of pages"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Moment = sa.DateTime(timezone=True)


def _key(table: str, column: str, to: str, ondelete: str | None = "CASCADE") -> sa.Constraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{to}.id"], name=f"fk_{table}_{column}", ondelete=ondelete
    )


def _pairs(table: str, one: tuple[str, str], other: tuple[str, str], *more: sa.Column) -> None:
    op.create_table(
        table,
        sa.Column(one[0], BigId, nullable=False),
        sa.Column(other[0], BigId, nullable=False),
        *more,
        _key(table, *one),
        _key(table, *other),
        sa.PrimaryKeyConstraint(one[0], other[0], name=f"pk_{table}"),
        *(
            [_key(table, by, "people", "SET NULL")]
            if (by := next((c.name for c in more if str(c.name).endswith("_by_id")), None))
            else []
        ),
    )


def _added(how: str) -> tuple[sa.Column, sa.Column]:
    return (
        sa.Column(f"{how}_at", Moment, nullable=False),
        sa.Column(f"{how}_by_id", BigId, nullable=True),
    )


def upgrade() -> None:
    op.create_table(
        "groups",
        sa.Column("id", BigId, nullable=False),
        sa.Column("handle", sa.String(60), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("created_by_id", BigId, nullable=True),
        _key("groups", "created_by_id", "people", "SET NULL"),
        sa.PrimaryKeyConstraint("id", name="pk_groups"),
        sa.UniqueConstraint("handle", name="uq_groups_handle"),
    )
    group, person = ("group_id", "groups"), ("person_id", "people")
    _pairs("group_members", group, person, *_added("added"))
    op.create_index("ix_group_members_person_id", "group_members", ["person_id"])
    _pairs("group_parts", group, ("part_id", "groups"), *_added("added"))
    op.create_index("ix_group_parts_part_id", "group_parts", ["part_id"])
    _pairs("group_people", person, group)
    op.create_index("ix_group_people_group_id", "group_people", ["group_id"])
    _pairs(
        "group_roles",
        ("space_id", "spaces"),
        group,
        sa.Column("role", sa.Integer(), nullable=False),
        *_added("granted"),
    )
    op.create_index("ix_group_roles_group_id", "group_roles", ["group_id"])
    op.create_table(
        "restrictions",
        sa.Column("id", BigId, nullable=False),
        sa.Column("page_id", BigId, nullable=False),
        sa.Column("may", sa.String(8), nullable=False),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("created_by_id", BigId, nullable=True),
        _key("restrictions", "page_id", "pages"),
        _key("restrictions", "created_by_id", "people", "SET NULL"),
        sa.PrimaryKeyConstraint("id", name="pk_restrictions"),
    )
    op.create_index("ix_restrictions_page_id", "restrictions", ["page_id"])
    held = ("restriction_id", "restrictions")
    _pairs("restricted_people", held, person)
    op.create_index("ix_restricted_people_person_id", "restricted_people", ["person_id"])
    _pairs("restricted_groups", held, group)
    op.create_index("ix_restricted_groups_group_id", "restricted_groups", ["group_id"])
    op.create_table(
        "scopes",
        sa.Column("id", BigId, nullable=False),
        sa.Column("space_id", BigId, nullable=False),
        sa.Column("label", sa.Integer(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        _key("scopes", "space_id", "spaces"),
        sa.PrimaryKeyConstraint("id", name="pk_scopes"),
        sa.UniqueConstraint("space_id", "key", name="uq_scopes_space_id_key"),
    )
    _pairs(
        "scope_restrictions",
        ("scope_id", "scopes"),
        held,
        sa.Column("may", sa.String(8), nullable=False),
    )
    op.create_index(
        "ix_scope_restrictions_restriction_id", "scope_restrictions", ["restriction_id"]
    )
    for name, default in _OF_SPACES:
        op.add_column(
            "spaces", sa.Column(name, sa.Integer(), nullable=False, server_default=str(default))
        )
    op.execute("UPDATE spaces SET label = 1 WHERE visibility <> 'public'")
    op.add_column("pages", sa.Column("label", sa.Integer(), nullable=False, server_default="0"))
    # In place, and on SQLite with its reference, which a later statement could not add.
    if op.get_bind().dialect.name == "sqlite":
        op.execute("ALTER TABLE pages ADD COLUMN scope_id INTEGER REFERENCES scopes (id)")
    else:
        op.add_column("pages", sa.Column("scope_id", BigId, nullable=True))
        op.create_foreign_key("fk_pages_scope_id", "pages", "scopes", ["scope_id"], ["id"])
    op.create_index("ix_pages_scope_id", "pages", ["scope_id"])


_OF_SPACES = (
    ("label", 0),
    ("reader_clearance", 1),
    ("commenter_clearance", 1),
    ("editor_clearance", 2),
)


def downgrade() -> None:
    op.drop_index("ix_pages_scope_id", "pages")
    if op.get_bind().dialect.name != "sqlite":
        op.drop_constraint("fk_pages_scope_id", "pages", type_="foreignkey")
    op.drop_column("pages", "scope_id")
    op.drop_column("pages", "label")
    for name, _ in _OF_SPACES:
        op.drop_column("spaces", name)
    for table in (
        "scope_restrictions",
        "scopes",
        "restricted_groups",
        "restricted_people",
        "restrictions",
        "group_roles",
        "group_people",
        "group_parts",
        "group_members",
        "groups",
    ):
        op.drop_table(table)
