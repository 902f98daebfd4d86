"""Expiry of events that are no longer needed, and shortening of addresses in old ones."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from wiki.outbox.actions import ends_of, keep_ends, publish, take_turn
from wiki.outbox.chain.links import PASSING, name_of
from wiki.outbox.event import policy_of
from wiki.outbox.events import EventsExpired
from wiki.outbox.models import PASSING as MAY_PASS
from wiki.outbox.models import TRACED, Delivery, EventRow
from wiki.rules.access import ANONYMOUS
from wiki.web.origin import shorten

AT_ONCE = 5000


def expire(session: Session, before: datetime) -> int:
    """Delete the oldest expirable events before a time, at most :data:`AT_ONCE`; return how many.

    The chain continues from its last deleted event, and an event records the deletion of chained
    events. An event with a pending delivery also keeps those after it.
    """
    take_turn(session)
    ends = ends_of(session)
    end = ends[PASSING]
    waiting = select(Delivery.id).where(
        Delivery.event_id == EventRow.id, Delivery.gave_up_at.is_(None)
    )
    oldest = session.execute(
        select(EventRow.id, EventRow.name, EventRow.link, EventRow.at < before, waiting.exists())
        .where(MAY_PASS, EventRow.id > end.anchor_id)
        .order_by(EventRow.id)
        .limit(AT_ONCE)
    )
    going = last_id = 0
    for id, name, link, is_old, awaited in oldest:
        if not is_old or awaited or (link is None and policy_of(name).chained):
            break
        going, last_id = going + 1, id
        if link is not None:
            end = replace(end, anchor_id=id, anchor_count=end.anchor_count + 1, anchor=link)
    if going:
        session.execute(delete(EventRow).where(MAY_PASS, EventRow.id <= last_id))
    if end != ends[PASSING]:
        keep_ends(session, ends, {**ends, PASSING: end})
        count = end.anchor_count - ends[PASSING].anchor_count
        publish(session, ANONYMOUS, EventsExpired(count, end.anchor_id, before.isoformat()))
    return going


def shorten_addresses(session: Session, before: datetime) -> int:
    """Shorten the addresses of the oldest events before a time, at most :data:`AT_ONCE`; return how
    many."""
    take_turn(session)
    oldest = session.execute(
        select(EventRow.id, EventRow.address, EventRow.passing, EventRow.at < before)
        .where(TRACED)
        .order_by(EventRow.id)
        .limit(AT_ONCE)
    )
    ends = ends_of(session)
    after = dict(ends)
    changed = 0
    for id, address, passing, is_old in oldest:
        if not is_old:
            break
        session.execute(
            update(EventRow)
            .where(EventRow.id == id)
            .values(address=shorten(address or ""), address_salt=None)
            .execution_options(synchronize_session=False)
        )
        name = name_of(passing)
        after[name] = replace(after[name], shortened_id=id)
        changed += 1
    if changed:
        keep_ends(session, ends, after)
    return changed
