"""Feeds: what the room declares."""

from __future__ import annotations

from sqlalchemy import false

from wiki.feeds import canaries, views
from wiki.feeds.models import FeedAddress
from wiki.i18n import lazy_gettext
from wiki.room import Link, Place, Probe, Rate, Room, Screen, none_because
from wiki.rules.limits import Pace
from wiki.text_columns import TextColumns, TextType


def _of_space(on: Screen) -> str:
    return f"{views.LIST}?space={on.space.slug}" if on.space else views.LIST


def _of_page(on: Screen) -> str:
    return f"{views.LIST}?page={on.page.id}" if on.page else views.LIST


ROOM = Room(
    name="feeds",
    blueprints=(views.blueprint,),
    operations=none_because("the API has its own feed of changes"),
    commands=none_because("people create the addresses of their feeds themselves"),
    links=(
        Link(
            Place.SPACE,
            37,
            lazy_gettext("Feed"),
            _of_space,
            icon="rss",
            section=lazy_gettext("Pages"),
            shown=lambda on: not on.actor.is_anonymous,
        ),
        Link(
            Place.PAGE,
            65,
            lazy_gettext("Feed"),
            _of_page,
            icon="rss",
            shown=lambda on: on.is_live and not on.actor.is_anonymous,
        ),
    ),
    blocks=none_because("what it shows is on a screen of its own"),
    shortcuts=none_because("nothing in it is pressed often"),
    suggestions=none_because("it has no pages to offer before a search"),
    text_columns=(
        # An address belongs to no page, and its names are private to its owner.
        TextColumns(
            "feed addresses",
            FeedAddress,
            {"name": TextType.TEXT, "question": TextType.TEXT, "tag": TextType.TEXT},
            lambda area: FeedAddress.id > 0 if area.everywhere else false(),
            counted=False,
        ),
    ),
    rates=(Rate("feeds", Pace(300, 5.0)),),
    guards=none_because("it refuses no edit"),
    checks=none_because("the database itself keeps the rows consistent"),
    probes=(
        Probe("feeds.own", ("", "page={page_id}", "space={slug}", "tag={tag}", "q={word}")),
        Probe("feeds.mine", ("", "page={page_id}", "space={slug}", "tag={tag}")),
    ),
    canaries=(canaries.follow_hidden_pages,),
)
