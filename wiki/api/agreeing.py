"""Agreeing to what a change exposes, over the API: by sending back the figure that was told."""

from __future__ import annotations

from collections.abc import Callable

from flask import request
from sqlalchemy.orm import Session

from wiki.api.operations import Query
from wiki.reviews import opening
from wiki.spaces.exposure import Exposes
from wiki.web.request import actor, settings

CONSENT = Query(
    "consent",
    "To what the change lets more people read: the `consent` of the problem that told of it.",
)


def agreed(session: Session, act: Callable[[], object]) -> None:
    """Do something that may expose something, if the request's ``consent`` agrees to just that.

    :raises Exposes: when it exposes something that nobody has agreed to.
    :raises NeedsSecond: when it takes a second person, who is asked in the browser.
    """
    inner = session.begin_nested()
    try:
        act()
    except Exposes as found:
        inner.rollback()
        consent = request.args.get("consent", "")
        if not consent:
            raise
        opening.agree(session, settings(), actor(), found.change, consent)
    else:
        inner.commit()
