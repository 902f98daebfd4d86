"""Removal of a passage everywhere: what the room declares."""

from __future__ import annotations

from sqlalchemy import select

from wiki.i18n import lazy_gettext
from wiki.redaction import canaries, views
from wiki.redaction.models import RedactedPage, Redaction
from wiki.room import Link, Place, Probe, Room, Screen, none_because
from wiki.rules.access import May
from wiki.text_columns import TextColumns, TextType


def _redact(on: Screen) -> str:
    return f"/-/p/{on.page.id}/redact" if on.page else ""


ROOM = Room(
    name="redaction",
    blueprints=(views.blueprint,),
    operations=none_because("redacting asks for a confirmation on the screen"),
    commands=none_because("redacting asks for a confirmation on the screen"),
    links=(
        Link(
            Place.SPACE,
            100,
            lazy_gettext("Redactions"),
            "redactions",
            icon="eraser",
            section=lazy_gettext("Manage"),
            shown=lambda on: on.may(May.MANAGE),
            covers=True,
        ),
        Link(
            Place.PAGE,
            120,
            lazy_gettext("Redact"),
            _redact,
            icon="eraser",
            shown=lambda on: on.can_edit and on.may(May.MANAGE),
            is_dangerous=True,
        ),
    ),
    blocks=none_because("what it shows is on screens of its own"),
    shortcuts=none_because("nothing in it is pressed often"),
    suggestions=none_because("it has no pages to offer before a search"),
    text_columns=(
        TextColumns(
            "reasons",
            Redaction,
            {"reason": TextType.TEXT},
            lambda area: Redaction.id.in_(
                select(RedactedPage.redaction_id).where(RedactedPage.page_id.in_(area.page_ids))
            ),
            title=True,
        ),
    ),
    rates=none_because("looking for a passage counts among the comparisons"),
    guards=none_because("redacted words are refused by a guard of the pages"),
    checks=none_because("it derives nothing"),
    probes=(Probe("redaction.redact", ("", "revision=1", "source=1", "titles=1")),),
    canaries=(canaries.redact_a_file,),
)
