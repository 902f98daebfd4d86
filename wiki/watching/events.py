"""Events of watching by groups. Watches of people are private, so they write none."""

from __future__ import annotations

from dataclasses import dataclass

from wiki.i18n import gettext as _
from wiki.i18n import lazy_gettext
from wiki.outbox.event import Category, Event, Policy
from wiki.outbox.models import EventRow
from wiki.outbox.sentences import Names


def _changed(row: EventRow, _names: Names) -> str:
    if row.payload.get("level"):
        return _("let {group} watch {place}")
    return _("no longer lets {group} watch {place}")


@dataclass(frozen=True)
class GroupWatchChanged(Event):
    """A level of a group for a space or a page; an empty one removes it."""

    policy = Policy(Category.SETTINGS, expires=True)
    title = lazy_gettext("Group watch changed")
    sentence = _changed

    space_id: int
    page_id: int | None
    group_id: int
    level: str
