"""Events about the log of events itself: scrubbing, expiry, signing, deliveries."""

from __future__ import annotations

from dataclasses import dataclass

from wiki.i18n import gettext as _
from wiki.i18n import lazy_gettext
from wiki.outbox.event import Category, Event, Policy
from wiki.outbox.models import EventRow
from wiki.outbox.sentences import Names, one_or_many


def _signed(row: EventRow, _names: Names) -> str:
    if row.payload.get("fault"):
        return _("signed the event chain of {count} events again despite a fault: {fault}")
    return _("signed the event chain of {count} events again")


@dataclass(frozen=True)
class EventsScrubbed(Event):
    """The removal of content from the payloads of a page's events. ``proof`` is the hash of the
    present payloads."""

    # Proves why payloads of events were reduced.
    policy = Policy(Category.UPKEEP, expires=False)
    title = lazy_gettext("Events scrubbed")
    sentence = one_or_many(
        lazy_gettext("removed the words from an event of {page}"),
        lazy_gettext("removed the words from {count} events of {page}"),
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
    title = lazy_gettext("Events expired")
    sentence = one_or_many(
        lazy_gettext("deleted an event that had expired"),
        lazy_gettext("deleted {count} expired events"),
    )

    count: int
    until: int
    before: str


@dataclass(frozen=True)
class ChainSealed(Event):
    """A new signature of the ends of the chains of events, with the wiki's present key. ``fault``
    is the fault of the chains at that time."""

    policy = Policy(Category.UPKEEP, expires=False)
    title = lazy_gettext("Chain sealed")
    sentence = _signed

    count: int
    fault: str = ""


@dataclass(frozen=True)
class DeliveriesRetried(Event):
    """A retry of failed deliveries to a subscriber."""

    policy = Policy(Category.UPKEEP, expires=True)
    title = lazy_gettext("Deliveries retried")
    sentence = one_or_many(
        lazy_gettext("retried a delivery to {subscriber}"),
        lazy_gettext("retried {count} deliveries to {subscriber}"),
    )

    subscriber: str
    count: int


@dataclass(frozen=True)
class DeliveriesGivenUp(Event):
    """The end of attempts at deliveries to a subscriber that had failed."""

    policy = Policy(Category.UPKEEP, expires=True)
    title = lazy_gettext("Deliveries given up")
    sentence = one_or_many(
        lazy_gettext("gave up on a delivery to {subscriber}"),
        lazy_gettext("gave up on {count} deliveries to {subscriber}"),
    )

    subscriber: str
    count: int
