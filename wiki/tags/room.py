"""Tags of pages and lists of pages: what the room declares."""

from __future__ import annotations

from wiki.i18n import lazy_gettext
from wiki.room import Link, Place, Probe, Room, none_because
from wiki.tags import checking, views

ROOM = Room(
    name="tags",
    blueprints=(views.blueprint,),
    operations=none_because("its operations are in the API's own room"),
    commands=none_because("tags are written with pages"),
    links=(
        Link(Place.SITE, 40, lazy_gettext("Pages"), "-/pages", icon="files"),
        Link(Place.SITE, 50, lazy_gettext("Tags"), "-/tags", icon="tags"),
        Link(
            Place.SPACE,
            30,
            lazy_gettext("Tags"),
            "tags",
            icon="tags",
            section=lazy_gettext("Pages"),
            covers=True,
        ),
    ),
    blocks=none_because("what it shows is on screens of its own"),
    shortcuts=none_because("nothing in it is pressed often"),
    suggestions=none_because("it has no pages to offer before a search"),
    text_columns=none_because("its table is derived again from the redacted revisions"),
    rates=none_because("its changes count as saves"),
    guards=none_because("it refuses no edit"),
    checks=checking.CHECKS,
    probes=(
        Probe("tags.pages", ("", "tag={tag}")),
        Probe("tags.pages_of_space", ("", "tag={tag}")),
    ),
    canaries=none_because("the pages of the drill have tags"),
)
