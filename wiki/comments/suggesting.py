"""Suggestions: accepting one as an edit of the page, and dismissing one."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy.orm import Session

from wiki.comments.access import SeenThread, see_thread
from wiki.comments.actions import set_state
from wiki.comments.composing import checked_reason, require_harmless
from wiki.comments.events import SuggestionSettled
from wiki.comments.models import SuggestedText, Thread
from wiki.db import now
from wiki.errors import Forbidden, NotFound, Unsuitable
from wiki.i18n import gettext as _
from wiki.i18n import lazy_gettext
from wiki.outbox.actions import publish
from wiki.pages.revising import text_of
from wiki.pages.revisions import get_revision
from wiki.pages.saving.edit import Edit, Saved
from wiki.pages.saving.own_messages import own_message
from wiki.pages.saving.submit import submit
from wiki.rules.access import Actor, May
from wiki.text.passages.following import Passage, find


def suggested_edit(session: Session, found: SeenThread, max_bytes: int) -> Edit:
    """Return a suggestion as an edit of the revision that it was made for.

    :raises NotFound: when the thread has no suggestion.
    :raises Unsuitable: when it was settled, or its passage was redacted in the meantime.
    """
    thread, suggestion = found.thread, _open(session, found.thread)
    text = text_of(session, get_revision(session, found.page, thread.revision))
    start = _start(thread, text.body)
    body = text.body[:start] + suggestion.text + text.body[start + len(thread.quote) :]
    return Edit(
        found.page.id,
        replace(text, body=body),
        base=thread.revision,
        message=own_message("suggested"),
        max_bytes=max_bytes,
    )


def accept(session: Session, actor: Actor, thread_id: int, max_bytes: int) -> Saved:
    """Save a suggestion as a new revision by the actor, merged with what was saved since it was
    made, and resolve the thread.

    :raises NotFound: when there is no such suggestion, or the actor may not read it.
    :raises Forbidden: when they may not edit the page.
    :raises Conflict: when the same lines have changed since.
    :raises Unsuitable: as :func:`suggested_edit`, and when the page has the text already.
    """
    found = see_thread(session, actor, thread_id, lock=True)
    found.seen.require(May.EDIT)
    suggestion = _open(session, found.thread)
    saved = submit(session, actor, suggested_edit(session, found, max_bytes))
    if not saved.changed:
        raise Unsuitable(_("The page has this text already. Dismiss the suggestion."))
    _settle(actor, suggestion, "accepted", applied=saved.revision.number)
    set_state(session, actor, thread_id, resolved=True)
    _publish_settled(session, actor, found, saved.revision.number)
    return saved


def dismiss(session: Session, actor: Actor, thread_id: int, reason: str = "") -> None:
    """Dismiss a suggestion; the thread stays as it is.

    :raises NotFound: when there is no such suggestion, or the actor may not read it.
    :raises Forbidden: unless they made it or may edit the page.
    :raises Invalid: when the reason is too long, or contains a secret or something redacted.
    :raises Unsuitable: when it was settled already.
    """
    reason = checked_reason(reason)
    found = see_thread(session, actor, thread_id, lock=True)
    if not found.may_settle:
        raise Forbidden(_("Only its author and editors can dismiss a suggestion."))
    suggestion = _open(session, found.thread)
    require_harmless(session, found.page, reason, lazy_gettext("The reason"), "reason")
    suggestion.reason = reason
    _settle(actor, suggestion, "dismissed")
    session.flush()
    _publish_settled(session, actor, found, 0)


def _open(session: Session, thread: Thread) -> SuggestedText:
    suggestion = session.get(SuggestedText, thread.id, populate_existing=True)
    if suggestion is None:
        raise NotFound
    if suggestion.state != "open":
        raise Unsuitable(_("This suggestion was settled already."))
    return suggestion


def _start(thread: Thread, body: str) -> int:
    """Return where the passage is in the text of the revision that it was quoted from, which a
    redaction may have changed."""
    if thread.quote and body.startswith(thread.quote, thread.start):
        return thread.start
    places = find(Passage(thread.quote, thread.prefix, thread.suffix), body)
    exact = [one for one in places if body[one.start : one.end] == thread.quote]
    if len(exact) != 1:
        raise Unsuitable(_("The passage was redacted, so the suggestion can’t be applied."))
    return exact[0].start


def _settle(
    actor: Actor, suggestion: SuggestedText, state: str, applied: int | None = None
) -> None:
    suggestion.state, suggestion.applied = state, applied
    suggestion.settled_at, suggestion.settled_by_id = now(), actor.person_id


def _publish_settled(session: Session, actor: Actor, found: SeenThread, number: int) -> None:
    page = found.page
    event = SuggestionSettled(page.space_id, page.id, found.thread.id, number > 0, number)
    publish(session, actor, event)
