"""Authenticator apps: six digits from a shared secret and the time (TOTP, RFC 6238)."""

from __future__ import annotations

import hmac
import io
import logging
from datetime import timedelta

import pyotp
import segno
from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from wiki.config import Settings
from wiki.db import now
from wiki.errors import Invalid, NotFound
from wiki.i18n import gettext as _
from wiki.i18n import lazy_gettext
from wiki.people.factors.encryption import Unreadable, seal, unseal
from wiki.people.factors.models import Authenticator
from wiki.people.factors.queries import (
    checked_factor_name,
    hold,
    normal_code,
    refuse_too_many,
    require_self,
    welcome,
)
from wiki.people.models import Person
from wiki.rules.access import Actor

log = logging.getLogger(__name__)

# A clock may be half a minute off, and a code may expire while it is read and typed.
WINDOW = 1
UNPROVEN_LASTS = timedelta(hours=1)
WRONG = lazy_gettext(
    "That code is incorrect. Enter the code your app shows now. If it still fails, check "
    "your device’s clock."
)


def begin_authenticator(
    session: Session, actor: Actor, settings: Settings, person: Person, *, name: str
) -> Authenticator:
    """Create the secret of a new authenticator. It cannot be used before a code has proven it.

    :raises Forbidden: for another person's account.
    :raises Invalid: if there are too many factors, or the name is too long.
    """
    require_self(actor, person)
    refuse_too_many(session, person)
    name = checked_factor_name(name, _("Authenticator app"))
    forget_unproven(session, person.id)
    secret = pyotp.random_base32()
    row = Authenticator(
        person_id=person.id,
        name=name,
        secret=seal(settings.key(), secret.encode(), _place(person.id)),
        created_at=now(),
    )
    session.add(row)
    session.flush()
    return row


def prove_authenticator(
    session: Session, actor: Actor, settings: Settings, person: Person, id: int, typed: str
) -> list[str]:
    """Activate an authenticator with one of its codes; return new recovery codes if it is the first
    factor.

    :raises Invalid: for a wrong code.
    :raises NotFound: if there is nothing to prove.
    """
    require_self(actor, person)
    hold(session, person)
    row = unproven(session, actor, id)
    if not _use(session, settings, row, typed):
        raise Invalid(WRONG, field="code")
    row.proven_at = now()
    session.flush()
    return welcome(session, actor, settings, person, "authenticator", row.id)


def use_code(session: Session, settings: Settings, person: Person, typed: str) -> bool:
    """Use up a code of one of a person's authenticators; return whether it was valid now."""
    rows = session.scalars(
        select(Authenticator)
        .where(Authenticator.person_id == person.id, Authenticator.proven_at.is_not(None))
        .order_by(Authenticator.id)
    ).all()
    return any(_use(session, settings, row, typed) for row in rows)


def unproven(session: Session, actor: Actor, id: int) -> Authenticator:
    """Return an authenticator of the actor's that waits to be proven.

    :raises NotFound: if there is none with this id, or its hour is over.
    """
    row = session.get(Authenticator, id)
    if (
        row is None
        or row.person_id != actor.person_id
        or row.proven_at is not None
        or row.created_at <= now() - UNPROVEN_LASTS
    ):
        raise NotFound
    return row


def secret_of(settings: Settings, row: Authenticator) -> str:
    """Return the secret of an authenticator that is being set up, to be typed into the app.

    :raises Invalid: if it was encrypted with another key.
    """
    try:
        return unseal(settings.key(), row.secret, _place(row.person_id)).decode()
    except Unreadable:
        raise Invalid(_("The wiki’s secret key has changed since then. Start again.")) from None


def address_of(settings: Settings, person: Person, row: Authenticator) -> str:
    """Return the ``otpauth://`` URI that an app reads from a QR code."""
    totp = pyotp.TOTP(secret_of(settings, row))
    return totp.provisioning_uri(name=person.handle, issuer_name=settings.site_name)


def picture_of(address: str) -> bytes:
    """Return a URI as a QR code in SVG: always dark on white, as scanners need it."""
    picture = io.BytesIO()
    segno.make(address, error="m", micro=False).save(
        picture,
        kind="svg",
        border=4,
        dark="#000",
        light="#fff",
        omitsize=True,
        svgclass=None,
        lineclass=None,
    )
    return picture.getvalue()


def forget_unproven(session: Session, person_id: int) -> None:
    """Delete a person's unproven authenticators, and all others that were not proven in time."""
    long_ago = Authenticator.created_at <= now() - UNPROVEN_LASTS
    session.execute(
        delete(Authenticator).where(
            Authenticator.proven_at.is_(None),
            or_(Authenticator.person_id == person_id, long_ago),
        )
    )


def _use(session: Session, settings: Settings, row: Authenticator, typed: str) -> bool:
    code = normal_code(typed)
    if len(code) != 6 or not (code.isascii() and code.isdigit()):
        return False
    try:
        totp = pyotp.TOTP(unseal(settings.key(), row.secret, _place(row.person_id)).decode())
    except Unreadable:
        log.error("authenticator %s was sealed with another secret key", row.id)
        return False
    here = totp.timecode(now())
    for step in range(here - WINDOW, here + WINDOW + 1):
        if hmac.compare_digest(totp.generate_otp(step), code):
            # Checked in the statement itself, so that only one of two concurrent requests uses a
            # code.
            used = (
                update(Authenticator)
                .where(
                    Authenticator.id == row.id,
                    or_(Authenticator.step.is_(None), Authenticator.step < step),
                )
                .values(step=step, used_at=now())
                .returning(Authenticator.id)
            )
            if session.scalar(used) is not None:
                return True
    return False


def _place(person_id: int) -> str:
    return f"authenticator of {person_id}"
