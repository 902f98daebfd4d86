"""Events of the personal addresses of feeds."""

from __future__ import annotations

from dataclasses import dataclass

from wiki.i18n import lazy_gettext
from wiki.outbox.event import Category, Event, Policy
from wiki.outbox.sentences import own_or_other


@dataclass(frozen=True)
class FeedAddressCreated(Event):
    """A new personal address of a feed."""

    policy = Policy(Category.ACCOUNT, expires=True)
    title = lazy_gettext("Feed address created")
    sentence = own_or_other(
        lazy_gettext("created the address of a feed"),
        lazy_gettext("created the address of a feed for {person}"),
    )

    person_id: int
    address_id: int


@dataclass(frozen=True)
class FeedAddressRevoked(Event):
    """The revocation of a personal address of a feed."""

    policy = Policy(Category.ACCOUNT, expires=True)
    title = lazy_gettext("Feed address revoked")
    sentence = own_or_other(
        lazy_gettext("revoked the address of a feed"),
        lazy_gettext("revoked the address of a feed of {person}"),
    )

    person_id: int
    address_id: int
