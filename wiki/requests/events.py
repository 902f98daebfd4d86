"""Events of requests for access."""

from __future__ import annotations

from dataclasses import dataclass

from wiki.i18n import lazy_gettext
from wiki.outbox.event import Category, Event, Policy


@dataclass(frozen=True)
class AccessRequested(Event):
    """A request for access to an address. It names no space, because there may be none."""

    policy = Policy(Category.ACCESS, expires=True)
    title = lazy_gettext("Access requested")
    sentence = lazy_gettext("requested access to an address")

    request_id: int


@dataclass(frozen=True)
class AccessDeclined(Event):
    """A refusal of a request by a lead of the space. It does not name the person, who is not to
    learn that the space exists."""

    policy = Policy(Category.ACCESS, expires=True)
    title = lazy_gettext("Access declined")
    sentence = lazy_gettext("declined a request for access to {space}")

    space_id: int
    request_id: int
