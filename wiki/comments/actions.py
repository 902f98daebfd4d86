"""Verbs of threads and messages: posting, editing, deleting, resolving, reacting."""

from __future__ import annotations

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from wiki.comments.access import SeenThread, see_commented_page, see_message, see_thread
from wiki.comments.composing import UNRENDERED, Composed, checked_reason, require_harmless
from wiki.comments.events import (
    CommentDeleted,
    CommentEdited,
    CommentPosted,
    CommentReacted,
    PassagePlaced,
    ThreadStateChanged,
)
from wiki.comments.locating import Located
from wiki.comments.models import (
    Anchor,
    EarlierText,
    Message,
    Reaction,
    StateChange,
    SuggestedText,
    Thread,
)
from wiki.comments.signs import SIGNS
from wiki.db import insert_into, now
from wiki.errors import Forbidden, Invalid, NotFound, SignInRequired, Unsuitable
from wiki.i18n import gettext as _
from wiki.i18n import lazy_gettext
from wiki.outbox.actions import publish
from wiki.pages.merging import Text
from wiki.pages.models import Page
from wiki.pages.saving.redacted import require_unredacted
from wiki.rules.access import Actor, May
from wiki.spaces.queries import SpaceAccess
from wiki.text.markdown.markup import RENDERER_VERSION
from wiki.text.passages.following import squeeze

MOST_MESSAGES = 5_000
"""Maximum number of messages of a thread."""


def open_thread(
    session: Session, actor: Actor, slug: str, path: str, composed: Composed
) -> Message:
    """Open a thread on a page with a first message.

    :raises NotFound: when there is no such page, or the actor may not read it.
    :raises Forbidden: when they may not comment on it.
    :raises Invalid: when the text contains a secret, or something that was redacted.
    """
    page, seen = see_commented_page(session, actor, slug, path, lock=True)
    _require_commenter(seen)
    require_harmless(session, page, composed.text)
    thread = Thread(page_id=page.id, opened_by_id=actor.person_id, opened_at=now())
    session.add(thread)
    if composed.passage is not None:
        _attach(session, page, thread, composed.passage, composed.suggested)
    session.flush()
    return _post(session, actor, thread, composed)


def _attach(
    session: Session, page: Page, thread: Thread, passage: Located, suggested: str | None
) -> None:
    """Make a new thread one about a passage of the page."""
    thread.kind, thread.revision, thread.start = "passage", passage.revision, passage.start
    thread.quote, thread.prefix, thread.suffix = passage.source
    thread.words = squeeze(passage.shown.quote)
    require_unredacted(session, Text("", thread.quote), "", page_id=page.id)
    session.flush()
    session.add(passage.anchor(page.id, thread.id))
    if suggested is not None:
        if suggested == thread.quote:
            raise Invalid(_("Suggest a text that differs from the passage."), field="suggestion")
        what = lazy_gettext("Your suggestion")
        require_harmless(session, page, suggested, what, "suggestion")
        session.add(SuggestedText(thread_id=thread.id, page_id=page.id, text=suggested))


def place_passage(session: Session, actor: Actor, thread_id: int, located: Located) -> None:
    """Give the passage of a thread a new place, where it is now according to the actor.

    :raises NotFound: when there is no such thread about a passage, or the actor may not read it.
    :raises Forbidden: when they may not comment on its page.
    """
    found = see_thread(session, actor, thread_id, lock=True)
    anchor = session.get(Anchor, thread_id)
    if anchor is None:
        raise NotFound
    _require_commenter(found.seen)
    same = squeeze(located.source.quote) == squeeze(found.thread.quote)
    row = located.anchor(found.page.id, thread_id, "moved" if same else "changed")
    session.merge(row)
    session.flush()
    publish(session, actor, PassagePlaced(*_ids(found)))


def reply(
    session: Session, actor: Actor, thread_id: int, composed: Composed, answers: int = 0
) -> Message:
    """Add a message to a thread.

    :param answers: the number of the message in the thread that it replies to; 0 or 1 for the
        thread as a whole.
    :raises NotFound: when there is no such thread, or the actor may not read its page.
    :raises Forbidden: when they may not comment on it.
    :raises Invalid: as :func:`open_thread`, and when there is no such message.
    :raises Unsuitable: when the thread has as many messages as it can have.
    """
    found = see_thread(session, actor, thread_id, lock=True)
    _require_commenter(found.seen)
    require_harmless(session, found.page, composed.text)
    thread, above = found.thread, 0
    if thread.last_number >= MOST_MESSAGES:
        raise Unsuitable(
            _("This discussion has %(number)s comments. Start a new one.", number=MOST_MESSAGES)
        )
    if answers > 1:
        target = session.scalar(
            select(Message).where(Message.thread_id == thread.id, Message.number == answers)
        )
        if target is None:
            raise Invalid(_("The comment you are replying to doesn’t exist."), field="body")
        above = target.above or target.number
    thread.last_number += 1
    return _post(session, actor, thread, composed, answers if above else 0, above)


def _post(
    session: Session,
    actor: Actor,
    thread: Thread,
    composed: Composed,
    answers: int = 0,
    above: int = 0,
) -> Message:
    page = thread.page
    message = Message(
        thread_id=thread.id,
        number=thread.last_number,
        above=above,
        answers=answers,
        author_id=actor.person_id,
        created_at=now(),
        revision=page.head,
        **composed.columns(),
    )
    session.add(message)
    session.flush()
    publish(session, actor, CommentPosted(page.space_id, page.id, thread.id, message.id))
    return message


