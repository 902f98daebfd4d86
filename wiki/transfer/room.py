"""Import and export: what the room declares."""

from __future__ import annotations

from sqlalchemy import and_

from wiki.i18n import lazy_gettext
from wiki.room import Link, Place, Room, none_because
from wiki.rules.access import May
from wiki.text_columns import TextColumns, TextType
from wiki.transfer import commands, views
from wiki.transfer.models import Import, ImportedFile, Mirror

ROOM = Room(
    name="transfer",
    blueprints=(views.blueprint,),
    operations=none_because("trees and histories are imported by commands and on screens"),
    commands=commands.COMMANDS,
    links=(
        Link(
            Place.SPACE,
            45,
            lazy_gettext("Import"),
            "import",
            icon="upload",
            section=lazy_gettext("Pages"),
            shown=lambda on: on.may(May.MANAGE),
            covers=True,
        ),
    ),
    blocks=none_because("what it shows is on screens of its own"),
    shortcuts=none_because("nothing in it is pressed often"),
    suggestions=none_because("it has no pages to offer before a search"),
    text_columns=(
        TextColumns(
            "imports",
            ImportedFile,
            {"file": TextType.NAME},
            lambda area: ImportedFile.page_id.in_(area.page_ids),
            title=True,
        ),
        TextColumns(
            "imports",
            Import,
            {"name": TextType.NAME, "report": TextType.SPOKEN, "failure": TextType.TEXT},
            lambda area: and_(Import.space_id.in_(area.space_ids), Import.finished_at.is_not(None)),
            title=True,
        ),
        TextColumns(
            "mirrors",
            Mirror,
            {"failure": TextType.TEXT},
            lambda area: Mirror.space_id.in_(area.space_ids),
            title=True,
        ),
    ),
    rates=none_because("its changes count as saves"),
    guards=none_because("it refuses no edit"),
    checks=none_because("it derives nothing"),
    probes=none_because("its screens take no queries that name a page"),
    canaries=none_because("an import or a mirror shows nothing of a page to others"),
)
