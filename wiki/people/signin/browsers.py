"""Browsers in which a person signed in before, recognised by a cookie that grants nothing. A
sign-in in an unknown browser is reported to the account's owner by mail."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from flask import Response, after_this_request, request
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from wiki.config import Settings
from wiki.db import insert_into, now
from wiki.mail import messages as mails
from wiki.people.models import KnownBrowser, Person
from wiki.people.signin.devices import device

MOST = 50
LASTS = timedelta(days=400)  # no browser keeps a cookie longer


def note_browser(session: Session, settings: Settings, person: Person) -> None:
    """Record this browser for the person; notify them if it is new and not their first."""
    name = "__Host-wiki-known" if settings.secure else "wiki-known"
    token = request.cookies.get(name, "")
    if not 20 <= len(token) <= 100:
        token = secrets.token_urlsafe(32)
    # Hashed with the person's id, so that the rows do not reveal who shares a browser.
    token_hash = hashlib.sha256(f"{person.id} {token}".encode("utf-8", "replace")).hexdigest()
    known = session.scalars(
        select(KnownBrowser)
        .where(KnownBrowser.person_id == person.id)
        .order_by(KnownBrowser.seen_at.desc())
    ).all()
    this = next((one for one in known if one.token_hash == token_hash), None)
    if this is not None:
        this.seen_at = now()
    else:
        if known:
            mails.post(
                session,
                settings,
                person.actor(),
                person,
                "people/mail/new_browser.txt",
                device=device(request.user_agent.string),
                address=request.remote_addr or "",
            )
        session.execute(
            insert_into(session, KnownBrowser)
            .values(person_id=person.id, token_hash=token_hash, seen_at=now())
            .on_conflict_do_nothing()
        )
    for old in known[MOST - 1 :]:
        if old is not this:
            session.execute(
                delete(KnownBrowser).where(
                    KnownBrowser.person_id == person.id, KnownBrowser.token_hash == old.token_hash
                )
            )
    session.flush()

    @after_this_request
    def keep(answer: Response) -> Response:
        answer.set_cookie(
            name,
            token,
            max_age=LASTS,
            secure=settings.secure,
            httponly=True,
            samesite="Lax",
        )
        return answer