def edit_message(session: Session, actor: Actor, message_id: int, composed: Composed) -> bool:
    """Replace the text of the actor's own message; the former text is kept. Return whether the text
    has changed.

    :raises NotFound: when there is no such message, or the actor may not read its page.
    :raises Forbidden: when it is another person's, or they may not comment any more.
    :raises Invalid: as :func:`open_thread`.
    :raises Unsuitable: when the message was deleted.
    """
    message, found = see_message(session, actor, message_id, lock=True)
    _require_commenter(found.seen)
    _require_text(message)
    if message.author_id != actor.person_id:
        raise Forbidden(_("Only the author can edit a comment."))
    require_harmless(session, found.page, composed.text)
    if message.text == composed.text:
        return False
    session.add(EarlierText(message_id=message.id, text=message.text, until=now()))
    for name, value in composed.columns().items():
        setattr(message, name, value)
    message.edited_at, message.revision = now(), found.page.head
    session.flush()
    publish(session, actor, CommentEdited(*_ids(found), message.id))
    return True


def delete_message(session: Session, actor: Actor, message_id: int) -> None:
    """Delete the text of a message, its former texts and its reactions for good. Its place stays,
    with who deleted it and when. A deleted message stays as it is.

    :raises NotFound: when there is no such message, or the actor may not read its page.
    :raises Forbidden: unless it is the actor's own or they lead the space.
    """
    message, found = see_message(session, actor, message_id, lock=True)
    if message.deleted_at is not None:
        return
    if not may_delete(found.seen, message):
        raise Forbidden(_("Only the author and leads of the space can delete a comment."))
    for name, value in {"text": "", **UNRENDERED, "rendered_with": RENDERER_VERSION}.items():
        setattr(message, name, value)
    message.deleted_at, message.deleted_by_id = now(), actor.person_id
    session.flush()
    session.execute(delete(EarlierText).where(EarlierText.message_id == message.id))
    session.execute(delete(Reaction).where(Reaction.message_id == message.id))
    publish(session, actor, CommentDeleted(*_ids(found), message.id, message.author_id))


def set_state(
    session: Session, actor: Actor, thread_id: int, *, resolved: bool, reason: str = ""
) -> bool:
    """Resolve a thread, or open it again. Return whether its state has changed.

    :raises NotFound: when there is no such thread, or the actor may not read its page.
    :raises Forbidden: unless they opened the thread or may edit the page.
    :raises Invalid: when the reason is too long, or contains a secret or something redacted.
    """
    reason = checked_reason(reason)
    found = see_thread(session, actor, thread_id, lock=True)
    if not found.may_settle:
        raise Forbidden(
            _("Only the person who started a discussion and editors can resolve or reopen it.")
        )
    thread = found.thread
    if (thread.resolved_at is not None) == resolved:
        return False
    require_harmless(session, found.page, reason, lazy_gettext("The reason"), "reason")
    thread.resolved_at = now() if resolved else None
    session.add(
        StateChange(
            thread_id=thread.id,
            resolved=resolved,
            reason=reason,
            person_id=actor.person_id,
            at=now(),
        )
    )
    session.flush()
    publish(session, actor, ThreadStateChanged(*_ids(found), resolved))
    return True


def react(session: Session, actor: Actor, message_id: int, sign: str, *, on: bool) -> None:
    """Add or remove the actor's reaction. It is harmless to repeat.

    :raises NotFound: when there is no such message, or the actor may not read its page.
    :raises Forbidden: when they may not comment on it.
    :raises Invalid: when there is no such sign.
    :raises Unsuitable: when the message was deleted.
    """
    message, found = see_message(session, actor, message_id, lock=True)
    _require_commenter(found.seen)
    if sign not in SIGNS:
        raise Invalid(_("This reaction doesn’t exist."), field="sign")
    row = {"message_id": message.id, "person_id": actor.person_id, "sign": sign}
    if not on:
        session.execute(delete(Reaction).filter_by(**row))
        return
    _require_text(message)
    insert = insert_into(session, Reaction).on_conflict_do_nothing().returning(Reaction.sign)
    if session.execute(insert, {**row, "at": now()}).first() is not None:
        publish(session, actor, CommentReacted(*_ids(found), message.id, sign))


def has_reacted(session: Session, actor: Actor, message_id: int, sign: str) -> bool:
    """Return whether the actor has this reaction to a message."""
    key = (message_id, actor.person_id, sign)
    return session.get(Reaction, key) is not None


def may_delete(seen: SpaceAccess, message: Message) -> bool:
    """Return whether an actor may delete a message on a page that they may read."""
    me = seen.actor.person_id
    is_own = me is not None and message.author_id == me
    return is_own or bool(seen.may(May.MANAGE))


def _require_commenter(seen: SpaceAccess) -> None:
    if seen.actor.is_anonymous:
        raise SignInRequired
    seen.require(May.COMMENT)


def _require_text(message: Message) -> None:
    if message.deleted_at is not None:
        raise Unsuitable(_("This comment was deleted."))


def _ids(found: SeenThread) -> tuple[int, int, int]:
    return found.page.space_id, found.page.id, found.thread.id
