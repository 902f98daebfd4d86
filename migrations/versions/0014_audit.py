"""The chain of events, from where they were done, the worker's sign of life, checks of the chain"""

import hashlib
import hmac
import json
import os
from datetime import UTC

import sqlalchemy as sa
from alembic import context, op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Moment = sa.DateTime(timezone=True)
Json = sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql")
AT_ONCE = 2000

_ADDED = (
    ("address", sa.String(80)),
    ("address_salt", sa.LargeBinary()),
    ("address_hash", sa.LargeBinary()),
    ("salt", sa.LargeBinary()),
    ("said", sa.LargeBinary()),
    ("link", sa.LargeBinary()),
)
_INDEXES = {
    "ix_events_audited": sa.text("audited"),
    "ix_events_passing": sa.text("passing"),
    "ix_events_traced": sa.text("address_salt IS NOT NULL"),
}

# As they were when the chain began.
_NOT_AUDITED = {"PageSaved", "FileAdded", "MailRequested", "PersonImported"}
_PASSING = {
    "SignedIn",
    "SignedOut",
    "FactorRefused",
    "RecoveryCodeUsed",
    "FactorAdded",
    "FactorRenamed",
    "FactorRemoved",
    "FactorsCleared",
    "RecoveryCodesMade",
    "GroupFactorChanged",
    "SiteSettingChanged",
    "PasswordResetRequested",
    "PersonCreated",
    "PersonChanged",
    "PersonImported",
    "AddressClaimRequested",
    "TokenCreated",
    "TokenRevoked",
    "IdentityLinked",
    "IdentityUnlinked",
    "MailRequested",
    "GroupCreated",
    "GroupChanged",
    "GroupDeleted",
    "GroupMemberChanged",
    "MemberChanged",
    "GroupRoleChanged",
    "InvitationCreated",
    "InvitationRevoked",
    "InvitationAccepted",
    "ApprovalAsked",
    "ApprovalDecided",
    "ScanningChanged",
    "ImportRequested",
    "MirrorAdded",
    "MirrorRemoved",
}


