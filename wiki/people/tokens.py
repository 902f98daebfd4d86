"""API tokens: made by users for themselves, or by admins for service accounts; shown once; revoked
by their owner or an admin."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from wiki.db import now
from wiki.errors import Forbidden, Invalid, NotFound, require_allowed
from wiki.i18n import gettext as _
from wiki.outbox.actions import publish
from wiki.people.actions import create_person
from wiki.people.events import TokenCreated, TokenRevoked
from wiki.people.factors.mfa_policy import lacks_factor
from wiki.people.models import ApiToken, Person, TokenSpace
from wiki.people.names import checked_name
from wiki.people.one_time import hash_token, new_token
from wiki.rules.access import NARROW, Actor, may_administer
from wiki.rules.roles import SiteRole
from wiki.web.paging import Slice, decode_cursor, encode_cursor

# A recognisable prefix, so that a token leaked into a page or a log can be detected.
PREFIX = "wiki_"
MOST = 100
DAYS = 365
LONGEST_DAYS = 3650


@dataclass(frozen=True)
class TokenRow:
    """A token with its owner and the ids of the spaces that it is limited to, or None."""

    token: ApiToken
    person: Person
    within: frozenset[int] | None

    @property
    def has_expired(self) -> bool:
        """True if it has expired."""
        return self.token.expires_at is not None and self.token.expires_at <= now()


def create_service(
    session: Session, actor: Actor, *, handle: str, name: str, site_role: SiteRole
) -> Person:
    """Create an account for programs: it has no address, and nobody can sign in to it.

    :raises Forbidden: unless the actor is an admin.
    :raises Invalid: as ``create_person``, and for the role of an admin: the last admin must be able
        to sign in.
    """
    require_allowed(may_administer(actor))
    if site_role not in (SiteRole.GUEST, SiteRole.MEMBER):
        raise Invalid(_("A service account can only be a guest or a member."), field="site_role")
    person = create_person(session, actor, handle=handle, name=name, site_role=site_role)
    person.service_at = now()
    session.flush()
    return person


@dataclass(frozen=True)
class TokenScope:
    """The access of a token: whether it may write, and the ids of the only spaces to which it gives
    access, which its owner must be able to read; None for all."""

    writes: bool
    within: Collection[int] | None = None


def create_token(
    session: Session,
    actor: Actor,
    person: Person,
    scope: TokenScope,
    *,
    name: str,
    days: int | None = DAYS,
) -> tuple[ApiToken, str]:
    """Create a token for a person; return its row and the token itself, which is not stored.

    Users create their own, admins those of service accounts, the shell any.

    :param days: after how many days it expires; None for never.
    :raises Forbidden: for other actors.
    :raises Invalid: without a name, or beyond the maximum per person.
    """
    _require_maker(actor, person)
    name = checked_name(name)
    if not name:
        raise Invalid(
            _("Enter a name for the token, so that you can identify it later."), field="token_name"
        )
    if len(name) > 100:
        raise Invalid(_("Use at most 100 characters for the token’s name."), field="token_name")
    if days is not None and not 1 <= days <= LONGEST_DAYS:
        raise Invalid(
            _("Choose a lifetime of 1 to %(limit)s days.", limit=LONGEST_DAYS),
            field="days",
        )
    if person.disabled_at is not None:
        raise Invalid(_("%(name)s’s account is disabled.", name=person.name), field="token_name")
    moment = now()
    _require_fewer(session, person, moment)
    token = PREFIX + new_token()
    row = ApiToken(
        token_hash=hash_token(token),
        person_id=person.id,
        name=name,
        writes=scope.writes,
        narrow=scope.within is not None,
        created_at=moment,
        expires_at=None if days is None else moment + timedelta(days=days),
    )
    session.add(row)
    session.flush()
    session.add_all(
        TokenSpace(token_id=row.id, space_id=id) for id in sorted(set(scope.within or ()))
    )
    session.flush()
    publish(session, actor, TokenCreated(person.id, row.id))
    return row, token


def _require_fewer(session: Session, person: Person, moment: datetime) -> None:
    """Refuse another token if the account has as many live ones as it can have."""
    live = select(func.count()).where(
        ApiToken.person_id == person.id,
        ApiToken.revoked_at.is_(None),
        or_(ApiToken.expires_at.is_(None), ApiToken.expires_at > moment),
    )
    if (session.scalar(live) or 0) >= MOST:
        raise Invalid(
            _("An account can have at most %(limit)s tokens. Revoke one first.", limit=MOST),
            field="token_name",
        )


def revoke_token(session: Session, actor: Actor, token_id: int) -> ApiToken:
    """Revoke a token.

    :raises NotFound: if it is not the actor's own and they are not an admin.
    """
    row = session.get(ApiToken, token_id)
    if row is None or not _may_see(actor, row.person_id):
        raise NotFound
    ended = (
        update(ApiToken)
        .where(ApiToken.id == row.id, ApiToken.revoked_at.is_(None))
        .values(revoked_at=now())
        .returning(ApiToken.id)
    )
    if session.scalar(ended) is not None:
        publish(session, actor, TokenRevoked(row.person_id, row.id))
    return row


def tokens_of(session: Session, actor: Actor, person: Person) -> Sequence[TokenRow]:
    """Return a person's tokens that were not revoked, newest first, for that person or an admin.

    :raises Forbidden: for other actors.
    """
    if not _may_see(actor, person.id):
        raise Forbidden(_("Only the owner of the account and admins can see this."))
    found = session.scalars(
        select(ApiToken)
        .where(ApiToken.person_id == person.id, ApiToken.revoked_at.is_(None))
        .order_by(ApiToken.id.desc())
    ).all()
    within = spaces_of(session, found)
    return [TokenRow(row, person, within[row.id]) for row in found]


def list_tokens(
    session: Session, actor: Actor, *, query: str = "", after: str | None = None, limit: int = 50
) -> Slice[TokenRow]:
    """Return all tokens that were not revoked, newest first.

    :param query: part of the token's name, or of its owner's name or user name.
    :param after: the cursor of the previous slice.
    :raises Forbidden: unless the actor is an admin.
    """
    require_allowed(may_administer(actor))
    found = (
        select(ApiToken, Person)
        .join(Person, Person.id == ApiToken.person_id)
        .where(ApiToken.revoked_at.is_(None))
        .order_by(ApiToken.id.desc())
        .limit(limit + 1)
    )
    words = "".join(character for character in query if character.isprintable()).strip().lower()
    if words:
        found = found.where(
            or_(
                func.lower(ApiToken.name).contains(words, autoescape=True),
                func.lower(Person.name).contains(words, autoescape=True),
                Person.handle.contains(words, autoescape=True),
            )
        )
    cursor = decode_cursor(after, [int])
    if cursor:
        found = found.where(ApiToken.id < cursor[0])
    rows = session.execute(found).all()
    more, rows = len(rows) > limit, rows[:limit]
    within = spaces_of(session, [token for token, _ in rows])
    listed = [TokenRow(token, person, within[token.id]) for token, person in rows]
    return Slice(listed, encode_cursor([listed[-1].token.id]) if more else None)


def spaces_of(session: Session, tokens: Collection[ApiToken]) -> dict[int, frozenset[int] | None]:
    """Return the ids of the spaces that each token is limited to, by token id; None for all spaces
    of its owner."""
    named: dict[int, set[int]] = {token.id: set() for token in tokens if token.narrow}
    if named:
        for token_id, space_id in session.execute(
            select(TokenSpace.token_id, TokenSpace.space_id).where(TokenSpace.token_id.in_(named))
        ):
            named[token_id].add(space_id)
    return {token.id: frozenset(named[token.id]) if token.narrow else None for token in tokens}


def find_owner(
    session: Session, token: str
) -> tuple[ApiToken, Person, frozenset[int] | None, bool] | None:
    """Return a valid token, its owner, the ids of the spaces that it is limited to, and whether the
    owner must have a second factor and has none. Return None if the token is unknown, revoked or
    expired, or its owner is disabled."""
    row = session.execute(
        select(ApiToken, Person, lacks_factor())
        .join(Person, Person.id == ApiToken.person_id)
        .where(
            ApiToken.token_hash == hash_token(token),
            ApiToken.revoked_at.is_(None),
            or_(ApiToken.expires_at.is_(None), ApiToken.expires_at > now()),
            Person.disabled_at.is_(None),
        )
    ).one_or_none()
    if row is None:
        return None
    found, person, held = row
    return found, person, spaces_of(session, [found])[found.id], held


def _require_maker(actor: Actor, person: Person) -> None:
    if actor.is_narrow:
        raise Forbidden(NARROW.refusal)
    if actor.person_id is not None and actor.person_id == person.id:
        return
    require_allowed(may_administer(actor))
    if actor.person_id is not None and person.service_at is None:
        raise Forbidden(_("People create their own tokens."))
    if person.imported_at is not None:
        raise Invalid(
            _("%(name)s has no account, only imported work.", name=person.name), field="token_name"
        )


def _may_see(actor: Actor, person_id: int) -> bool:
    own = actor.person_id == person_id and not actor.is_narrow
    return own or bool(may_administer(actor))
