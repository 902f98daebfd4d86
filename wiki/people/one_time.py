"""One-time tokens: secrets in links, cookies and challenges that work once, for a limited time."""

from __future__ import annotations

import hashlib
import secrets
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Delete, Row, Update, and_, delete, update
from sqlalchemy.orm import Mapped, Session

from wiki.db import Base, now


def hash_token(token: str) -> str:
    """Return the stored form of a random token: its SHA-256 in hexadecimal."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def new_token() -> str:
    """Return a random token of 256 bits for a cookie, a link or the API."""
    return secrets.token_urlsafe(32)


class OneTimeToken(Base):
    """A row with the hash of a token that works once.

    The columns of a table decide more: a token ends at ``expires_at`` and with ``revoked_at``. A
    table with ``used_at`` keeps the rows of used tokens, any other deletes them.
    """

    __abstract__ = True

    if TYPE_CHECKING:
        token_hash: Mapped[Any]

    def give_token(self) -> str:
        """Make a new token for this row and return it. Only its hash is stored."""
        token = new_token()
        self.token_hash = hash_token(token)
        return token

    @classmethod
    def is_live(cls, token: str) -> ColumnElement[bool]:
        """Return the condition of the row whose token this is, if it still works."""
        columns = cls.__table__.c
        ended = [columns[name] for name in ("used_at", "revoked_at") if name in columns]
        conditions = [cls.token_hash == hash_token(token), *(column.is_(None) for column in ended)]
        if "expires_at" in columns:
            conditions.append(columns["expires_at"] > now())
        return and_(*conditions)

    @classmethod
    def use(cls, session: Session, token: str, *conditions: ColumnElement[bool]) -> Row[Any] | None:
        """Use up a token; return the columns of its row.

        Returns None if the token does not work, if its row does not meet the conditions, or if
        another request was faster.
        """
        columns = cls.__table__.c
        change: Update | Delete = delete(cls)
        if "used_at" in columns:
            change = update(cls).values(used_at=now())
        used = change.where(cls.is_live(token), *conditions).returning(*columns)
        return session.execute(used, execution_options={"synchronize_session": False}).one_or_none()

    @classmethod
    def forget_expired(cls, session: Session) -> None:
        """Delete the rows of expired tokens."""
        session.execute(delete(cls).where(cls.__table__.c.expires_at <= now()))
