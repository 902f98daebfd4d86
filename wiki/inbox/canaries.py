"""Notices in the scratch wiki of the leak drill."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from wiki.canary import World
from wiki.comments.models import Thread
from wiki.db import now
from wiki.inbox.kinds import Because, Kind, State
from wiki.inbox.models import Notice
from wiki.outbox.models import EventRow
from wiki.pages.models import Page
from wiki.watching.subjects import Subject


def tell_of_hidden_pages(world: World, session: Session) -> None:
    """Store notices of every hidden page and of its comments, also for people who lose their
    permissions before the drill begins. Their inboxes must show no title and no comment of them,
    which are canaries, nor count them."""
    happened = (
        select(EventRow.page_id, EventRow.name, EventRow.id)
        .where(EventRow.name.in_(("PageSaved", "CommentPosted")))
        .order_by(EventRow.id)
    )
    newest = {(row.page_id, row.name): row.id for row in session.execute(happened)}
    page_ids = {int(target.values.get("page_id", 0)) for target in world.targets}
    for page_id in page_ids:
        if session.get(Page, page_id) is None:
            continue
        subjects = [Subject(page_id=page_id)]
        threads = session.scalars(select(Thread.id).where(Thread.page_id == page_id))
        subjects += [Subject(page_id=page_id, thread_id=thread_id) for thread_id in threads]
        for subject in subjects:
            kind = Kind.COMMENT if subject.thread_id else Kind.EDIT
            event_id = newest.get((page_id, "CommentPosted" if subject.thread_id else "PageSaved"))
            if event_id is not None:
                _tell(world, session, subject, kind, event_id)


def _tell(world: World, session: Session, subject: Subject, kind: Kind, event_id: int) -> None:
    columns = subject.columns()
    del columns["tag"]
    for name in ("insider", "lead", "revoked", "disabled"):
        session.add(
            Notice(
                **columns,
                person_id=world.people[name].person_id,
                kind=kind.value,
                first_event=event_id,
                last_event=event_id,
                count=1,
                reason=Because.WATCH.value,
                state=int(State.UNREAD),
                told_at=now(),
            )
        )
