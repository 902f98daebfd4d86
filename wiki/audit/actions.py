"""Actions of administrators on the log of events: verify and export it."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from wiki.audit.events import AuditExported, ChainCheckRequested
from wiki.audit.exporting import Format
from wiki.audit.models import ChainCheck
from wiki.audit.queries import Found, require_admin
from wiki.errors import Invalid
from wiki.outbox.actions import publish
from wiki.rules.access import Actor


def ask_for_check(session: Session, actor: Actor) -> None:
    """Queue a verification of the chain of events for the worker, unless one is queued.

    :raises Forbidden: unless the actor is an administrator.
    """
    require_admin(actor)
    if session.scalar(select(ChainCheck.id).where(ChainCheck.done_at.is_(None)).limit(1)):
        return
    check = ChainCheck(asked_by_id=actor.person_id)
    session.add(check)
    session.flush()
    publish(session, actor, ChainCheckRequested(check.id))


def begin_export(session: Session, actor: Actor, found: Found, format: Format) -> int:
    """Announce that the actor exports events. Return the id of that event; the export contains
    events before it.

    :raises Forbidden: unless the actor is an administrator.
    :raises Invalid: when a filter matches nothing that exists.
    """
    require_admin(actor)
    if found.errors:
        name, sentence = next(iter(found.errors.items()))
        raise Invalid(sentence, field=name)
    return publish(session, actor, AuditExported(format.value, dict(found.told)))
