"""Invitations: links that let a person create an account, or join a space if the link names one."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session, joinedload

from wiki.config import Settings
from wiki.db import now
from wiki.errors import Ended, Invalid, NotFound, require_allowed
from wiki.i18n import gettext as _
from wiki.i18n import lazy_gettext
from wiki.mail import messages as mails
from wiki.outbox.actions import publish
from wiki.people.actions import Credentials, create_person
from wiki.people.events import PersonChanged
from wiki.people.models import Group, Person
from wiki.people.names import HANDLE, checked_email
from wiki.people.signin import limiting
from wiki.rules.access import ANONYMOUS, Actor, May, decide, may_administer, may_invite
from wiki.rules.limits import Limit
from wiki.rules.roles import Role, SiteRole
from wiki.spaces.actions import give_role
from wiki.spaces.consent import Consent, Done, needs_consent, require_consent
from wiki.spaces.events import InvitationAccepted, InvitationCreated, InvitationRevoked
from wiki.spaces.exposure import newcomer_exposure
from wiki.spaces.members import role_given
from wiki.spaces.models import Invitation, Membership, Space
from wiki.spaces.queries import SpaceAccess
from wiki.web.urls import space_url

LASTS = timedelta(days=14)
REGISTRATION_LASTS = timedelta(days=1)
PER_PERSON = Limit(100, timedelta(days=1))
RANK = (SiteRole.ANONYMOUS, SiteRole.GUEST, SiteRole.MEMBER, SiteRole.ADMIN)


@dataclass(frozen=True)
class Invited:
    """A person to be invited: their role in the organisation and their address, if it is known; and
    for leads the space to join, with the role in it. Without a space, only admins can invite."""

    site_role: SiteRole = SiteRole.GUEST
    email: str | None = None
    seen: SpaceAccess | None = None
    role: Role = Role.NONE


@dataclass(frozen=True)
class Newcomer:
    """A person who accepts an invitation with a new account, and the hash of their password."""

    handle: str
    name: str
    email: str | None
    password_hash: str


@needs_consent(
    "invite",
    lazy_gettext("Invite someone"),
    lazy_gettext("an invitation"),
    lambda of: Done(
        _("%(email)s was invited.", email=of.invited.email)
        if of.invited.email
        else _("Invitation created."),
        space_url(of.invited.seen.space.slug, "members"),
        of.result[1],
    ),
)
def invite(
    session: Session,
    actor: Actor,
    settings: Settings,
    invited: Invited,
    *,
    consent: Consent | None = None,
) -> tuple[Invitation, str]:
    """Create an invitation, and mail it if there is an address; return its row and its link.

    :raises Forbidden: if the actor may not invite, or not with these roles.
    :raises Invalid: if the address is not valid or has an account, or the role is not allowed.
    :raises TooMany: beyond 100 invitations a day.
    :raises NeedsConsent: if the invited person could read something without consent to that.
    """
    seen, role, site_role = invited.seen, invited.role, invited.site_role
    require_allowed(may_invite(actor, site_role) if seen else may_administer(actor))
    if settings.registration == "closed":
        require_allowed(may_administer(actor))
    if seen is not None:
        seen.require(May.MANAGE)
        if not Role.NONE < role <= seen.role:
            raise Invalid(
                _("Choose a role in the space that isn’t higher than your own."), field="role"
            )
    email = _free_email(session, invited.email)
    if seen is not None and not (consent and consent.unasked):
        found = newcomer_exposure(session, seen.space, role, site_role)
        require_consent(found, consent, seen.space.id)
    limiting.spend(session, [limiting.Counter(f"invitations of {actor.person_id}", PER_PERSON)])
    row = Invitation(
        email=email,
        site_role=site_role.value,
        space_id=seen.space.id if seen else None,
        role=int(role) if seen else None,
        created_by_id=actor.person_id,
        expires_at=now() + LASTS,
    )
    token = row.give_token()
    session.add(row)
    session.flush()
    link = mails.absolute(settings, f"/-/invite/{token}")
    publish(session, actor, InvitationCreated(row.id, row.space_id))
    mails.post(
        session,
        settings,
        actor,
        email,
        "spaces/mail/invitation.txt",
        inviter=actor.name,
        space=seen.space.title if seen else "",
        link=link,
        days=LASTS.days,
    )
    return row, link


def ask_for_account(session: Session, settings: Settings, email: str) -> None:
    """Mail a link that creates an account for an address at one of the open domains. An address
    that has an account gets a mail without a link, so that a response reveals nothing.

    :raises Invalid: for any other address.
    """
    address, domains = checked_email(email), settings.open_domains
    if address.rpartition("@")[2] not in domains:
        listed = ", ".join(domains)
        raise Invalid(_("Enter an address at %(domains)s.", domains=listed), field="email")
    link = ""
    if session.scalar(select(Person.id).where(Person.email == address)) is None:
        row = Invitation(
            email=address,
            site_role=SiteRole.MEMBER.value,
            expires_at=now() + REGISTRATION_LASTS,
        )
        link = mails.absolute(settings, f"/-/invite/{row.give_token()}")
        session.add(row)
        session.flush()
        publish(session, ANONYMOUS, InvitationCreated(row.id, None))
    words = {"link": link, "login": mails.absolute(settings, "/-/login")}
    mails.post(session, settings, ANONYMOUS, address, "spaces/mail/registration.txt", **words)


def _free_email(session: Session, email: str | None) -> str | None:
    """Return an address in its normal form, if it is given.

    :raises Invalid: if it is not valid or has an account.
    """
    if not email or not email.strip():
        return None
    address = checked_email(email)
    owner = session.scalar(select(Person).where(Person.email == address))
    if owner is not None:
        raise Invalid(
            _("%(name)s already has an account with this address.", name=owner.name), field="email"
        )
    return address


def revoke(session: Session, actor: Actor, invitation: Invitation) -> None:
    """Revoke an invitation. The caller checks permission: :func:`get_of_space` or
    :func:`get_of_site`."""
    if invitation.revoked_at is None and invitation.used_at is None:
        invitation.revoked_at = now()
        session.flush()
        publish(session, actor, InvitationRevoked(invitation.id, invitation.space_id))


def open_of_space(session: Session, seen: SpaceAccess) -> Sequence[Invitation]:
    """Return the invitations into a space that can still be used, newest first, for its leads.

    :raises Forbidden: for other actors.
    """
    seen.require(May.MANAGE)
    return _open(session, Invitation.space_id == seen.space.id)


def open_of_site(session: Session, actor: Actor, domains: Sequence[str]) -> Sequence[Invitation]:
    """Return all invitations that can still be used, newest first, for admins.

    :param domains: the domains that are open for registration.
    :raises Forbidden: for other actors.
    """
    require_allowed(may_administer(actor))
    return [row for row in _open(session) if _is_open(row, domains)]


def _open(session: Session, *conditions: ColumnElement[bool]) -> Sequence[Invitation]:
    return session.scalars(
        select(Invitation)
        .where(
            Invitation.used_at.is_(None),
            Invitation.revoked_at.is_(None),
            Invitation.expires_at > now(),
            *conditions,
        )
        .options(joinedload(Invitation.space), joinedload(Invitation.created_by))
        .order_by(Invitation.id.desc())
        .limit(200)
    ).all()


def get_of_space(session: Session, seen: SpaceAccess, invitation_id: int) -> Invitation:
    """Return an invitation into a space, for its leads.

    :raises Forbidden: for other actors.
    :raises NotFound: if it does not belong to the space.
    """
    seen.require(May.MANAGE)
    row = session.get(Invitation, invitation_id)
    if row is None or row.space_id != seen.space.id:
        raise NotFound
    return row


def get_of_site(session: Session, actor: Actor, invitation_id: int) -> Invitation:
    """Return any invitation, for admins.

    :raises Forbidden: for other actors.
    :raises NotFound: if there is none.
    """
    require_allowed(may_administer(actor))
    row = session.get(Invitation, invitation_id)
    if row is None:
        raise NotFound
    return row


def find_invitation(session: Session, token: str, domains: Sequence[str]) -> Invitation:
    """Return the invitation of a link that can still be used.

    It also ends if its creator may not invite any more, and without revealing that.

    :param domains: the domains that are open for registration. A link that someone requested for
        themselves ends when that of its address is not among them.
    :raises Ended: otherwise.
    """
    row = session.scalar(
        select(Invitation)
        .where(Invitation.is_live(token))
        .options(joinedload(Invitation.space), joinedload(Invitation.created_by))
    )
    if row is None or not _is_backed(session, row):
        raise _ended()
    if not _is_open(row, domains):
        raise Ended(
            _(
                "Registration is closed, so this link no longer works. Ask an admin for an "
                "invitation."
            )
        )
    return row


def _is_open(row: Invitation, domains: Sequence[str]) -> bool:
    """Return whether an invitation has a creator, or was requested by the owner of an address at
    one of the open domains."""
    return row.created_by_id is not None or (row.email or "").rpartition("@")[2] in domains


def _ended() -> Ended:
    return Ended(
        _(
            "This invitation was already used, was revoked or has expired. Ask the person who sent "
            "it for a new one."
        )
    )


def _is_backed(session: Session, row: Invitation) -> bool:
    inviter = row.created_by
    if inviter is None:
        return row.space_id is None  # requested by the owner of the address
    if inviter.disabled_at is not None:
        return False
    actor = inviter.actor()
    if row.space is None:
        return bool(may_administer(actor))
    facts = row.space.facts(role_given(session, row.space, inviter.id))
    return bool(decide(May.MANAGE, actor, facts) and may_invite(actor, SiteRole(row.site_role)))


def _use(session: Session, token: str, domains: Sequence[str]) -> Invitation:
    """Use up an invitation in this transaction: of two concurrent requests, one succeeds.

    The space is locked before anything else is written, in the same order as when a role is given.
    A new account is announced before its role, and a transaction that publishes must not wait for a
    space.

    :raises Ended: for the other request.
    """
    row = find_invitation(session, token, domains)
    if row.space_id is not None:
        session.get_one(Space, row.space_id, with_for_update=True)
    if Invitation.use(session, token) is None:
        raise _ended()
    session.refresh(row)
    return row


def accept_as_new(
    session: Session, token: str, newcomer: Newcomer, domains: Sequence[str]
) -> tuple[Person, Invitation]:
    """Create an account with an invitation. An invited address becomes that of the account.

    :param domains: as :func:`find_invitation`.
    :raises Ended: if the invitation cannot be used any more.
    :raises Invalid: as ``create_person``.
    """
    row = _use(session, token, domains)
    person = create_person(
        session,
        ANONYMOUS,
        handle=newcomer.handle,
        name=newcomer.name,
        credentials=Credentials(row.email or newcomer.email, newcomer.password_hash),
        site_role=SiteRole(row.site_role),
    )
    _join(session, row, person)
    return person, row


def accept_as(session: Session, actor: Actor, token: str, domains: Sequence[str]) -> Invitation:
    """Use an invitation for an existing account. It never lowers a role.

    :param domains: as :func:`find_invitation`.
    :raises Ended: if it cannot be used any more.
    """
    row = _use(session, token, domains)
    person = session.get_one(Person, actor.person_id)
    invited = SiteRole(row.site_role)
    raised = RANK.index(invited) > RANK.index(SiteRole(person.site_role))
    if raised:
        person.site_role = invited.value
        session.flush()
    _join(session, row, person)
    if raised:
        publish(session, actor, PersonChanged(person.id, {"site_role": invited.value}))
    return row


def _join(session: Session, row: Invitation, person: Person) -> None:
    row.used_by_id = person.id
    session.flush()
    if row.space_id is not None:
        membership = session.get(Membership, (row.space_id, person.id))
        role = Role(row.role or 0)
        if role > (membership.role if membership else Role.NONE):
            space = session.get_one(Space, row.space_id)
            give_role(session, person.actor(), space, person.id, role)
    publish(session, person.actor(), InvitationAccepted(row.id, row.space_id, person.id))


def suggested_handle(session: Session, email: str | None) -> str:
    """Return a free user name made from an address, or "" if none can be made."""
    local = unicodedata.normalize("NFKD", (email or "").partition("@")[0])
    base = re.sub(r"[^a-z0-9._-]+", "", local.lower()).strip("._-")[:50]
    if not HANDLE.fullmatch(base):
        return ""
    taken: set[str] = set()
    for named in (Person.handle, Group.handle):
        taken.update(session.scalars(select(named).where(named.startswith(base, autoescape=True))))
    numbered = (f"{base}{number}" for number in range(2, len(taken) + 3))
    return next(handle for handle in (base, *numbered) if handle not in taken)
