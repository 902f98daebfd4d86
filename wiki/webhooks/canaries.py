"""Webhooks in the scratch wiki of the leak drill."""

from __future__ import annotations

from sqlalchemy.orm import Session

from wiki.canary import World
from wiki.pages.models import Page
from wiki.webhooks.actions import new_key
from wiki.webhooks.kinds import Format, Kind, State
from wiki.webhooks.models import Webhook, WebhookCall
from wiki.webhooks.signing import new_secret, sealed


def call_about_a_hidden_page(world: World, session: Session) -> None:
    """Create a webhook in the space of a hidden page, with a call about the page. Its name and the
    response are canaries, which only leads of the space may see."""
    page_id = int(world.target("a page of a private space").values["page_id"])
    hook = Webhook(
        space_id=session.get_one(Page, page_id).space_id,
        name=world.word("the name of a webhook", ("lead", "admin")),
        url="https://hooks.example.org/",
        format=Format.JSON.value,
        kinds=[Kind.SAVED.value],
        secret=sealed(world.settings, new_secret()),
    )
    session.add(hook)
    session.flush()
    session.add(
        WebhookCall(
            webhook_id=hook.id,
            page_id=page_id,
            key=new_key(),
            kind=Kind.SAVED.value,
            state=State.SENT.value,
            status=200,
            response=world.word("the response to a call of a webhook", ("lead", "admin")),
        )
    )
