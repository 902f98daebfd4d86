"""What happens to accounts."""

from __future__ import annotations

import re
import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import delete, or_, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from wiki.db import now
from wiki.errors import Ended, Forbidden, Invalid
from wiki.outbox.actions import announce
from wiki.outbox.events import PersonChanged, PersonCreated, SignedOut
from wiki.people.models import ApiToken, Group, PasswordReset, Person, SetupLink
from wiki.people.signin.sign_in import close_sessions, hash_token, new_token
from wiki.rules.access import ANONYMOUS, Actor, may_administer
from wiki.rules.roles import SiteRole

_hasher = PasswordHasher()
# Verified when there is no such account, so that its absence cannot be told by the time it takes.
_NOBODY = _hasher.hash("nobody has this password")
MIN_PASSWORD = 10
MAX_PASSWORD = 1024
HANDLE = re.compile(r"[a-z0-9][a-z0-9._-]{0,59}")
# Any fixed number: who gives a new name holds it until commit (on PostgreSQL).
_NAMING = 0x7E113
# What moves the text around it. Joiners stay: names in many scripts are written with them.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def hash_password(password: str, *, field: str = "password") -> str:
    """Argon2id of an acceptable password; takes tens of milliseconds on purpose.

    :param field: the form's field to name in a refusal.
    :raises Invalid: when it is too short or too long.
    """
    if len(password) < MIN_PASSWORD:
        raise Invalid(f"A password has at least {MIN_PASSWORD} characters.", field=field)
    if len(password) > MAX_PASSWORD:
        raise Invalid(f"A password has at most {MAX_PASSWORD} characters.", field=field)
    return _hasher.hash(_normal(password))


def check_password(person: Person | None, password: str) -> bool:
    """Whether this is the person's password; takes as long for nobody as for somebody."""
    stored = person.password_hash if person and person.password_hash else _NOBODY
    right = is_password(stored, password)
    return right and person is not None and person.password_hash is not None


def is_password(stored: str, password: str) -> bool:
    """Whether a hash is that of this password."""
    try:
        return _hasher.verify(stored, _normal(password[:MAX_PASSWORD]))
    except (VerificationError, InvalidHashError):
        return False


def renewed_hash(person: Person, password: str) -> str | None:
    """A new hash of the password just checked, when the stored one was made with less effort."""
    stored = person.password_hash
    if stored is None or not _hasher.check_needs_rehash(stored):
        return None
    return _hasher.hash(_normal(password[:MAX_PASSWORD]))


def _normal(password: str) -> str:
    """The same password from every keyboard: machines compose accents differently."""
    return unicodedata.normalize("NFKC", password)


def normal_login(typed: str) -> str:
    """What somebody typed as user name or address, in the form both are stored in."""
    kept = "".join(character for character in typed if character.isprintable())
    return unicodedata.normalize("NFC", kept.strip()).lower()[:254]


def find_person(session: Session, login: str) -> Person | None:
    """The person who signs in with this handle or address; never a placeholder."""
    login = normal_login(login)
    return session.scalar(
        select(Person).where(
            or_(Person.handle == login, Person.email == login), Person.imported_at.is_(None)
        )
    )


def create_person(
    session: Session,
    actor: Actor,
    *,
    handle: str,
    name: str,
    email: str | None = None,
    password_hash: str | None = None,
    site_role: SiteRole = SiteRole.MEMBER,
) -> Person:
    """Make an account. Who may is decided by what leads here: an invitation, the shell, set-up.

    :raises Invalid: when the handle, the name or the address cannot be used, or is taken.
    """
    handle = handle.strip().lower()
    if not HANDLE.fullmatch(handle):
        raise Invalid(
            "A user name has letters a to z, digits, dots, dashes and underscores, at most 60.",
            field="handle",
        )
    hold_names(session)
    if is_taken(session, handle):
        raise Invalid(f"The user name “{handle}” is taken.", field="handle")
    person = Person(
        handle=handle,
        name=checked_name(name) or handle,
        email=_free_email(session, email, None),
        password_hash=password_hash,
        site_role=site_role.value,
    )
    session.add(person)
    _flush_unique(session)
    announce(session, actor, PersonCreated(person.id))
    return person


