"""Pages and their revisions: what the room declares."""

from __future__ import annotations

from urllib.parse import quote

from wiki.pages import checking, new_space, ticking, views
from wiki.pages.conflicts import views as conflict_views
from wiki.pages.links import views as link_views
from wiki.pages.models import AllowedSecret, Page, Revision
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
    ),
    operations=none_because("its operations are in the API's own room"),
    commands=none_because("pages are written in the browser, over the API and by imports"),
    links=(
        Link(Place.SPACE, 20, "All pages", "tree", icon="list-tree", here=("pages",)),
        Link(
            Place.PAGE,
            20,
            "Links to this page",
            "backlinks",
            icon="link-2",
            shown=lambda on: on.is_live,
        ),
        Link(
            Place.PAGE,
            80,
            "New page below",
            _new_page_below,
            icon="file-plus",
            shown=lambda on: on.can_edit,
        ),
        Link(
            Place.PAGE,
            90,
            "Move or rename",
            "move",
            icon="folder-input",
            shown=lambda on: on.can_edit,
        ),
        Link(
            Place.PAGE,
            85,
            "Duplicate",
            "duplicate",
            icon="copy",
            shown=lambda on: on.can_edit,
        ),
        Link(
            Place.PAGE,
            110,
            "Delete",
            "delete",
            icon="trash-2",
            shown=lambda on: on.can_edit,
            is_dangerous=True,
        ),
    ),
    blocks=none_because("what it shows is on screens of its own"),
    shortcuts=(
        Shortcut(20, "Edit this page", "e"),
        Shortcut(80, "Save while editing", "Ctrl S or Ctrl Enter"),
        Shortcut(90, "Bold, italic or link while editing", "Ctrl B, I, L"),
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
    checks=checking.CHECKS,
    probes=(
        Probe("pages.read", ("", "revision=1")),
        Probe("pages.tree", ("", "under={path}")),
        Probe("pages.new", ("", "under={path}", "path={path}")),
    ),
    canaries=none_because("the pages of the drill are made before those of any room"),
)
