"""Events of the administration's audit log and leak drill."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from wiki.i18n import gettext as _
from wiki.i18n import lazy_gettext, ngettext
from wiki.outbox.event import Category, Event, Policy
from wiki.outbox.models import EventRow
from wiki.outbox.sentences import Names, Part


def _exported(row: EventRow, _names: Names) -> Iterable[Part]:
    filters = row.payload.get("filters") or {}
    kind = "CSV" if row.payload.get("format") == "csv" else "JSON lines"
    if filters:
        yield Part(_("exported part of the audit log as %(format)s", format=kind))
    else:
        yield Part(_("exported the audit log as %(format)s", format=kind))
    if filters:
        words = ", ".join(f"{name}: {value}" for name, value in filters.items())
        yield Part(f" ({words})", name=True)


def _drilled(row: EventRow, _names: Names) -> str:
    match row.payload.get("outcome"):
        case "clean":
            return _("finished the leak drill and found no leak")
        case "leaks":
            found = int(row.payload.get("found", 0))
            return ngettext(
                "finished the leak drill and found %(num)s leak",
                "finished the leak drill and found %(num)s leaks",
                found,
            )
        case "interrupted":
            return _("noticed that a leak drill was interrupted")
    return _("could not finish the leak drill")


@dataclass(frozen=True)
class AuditExported(Event):
    """An export of events as a file; ``filters`` describe which."""

    policy = Policy(Category.TRANSFER, expires=True)
    title = lazy_gettext("Audit exported")
    sentence = _exported

    format: str
    filters: dict[str, str]


@dataclass(frozen=True)
class ChainCheckRequested(Event):
    """A request for a verification of the chain of events."""

    policy = Policy(Category.UPKEEP, expires=True)
    title = lazy_gettext("Chain check requested")
    sentence = lazy_gettext("started a verification of the chain of events")

    check_id: int


@dataclass(frozen=True)
class DrillRequested(Event):
    """A request for a run of the leak drill."""

    policy = Policy(Category.UPKEEP, expires=True)
    title = lazy_gettext("Drill requested")
    sentence = lazy_gettext("started the leak drill")

    run_id: int


@dataclass(frozen=True)
class DrillFinished(Event):
    """The end of a run of the leak drill: ``clean``, with ``leaks``, ``failed`` or ``interrupted``.
    ``found`` is the number of findings."""

    policy = Policy(Category.UPKEEP, expires=True, automatic=True)
    title = lazy_gettext("Drill finished")
    sentence = _drilled

    run_id: int
    outcome: str
    found: int
