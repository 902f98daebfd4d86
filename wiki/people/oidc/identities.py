"""Identities at the OpenID provider: visits to it, linking and unlinking, and accounts for new
users.

Nothing is linked without consent. An address that the provider has verified leads to the account
that has proven it, and its owner has to confirm the link.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from wiki.config import Settings
from wiki.db import now
from wiki.errors import Forbidden, Invalid, NotFound
from wiki.i18n import gettext as _
from wiki.mail import messages as mails
from wiki.outbox.actions import publish
from wiki.people.actions import Credentials, create_person
from wiki.people.imported.placeholders import is_account
from wiki.people.models import Identity, Person
from wiki.people.oidc.events import IdentityLinked, IdentityUnlinked
from wiki.people.oidc.visits import Stranger
from wiki.rules.access import ANONYMOUS, Actor
from wiki.rules.roles import SiteRole

CALLBACK = "/-/login/oidc/callback"
"""The path to which the provider redirects users back."""
MOST = 10


def person_of(session: Session, stranger: Stranger) -> Person | None:
    """Return the account that is linked with an identity, or None; record that it was used."""
    identity = session.scalar(
        update(Identity)
        .where(Identity.issuer == stranger.issuer, Identity.subject == stranger.subject)
        .values(used_at=now(), email=func.coalesce(stranger.email, Identity.email))
        .returning(Identity.person_id)
        .execution_options(synchronize_session=False)
    )
    return None if identity is None else session.get(Person, identity)


def owner_of(session: Session, email: str | None, *, proven: bool) -> Person | None:
    """Return the account with this address; with ``proven``, only if a mail has proven the address
    and the account may sign in."""
    if email is None:
        return None
    found = select(Person).where(Person.email == email, is_account())
    if proven:
        found = found.where(
            Person.email_proven_at.is_not(None),
            Person.disabled_at.is_(None),
            Person.service_at.is_(None),
        )
    return session.scalar(found)


def is_same(person: Person, stranger: Stranger) -> bool:
    """Return whether the provider and a mail of this wiki have both verified the same address."""
    return (
        stranger.email is not None
        and person.email == stranger.email
        and person.email_proven_at is not None
    )


def link(
    session: Session, settings: Settings, actor: Actor, person: Person, stranger: Stranger
) -> None:
    """Link an identity with a person's account, so that it signs in as this person.

    :raises Forbidden: for another person's account.
    :raises Invalid: if the identity is linked with another account, or this one has too many.
    """
    if actor.person_id != person.id or actor.is_narrow:
        raise Forbidden(_("Only the owner of the account can link it."))
    if person.service_at is not None or person.imported_at is not None:
        raise Forbidden(_("That account can’t be used to sign in."))
    theirs = Identity.issuer == stranger.issuer, Identity.subject == stranger.subject
    linked = session.scalar(select(Identity.person_id).where(*theirs))
    if linked == person.id:
        return
    if linked is not None:
        raise _linked_already(settings)
    count = select(func.count(Identity.id)).where(Identity.person_id == person.id)
    if (session.scalar(count) or 0) >= MOST:
        raise Invalid(
            _("You can link at most %(limit)s accounts. Unlink one first.", limit=MOST),
            field="identities",
        )
    session.add(
        Identity(
            issuer=stranger.issuer,
            subject=stranger.subject,
            person_id=person.id,
            email=stranger.email,
            linked_at=now(),
        )
    )
    try:
        session.flush()
    except IntegrityError:
        raise _linked_already(settings) from None
    publish(session, actor, IdentityLinked(person.id))
    template = "people/mail/identity_linked.txt"
    mails.post(session, settings, actor, person, template, provider=settings.oidc_name)


def unlink(session: Session, settings: Settings, actor: Actor, identity_id: int) -> None:
    """Remove a link between an identity and the actor's account.

    :raises NotFound: if it is not one of the actor's own.
    :raises Invalid: if the actor could not sign in without it.
    """
    row = session.get(Identity, identity_id)
    if row is None or row.person_id != actor.person_id or actor.is_narrow:
        raise NotFound
    # Locked, so that two concurrent requests cannot each rely on the identity that the other
    # removes.
    person = session.get_one(Person, row.person_id, with_for_update=True)
    if person.password_hash is None and not count_of(session, settings, person, but=row.id):
        raise Invalid(
            _("You can’t unlink this account, because it’s your only way to sign in."),
            field="identities",
        )
    session.delete(row)
    session.flush()
    publish(session, actor, IdentityUnlinked(person.id))
    template = "people/mail/identity_unlinked.txt"
    mails.post(session, settings, actor, person, template, provider=settings.oidc_name)


def identities_of(session: Session, actor: Actor) -> Sequence[Identity]:
    """Return the actor's identities in the order in which they were linked."""
    return session.scalars(
        select(Identity).where(Identity.person_id == actor.person_id).order_by(Identity.id)
    ).all()


def count_of(session: Session, settings: Settings, person: Person, *, but: int = 0) -> int:
    """Return the number of identities with which a person can sign in at the provider, without
    ``but``."""
    found = select(func.count(Identity.id)).where(
        Identity.person_id == person.id,
        Identity.issuer == settings.oidc_issuer,
        Identity.id != but,
    )
    return session.scalar(found) or 0


def may_join(settings: Settings, stranger: Stranger) -> bool:
    """Return whether the settings let this user create an account by themselves."""
    domain = (stranger.email or "").rpartition("@")[2]
    return domain in settings.oidc_email_domains


def join(
    session: Session, settings: Settings, stranger: Stranger, *, handle: str, name: str
) -> Person:
    """Create an account without a password for a user of the provider, and link the two.

    :raises Forbidden: if the settings do not permit it.
    :raises Invalid: as ``create_person``.
    """
    if not may_join(settings, stranger):
        raise Forbidden(_("You need an invitation to create an account here."))
    person = create_person(
        session,
        ANONYMOUS,
        handle=handle,
        name=name,
        credentials=Credentials(stranger.email),
        site_role=SiteRole(settings.oidc_role),
    )
    link(session, settings, person.actor(), person, stranger)
    return person


def _linked_already(settings: Settings) -> Invalid:
    return Invalid(
        _(
            "Your %(provider)s account is already linked to another account here.",
            provider=settings.oidc_name,
        ),
        field="identities",
    )
