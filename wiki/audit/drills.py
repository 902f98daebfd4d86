"""Runs of the leak drill: requests by administrators, and the latest results."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from wiki.audit.events import DrillRequested
from wiki.audit.models import DrillRun
from wiki.audit.queries import require_admin
from wiki.outbox.actions import publish
from wiki.rules.access import Actor


class Outcome(StrEnum):
    """The outcome of a run."""

    CLEAN = "clean"
    LEAKS = "leaks"
    FAILED = "failed"
    INTERRUPTED = "interrupted"


def ask_for_drill(session: Session, actor: Actor) -> None:
    """Queue a run of the leak drill for the worker, unless one is running or queued.

    :raises Forbidden: unless the actor is an administrator.
    """
    require_admin(actor)
    if session.scalar(select(DrillRun.id).where(DrillRun.done_at.is_(None)).limit(1)):
        return
    run = DrillRun(asked_by_id=actor.person_id)
    session.add(run)
    session.flush()
    publish(session, actor, DrillRequested(run.id))


def list_drills(session: Session, actor: Actor, *, limit: int = 10) -> Sequence[DrillRun]:
    """Return the latest runs, newest first.

    :raises Forbidden: unless the actor is an administrator.
    """
    require_admin(actor)
    return session.scalars(
        select(DrillRun)
        .options(joinedload(DrillRun.asked_by))
        .order_by(DrillRun.id.desc())
        .limit(limit)
    ).all()
