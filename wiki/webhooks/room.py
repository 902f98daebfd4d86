"""Webhooks: what the room declares."""

from __future__ import annotations

from wiki.i18n import lazy_gettext
from wiki.room import Link, Place, Room, none_because
from wiki.rules.access import May
from wiki.text_columns import TextColumns, TextType
from wiki.webhooks import canaries, views
from wiki.webhooks.models import Webhook, WebhookCall

ROOM = Room(
    name="webhooks",
    blueprints=(views.blueprint,),
    operations=none_because("webhooks are set up on screens, because their secrets are shown once"),
    commands=none_because("webhooks are set up on screens"),
    links=(
        Link(
            Place.SPACE,
            92,
            lazy_gettext("Webhooks"),
            "webhooks",
            icon="webhook",
            section=lazy_gettext("Manage"),
            shown=lambda on: on.may(May.MANAGE) and views.has_webhooks(),
            covers=True,
        ),
    ),
    blocks=none_because("what it shows is on screens of its own"),
    shortcuts=none_because("nothing in it is pressed often"),
    suggestions=none_because("it has no pages to offer before a search"),
    text_columns=(
        TextColumns(
            "webhooks",
            Webhook,
            {"name": TextType.TEXT},
            lambda area: Webhook.space_id.in_(area.space_ids),
        ),
        # A receiver may answer with the words that it was sent.
        TextColumns(
            "responses to webhooks",
            WebhookCall,
            {"response": TextType.TEXT},
            lambda area: WebhookCall.page_id.in_(area.page_ids),
        ),
    ),
    rates=none_because("its changes count as saves"),
    guards=none_because("it refuses no edit"),
    checks=none_because("the database itself keeps the rows consistent"),
    probes=none_because("its screens take no queries that name a page"),
    canaries=(canaries.call_about_a_hidden_page,),
)
