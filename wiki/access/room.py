"""Access to pages and spaces: the declarations of the room."""

from __future__ import annotations

from wiki.access import views
from wiki.i18n import lazy_gettext
from wiki.room import Link, Place, Probe, Room, Screen, none_because
from wiki.rules.access import May
from wiki.web.urls import access_url


def _access(on: Screen) -> str:
    return access_url(on.space.slug, on.page.path) if on.space and on.page else ""


ROOM = Room(
    name="access",
    blueprints=(views.blueprint,),
    operations=none_because("it explains to people who can see what"),
    commands=none_because("it shows screens only"),
    links=(
        Link(
            Place.SPACE,
            60,
            lazy_gettext("Access"),
            "access",
            icon="lock",
            section=lazy_gettext("People"),
            shown=lambda on: on.actor.is_member or (not on.actor.is_anonymous and on.may(May.EDIT)),
        ),
        Link(
            Place.PAGE,
            60,
            lazy_gettext("Who has access"),
            _access,
            icon="lock",
            shown=lambda on: on.is_live and (on.can_edit or on.actor.is_member),
        ),
    ),
    blocks=none_because("what it shows is on screens of its own"),
    shortcuts=none_because("nothing in it is pressed often"),
    suggestions=none_because("it has no pages to offer before a search"),
    text_columns=none_because("it stores nothing"),
    rates=none_because("its screens cost little"),
    guards=none_because("labels are compared by a guard of the pages"),
    checks=none_because("it stores nothing"),
    probes=(
        Probe(
            "access.access",
            ("", "may=edit", "of=page", "show=edit", "show=guests", "person=drill-insider"),
        ),
    ),
    canaries=none_because("it stores nothing"),
)
