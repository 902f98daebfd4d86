"""Actions of administrators on failed deliveries: retry them, or give up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session

from wiki.db import now
from wiki.errors import NotFound, require_allowed
from wiki.outbox.actions import publish
from wiki.outbox.events import DeliveriesGivenUp, DeliveriesRetried
from wiki.outbox.models import Delivery
from wiki.rules.access import Actor, may_administer

FAILED = Delivery.attempts > 0
GIVEN_UP = Delivery.gave_up_at.is_not(None)


def retry(session: Session, actor: Actor, delivery_id: int) -> None:
    """Retry a failed delivery, with its failures reset.

    :raises NotFound: when there is none, or it is under way. :raises Forbidden:
    """
    require_allowed(may_administer(actor))
    these = (Delivery.id == delivery_id) & _to_retry()
    _change(session, actor, these, _again(), DeliveriesRetried)


def retry_all(session: Session, actor: Actor, subscriber: str) -> int:
    """Retry all failed deliveries of a subscriber that are not under way; return how many.

    :raises NotFound: when there are none. :raises Forbidden:
    """
    require_allowed(may_administer(actor))
    these = (Delivery.subscriber == subscriber) & _to_retry()
    return _change(session, actor, these, _again(), DeliveriesRetried)


def give_up(session: Session, actor: Actor, delivery_id: int) -> None:
    """Give up on a failed delivery. It stays on the list.

    :raises NotFound: when there is no such delivery. :raises Forbidden:
    """
    require_allowed(may_administer(actor))
    these = (Delivery.id == delivery_id) & FAILED & ~GIVEN_UP
    _change(session, actor, these, {"gave_up_at": now()}, DeliveriesGivenUp)


def try_again(session: Session, delivery_id: int) -> None:
    """Retry a failed delivery unless it is under way, without an access check."""
    these = (Delivery.id == delivery_id) & _to_retry()
    session.execute(
        update(Delivery).where(these).values(_again()).execution_options(synchronize_session=False)
    )


def _change(
    session: Session,
    actor: Actor,
    these: ColumnElement[bool],
    values: dict[str, Any],
    event: type[DeliveriesRetried] | type[DeliveriesGivenUp],
) -> int:
    found: Sequence[Any] = session.execute(
        select(Delivery.subscriber, func.count()).where(these).group_by(Delivery.subscriber)
    ).all()
    if not found:
        raise NotFound
    session.execute(
        update(Delivery).where(these).values(values).execution_options(synchronize_session=False)
    )
    [(subscriber, count)] = found
    publish(session, actor, event(subscriber, count))
    return int(count)


def _to_retry() -> ColumnElement[bool]:
    under_way = Delivery.claimed_by.is_not(None) & (Delivery.due_at > now())
    return (FAILED | GIVEN_UP) & ~under_way


def _again() -> dict[str, Any]:
    return {"attempts": 0, "gave_up_at": None, "due_at": now(), "claimed_by": None}
