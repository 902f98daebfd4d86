"""Links for people without an account: what the room declares."""

from __future__ import annotations

from wiki.i18n import lazy_gettext
from wiki.room import Link, Place, Probe, Room, none_because
from wiki.rules.access import May
from wiki.sharing import views, visit_views
from wiki.sharing.models import ShareLink
from wiki.text_columns import TextColumns, TextType

ROOM = Room(
    name="sharing",
    blueprints=(views.blueprint, visit_views.blueprint),
    operations=none_because("share links are made on screens"),
    commands=none_because("share links are made on screens"),
    links=(
        Link(
            Place.SPACE,
            90,
            lazy_gettext("Share links"),
            "shares",
            icon="share-2",
            section=lazy_gettext("Manage"),
            shown=lambda on: on.may(May.MANAGE),
        ),
        Link(
            Place.PAGE,
            70,
            lazy_gettext("Share by link"),
            "share",
            icon="share-2",
            shown=lambda on: on.can_edit and views.can_share_by_link(),
        ),
    ),
    blocks=none_because("what it shows is on screens of its own"),
    shortcuts=none_because("nothing in it is pressed often"),
    suggestions=none_because("it has no pages to offer before a search"),
    text_columns=(
        TextColumns(
            "share links",
            ShareLink,
            {"recipient": TextType.TEXT},
            lambda area: ShareLink.page_id.in_(area.page_ids),
        ),
    ),
    rates=none_because("its changes count as saves"),
    guards=none_because("it refuses no edit"),
    checks=none_because("it derives nothing"),
    probes=(Probe("shared.read", ("", "revision=1")),),
    canaries=none_because("the links of the drill are accounts of their own"),
)
