"""Events about the log of events itself: scrubbing, expiry, signing, deliveries."""

from __future__ import annotations

from dataclasses import dataclass

from wiki.outbox.event import Category, Event, Policy
from wiki.outbox.models import EventRow
from wiki.outbox.sentences import Names, one_or_many


def _signed(row: EventRow, _names: Names) -> str:
    fault = " despite a fault: {fault}" if row.payload.get("fault") else ""
    return f"signed the event chain of {{count}} events again{fault}"


@dataclass(frozen=True)
class EventsScrubbed(Event):
    """The removal of content from the payloads of a page's events. ``proof`` is the hash of the
    present payloads."""

    # Proves why payloads of events were reduced.
    policy = Policy(Category.UPKEEP, expires=False)
    sentence = one_or_many(
        "removed the words from an event of {page}",
        "removed the words from {count} events of {page}",
    )

    space_id: int
    page_id: int
    count: int
    proof: str


@dataclass(frozen=True)
class EventsExpired(Event):
    """The deletion of old events: ``count`` of them up to the id ``until``, all older than
    ``before``."""

    policy = Policy(Category.UPKEEP, expires=False, automatic=True)
    sentence = one_or_many("deleted an event that had expired", "deleted {count} expired events")

    count: int
    until: int
    before: str


@dataclass(frozen=True)
class ChainSealed(Event):
    """A new signature of the ends of the chains of events, with the wiki's present key. ``fault``
    is the fault of the chains at that time."""

    policy = Policy(Category.UPKEEP, expires=False)
    sentence = _signed

    count: int
    fault: str = ""


@dataclass(frozen=True)
class DeliveriesRetried(Event):
    """A retry of failed deliveries to a subscriber."""

    policy = Policy(Category.UPKEEP, expires=True)
    sentence = one_or_many(
        "retried a delivery to {subscriber}", "retried {count} deliveries to {subscriber}"
    )

    subscriber: str
    count: int


@dataclass(frozen=True)
class DeliveriesGivenUp(Event):
    """The end of attempts at deliveries to a subscriber that had failed."""

    policy = Policy(Category.UPKEEP, expires=True)
    sentence = one_or_many(
        "gave up on a delivery to {subscriber}", "gave up on {count} deliveries to {subscriber}"
    )

    subscriber: str
    count: int
