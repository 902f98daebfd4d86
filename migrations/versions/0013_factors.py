"""Second factors, sign-ins under way, settings of the site"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Moment = sa.DateTime(timezone=True)
Json = sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql")


def _key(table: str, column: str, to: str, ondelete: str = "CASCADE") -> sa.Constraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{to}.id"], name=f"fk_{table}_{column}", ondelete=ondelete
    )


def _of_people(table: str, *more: sa.Column | sa.Constraint, known: bool = True) -> None:
    op.create_table(
        table,
        sa.Column("id", BigId, nullable=False),
        sa.Column("person_id", BigId, nullable=not known),
        *more,
        _key(table, "person_id", "people"),
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
    )


def upgrade() -> None:
    op.add_column("login_sessions", sa.Column("confirmed_at", Moment, nullable=True))
    _of_people(
        "pending_sign_ins",
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("expires_at", Moment, nullable=False),
        sa.UniqueConstraint("token_hash", name="uq_pending_sign_ins_token_hash"),
    )
    op.create_index("ix_pending_sign_ins_person_id", "pending_sign_ins", ["person_id"])
    op.create_table(
        "known_browsers",
        sa.Column("person_id", BigId, nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("seen_at", Moment, nullable=False),
        _key("known_browsers", "person_id", "people"),
        sa.PrimaryKeyConstraint("person_id", "token_hash", name="pk_known_browsers"),
    )
    _of_people(
        "authenticators",
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("step", sa.BigInteger(), nullable=True),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("proven_at", Moment, nullable=True),
        sa.Column("used_at", Moment, nullable=True),
    )
    op.create_index("ix_authenticators_person_id", "authenticators", ["person_id"])
    _of_people(
        "passkeys",
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("credential_id", sa.String(1400), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("user_handle", sa.String(100), nullable=False),
        sa.Column("transports", Json, nullable=False),
        sa.Column("verifies", sa.Boolean(), nullable=False),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("used_at", Moment, nullable=True),
        sa.UniqueConstraint("credential_id", name="uq_passkeys_credential_id"),
    )
    op.create_index("ix_passkeys_person_id", "passkeys", ["person_id"])
    _of_people(
        "passkey_challenges",
        sa.Column("challenge_hash", sa.String(64), nullable=False),
        sa.Column("purpose", sa.String(20), nullable=False),
        sa.Column("expires_at", Moment, nullable=False),
        sa.UniqueConstraint("challenge_hash", name="uq_passkey_challenges_challenge_hash"),
        known=False,
    )
    op.create_index("ix_passkey_challenges_person_id", "passkey_challenges", ["person_id"])
    op.create_index("ix_passkey_challenges_expires_at", "passkey_challenges", ["expires_at"])
    _of_people(
        "recovery_codes",
        sa.Column("code_hash", sa.String(64), nullable=False),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("used_at", Moment, nullable=True),
        sa.UniqueConstraint("person_id", "code_hash", name="uq_recovery_codes_person_id_code_hash"),
    )
    op.create_table(
        "factor_groups",
        sa.Column("group_id", BigId, nullable=False),
        sa.Column("required_at", Moment, nullable=False),
        sa.Column("required_by_id", BigId, nullable=True),
        _key("factor_groups", "group_id", "groups"),
        _key("factor_groups", "required_by_id", "people", "SET NULL"),
        sa.PrimaryKeyConstraint("group_id", name="pk_factor_groups"),
    )
    op.create_table(
        "site_settings",
        sa.Column("key", sa.String(60), nullable=False),
        sa.Column("value", Json, nullable=False),
        sa.Column("changed_at", Moment, nullable=False),
        sa.Column("changed_by_id", BigId, nullable=True),
        _key("site_settings", "changed_by_id", "people", "SET NULL"),
        sa.PrimaryKeyConstraint("key", name="pk_site_settings"),
    )


def downgrade() -> None:
    for table in (
        "site_settings",
        "factor_groups",
        "recovery_codes",
        "passkey_challenges",
        "passkeys",
        "authenticators",
        "known_browsers",
        "pending_sign_ins",
    ):
        op.drop_table(table)
    op.drop_column("login_sessions", "confirmed_at")
