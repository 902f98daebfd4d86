"""Actions on accounts: creating, changing, disabling and signing out."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import or_, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from wiki.db import now
from wiki.errors import Forbidden, Invalid, SignInRequired, require_allowed
from wiki.i18n import gettext as _
from wiki.outbox.actions import publish
from wiki.people.events import PersonChanged, PersonCreated
from wiki.people.models import ApiToken, Group, PasswordReset, Person
from wiki.people.names import HANDLE, checked_name, free_email, normal_login
from wiki.people.signin.events import SignedOut
from wiki.people.signin.sign_in import close_sessions
from wiki.photos.models import Photo
from wiki.rules.access import Actor, may_administer
from wiki.rules.roles import SiteRole

# Any fixed number: the key of the advisory lock that is held until commit while a handle is given
# out (on PostgreSQL).
_NAMING = 0x7E113


def find_person(session: Session, login: str) -> Person | None:
    """Return the person who signs in with this handle or address; never a placeholder."""
    login = normal_login(login)
    return session.scalar(
        select(Person).where(
            or_(Person.handle == login, Person.email == login), Person.imported_at.is_(None)
        )
    )


@dataclass(frozen=True)
class Credentials:
    """The address and the password of an account, as far as it has them."""

    email: str | None = None
    password_hash: str | None = None


NO_CREDENTIALS = Credentials()


def create_person(
    session: Session,
    actor: Actor,
    *,
    handle: str,
    name: str,
    credentials: Credentials = NO_CREDENTIALS,
    site_role: SiteRole = SiteRole.MEMBER,
) -> Person:
    """Create an account. Callers check permission: an invitation, the shell or set-up.

    :raises Invalid: if the handle, the name or the address is not acceptable, or is taken.
    """
    handle = handle.strip().lower()
    if not HANDLE.fullmatch(handle):
        raise Invalid(
            _("Use letters a to z, digits, dots, dashes and underscores, at most 60 characters."),
            field="handle",
        )
    hold_names(session)
    if is_taken(session, handle):
        raise Invalid(_("The user name “%(handle)s” is taken.", handle=handle), field="handle")
    person = Person(
        handle=handle,
        name=checked_name(name) or handle,
        email=free_email(session, credentials.email, None),
        password_hash=credentials.password_hash,
        site_role=site_role.value,
    )
    session.add(person)
    _flush_unique(session)
    publish(session, actor, PersonCreated(person.id))
    return person


def is_taken(session: Session, handle: str) -> bool:
    """Return whether an account or a group has this handle. They share one namespace, because both
    can be mentioned."""
    return any(
        session.scalar(select(named.id).where(named.handle == handle)) is not None
        for named in (Person, Group)
    )


def hold_names(session: Session) -> None:
    """Make other transactions that give out a handle wait until this one ends."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _NAMING})


def change_profile(
    session: Session, actor: Actor, person: Person, *, name: str, email: str | None
) -> list[str]:
    """Change the actor's own name and address; return the names of the changed fields.

    :raises Invalid: if a value is not acceptable.
    :raises Forbidden: for another person's account.
    """
    if actor.person_id != person.id:
        raise Forbidden(_("Only the owner of the account can change this."))
    name = checked_name(name)
    if not name:
        raise Invalid(_("Enter a name with at least one letter."), field="name")
    wanted = {"name": name, "email": free_email(session, email, person)}
    if wanted["email"] != person.email:
        # Links mailed to the old address end; wait for one that is being used right now.
        end_password_links(session, person)
        session.refresh(person, with_for_update=True)
        person.email_proven_at = None
    changed = [key for key, value in wanted.items() if getattr(person, key) != value]
    for key in changed:
        setattr(person, key, wanted[key])
    if changed:
        _flush_unique(session)
        publish(session, actor, PersonChanged(person.id, dict.fromkeys(changed, True)))
    return changed


def note_bounce(session: Session, address: str) -> None:
    """Note that mail to an address failed for good, if it is that of a person. They are told when
    they next visit, and nothing is mailed there until :func:`confirm_address`."""
    session.execute(update(Person).where(Person.email == address).values(bounced=address))


def confirm_address(session: Session, actor: Actor) -> None:
    """Let mails be sent again to the actor's address, which failed before.

    :raises SignInRequired: without an account.
    :raises Forbidden: for a token that is limited to some spaces.
    """
    if actor.person_id is None:
        raise SignInRequired
    if actor.is_narrow:
        raise Forbidden(_("This token is limited to some spaces."))
    session.execute(update(Person).where(Person.id == actor.person_id).values(bounced=None))


