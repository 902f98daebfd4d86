"""Actions of leads on webhooks: creating, changing, testing and deleting them."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from wiki.config import Settings
from wiki.db import now
from wiki.errors import Invalid, NotFound, SignInRequired
from wiki.i18n import gettext as _
from wiki.outbox.actions import publish
from wiki.people.names import shown_name
from wiki.rules.access import Actor, May
from wiki.spaces.models import Space
from wiki.spaces.queries import SpaceAccess
from wiki.webhooks.calling import checked_url
from wiki.webhooks.composing import most_named
from wiki.webhooks.events import WebhookChanged, WebhookCreated, WebhookDeleted
from wiki.webhooks.kinds import TITLES, Format, Kind, State
from wiki.webhooks.models import Webhook, WebhookCall
from wiki.webhooks.signing import new_secret, sealed

MOST = 20
"""Maximum number of webhooks of a space."""
LONGEST_NAME = 100
OVERLAP = timedelta(days=1)
"""Time for which the former secret also signs after a new one was made."""
ROWS = 50
"""Number of calls in the log of a webhook."""


@dataclass(frozen=True)
class Wish:
    """The values of a webhook as a lead typed them."""

    name: str
    url: str
    format: str
    kinds: Sequence[str]

    def checked(self, settings: Settings) -> dict[str, object]:
        """Return the values of the columns.

        :raises Invalid: if one of them cannot be used.
        """
        name = shown_name(self.name)
        if not name or len(name) > LONGEST_NAME:
            raise Invalid(
                _("Enter a name of up to %(number)s characters.", number=LONGEST_NAME),
                field="name",
            )
        if self.format not in tuple(Format):
            raise Invalid(_("Choose a format."), field="format")
        kinds = [kind.value for kind in TITLES if kind.value in self.kinds]
        if not kinds:
            raise Invalid(_("Choose at least one event."), field="kinds")
        url = checked_url(self.url, private=settings.webhook_private == "yes")
        return {"name": name, "url": url, "format": self.format, "kinds": kinds}


def require_lead(seen: SpaceAccess, settings: Settings) -> None:
    """Check that the actor may configure the webhooks of a space.

    :raises Forbidden: if they may not.
    :raises NotFound: if webhooks are turned off.
    """
    if most_named(settings) is None:
        raise NotFound
    seen.require(May.MANAGE)


def webhooks_of(session: Session, seen: SpaceAccess) -> Sequence[Webhook]:
    """Return the webhooks of a space by name."""
    of_space = select(Webhook).where(Webhook.space_id == seen.space.id)
    return session.scalars(of_space.order_by(Webhook.name, Webhook.id)).all()


def get_webhook(session: Session, seen: SpaceAccess, webhook_id: int) -> Webhook:
    """Return a webhook of a space.

    :raises NotFound: if the space has none with this id.
    """
    row = session.get(Webhook, webhook_id)
    if row is None or row.space_id != seen.space.id:
        raise NotFound
    return row


def calls_of(session: Session, webhook: Webhook) -> Sequence[WebhookCall]:
    """Return the latest calls of a webhook, the newest first."""
    of_webhook = select(WebhookCall).where(WebhookCall.webhook_id == webhook.id)
    return session.scalars(of_webhook.order_by(WebhookCall.id.desc()).limit(ROWS)).all()


def create_webhook(
    session: Session, actor: Actor, settings: Settings, space: Space, wish: Wish
) -> tuple[Webhook, str]:
    """Create a webhook; return it and its secret, which is shown only once.

    :raises Invalid: for values that cannot be used, and beyond the maximum number.
    """
    if actor.person_id is None:
        raise SignInRequired
    values = wish.checked(settings)
    number = select(func.count()).where(Webhook.space_id == space.id)
    if (session.scalar(number) or 0) >= MOST:
        raise Invalid(_("A space can have at most %(limit)s webhooks.", limit=MOST), field="name")
    secret = new_secret()
    row = Webhook(
        space_id=space.id,
        created_by_id=actor.person_id,
        secret=sealed(settings, secret),
        **values,
    )
    session.add(row)
    session.flush()
    publish(session, actor, WebhookCreated(space.id, row.id))
    return row, secret


def change_webhook(
    session: Session, actor: Actor, settings: Settings, webhook: Webhook, wish: Wish, *, on: bool
) -> None:
    """Change a webhook, and turn it on or off. Calls that wait end when it is turned off.

    :raises Invalid: for values that cannot be used.
    """
    for name, value in wish.checked(settings).items():
        setattr(webhook, name, value)
    if on:
        webhook.disabled_at, webhook.disabled_for = None, ""
        webhook.failing_since = None
    elif webhook.disabled_at is None:
        stop(session, webhook, "lead")
    session.flush()
    publish(session, actor, WebhookChanged(webhook.space_id, webhook.id))


def stop(session: Session, webhook: Webhook, reason: str) -> None:
    """Turn a webhook off, and end its calls."""
    webhook.disabled_at, webhook.disabled_for = now(), reason
    session.execute(
        update(WebhookCall)
        .where(WebhookCall.webhook_id == webhook.id, WebhookCall.due_at.is_not(None))
        .values(due_at=None, state=State.FAILED.value)
    )


def renew_secret(session: Session, actor: Actor, settings: Settings, webhook: Webhook) -> str:
    """Give a webhook a new secret, and return it. The former one also signs for a day."""
    secret = new_secret()
    webhook.old_secret, webhook.old_secret_until = webhook.secret, now() + OVERLAP
    webhook.secret = sealed(settings, secret)
    session.flush()
    publish(session, actor, WebhookChanged(webhook.space_id, webhook.id))
    return secret


def delete_webhook(session: Session, actor: Actor, webhook: Webhook) -> None:
    """Delete a webhook with the log of its calls."""
    session.delete(webhook)
    publish(session, actor, WebhookDeleted(webhook.space_id, webhook.id))


def new_key() -> str:
    """Return a random key of a call."""
    return f"msg_{secrets.token_hex(12)}"


def queue_test(session: Session, webhook: Webhook) -> None:
    """Queue a call that tells of nothing.

    :raises Invalid: if the webhook is turned off.
    """
    _require_on(webhook)
    session.add(
        WebhookCall(
            webhook_id=webhook.id,
            key=new_key(),
            kind=Kind.TEST.value,
            due_at=now(),
            state=State.WAITING.value,
        )
    )


def repeat_call(session: Session, webhook: Webhook, call_id: int) -> None:
    """Queue a call again that has ended. Its key stays the same, so that the receiver can tell.

    :raises NotFound: if the webhook has no such call.
    :raises Invalid: if the webhook is turned off.
    """
    call = session.get(WebhookCall, call_id)
    if call is None or call.webhook_id != webhook.id:
        raise NotFound
    _require_on(webhook)
    if call.due_at is None:
        call.due_at, call.state, call.attempts = now(), State.WAITING.value, 0


def _require_on(webhook: Webhook) -> None:
    if webhook.disabled_at is not None:
        raise Invalid(_("The webhook is turned off. Turn it on first."), field="on")
