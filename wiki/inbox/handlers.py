"""Handlers that write notices of pages, comments and requests for access."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import String, bindparam, delete, exists, literal, null, or_, select
from sqlalchemy.orm import Session, contains_eager

from wiki.comments.models import Message, Thread
from wiki.config import Settings
from wiki.db import Database
from wiki.inbox.fanout import About, Recipients, tell, watchers
from wiki.inbox.kinds import NEEDED, Because, Kind
from wiki.inbox.mentions import record_mentions
from wiki.inbox.models import MessageMention, PageMention
from wiki.outbox.deliver import Happening
from wiki.pages.models import Action, Page, Revision
from wiki.pages.rendering.models import RenderingRow
from wiki.pages.rendering.stored import ensure_head
from wiki.pages.texts.stored import get_texts
from wiki.people.models import GroupPerson, Person
from wiki.people.queries import can_sign_in
from wiki.requests.models import AccessRequest
from wiki.rules.roles import Role
from wiki.spaces.models import GroupRole, Membership, Space
from wiki.text.compare.weight import is_slight
from wiki.text.markdown.links import mentioned
from wiki.watching.queries import has_watchers
from wiki.watching.subjects import Subject

_BY_HAND = frozenset({Action.CREATE, Action.EDIT, Action.MERGE, Action.REVERT, Action.UNDO})


def tell_of_pages(database: Database, _settings: Settings, batch: Sequence[Happening]) -> None:
    """Tell watchers of new and changed pages, unless the change is slight, and the people whom the
    page mentions."""
    for happening in batch:
        if happening.payload["action"] not in _BY_HAND or happening.page_id is None:
            continue
        with database.read() as session:
            if not _concerns_anybody(session, happening, happening.page_id):
                continue
        ensure_head(database, happening.page_id)
        with database.write(durable=False) as session:  # delivered again if it is lost
            _tell_of_page(session, happening, happening.page_id)


def _concerns_anybody(session: Session, happening: Happening, page_id: int) -> bool:
    """Return whether a saved page may mention or have mentioned anybody, or somebody else than its
    author may watch it. Most saves concern nobody, and need nothing else than this."""
    found = session.connection().execute(_HEARD, {"page": page_id}).one_or_none()
    if found is None:
        return False
    is_head = int(happening.payload["revision"]) == found.head
    if is_head and (found.mentions or found.html is None or mentioned(found.html)):
        return True
    place = (page_id, found.space_id, found.path_key)
    return has_watchers(session, place, NEEDED[Kind.EDIT], besides=happening.actor_id)


_HEARD = (
    select(
        Page.head,
        Page.space_id,
        Page.path_key,
        RenderingRow.html,
        exists().where(PageMention.page_id == Page.id).label("mentions"),
    )
    # A rendering of a former head says nothing.
    .outerjoin(RenderingRow, (RenderingRow.page_id == Page.id) & (Page.rendered == Page.head))
    .where(Page.id == bindparam("page"), Page.deleted_at.is_(None))
)


def _tell_of_page(session: Session, happening: Happening, page_id: int) -> None:
    page = _live(session, page_id)
    if page is None:
        return
    number = int(happening.payload["revision"])
    subject = Subject(page_id=page.id)
    if number == page.head:
        found = select(RenderingRow.html).where(RenderingRow.page_id == page.id)
        names = mentioned(session.scalar(found) or "")
        if names:
            new = record_mentions(session, happening, page, names)
            tell(session, happening, About(subject, Kind.MENTION), new)
        else:
            session.execute(delete(PageMention).where(PageMention.page_id == page.id))
    if number == 1 or _is_weighty(session, page.id, number):
        about = About(subject, Kind.EDIT)
        tell(session, happening, about, watchers(session, happening, page, None, about.kind))


def _is_weighty(session: Session, page_id: int, number: int) -> bool:
    """Return whether watchers are told of a revision, compared with the one before it."""
    pair = session.scalars(
        select(Revision)
        .where(Revision.page_id == page_id, Revision.number.in_((number - 1, number)))
        .order_by(Revision.number)
    ).all()
    if len(pair) < 2:
        return False
    old, new = pair
    if (old.title, old.tags, old.fields) != (new.title, new.tags, new.fields):
        return True
    texts = get_texts(session, {old.content_hash, new.content_hash})
    return not is_slight(texts[old.content_hash], texts[new.content_hash])


def tell_of_messages(database: Database, _settings: Settings, batch: Sequence[Happening]) -> None:
    """Tell the people whom a message mentions, and of a new one also those who watch."""
    for happening in batch:
        with database.write() as session:
            _tell_of_message(session, happening, int(happening.payload["message_id"]))


def _tell_of_message(session: Session, happening: Happening, message_id: int) -> None:
    message = session.scalar(
        select(Message)
        .join(Message.thread)
        .join(Thread.page)
        .join(Page.space)
        .where(Message.id == message_id, Message.deleted_at.is_(None), Page.deleted_at.is_(None))
        .options(
            contains_eager(Message.thread).contains_eager(Thread.page).contains_eager(Page.space)
        )
    )
    if message is None:
        return
    page, thread = message.thread.page, message.thread
    subject = Subject(page_id=page.id, thread_id=thread.id)
    names = mentioned(message.html)
    if names:
        new = record_mentions(session, happening, page, names, message.id)
        tell(session, happening, About(subject, Kind.MENTION), new)
    if happening.name == "CommentPosted":
        about = About(subject, Kind.COMMENT)
        others = watchers(session, happening, page, thread.id, about.kind)
        told = select(MessageMention.person_id).where(MessageMention.message_id == message.id)
        tell(session, happening, about, others.where(Person.id.not_in(told)))


def tell_of_states(database: Database, _settings: Settings, batch: Sequence[Happening]) -> None:
    """Tell those who watch a discussion that it was resolved or reopened."""
    for happening in batch:
        thread_id = int(happening.payload["thread_id"])
        with database.write() as session:
            thread = session.get(Thread, thread_id)
            page = _live(session, thread.page_id) if thread else None
            if page is not None:
                about = About(Subject(page_id=page.id, thread_id=thread_id), Kind.STATE)
                found = watchers(session, happening, page, thread_id, about.kind)
                tell(session, happening, about, found)


def tell_of_requests(database: Database, _settings: Settings, batch: Sequence[Happening]) -> None:
    """Tell the leads of a space that somebody requests access to it."""
    for happening in batch:
        with database.write() as session:
            request = session.get(AccessRequest, int(happening.payload["request_id"]))
            found = select(Space).where(Space.slug == request.slug) if request else None
            space = session.scalar(found) if found is not None else None
            if space is not None:
                subject = Subject(space_id=space.id)
                tell(session, happening, About(subject, Kind.REQUEST), _leads(space))


def _leads(space: Space) -> Recipients:
    alone = select(Membership.person_id).where(
        Membership.space_id == space.id, Membership.role >= int(Role.LEAD)
    )
    in_group = (
        select(GroupPerson.person_id)
        .join(GroupRole, GroupRole.group_id == GroupPerson.group_id)
        .where(GroupRole.space_id == space.id, GroupRole.role >= int(Role.LEAD))
    )
    return select(Person.id, literal(Because.LEAD.value, String), null()).where(
        can_sign_in(), or_(Person.id.in_(alone), Person.id.in_(in_group))
    )


def _live(session: Session, page_id: int) -> Page | None:
    """Return a live page with its space."""
    return session.scalar(
        select(Page)
        .join(Page.space)
        .where(Page.id == page_id, Page.deleted_at.is_(None))
        .options(contains_eager(Page.space))
    )
