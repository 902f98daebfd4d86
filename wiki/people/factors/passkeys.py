"""Passkeys and security keys (WebAuthn): registration and authentication.

A passkey signs a challenge and the origin of the site. The challenge is stored on the server and
good once. The expected origin comes from the settings, never from a request.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from webauthn import (
    base64url_to_bytes,
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import bytes_to_base64url
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from wiki.config import Settings
from wiki.db import now
from wiki.errors import Invalid
from wiki.i18n import lazy_gettext
from wiki.people.factors.challenges import LASTS, SignedChallenge, party_of
from wiki.people.factors.models import Passkey
from wiki.people.factors.queries import (
    checked_factor_name,
    hold,
    refuse_too_many,
    require_self,
    welcome,
)
from wiki.people.models import Person
from wiki.rules.access import Actor

log = logging.getLogger(__name__)

MAX_ANSWER = 20_000  # characters of JSON; a genuine answer has about a thousand
REFUSED = lazy_gettext("That passkey wasn’t accepted. Try again or use another method.")
NO_ANSWER = lazy_gettext("Your browser didn’t send a passkey. Try again.")
TAKEN = lazy_gettext("This passkey or security key has already been added.")


@dataclass(frozen=True)
class Assertion:
    """A passkey with a verified signature, and the sign count that it sent."""

    passkey: Passkey
    sign_count: int


def options_to_add(
    session: Session, settings: Settings, person: Person, challenge: str
) -> dict[str, Any]:
    """Return the options for a browser to create a passkey for this person.

    :raises Invalid: if browsers allow no passkeys for this site, or there are too many factors.
    """
    site = party_of(settings)
    refuse_too_many(session, person)
    own = _of(session, person.id)
    options = generate_registration_options(
        rp_id=site.id,
        rp_name=settings.site_name,
        user_id=_user_handle(settings, person, own),
        user_name=person.handle,
        user_display_name=person.name,
        challenge=base64url_to_bytes(challenge),
        timeout=_milliseconds(),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.PREFERRED,
            user_verification=UserVerificationRequirement.PREFERRED,
        ),
        exclude_credentials=_descriptors(own),
    )
    return _plain(options_to_json(options))


def add_passkey(
    session: Session,
    actor: Actor,
    settings: Settings,
    person: Person,
    signed: SignedChallenge,
    *,
    name: str,
) -> tuple[Passkey, list[str]]:
    """Add the passkey that the browser created for a challenge already taken; return it with new
    recovery codes if it is the first factor.

    :raises Forbidden: for another person's account.
    :raises Invalid: if verification fails, or the passkey is registered already.
    """
    require_self(actor, person)
    hold(session, person)
    refuse_too_many(session, person)
    name = checked_factor_name(name, "Passkey")
    site = party_of(settings)
    sent = _answer(signed.answer)
    try:
        verified = verify_registration_response(
            credential=sent,
            expected_challenge=base64url_to_bytes(signed.challenge),
            expected_rp_id=site.id,
            expected_origin=site.origin,
        )
    except Exception as error:  # the parsers may raise anything on hostile input
        log.info("a new passkey of person %s was refused: %s", person.id, error)
        raise Invalid(REFUSED, field="passkey") from error
    own = _of(session, person.id)
    row = Passkey(
        person_id=person.id,
        name=name,
        credential_id=bytes_to_base64url(verified.credential_id),
        public_key=verified.credential_public_key,
        sign_count=verified.sign_count,
        user_handle=bytes_to_base64url(_user_handle(settings, person, own)),
        transports=_transports(sent),
        verifies=verified.user_verified,
        created_at=now(),
    )
    session.add(row)
    try:
        session.flush()
    except IntegrityError:
        raise Invalid(TAKEN, field="passkey") from None
    return row, welcome(session, actor, settings, person, "passkey", row.id)


def options_to_ask(
    session: Session,
    settings: Settings,
    challenge: str,
    person_id: int | None,
    *,
    verification: UserVerificationRequirement,
) -> dict[str, Any]:
    """Return the options for a browser to ask for one of a person's passkeys. Without a person, it
    asks for any passkey that it has for this site.

    :raises Invalid: if browsers allow no passkeys for this site.
    """
    own = _of(session, person_id) if person_id is not None else ()
    options = generate_authentication_options(
        rp_id=party_of(settings).id,
        challenge=base64url_to_bytes(challenge),
        timeout=_milliseconds(),
        allow_credentials=_descriptors(own),
        user_verification=verification,
    )
    return _plain(options_to_json(options))


def check_passkey(
    session: Session,
    settings: Settings,
    answer: str,
    challenge: str,
    *,
    person_id: int | None = None,
    alone: bool = False,
) -> Assertion:
    """Verify the answer to a challenge already taken; return its passkey. :func:`note_use` must
    follow.

    :param person_id: the owner, if known.
    :param alone: the passkey is the only factor, so it must have verified its owner by finger, face
        or PIN.
    :raises Invalid: in every other case, with the same message.
    """
    site = party_of(settings)
    try:
        sent = _answer(answer)
        passkey = session.scalar(select(Passkey).where(Passkey.credential_id == str(sent["id"])))
        if passkey is None or person_id not in (None, passkey.person_id):
            raise LookupError("not a passkey of theirs")
        handle = sent["response"].get("userHandle")
        # A passkey found without a known person names its owner. That must match our record.
        if handle != passkey.user_handle and (handle or person_id is None):
            raise LookupError("made for somebody else")
        verified = verify_authentication_response(
            credential=sent,
            expected_challenge=base64url_to_bytes(challenge),
            expected_rp_id=site.id,
            expected_origin=site.origin,
            credential_public_key=passkey.public_key,
            credential_current_sign_count=passkey.sign_count,
            require_user_verification=alone,
        )
    except Exception as error:  # the parsers may raise anything on hostile input
        log.info("a passkey was refused: %s", error)
        raise Invalid(REFUSED, field="passkey") from error
    return Assertion(passkey, verified.new_sign_count)


def note_use(session: Session, used: Assertion) -> None:
    """Record that a passkey was used, as the last step of the action that it permits.

    :raises Invalid: if it was removed or used since it was checked.
    """
    counted = (
        update(Passkey)
        .where(Passkey.id == used.passkey.id, Passkey.sign_count == used.passkey.sign_count)
        .values(sign_count=used.sign_count, used_at=now())
        .returning(Passkey.id)
    )
    if session.scalar(counted) is None:
        raise Invalid(REFUSED, field="passkey")


def _answer(raw: str) -> dict[str, Any]:
    if len(raw) > MAX_ANSWER:
        raise Invalid(REFUSED, field="passkey")
    try:
        sent = json.loads(raw)
    except (ValueError, RecursionError):
        raise Invalid(REFUSED, field="passkey") from None
    if not isinstance(sent, dict):
        raise Invalid(REFUSED, field="passkey")
    return sent


def _transports(sent: dict[str, Any]) -> list[str]:
    said = sent["response"].get("transports")
    known = {one.value for one in AuthenticatorTransport}
    return [one for one in said if one in known][:10] if isinstance(said, list) else []


def _user_handle(settings: Settings, person: Person, own: Sequence[Passkey]) -> bytes:
    """Return the user handle of a person: the same for all their passkeys, and revealing
    nothing."""
    if own:
        return base64url_to_bytes(own[0].user_handle)
    return hmac.new(
        settings.key().encode(), f"passkeys of {person.id}".encode(), hashlib.sha256
    ).digest()


def _descriptors(passkeys: Sequence[Passkey]) -> list[PublicKeyCredentialDescriptor]:
    return [
        PublicKeyCredentialDescriptor(
            id=base64url_to_bytes(one.credential_id),
            transports=[AuthenticatorTransport(name) for name in one.transports] or None,
        )
        for one in passkeys
    ]


def _of(session: Session, person_id: int) -> Sequence[Passkey]:
    return session.scalars(
        select(Passkey).where(Passkey.person_id == person_id).order_by(Passkey.id)
    ).all()


def _milliseconds() -> int:
    return int(LASTS / timedelta(milliseconds=1))


def _plain(options: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(options)
    return found
