"""Approvals of changes of exposure: what the room declares."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from wiki.reviews import approvals, views
from wiki.reviews.models import Approval
from wiki.room import Block, Room, Screen, Slot, none_because
from wiki.text_columns import TextColumns, TextType


def _waiting(session: Session, on: Screen) -> Mapping[str, Any]:
    return {"count": 0 if on.actor.is_anonymous else approvals.count_waiting(session, on.actor)}


ROOM = Room(
    name="reviews",
    blueprints=(views.blueprint,),
    operations=none_because("approvals are given on screens"),
    commands=none_because("approvals are given on screens"),
    links=none_because("approvals are reached from mails and from what waits for them"),
    blocks=(Block(Slot.WAITING, 10, "reviews/waiting.html", load=_waiting),),
    shortcuts=none_because("nothing in it is pressed often"),
    suggestions=none_because("it has no pages to offer before a search"),
    text_columns=(
        TextColumns(
            "approvals",
            Approval,
            {"payload": TextType.SPOKEN, "words": TextType.TEXT, "reason": TextType.TEXT},
            lambda area: Approval.payload["page_id"].as_integer().in_(area.page_ids),
            title=True,
        ),
    ),
    rates=none_because("its changes count as saves"),
    guards=none_because("it refuses no edit"),
    checks=none_because("it derives nothing"),
    probes=none_because("its screens take no queries that name a page"),
    canaries=none_because("approvals are not shown with anything of a page"),
)
