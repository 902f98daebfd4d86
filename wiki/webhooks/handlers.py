"""Calls of webhooks: queued for each event, and made by the worker.

A call is claimed before it is made and finished after that. If the worker dies in between, it is
made again with the same key.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from wiki.config import Settings
from wiki.db import Database, insert_into, now
from wiki.i18n import speaking, zone_named
from wiki.mail.messages import post as post_mail
from wiki.outbox.actions import publish
from wiki.outbox.deliver import Happening
from wiki.pages.models import Page
from wiki.rules.access import ANONYMOUS
from wiki.spaces.members import leads_of
from wiki.webhooks import calling
from wiki.webhooks.actions import new_key, stop
from wiki.webhooks.composing import body_of, most_named, news_of
from wiki.webhooks.events import WebhookStopped
from wiki.webhooks.kinds import OF_EVENT, Format, State
from wiki.webhooks.models import Webhook, WebhookCall
from wiki.webhooks.signing import headers_for, unsealed

log = logging.getLogger(__name__)

DELAYS = tuple(timedelta(seconds=one) for one in (5, 60, 300, 1800, 7200, 18000, 36000, 50400))
"""Delays between a failed attempt and the next one; after the last one there is none."""
LEASE = timedelta(minutes=2)
"""Time for which no other worker makes a claimed call."""
AT_ONCE = 20
ROUND_SECONDS = 20.0
"""Duration after which no further call is begun in a round, so that other chores have a turn."""
DELAYED = timedelta(hours=1)
"""Maximum delay of the first attempt of a call."""
KEPT = timedelta(days=30)
GONE = 410
_KINDS = {event.__name__: kind for event, kind in OF_EVENT.items()}


def queue_calls(database: Database, settings: Settings, happenings: Sequence[Happening]) -> None:
    """Queue the calls of webhooks about events, each once. Imported history is no news."""
    if most_named(settings) is None:
        return
    news = [one for one in happenings if not _is_imported(one)]
    with database.read() as session:
        hooks = session.scalars(
            select(Webhook).where(
                Webhook.space_id.in_({one.space_id for one in news if one.space_id}),
                Webhook.disabled_at.is_(None),
            )
        ).all()
    if not hooks:
        return
    with database.write() as session:
        ids = {one.page_id for one in news}
        known = set(session.scalars(select(Page.id).where(Page.id.in_(ids))))
        rows = [
            {
                "webhook_id": hook.id,
                "event_id": one.event_id,
                "page_id": one.page_id,
                "key": new_key(),
                "kind": kind.value,
                "created_at": now(),
                "due_at": now(),
                "attempts": 0,
                "state": State.WAITING.value,
                "response": "",
            }
            for one in news
            for hook in hooks
            if hook.space_id == one.space_id
            and one.page_id in known
            and (kind := _KINDS[one.name]).value in hook.kinds
        ]
        if rows:
            session.execute(insert_into(session, WebhookCall).on_conflict_do_nothing(), rows)


def _is_imported(happening: Happening) -> bool:
    payload = happening.payload
    return bool(payload.get("imported")) or payload.get("action") in ("import", "repair")


@dataclass(frozen=True)
class _Ready:
    """A claimed call, ready to be made."""

    call_id: int
    webhook_id: int
    url: str
    body: bytes
    headers: dict[str, str]


def make_calls(database: Database, settings: Settings) -> None:
    """Make the calls that are due (periodic). A webhook that fails waits for the next round."""
    settings = database.adjust(settings)
    with database.read() as session:
        due = session.execute(
            select(WebhookCall.id, WebhookCall.webhook_id)
            .where(WebhookCall.due_at <= now())
            .order_by(WebhookCall.due_at, WebhookCall.id)
            .limit(AT_ONCE)
        ).all()
    begun, failing = monotonic(), set[int]()
    for call_id, webhook_id in due:
        if webhook_id in failing:
            continue
        if monotonic() - begun > ROUND_SECONDS:
            return
        ready = _claim(database, settings, call_id)
        if ready is not None and not _make(database, settings, ready):
            failing.add(webhook_id)


def forget_old_calls(database: Database, _settings: Settings) -> None:
    """Delete calls that ended long ago (periodic)."""
    old = (WebhookCall.due_at.is_(None), WebhookCall.created_at < now() - KEPT)
    with database.read() as session:
        if session.scalar(select(WebhookCall.id).where(*old).limit(1)) is None:
            return
    with database.write() as session:
        session.execute(delete(WebhookCall).where(*old))


def _claim(database: Database, settings: Settings, call_id: int) -> _Ready | None:
    """Claim a call; return what to send, or None if another worker has it or nothing may be
    said."""
    moment = now()
    with database.write() as session:
        claimed = session.scalar(
            update(WebhookCall)
            .where(WebhookCall.id == call_id, WebhookCall.due_at <= moment)
            .values(
                due_at=moment + LEASE,
                attempts=WebhookCall.attempts + 1,
                attempted_at=moment,
            )
            .returning(WebhookCall.id)
        )
        if claimed is None:
            return None
        call = session.get_one(WebhookCall, call_id)
        hook = call.webhook
        with speaking(settings.language, zone_named(settings.time_zone)):
            news = news_of(session, settings, call)
            body = body_of(news, Format(hook.format)) if news else b""
        if news is None:
            call.due_at, call.state = None, State.WITHHELD.value
            return None
        using = _secrets(settings, hook, moment)
        headers = headers_for(call.key, moment, body, using)
        headers |= {"Content-Type": "application/json", "User-Agent": "Trellis-Webhook"}
        return _Ready(call.id, hook.id, hook.url, body, headers)


def _secrets(settings: Settings, hook: Webhook, moment: datetime) -> list[str]:
    stored = [hook.secret]
    if hook.old_secret and hook.old_secret_until and hook.old_secret_until > moment:
        stored.append(hook.old_secret)
    return [secret for one in stored if (secret := unsealed(settings, one)) is not None]


def _make(database: Database, settings: Settings, ready: _Ready) -> bool:
    """Make a call and note its result; return whether it succeeded."""
    status: int | None = None
    private = settings.webhook_private == "yes"
    with speaking(settings.language, zone_named(settings.time_zone)):
        try:
            answer = calling.post(ready.url, ready.body, ready.headers, private=private)
            status, said = answer.status, answer.excerpt
        except calling.NotCalled as error:
            said = str(error)[: calling.EXCERPT]
    succeeded = status is not None and 200 <= status < 300
    with database.write() as session:
        call = session.get(WebhookCall, ready.call_id)
        if call is None:
            return succeeded
        call.status, call.response = status, said
        if succeeded:
            call.due_at, call.state = None, State.SENT.value
            call.webhook.failing_since = None
        else:
            _note_failure(session, settings, call)
    return succeeded


def _note_failure(session: Session, settings: Settings, call: WebhookCall) -> None:
    """Plan the next attempt. After the last one, the webhook is turned off if it has failed all the
    time since the first, and at once if the receiver says that it is gone for good."""
    hook = call.webhook
    hook.failing_since = hook.failing_since or now()
    if call.attempts <= len(DELAYS) and call.status != GONE:
        call.due_at = now() + DELAYS[call.attempts - 1]
        return
    call.due_at, call.state = None, State.FAILED.value
    if call.status != GONE and hook.failing_since > call.created_at + DELAYED:
        return
    log.warning("a webhook was turned off because its calls kept failing")
    stop(session, hook, "failures")
    publish(session, ANONYMOUS, WebhookStopped(hook.space_id, hook.id))
    words = {"hook": hook.name, "hook_id": hook.id, "space": hook.space}
    for lead in leads_of(session, [hook.space_id]).get(hook.space_id, ()):
        if lead.disabled_at is None and lead.service_at is None:
            post_mail(session, settings, ANONYMOUS, lead, "webhooks/mail/stopped.txt", **words)
