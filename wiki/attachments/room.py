"""Files of pages and spaces: what the room declares."""

from __future__ import annotations

from wiki.attachments import checking, version_views, views
from wiki.attachments.models import Upload
from wiki.attachments.pictures import picking_views
from wiki.attachments.uploading import views as upload_views
from wiki.i18n import lazy_gettext
from wiki.room import Link, Place, Probe, Rate, Room, none_because
from wiki.rules.limits import Pace
from wiki.text_columns import TextColumns, TextType

ROOM = Room(
    name="attachments",
    blueprints=(
        views.blueprint,
        version_views.blueprint,
        upload_views.blueprint,
        picking_views.blueprint,
    ),
    operations=none_because("its operations are in the API's own room"),
    commands=none_because("files come with imports"),
    links=(
        Link(
            Place.PAGE,
            10,
            lazy_gettext("Files"),
            "files",
            icon="paperclip",
            shown=lambda on: on.is_live,
        ),
    ),
    blocks=none_because("what it shows is on screens of its own"),
    shortcuts=none_because("nothing in it is pressed often"),
    suggestions=none_because("it has no pages to offer before a search"),
    text_columns=(
        TextColumns(
            "uploads",
            Upload,
            {"name": TextType.NAME},
            lambda area: Upload.page_id.in_(area.page_ids),
            title=True,
        ),
    ),
    rates=(Rate("files", Pace(3000, 50.0)),),
    guards=none_because("it refuses no edit"),
    checks=checking.CHECKS,
    probes=(Probe("attachments.read", ("", "width=320", "download=1")),),
    canaries=none_because("the pages of the drill have files"),
)
