"""Mails of notices"""

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Moment = sa.DateTime(timezone=True)
DUE = sa.text("mail_at IS NOT NULL")


def upgrade() -> None:
    op.add_column("notices", sa.Column("mail_at", Moment, nullable=True))
    op.add_column(
        "notices",
        sa.Column("in_digest", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.create_index(
        "ix_notices_mail_at", "notices", ["mail_at"], sqlite_where=DUE, postgresql_where=DUE
    )
    op.create_table(
        "mail_preferences",
        sa.Column("person_id", BigId, nullable=False),
        sa.Column("mentions", sa.Boolean(), nullable=False),
        sa.Column("changes", sa.String(10), nullable=False),
        sa.Column("hour", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=True),
        sa.Column("sent", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["people.id"],
            name="fk_mail_preferences_person_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("person_id", name="pk_mail_preferences"),
    )


def downgrade() -> None:
    op.drop_table("mail_preferences")
    op.drop_index("ix_notices_mail_at", "notices")
    op.drop_column("notices", "in_digest")
    op.drop_column("notices", "mail_at")
