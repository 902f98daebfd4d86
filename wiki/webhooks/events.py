"""Events of webhooks. They contain neither addresses nor secrets."""

from __future__ import annotations

from dataclasses import dataclass

from wiki.i18n import lazy_gettext
from wiki.outbox.event import Category, Event, Policy


@dataclass(frozen=True)
class WebhookCreated(Event):
    """A new webhook of a space."""

    policy = Policy(Category.SETTINGS, expires=True)
    title = lazy_gettext("Webhook created")
    sentence = lazy_gettext("created a webhook of {space}")

    space_id: int
    webhook_id: int


@dataclass(frozen=True)
class WebhookChanged(Event):
    """A change of a webhook's address, format, events, secret or state."""

    policy = Policy(Category.SETTINGS, expires=True)
    title = lazy_gettext("Webhook changed")
    sentence = lazy_gettext("changed a webhook of {space}")

    space_id: int
    webhook_id: int


@dataclass(frozen=True)
class WebhookDeleted(Event):
    """The deletion of a webhook."""

    policy = Policy(Category.SETTINGS, expires=True)
    title = lazy_gettext("Webhook deleted")
    sentence = lazy_gettext("deleted a webhook of {space}")

    space_id: int
    webhook_id: int


@dataclass(frozen=True)
class WebhookStopped(Event):
    """A webhook that the wiki turned off because its calls kept failing."""

    policy = Policy(Category.SETTINGS, expires=True, automatic=True)
    title = lazy_gettext("Webhook turned off")
    sentence = lazy_gettext("turned off a webhook of {space} because its calls kept failing")

    space_id: int
    webhook_id: int
