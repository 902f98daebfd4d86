"""Consent to changes that expose something: the client sends back the digest that it was told."""

from __future__ import annotations

from collections.abc import Callable

from flask import request
from sqlalchemy.orm import Session

from wiki.reviews import approvals
from wiki.spaces.consent import NeedsConsent
from wiki.web.operations import Query
from wiki.web.request import actor, settings

CONSENT = Query(
    "consent",
    "Agrees that more people can read something: the `consent` of the problem that reported it.",
)


def agreed(session: Session, act: Callable[[], object]) -> None:
    """Run ``act``, which may expose something, if the request's ``consent`` matches the exposure.

    :raises NeedsConsent: when it exposes something without consent.
    :raises NeedsSecond: when a second person has to approve it, in the browser.
    """
    inner = session.begin_nested()
    try:
        act()
    except NeedsConsent as found:
        inner.rollback()
        session.expire_all()  # a move sets paths in memory, too
        consent = request.args.get("consent", "")
        if not consent:
            raise
        approvals.agree(session, settings(), actor(), found.change, consent)
    else:
        inner.commit()
