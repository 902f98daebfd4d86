"""The comments on exported pages, in a file beside them. An import leaves it alone: its people may
not exist in another wiki."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from wiki.comments.models import (
    Anchor,
    Message,
    Reaction,
    StateChange,
    SuggestedText,
    Thread,
)
from wiki.db import batches
from wiki.pages.models import Page
from wiki.pages.queries import live_for
from wiki.people.models import Person
from wiki.rules.access import Actor
from wiki.spaces.models import Space
from wiki.transfer.layout import file_of

COMMENTS_FILE = ".trellis/comments.json"


def written_comments(session: Session, actor: Actor, space: Space) -> str:
    """Return the text of the file for the pages of a space that the actor may read: the discussions
    by the files of their pages; empty if there are none."""
    rows = session.execute(
        select(Thread, Page.path, Page.folder)
        .join(Thread.page)
        .where(Page.space_id == space.id, live_for(actor))
        .options(joinedload(Thread.opened_by))
        .order_by(Page.path_key, Thread.id)
    ).all()
    found: dict[str, list[dict[str, Any]]] = {}
    for some in batches(rows):
        ids = [thread.id for thread, _, _ in some]
        messages, changes = _messages(session, ids), _changes(session, ids)
        anchors, suggestions = _anchors(session, ids), _suggestions(session, ids)
        for thread, path, folder in some:
            found.setdefault(file_of(path, folder), []).append(
                {
                    "id": thread.id,
                    "state": "resolved" if thread.resolved_at else "open",
                    "opened_by": _handle(thread.opened_by),
                    "opened_at": _moment(thread.opened_at),
                    "passage": _passage(thread, anchors.get(thread.id)),
                    "suggestion": suggestions.get(thread.id),
                    "changes": changes[thread.id],
                    "messages": messages[thread.id],
                }
            )
    return json.dumps(found, ensure_ascii=False, indent=1) + "\n" if found else ""


def _messages(session: Session, thread_ids: Iterable[int]) -> dict[int, list[dict[str, Any]]]:
    rows = session.scalars(
        select(Message)
        .where(Message.thread_id.in_(thread_ids))
        .options(joinedload(Message.author))
        .order_by(Message.thread_id, Message.number)
    ).all()
    reactions: dict[int, dict[str, list[str]]] = defaultdict(dict)
    for some in batches([one.id for one in rows]):
        for message_id, sign, handle in session.execute(
            select(Reaction.message_id, Reaction.sign, Person.handle)
            .join(Person, Person.id == Reaction.person_id)
            .where(Reaction.message_id.in_(some))
            .order_by(Reaction.message_id, Reaction.sign, Person.handle)
        ):
            reactions[message_id].setdefault(sign, []).append(handle)
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for one in rows:
        found[one.thread_id].append(
            {
                "number": one.number,
                "answers": one.answers or None,
                "author": _handle(one.author),
                "at": _moment(one.created_at),
                "edited_at": _moment(one.edited_at),
                "deleted_at": _moment(one.deleted_at),
                "revision": one.revision,
                "body": one.text,
                "reactions": reactions.get(one.id, {}),
            }
        )
    return found


def _anchors(session: Session, thread_ids: Iterable[int]) -> dict[int, Anchor]:
    rows = session.scalars(select(Anchor).where(Anchor.thread_id.in_(thread_ids)))
    return {one.thread_id: one for one in rows}


def _passage(thread: Thread, anchor: Anchor | None) -> dict[str, Any] | None:
    """Return the passage of a thread in the form of the selectors of the W3C's annotations."""
    if anchor is None:
        return None
    return {
        "revision": thread.revision,
        "exact": thread.quote,
        "prefix": thread.prefix,
        "suffix": thread.suffix,
        "start": thread.start,
        "now": {
            "certainty": anchor.certainty,
            "revision": anchor.revision,
            "start": anchor.start,
            "end": anchor.end,
        },
    }


def _suggestions(session: Session, thread_ids: Iterable[int]) -> dict[int, dict[str, Any]]:
    rows = session.scalars(
        select(SuggestedText)
        .where(SuggestedText.thread_id.in_(thread_ids))
        .options(joinedload(SuggestedText.settled_by))
    )
    return {
        one.thread_id: {
            "text": one.text,
            "state": one.state,
            "reason": one.reason,
            "settled_by": _handle(one.settled_by),
            "settled_at": _moment(one.settled_at),
            "revision": one.applied,
        }
        for one in rows
    }


def _changes(session: Session, thread_ids: Iterable[int]) -> dict[int, list[dict[str, Any]]]:
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for one in session.scalars(
        select(StateChange)
        .where(StateChange.thread_id.in_(thread_ids))
        .options(joinedload(StateChange.person))
        .order_by(StateChange.id)
    ):
        state = "resolved" if one.resolved else "open"
        told = {"state": state, "by": _handle(one.person), "at": _moment(one.at)}
        found[one.thread_id].append({**told, "reason": one.reason})
    return found


def _handle(person: Person | None) -> str | None:
    return person.handle if person else None


def _moment(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
