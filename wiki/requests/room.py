"""Requests for access: what the room declares."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from wiki.i18n import gettext as _
from wiki.i18n import lazy_gettext
from wiki.requests import canaries, queries, views
from wiki.requests.actions import place_named
from wiki.requests.models import AccessRequest
from wiki.room import Block, Link, Place, Probe, Room, Screen, Slot, none_because
from wiki.rules.access import May
from wiki.spaces.models import Space
from wiki.text_columns import TextColumns, TextType
from wiki.web.response_cache import all_remembered


def _number(on: Screen) -> int:
    """Return the number of requests that wait for the user in the space. It is remembered for all
    leads of a space, because each of their page views shows it."""
    if on.space is None or not on.may(May.MANAGE):
        return 0
    slug, created_at = on.space.slug, on.space.created_at
    key = "requests that wait", slug, created_at

    def count(session: Session, _keys: object) -> Mapping[Any, int]:
        return {key: queries.count_waiting(session, slug, created_at)}

    return all_remembered([key], count, 200)[key]


def _label(on: Screen) -> str:
    return _("Access requests (%(num)s)", num=_number(on))


def _by_space(session: Session, on: Screen) -> Mapping[str, Any]:
    return {"found": queries.count_by_space(session, on.actor)}


def _known(session: Session, on: Screen) -> Mapping[str, Any]:
    place = place_named(on.url_path)
    return {"known": place and queries.known_at(session, on.actor, place[0])}


ROOM = Room(
    name="requests",
    blueprints=(views.blueprint,),
    operations=none_because("people ask where a browser shows them nothing"),
    commands=none_because("leads decide in the browser"),
    links=(
        Link(
            Place.SPACE,
            55,
            _label,
            "requests",
            icon="user-plus",
            section=lazy_gettext("People"),
            shown=lambda on: _number(on) > 0,
        ),
    ),
    blocks=(
        Block(Slot.NOT_FOUND, 10, "requests/offer.html"),
        Block(Slot.WAITING, 15, "requests/waiting.html", load=_by_space),
        Block(Slot.FORBIDDEN, 10, "requests/offer_forbidden.html", load=_known),
        Block(Slot.MISSING, 20, "requests/offer_in_space.html"),
    ),
    shortcuts=none_because("nothing in it is pressed often"),
    suggestions=none_because("it has no pages to offer before a search"),
    text_columns=(
        TextColumns(
            "requests for access",
            AccessRequest,
            {"path": TextType.PATH, "message": TextType.TEXT},
            lambda area: AccessRequest.slug.in_(
                select(Space.slug).where(Space.id.in_(area.space_ids))
            ),
            title=True,
            counted=False,
        ),
    ),
    rates=none_because("its changes count as saves, and each person has a few requests at most"),
    guards=none_because("it refuses no edit"),
    checks=none_because("it derives nothing"),
    probes=(
        Probe("requests.form", ("at=/{slug}/{path}",)),
        Probe("requests.ask", ("at=/{slug}/{path}",)),
    ),
    canaries=(canaries.ask_for_hidden_pages,),
)
