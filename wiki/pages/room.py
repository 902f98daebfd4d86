"""Pages and their revisions: what the room declares."""

from __future__ import annotations

from urllib.parse import quote

from wiki.i18n import lazy_gettext
from wiki.pages import checking, new_addresses, new_space, views
from wiki.pages.conflicts import views as conflict_views
from wiki.pages.links import checking as link_checking
from wiki.pages.links import mention_views
from wiki.pages.links import views as link_views
from wiki.pages.models import AllowedSecret, Page, Revision
from wiki.pages.ordering import move_views, tree_views
from wiki.pages.rendering import checking as rendering_checking
from wiki.pages.saving import ticking
from wiki.pages.saving.guards import GUARDS
from wiki.room import Link, Place, Probe, Rate, Room, Screen, Shortcut, none_because
from wiki.rules.limits import Pace
from wiki.text_columns import TextColumns, TextType
from wiki.web.urls import space_url


def _new_page_below(on: Screen) -> str:
    slug, path = (on.space.slug, on.page.path) if on.space and on.page else ("", "")
    return f"{space_url(slug, 'new')}?under={quote(path)}"


ROOM = Room(
    name="pages",
    blueprints=(
        views.blueprint,
        new_space.blueprint,
        ticking.blueprint,
        conflict_views.blueprint,
        link_views.blueprint,
        mention_views.blueprint,
        new_addresses.blueprint,
        move_views.blueprint,
        tree_views.blueprint,
    ),
    operations=none_because("its operations are in the API's own room"),
    commands=none_because("pages are written in the browser, over the API and by imports"),
    links=(
        Link(
            Place.SPACE,
            20,
            lazy_gettext("All pages"),
            "tree",
            icon="list-tree",
            section=lazy_gettext("Pages"),
            here=("pages",),
        ),
        Link(
            Place.PAGE,
            20,
            lazy_gettext("Links to this page"),
            "backlinks",
            icon="link-2",
            shown=lambda on: on.is_live,
        ),
        Link(
            Place.PAGE,
            80,
            lazy_gettext("New page below"),
            _new_page_below,
            icon="file-plus",
            shown=lambda on: on.can_edit,
        ),
        Link(
            Place.PAGE,
            90,
            lazy_gettext("Move or rename"),
            "move",
            icon="folder-input",
            shown=lambda on: on.can_edit,
        ),
        Link(
            Place.PAGE,
            85,
            lazy_gettext("Duplicate"),
            "duplicate",
            icon="copy",
            shown=lambda on: on.can_edit,
        ),
        Link(
            Place.PAGE,
            110,
            lazy_gettext("Delete"),
            "delete",
            icon="trash-2",
            shown=lambda on: on.can_edit,
            is_dangerous=True,
        ),
    ),
    blocks=none_because("what it shows is on screens of its own"),
    shortcuts=(
        Shortcut(20, lazy_gettext("Edit this page"), "e"),
        Shortcut(80, lazy_gettext("Save while editing"), "Ctrl S or Ctrl Enter"),
        Shortcut(90, lazy_gettext("Bold, italic or link while editing"), "Ctrl B, I, L"),
        Shortcut(91, lazy_gettext("Insert a block at the beginning of a line"), "/"),
        Shortcut(92, lazy_gettext("Page, person or emoji while editing"), "[[ @ :"),
    ),
    suggestions=none_because("it has no pages to offer before a search"),
    text_columns=(
        TextColumns(
            "titles",
            Revision,
            {"title": TextType.TEXT},
            lambda area: Revision.page_id.in_(area.page_ids),
            title=True,
        ),
        TextColumns(
            "addresses",
            Revision,
            {"path": TextType.PATH},
            lambda area: Revision.page_id.in_(area.page_ids),
            title=True,
        ),
        TextColumns(
            "tags and properties",
            Revision,
            {"description": TextType.TEXT, "tags": TextType.TAGS, "fields": TextType.FIELDS},
            lambda area: Revision.page_id.in_(area.page_ids),
        ),
        TextColumns(
            "front matter",
            Revision,
            {"front_matter": TextType.BLOCK},
            lambda area: Revision.page_id.in_(area.page_ids),
            title=True,
        ),
        TextColumns(
            "addresses",
            Page,
            {"routes": TextType.FIELDS},
            lambda area: Page.id.in_(area.page_ids),
            title=True,
        ),
        TextColumns(
            "messages",
            Revision,
            {"message": TextType.TEXT},
            lambda area: Revision.page_id.in_(area.page_ids),
            title=True,
        ),
        TextColumns(
            "reasons",
            AllowedSecret,
            {"reason": TextType.TEXT, "masked": TextType.TEXT},
            lambda area: AllowedSecret.page_id.in_(area.page_ids),
        ),
    ),
    rates=(
        Rate("previews", Pace(200, 5.0), by_size=True),
        Rate("saves", Pace(600, 10.0), by_size=True),
    ),
    guards=GUARDS,
    checks=(*checking.CHECKS, *rendering_checking.CHECKS, *link_checking.CHECKS),
    probes=(
        Probe("pages.read", ("", "revision=1")),
        Probe("trees.tree", ("", "under={path}")),
        Probe("trees.level", ("", "under={path}")),
        Probe("mentions.mentions", ("q=drill",)),
        Probe("trees.parents", ("", "q={path}", "under={path}", "way={path}")),
        Probe("new_addresses.address", ("title={path}", "under={path}&title=x")),
        Probe("pages.new", ("", "under={path}", "path={path}")),
    ),
    canaries=none_because("the pages of the drill are made before those of any room"),
)
