"""Events as administrators read them, jobs and storage: what the room declares."""

from __future__ import annotations

from sqlalchemy import select

from wiki.audit import checking, commands, views
from wiki.i18n import lazy_gettext
from wiki.outbox.models import Delivery, EventRow
from wiki.room import Link, Place, Probe, Room, none_because
from wiki.text_columns import TextColumns, TextType

ROOM = Room(
    name="audit",
    blueprints=(views.blueprint,),
    operations=none_because("the audit log is exported by a command"),
    commands=commands.COMMANDS,
    links=(
        Link(Place.ADMIN, 320, lazy_gettext("Audit"), "audit", section=lazy_gettext("Monitoring")),
        Link(Place.ADMIN, 330, lazy_gettext("Reads"), "reads", section=lazy_gettext("Monitoring")),
        Link(Place.ADMIN, 410, lazy_gettext("Jobs"), "jobs", section=lazy_gettext("System")),
        Link(Place.ADMIN, 420, lazy_gettext("Storage"), "storage", section=lazy_gettext("System")),
    ),
    blocks=none_because("what it shows is on screens of its own"),
    shortcuts=none_because("nothing in it is pressed often"),
    suggestions=none_because("it has no pages to offer before a search"),
    text_columns=(
        TextColumns(
            "jobs",
            Delivery,
            {"error": TextType.TEXT},
            lambda area: Delivery.event_id.in_(
                select(EventRow.id).where(EventRow.page_id.in_(area.page_ids))
            ),
            title=True,
        ),
    ),
    rates=none_because("its changes count as saves"),
    guards=none_because("it refuses no edit"),
    checks=checking.CHECKS,
    probes=(
        Probe(
            "audit.audit",
            (
                "",
                "words={word}",
                "words={half}",
                "page={slug}/{path}",
                "space={slug}",
                "category=access",
                "category=content",
            ),
        ),
        Probe("audit.show_reads", ("", "page={slug}/{path}", "who=drill-insider")),
    ),
    canaries=none_because("everything that the drill does is an event"),
)