def set_password(
    session: Session,
    actor: Actor,
    person: Person,
    password_hash: str,
    *,
    keep_session: int | None = None,
) -> None:
    """Set a person's password and end their sign-ins except ``keep_session``.

    Callers check permission: the old password, a mailed link or the shell.

    :raises Invalid: for a service account, which has no password.
    """
    if person.service_at is not None:
        raise Invalid(
            _(
                "%(name)s is a service account, which uses tokens instead of a password.",
                name=person.name,
            )
        )
    person.password_hash = password_hash
    session.flush()
    close_sessions(session, person.id, keep=keep_session)
    publish(session, actor, PersonChanged(person.id, {"password": True}))


def end_password_links(session: Session, person: Person) -> None:
    """Invalidate all password links that were mailed to a person."""
    session.execute(
        update(PasswordReset)
        .where(PasswordReset.person_id == person.id, PasswordReset.used_at.is_(None))
        .values(used_at=now())
    )


def set_site_role(session: Session, actor: Actor, person: Person, role: SiteRole) -> None:
    """Make a person a guest, a member or an admin.

    :raises Forbidden: unless the actor is an admin.
    :raises Invalid: for the last admin.
    """
    require_allowed(may_administer(actor))
    _require_account(person)
    if role is SiteRole.ANONYMOUS:
        raise Invalid(_("Choose one of the roles."), field="role")
    if role is SiteRole.ADMIN and person.service_at is not None:
        raise Invalid(_("A service account can only be a guest or a member."), field="role")
    if person.site_role == role.value:
        return
    _keep_an_admin(session, person)
    person.site_role = role.value
    session.flush()
    publish(session, actor, PersonChanged(person.id, {"site_role": role.value}))


def disable(session: Session, actor: Actor, person: Person) -> None:
    """Disable an account and end its sign-ins and API tokens. Its work stays, and its photo is no
    longer shown.

    :raises Forbidden: unless the actor is an admin.
    :raises Invalid: for the last admin.
    """
    require_allowed(may_administer(actor))
    _require_account(person)
    if person.disabled_at is not None:
        return
    _keep_an_admin(session, person)
    person.disabled_at, person.photo = now(), None
    session.flush()
    close_sessions(session, person.id)
    session.execute(
        update(ApiToken)
        .where(ApiToken.person_id == person.id, ApiToken.revoked_at.is_(None))
        .values(revoked_at=now())
    )
    publish(session, actor, PersonChanged(person.id, {"disabled": True}))


def enable(session: Session, actor: Actor, person: Person) -> None:
    """Enable a disabled account again, and show its photo. The person has to sign in anew and make
    new tokens.

    :raises Forbidden: unless the actor is an admin.
    """
    require_allowed(may_administer(actor))
    if person.disabled_at is None:
        return
    person.disabled_at = None
    person.photo = session.scalar(select(Photo.sha256).where(Photo.person_id == person.id))
    session.flush()
    publish(session, actor, PersonChanged(person.id, {"disabled": False}))


def end_sessions(session: Session, actor: Actor, person_id: int, *, keep: int | None = None) -> int:
    """End a person's sign-ins everywhere, except the one to ``keep``; return how many ended.

    :raises Forbidden: unless they are the actor's own or the actor is an admin.
    """
    if actor.person_id != person_id:
        require_allowed(may_administer(actor))
    ended = close_sessions(session, person_id, keep=keep)
    if ended:
        publish(session, actor, SignedOut(person_id))
    return ended


def _flush_unique(session: Session) -> None:
    """Flush; raise Invalid if another transaction took the name meanwhile (on PostgreSQL)."""
    try:
        session.flush()
    except IntegrityError:
        raise Invalid(_("That user name or address has just been taken."), field="handle") from None


def _require_account(person: Person) -> None:
    if person.imported_at is not None:
        raise Invalid(
            _("%(name)s has no account, only imported work.", name=person.name), field="role"
        )


def _keep_an_admin(session: Session, person: Person) -> None:
    """Raise Invalid if the person is the last admin. The rows of all admins are locked, so that two
    admins who demote each other at the same time take turns."""
    admins = session.scalars(
        select(Person.id)
        .where(Person.site_role == SiteRole.ADMIN.value, Person.disabled_at.is_(None))
        .order_by(Person.id)
        .with_for_update()
    ).all()
    if list(admins) == [person.id]:
        raise Invalid(
            _("The wiki needs at least one admin. Make someone else an admin first."), field="role"
        )
