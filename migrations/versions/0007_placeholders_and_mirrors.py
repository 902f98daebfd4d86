"""People whose work was imported and who have no account; mirrors of spaces in Git"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Moment = sa.DateTime(timezone=True)


def upgrade() -> None:
    # Plain columns, added in place: SQLite would empty what refers to a table that is made anew.
    op.add_column("people", sa.Column("email_proven_at", Moment, nullable=True))
    op.add_column("people", sa.Column("imported_at", Moment, nullable=True))
    op.create_index("ix_people_imported_at", "people", ["imported_at"])
    op.create_table(
        "person_addresses",
        sa.Column("key", sa.String(length=254), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("person_id", BigId, nullable=False),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("proven_at", Moment, nullable=True),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["people.id"],
            name="fk_person_addresses_person_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("key", name="pk_person_addresses"),
    )
    op.create_index("ix_person_addresses_person_id", "person_addresses", ["person_id"])
    op.create_table(
        "merged_people",
        sa.Column("person_id", BigId, nullable=False),
        sa.Column("into_id", BigId, nullable=False),
        sa.Column("merged_at", Moment, nullable=False),
        sa.Column("merged_by_id", BigId, nullable=True),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name="fk_merged_people_person_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["into_id"], ["people.id"], name="fk_merged_people_into_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["merged_by_id"],
            ["people.id"],
            name="fk_merged_people_merged_by_id",
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("person_id", name="pk_merged_people"),
    )
    op.create_index("ix_merged_people_into_id", "merged_people", ["into_id"])
    op.create_table(
        "address_claims",
        sa.Column("id", BigId, nullable=False),
        sa.Column("person_id", BigId, nullable=False),
        sa.Column("address", sa.String(length=254), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=True),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("expires_at", Moment, nullable=False),
        sa.Column("used_at", Moment, nullable=True),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name="fk_address_claims_person_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_address_claims"),
        sa.UniqueConstraint("token_hash", name="uq_address_claims_token_hash"),
    )
    op.create_index("ix_address_claims_person_id", "address_claims", ["person_id"])
    op.create_table(
        "mirrors",
        sa.Column("space_id", BigId, nullable=False),
        sa.Column("folder", sa.Text(), nullable=False),
        sa.Column("person_id", BigId, nullable=True),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("event_id", BigId, nullable=False),
        sa.Column("tip", sa.String(length=64), nullable=False),
        sa.Column("mirrored_at", Moment, nullable=True),
        sa.Column("failure", sa.Text(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failed_at", Moment, nullable=True),
        sa.Column("retry_at", Moment, nullable=True),
        sa.ForeignKeyConstraint(
            ["space_id"], ["spaces.id"], name="fk_mirrors_space_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name="fk_mirrors_person_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("space_id", name="pk_mirrors"),
    )


def downgrade() -> None:
    op.drop_table("mirrors")
    op.drop_table("address_claims")
    op.drop_table("merged_people")
    op.drop_table("person_addresses")
    op.drop_index("ix_people_imported_at", "people")
    op.drop_column("people", "imported_at")
    op.drop_column("people", "email_proven_at")