def upgrade() -> None:
    no = sa.text("0" if op.get_bind().dialect.name == "sqlite" else "false")
    for name in ("audited", "passing"):
        op.add_column("events", sa.Column(name, sa.Boolean(), nullable=False, server_default=no))
    for name, kind in _ADDED:
        op.add_column("events", sa.Column(name, kind, nullable=True))
    op.create_table(
        "chain_ends",
        sa.Column("name", sa.String(10), nullable=False),
        sa.Column("anchor_id", BigId, nullable=False),
        sa.Column("anchor_count", BigId, nullable=False),
        sa.Column("anchor", sa.LargeBinary(), nullable=False),
        sa.Column("last_id", BigId, nullable=False),
        sa.Column("count", BigId, nullable=False),
        sa.Column("last", sa.LargeBinary(), nullable=False),
        sa.Column("shortened_id", BigId, nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_chain_ends"),
    )
    op.create_table(
        "workers",
        sa.Column("host", sa.String(200), nullable=False),
        sa.Column("process", sa.Integer(), nullable=False),
        sa.Column("began_at", Moment, nullable=False),
        sa.Column("seen_at", Moment, nullable=False),
        sa.Column("stopped_at", Moment, nullable=True),
        sa.PrimaryKeyConstraint("host", name="pk_workers"),
    )
    op.create_table(
        "chain_checks",
        sa.Column("id", BigId, nullable=False),
        sa.Column("asked_at", Moment, nullable=False),
        sa.Column("asked_by_id", BigId, nullable=True),
        sa.Column("done_at", Moment, nullable=True),
        sa.Column("until_id", BigId, nullable=False),
        sa.Column("count", BigId, nullable=False),
        sa.Column("fault", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["asked_by_id"], ["people.id"], name="fk_chain_checks_asked_by_id", ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_chain_checks"),
    )
    _chain()
    for name, condition in _INDEXES.items():
        op.create_index(name, "events", ["id"], sqlite_where=condition, postgresql_where=condition)


def downgrade() -> None:
    for name in _INDEXES:
        op.drop_index(name, "events")
    for table in ("chain_checks", "workers", "chain_ends"):
        op.drop_table(table)
    for name, _ in reversed(_ADDED):
        op.drop_column("events", name)
    op.drop_column("events", "passing")
    op.drop_column("events", "audited")


def _chain() -> None:
    """Bind the events that there are to one another."""
    bind = op.get_bind()
    events = sa.table(
        "events",
        *(sa.column(name, BigId) for name in ("id", "actor_id", "space_id", "page_id")),
        sa.column("name", sa.String()),
        sa.column("at", Moment),
        sa.column("payload", Json),
        *(sa.column(name, sa.Boolean()) for name in ("audited", "passing")),
        *(sa.column(name, sa.LargeBinary()) for name in ("salt", "link")),
    )
    bound = (
        sa.update(events)
        .where(events.c.id == sa.bindparam("of"))
        .values({name: sa.bindparam(name) for name in ("audited", "passing", "salt", "link")})
    )
    read = sa.select(
        *(events.c[name] for name in ("id", "name", "at", "actor_id", "space_id", "page_id")),
        events.c.payload,
    ).order_by(events.c.id)
    ends = {False: [0, 0, bytes(32)], True: [0, 0, bytes(32)]}
    after = -1
    while rows := bind.execute(read.where(events.c.id > after).limit(AT_ONCE)).all():
        changes = []
        for id, name, at, actor_id, space_id, page_id, payload in rows:
            audited = name not in _NOT_AUDITED
            passing = name in _PASSING and page_id is None
            salt = os.urandom(16)
            at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
            said = hashlib.sha256(salt + _canonical(name, payload)).hexdigest()
            row = (
                f"{id} {at.isoformat()} {actor_id} {space_id} {page_id} "
                f"{audited:d}{passing:d} {said} - {json.dumps(name)} -"
            )
            end = ends[passing]
            link = hashlib.sha256(end[2] + row.encode()).digest()
            end[:] = [id, end[1] + 1, link]
            changes.append(
                {"of": id, "audited": audited, "passing": passing, "salt": salt, "link": link}
            )
        bind.execute(bound, changes)
        after = rows[-1][0]
    table = sa.table(
        "chain_ends",
        sa.column("name", sa.String()),
        *(sa.column(name, BigId) for name in ("anchor_id", "anchor_count", "last_id", "count")),
        sa.column("shortened_id", BigId),
        *(sa.column(name, sa.LargeBinary()) for name in ("anchor", "last", "signature")),
    )
    for name, (last_id, count, last) in (("lasting", ends[False]), ("passing", ends[True])):
        bind.execute(
            sa.insert(table).values(
                name=name,
                anchor_id=0,
                anchor_count=0,
                anchor=bytes(32),
                last_id=last_id,
                count=count,
                last=last,
                shortened_id=0,
                signature=_signature(name, last_id, count, last),
            )
        )


def _canonical(name: str, payload: dict) -> bytes:
    if name == "PagePurged":
        payload = {key: payload[key] for key in payload if key != "files"}
    plain = json.loads(json.dumps(payload), parse_float=_number)
    return json.dumps(plain, sort_keys=True, separators=(",", ":")).encode()


def _number(written: str) -> float | int:
    number = float(written)
    return int(number) if number.is_integer() else number


def _signature(name: str, last_id: int, count: int, last: bytes) -> bytes:
    key = context.config.attributes.get("key")
    if key is None:
        return b""
    key = hashlib.sha256(b"chain of events\0" + key().encode()).digest()
    facts = [name, 0, 0, bytes(32).hex(), last_id, count, last.hex(), 0]
    return hmac.digest(key, json.dumps(facts).encode(), "sha256")
