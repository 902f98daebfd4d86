"""Comments: what the room declares."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from wiki.comments import canaries, checking, message_views, passage_views, queries, views
from wiki.comments.composing import UNRENDERED
from wiki.comments.models import (
    Anchor,
    EarlierText,
    Message,
    StateChange,
    SuggestedText,
    Thread,
)
from wiki.i18n import lazy_gettext
from wiki.room import Block, Probe, Rate, Room, Screen, Shortcut, Slot, none_because
from wiki.rules.access import May
from wiki.rules.limits import Pace
from wiki.text_columns import Area, TextColumns, TextType


def _newest(session: Session, on: Screen) -> Mapping[str, Any]:
    has_none = on.page is None or on.columns.get("open_threads") == 0
    openings = queries.newest_open(session, on.page) if on.page and not has_none else []
    may_comment = not on.actor.is_anonymous and on.may(May.COMMENT)
    return {"openings": openings, "few": queries.FEW, "may_comment": may_comment}


def _threads_in(area: Area) -> Any:
    return select(Thread.id).where(Thread.page_id.in_(area.page_ids))


def _messages_in(area: Area) -> Any:
    return select(Message.id).where(Message.thread_id.in_(_threads_in(area)))


ROOM = Room(
    name="comments",
    blueprints=(views.blueprint, message_views.blueprint, passage_views.blueprint),
    operations=none_because("its operations are in the API's own room"),
    commands=none_because("people comment in the browser and over the API"),
    links=none_because("the comments of a page are beside its buttons and below it"),
    blocks=(
        Block(
            Slot.PAGE_BAR,
            5,
            "comments/bar.html",
            columns={"open_threads": queries.OPEN_THREADS},
        ),
        Block(Slot.PAGE_FOOT, 10, "comments/foot.html", load=_newest),
    ),
    shortcuts=(Shortcut(45, lazy_gettext("Comment on this page"), "c"),),
    suggestions=none_because("it has no pages to offer before a search"),
    text_columns=(
        TextColumns(
            "comments",
            Message,
            {"text": TextType.TEXT},
            lambda area: Message.id.in_(_messages_in(area)),
            derived=UNRENDERED,
        ),
        TextColumns(
            "earlier comments",
            EarlierText,
            {"text": TextType.TEXT},
            lambda area: EarlierText.message_id.in_(_messages_in(area)),
        ),
        TextColumns(
            "quoted passages",
            Thread,
            dict.fromkeys(("quote", "prefix", "suffix", "words"), TextType.TEXT),
            lambda area: Thread.page_id.in_(area.page_ids),
        ),
        TextColumns(
            "places of passages",
            Anchor,
            dict.fromkeys(("words", "before", "after"), TextType.TEXT),
            lambda area: Anchor.page_id.in_(area.page_ids),
            counted=False,
        ),
        TextColumns(
            "suggestions",
            SuggestedText,
            dict.fromkeys(("text", "reason"), TextType.TEXT),
            lambda area: SuggestedText.page_id.in_(area.page_ids),
        ),
        TextColumns(
            "reasons",
            StateChange,
            {"reason": TextType.TEXT},
            lambda area: StateChange.thread_id.in_(_threads_in(area)),
        ),
    ),
    rates=(Rate("comments", Pace(240, 5.0), by_size=True),),
    guards=none_because("it refuses no edit"),
    checks=checking.CHECKS,
    probes=(
        Probe(
            "comments.comments",
            ("", "state=all", "state=lost", "thread={thread_id}", "message={message_id}"),
        ),
    ),
    canaries=(canaries.comment_on_hidden_pages,),
)
