"""Tokens with spaces and an end, service accounts, identities at an OpenID provider"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Moment = sa.DateTime(timezone=True)


def _key(table: str, column: str, to: str) -> sa.Constraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{to}.id"], name=f"fk_{table}_{column}", ondelete="CASCADE"
    )


def upgrade() -> None:
    op.add_column("people", sa.Column("service_at", Moment, nullable=True))
    op.add_column(
        "api_tokens", sa.Column("narrow", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.add_column("api_tokens", sa.Column("expires_at", Moment, nullable=True))
    op.create_table(
        "api_token_spaces",
        sa.Column("token_id", BigId, nullable=False),
        sa.Column("space_id", BigId, nullable=False),
        _key("api_token_spaces", "token_id", "api_tokens"),
        _key("api_token_spaces", "space_id", "spaces"),
        sa.PrimaryKeyConstraint("token_id", "space_id", name="pk_api_token_spaces"),
    )
    op.create_index("ix_api_token_spaces_space_id", "api_token_spaces", ["space_id"])
    op.create_table(
        "identities",
        sa.Column("id", BigId, nullable=False),
        sa.Column("issuer", sa.String(500), nullable=False),
        sa.Column("subject", sa.String(255), nullable=False),
        sa.Column("person_id", BigId, nullable=False),
        sa.Column("email", sa.String(254), nullable=True),
        sa.Column("linked_at", Moment, nullable=False),
        sa.Column("used_at", Moment, nullable=True),
        _key("identities", "person_id", "people"),
        sa.PrimaryKeyConstraint("id", name="pk_identities"),
        sa.UniqueConstraint("issuer", "subject", name="uq_identities_issuer_subject"),
    )
    op.create_index("ix_identities_person_id", "identities", ["person_id"])
    op.create_table(
        "provider_visits",
        sa.Column("id", BigId, nullable=False),
        sa.Column("key_hash", sa.String(64), nullable=False),
        sa.Column("browser_hash", sa.String(64), nullable=False),
        sa.Column("session_id", BigId, nullable=True),
        sa.Column("next_url", sa.Text(), nullable=False),
        sa.Column("nonce", sa.String(64), nullable=False),
        sa.Column("verifier", sa.String(128), nullable=False),
        sa.Column("subject", sa.String(255), nullable=True),
        sa.Column("email", sa.String(254), nullable=True),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("handle", sa.String(60), nullable=False),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("expires_at", Moment, nullable=False),
        _key("provider_visits", "session_id", "login_sessions"),
        sa.PrimaryKeyConstraint("id", name="pk_provider_visits"),
        sa.UniqueConstraint("key_hash", name="uq_provider_visits_key_hash"),
    )
    op.create_index("ix_provider_visits_session_id", "provider_visits", ["session_id"])
    op.create_index("ix_provider_visits_expires_at", "provider_visits", ["expires_at"])


def downgrade() -> None:
    # Tokens for some spaces only would be for all of them, and those with an end would have none.
    op.execute(
        "UPDATE api_tokens SET revoked_at = CURRENT_TIMESTAMP "
        "WHERE revoked_at IS NULL AND (narrow OR expires_at IS NOT NULL)"
    )
    op.drop_table("provider_visits")
    op.drop_table("identities")
    op.drop_table("api_token_spaces")
    op.drop_column("api_tokens", "expires_at")
    op.drop_column("api_tokens", "narrow")
    op.drop_column("people", "service_at")