def is_taken(session: Session, handle: str) -> bool:
    """Whether somebody or a group is called so: one name means one of them, for both can be
    mentioned."""
    return any(
        session.scalar(select(named.id).where(named.handle == handle)) is not None
        for named in (Person, Group)
    )


def hold_names(session: Session) -> None:
    """Let others who give a new name to somebody or to a group wait until this transaction ends."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _NAMING})


def change_profile(
    session: Session, actor: Actor, person: Person, *, name: str, email: str | None
) -> list[str]:
    """Change one's own name and address; returns what was changed.

    :raises Invalid: when they cannot be used. :raises Forbidden: for somebody else's.
    """
    if actor.person_id != person.id:
        raise Forbidden("Only they themselves can change this.")
    name = checked_name(name)
    if not name:
        raise Invalid("A name has at least one letter.", field="name")
    wanted = {"name": name, "email": _free_email(session, email, person)}
    if wanted["email"] != person.email:
        # Links that went to the old address end; whoever uses one right now is waited for.
        end_password_links(session, person)
        session.refresh(person, with_for_update=True)
        person.email_proven_at = None
    changed = [key for key, value in wanted.items() if getattr(person, key) != value]
    for key in changed:
        setattr(person, key, wanted[key])
    if changed:
        _flush_unique(session)
        announce(session, actor, PersonChanged(person.id, dict.fromkeys(changed, True)))
    return changed


def set_password(
    session: Session,
    actor: Actor,
    person: Person,
    password_hash: str,
    *,
    keep_session: int | None = None,
) -> None:
    """Give a person another password and end their sign-ins, but for ``keep_session``.

    Who may is decided by what leads here: the old password, a link by mail, the shell.

    :raises Invalid: for a service account, which has none.
    """
    if person.service_at is not None:
        raise Invalid(f"{person.name} is a service account: it has tokens and no password.")
    person.password_hash = password_hash
    session.flush()
    close_sessions(session, person.id, keep=keep_session)
    announce(session, actor, PersonChanged(person.id, {"password": True}))


def end_password_links(session: Session, person: Person) -> None:
    """Let no link to a new password that was mailed before work any more."""
    session.execute(
        update(PasswordReset)
        .where(PasswordReset.person_id == person.id, PasswordReset.used_at.is_(None))
        .values(used_at=now())
    )


def set_site_role(session: Session, actor: Actor, person: Person, role: SiteRole) -> None:
    """Make somebody a guest, a member or an admin.

    :raises Forbidden: unless the actor administers. :raises Invalid: for the last admin.
    """
    _require_admin(actor)
    _require_account(person)
    if role is SiteRole.ANONYMOUS:
        raise Invalid("There is no such role.", field="role")
    if role is SiteRole.ADMIN and person.service_at is not None:
        raise Invalid("A service account is a guest or a member.", field="role")
    if person.site_role == role.value:
        return
    _keep_an_admin(session, person)
    person.site_role = role.value
    session.flush()
    announce(session, actor, PersonChanged(person.id, {"site_role": role.value}))


def disable(session: Session, actor: Actor, person: Person) -> None:
    """Shut somebody out: their sign-ins and API tokens end with this. Their work stays.

    :raises Forbidden: unless the actor administers. :raises Invalid: for the last admin.
    """
    _require_admin(actor)
    _require_account(person)
    if person.disabled_at is not None:
        return
    _keep_an_admin(session, person)
    person.disabled_at = now()
    session.flush()
    close_sessions(session, person.id)
    session.execute(
        update(ApiToken)
        .where(ApiToken.person_id == person.id, ApiToken.revoked_at.is_(None))
        .values(revoked_at=now())
    )
    announce(session, actor, PersonChanged(person.id, {"disabled": True}))


def enable(session: Session, actor: Actor, person: Person) -> None:
    """Let somebody in again; they sign in anew and make new tokens.

    :raises Forbidden: unless the actor administers.
    """
    _require_admin(actor)
    if person.disabled_at is None:
        return
    person.disabled_at = None
    session.flush()
    announce(session, actor, PersonChanged(person.id, {"disabled": False}))


def end_sessions(session: Session, actor: Actor, person_id: int, *, keep: int | None = None) -> int:
    """End a person's sign-ins everywhere, but for the one to ``keep``; returns how many.

    :raises Forbidden: unless they are the actor's own, or the actor administers.
    """
    if actor.person_id != person_id:
        _require_admin(actor)
    ended = close_sessions(session, person_id, keep=keep)
    if ended:
        announce(session, actor, SignedOut(person_id))
    return ended


def setup_token(session: Session) -> str | None:
    """A new token for ``/-/setup?token=…``, by which the first admin is made; None once there is
    one. Links made before end with this."""
    if has_admin(session):
        return None
    token = new_token()
    session.execute(delete(SetupLink))
    session.add(SetupLink(token_hash=hash_token(token)))
    session.flush()
    return token


def has_admin(session: Session) -> bool:
    """Whether anybody administers this wiki."""
    return (
        session.scalar(
            select(Person.id)
            .where(Person.site_role == SiteRole.ADMIN.value, Person.disabled_at.is_(None))
            .limit(1)
        )
        is not None
    )


def check_setup(session: Session, token: str) -> None:
    """Go on only if the token may make the first admin.

    :raises Ended: when it may not (any more).
    """
    found = session.scalar(select(SetupLink.id).where(SetupLink.token_hash == hash_token(token)))
    if found is None or has_admin(session):
        raise Ended(
            "This link makes the first admin once, and it was used or replaced by a newer one. "
            "A restart of the wiki shows the newest while there is no admin."
        )


def create_first_admin(
    session: Session, token: str, *, handle: str, name: str, email: str | None, password_hash: str
) -> Person:
    """Use the set-up link.

    :raises Ended: when it was used. :raises Invalid: as :func:`create_person`.
    """
    check_setup(session, token)
    used = delete(SetupLink).where(SetupLink.token_hash == hash_token(token))
    if session.scalar(used.returning(SetupLink.id)) is None:
        check_setup(session, "")  # somebody was faster: says so
    return create_person(
        session,
        ANONYMOUS,
        handle=handle,
        name=name,
        email=email,
        password_hash=password_hash,
        site_role=SiteRole.ADMIN,
    )


def checked_name(raw: str) -> str:
    """A person's name as it is shown: one line, perhaps empty.

    :raises Invalid: when it is too long.
    """
    name = shown_name(raw)
    if len(name) > 200:
        raise Invalid("A name has at most 200 characters.", field="name")
    return name


def shown_name(raw: str) -> str:
    """A name as one line of what can be shown, of any length."""
    return " ".join(_CONTROL.sub(" ", unicodedata.normalize("NFC", raw)).split())


def checked_email(raw: str, *, field: str = "email") -> str:
    """An address in the form it is stored in: trimmed, lower case.

    :param field: the form's field to name in a refusal.
    :raises Invalid: when it cannot be one.
    """
    email = unicodedata.normalize("NFC", raw.strip()).lower()
    if (
        len(email) > 254
        or not email.isprintable()
        or not re.fullmatch(r"[^@\s<>\"',;:]+@[^@\s<>\"',;:]+", email)
    ):
        raise Invalid("That is not an e-mail address.", field=field)
    return email


def _free_email(session: Session, raw: str | None, person: Person | None) -> str | None:
    if not raw or not raw.strip():
        return None
    email = checked_email(raw)
    owner = session.scalar(select(Person.id).where(Person.email == email))
    if owner is not None and (person is None or owner != person.id):
        raise Invalid("This address belongs to another account.", field="email")
    return email


def _flush_unique(session: Session) -> None:
    """Write, even if somebody else took the name between our look and now (on PostgreSQL)."""
    try:
        session.flush()
    except IntegrityError:
        raise Invalid("That user name or address was just taken.", field="handle") from None


def _require_admin(actor: Actor) -> None:
    decision = may_administer(actor)
    if not decision:
        raise Forbidden(decision.reason)


def _require_account(person: Person) -> None:
    if person.imported_at is not None:
        raise Invalid(f"{person.name} has no account: their work was imported.", field="role")


def _keep_an_admin(session: Session, person: Person) -> None:
    """Refuse to take the last admin away. The rows are held, so that two who demote each other at
    once take turns."""
    admins = session.scalars(
        select(Person.id)
        .where(Person.site_role == SiteRole.ADMIN.value, Person.disabled_at.is_(None))
        .order_by(Person.id)
        .with_for_update()
    ).all()
    if list(admins) == [person.id]:
        raise Invalid("The wiki needs an admin: make somebody else one first.", field="role")
