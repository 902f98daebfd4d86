"""Housekeeping and the self-check: what the room declares."""

from __future__ import annotations

from wiki.i18n import lazy_gettext
from wiki.insights import branding_views, commands, selfcheck_views, views
from wiki.room import Link, Place, Probe, Room, none_because
from wiki.rules.access import May

ROOM = Room(
    name="insights",
    blueprints=(views.blueprint, selfcheck_views.blueprint, branding_views.blueprint),
    operations=none_because("it shows screens only"),
    commands=commands.COMMANDS,
    links=(
        Link(
            Place.SPACE,
            40,
            lazy_gettext("Housekeeping"),
            "housekeeping",
            icon="list-checks",
            section=lazy_gettext("Pages"),
            shown=lambda on: on.may(May.EDIT),
        ),
        Link(
            Place.ADMIN,
            310,
            lazy_gettext("Security"),
            "security",
            section=lazy_gettext("Monitoring"),
        ),
        Link(
            Place.ADMIN, 430, lazy_gettext("Settings"), "settings", section=lazy_gettext("System")
        ),
    ),
    blocks=none_because("what it shows is on screens of its own"),
    shortcuts=none_because("nothing in it is pressed often"),
    suggestions=none_because("it has no pages to offer before a search"),
    text_columns=none_because("it stores nothing"),
    rates=none_because("the self-check counts among the comparisons"),
    guards=none_because("it refuses no edit"),
    checks=none_because("it stores nothing"),
    probes=(
        Probe(
            "insights.keep_house",
            ("", "list=orphans", "list=dead-ends", "list=sections", "list=files"),
        ),
    ),
    canaries=none_because("it stores nothing"),
)
