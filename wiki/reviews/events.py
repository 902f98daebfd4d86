"""Events of consent to changes that let more people read something."""

from __future__ import annotations

from dataclasses import dataclass

from wiki.i18n import gettext as _
from wiki.i18n import lazy_gettext
from wiki.outbox.event import Category, Event, Policy
from wiki.outbox.models import EventRow
from wiki.outbox.sentences import DEEDS, Names


def _opened(row: EventRow, _names: Names) -> str:
    deed = DEEDS.get(row.payload.get("kind", "")) or _("a change")
    if row.space_id is None:
        if row.payload.get("second"):
            return _("gave more people access by %(deed)s, approved by {second}", deed=deed)
        return _("gave more people access by %(deed)s", deed=deed)
    if row.payload.get("second"):
        return _("gave more people access in {space} by %(deed)s, approved by {second}", deed=deed)
    return _("gave more people access in {space} by %(deed)s", deed=deed)


def _asked(row: EventRow, _names: Names) -> str:
    if row.space_id is None:
        return _("asked for approval of {approval}")
    return _("asked for approval of {approval} in {space}")


def _decided(row: EventRow, _names: Names) -> str:
    if row.space_id is None:
        return _("approved {approval}") if row.payload.get("approved") else _("rejected {approval}")
    if row.payload.get("approved"):
        return _("approved {approval} in {space}")
    return _("rejected {approval} in {space}")


@dataclass(frozen=True)
class Opened(Event):
    """The consent to a change that lets more people read something. ``digest`` identifies the
    change; ``second`` is the person who approved it besides its author."""

    # Proves who agreed to let more people read something.
    policy = Policy(Category.ACCESS, expires=False)
    title = lazy_gettext("Opened")
    sentence = _opened

    space_id: int | None
    kind: str
    digest: str
    second: int | None


@dataclass(frozen=True)
class ApprovalAsked(Event):
    """A change that waits for the approval of a second person."""

    policy = Policy(Category.ACCESS, expires=True)
    title = lazy_gettext("Approval asked")
    sentence = _asked

    space_id: int | None
    approval_id: int


@dataclass(frozen=True)
class ApprovalDecided(Event):
    """The approval or rejection of a change by a second person."""

    policy = Policy(Category.ACCESS, expires=True)
    title = lazy_gettext("Approval decided")
    sentence = _decided

    space_id: int | None
    approval_id: int
    approved: bool
