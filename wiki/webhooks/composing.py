"""The bodies of calls, composed at the moment of sending.

A call says what every member of the space may read at that moment: nothing of pages with a
restriction on reading, with a label above what readers of the space may read, or above the label of
the setting. Of confidential pages it has no text.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session, joinedload

from wiki.comments.models import Message
from wiki.config import Settings
from wiki.i18n import gettext as _
from wiki.mail.messages import absolute
from wiki.outbox.models import EventRow
from wiki.pages.access.label_sources import label_of
from wiki.pages.models import Page, Revision
from wiki.pages.saving.own_messages import message_in_words
from wiki.people.models import Person
from wiki.rules.access import clearance_of
from wiki.rules.labels import Label
from wiki.rules.roles import Role
from wiki.spaces.gate import is_kept
from wiki.spaces.models import Scope, Space
from wiki.web.urls import page_url
from wiki.webhooks.kinds import Format, Kind
from wiki.webhooks.models import WebhookCall


def most_named(settings: Settings) -> Label | None:
    """Return the highest label of pages that calls name; None if webhooks are off."""
    return None if settings.webhook_up_to == "off" else Label.named(settings.webhook_up_to)


@dataclass(frozen=True)
class News:
    """The content of a call. ``text`` is the message of a change or the beginning of a comment."""

    kind: Kind
    at: datetime
    space: Space
    url: str
    page: Page | None = None
    label: Label = Label.PUBLIC
    who: Person | None = None
    text: str = ""
    revision: int | None = None
    is_resolved: bool = False

    @property
    def sentence(self) -> str:
        """A sentence with the person and the change, without the title of the page."""
        who = self.who.name if self.who else _("Somebody")
        match self.kind:
            case Kind.SAVED if self.revision == 1:
                return _("%(who)s created a page", who=who)
            case Kind.SAVED:
                return _("%(who)s edited a page", who=who)
            case Kind.MOVED:
                return _("%(who)s moved a page", who=who)
            case Kind.DELETED:
                return _("%(who)s deleted a page", who=who)
            case Kind.RESTORED:
                return _("%(who)s restored a page", who=who)
            case Kind.COMMENT:
                return _("%(who)s commented", who=who)
            case Kind.THREAD if self.is_resolved:
                return _("%(who)s resolved a discussion", who=who)
            case Kind.THREAD:
                return _("%(who)s reopened a discussion", who=who)
        return _("This is a test of a webhook")

    @property
    def title(self) -> str:
        """The title of the page, or of the space."""
        return self.page.title if self.page else self.space.title


def news_of(session: Session, settings: Settings, call: WebhookCall) -> News | None:
    """Return what a call says now; None if nothing may be said."""
    space = call.webhook.space
    if call.event_id is None:
        url = absolute(settings, page_url(space.slug, ""))
        return News(Kind.TEST, call.created_at, space, url)
    up_to = most_named(settings)
    event = session.get(EventRow, call.event_id)
    if up_to is None or event is None or call.page_id is None:
        return None
    page = session.scalar(
        select(Page)
        .join(Page.space)
        .outerjoin(Scope, Scope.id == Page.scope_id)
        .where(Page.id == call.page_id, Page.space_id == space.id, _open(space, up_to))
        .options(joinedload(Page.space))
    )
    kind = Kind(call.kind)
    if page is None or (page.deleted_at is not None and kind is not Kind.DELETED):
        return None
    label = label_of(session, page)
    return News(
        kind,
        event.at,
        space,
        absolute(settings, f"/-/p/{page.id}"),
        page,
        label,
        session.get(Person, event.actor_id) if event.actor_id else None,
        _text(session, event) if label <= Label.INTERNAL else "",
        event.payload.get("revision"),
        bool(event.payload.get("resolved")),
    )


def _open(space: Space, up_to: Label) -> ColumnElement[bool]:
    """Return the condition that every member of a space may read a page, and that calls may name
    it."""
    most = min(up_to, clearance_of(Role.READER, space.facts(Role.READER)))
    unbound = and_(Page.scope_id.is_(None), Space.label <= int(most))
    bound = and_(Scope.label <= int(most), Space.label <= int(most), ~is_kept(Scope.id))
    return or_(unbound, bound)


def _text(session: Session, event: EventRow) -> str:
    if "message_id" in event.payload:
        message = session.get(Message, event.payload["message_id"])
        return message.excerpt if message and message.deleted_at is None else ""
    if "revision" not in event.payload:
        return ""
    found = session.scalar(
        select(Revision.message).where(
            Revision.page_id == event.page_id,
            Revision.number == event.payload["revision"],
            Revision.purged_at.is_(None),
        )
    )
    return message_in_words(found or "")


def body_of(news: News, format: Format) -> bytes:
    """Return the body of a call in a format."""
    match format:
        case Format.SLACK:
            link = f"<{news.url}|{_slack(news.title)}>"
            sent: dict[str, Any] = {"text": _linked(news, link, _slack)}
        case Format.MATTERMOST:
            link = f"[{_markdown(news.title)}]({news.url})"
            sent = {"text": _linked(news, link, _markdown)}
        case Format.TEAMS:
            sent = _card(news)
        case Format.JSON:
            sent = _plain(news)
    return json.dumps(sent, ensure_ascii=False).encode("utf-8", "replace")


def _linked(news: News, link: str, escaped: Callable[[str], str]) -> str:
    text = f"\n> {escaped(news.text)}" if news.text else ""
    return f"{escaped(news.sentence)}: {link}{text}"


def _slack(text: str) -> str:
    """Return a text without line ends, in which Slack sees no link and no mention."""
    for character, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("|", "¦")):
        text = text.replace(character, entity)
    return " ".join(text.split())


def _markdown(text: str) -> str:
    """Return a text without line ends, in which no Markdown and no mention has an effect."""
    escaped = "".join(f"\\{one}" if one in "\\`*_[]()#~!" else one for one in text)
    return " ".join(escaped.replace("@", "@\u200b").split())


def _card(news: News) -> dict[str, Any]:
    lines = [news.sentence, news.title, news.text]
    blocks = [{"type": "TextBlock", "text": _markdown(one), "wrap": True} for one in lines if one]
    open_it = {"type": "Action.OpenUrl", "title": _("Open"), "url": news.url}
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": blocks,
        "actions": [open_it],
    }
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "content": card}
    return {"type": "message", "attachments": [attachment]}


def _plain(news: News) -> dict[str, Any]:
    data: dict[str, Any] = {"space": {"slug": news.space.slug, "title": news.space.title}}
    if news.page is not None:
        page = news.page
        data["page"] = {"id": page.id, "path": page.path, "title": page.title, "url": news.url}
        data["label"] = news.label.word
        data["actor"] = (
            {"handle": news.who.handle, "name": news.who.name} if news.who is not None else None
        )
        data["revision"] = news.revision
        data["text"] = news.text
        if news.kind is Kind.THREAD:
            data["resolved"] = news.is_resolved
    at = news.at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return {"type": news.kind.value, "timestamp": at, "data": data}
