"""Changes of the tags of many pages at once, with a revision of each page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, bindparam, case, insert, select, update
from sqlalchemy.orm import Session

from wiki.db import now
from wiki.outbox.actions import publish_all
from wiki.outbox.events import PageSaved
from wiki.pages.checks import MAX_MESSAGE, with_front_matter
from wiki.pages.merging import Text
from wiki.pages.models import Action, Page, Revision
from wiki.pages.queries import editable_by
from wiki.rules.access import Actor, May
from wiki.spaces.queries import see_space_by_id

MOST = 5_000
"""Maximum number of pages changed in one transaction, which blocks writers for some seconds."""
_SOME = 500

Retag = Callable[[Sequence[str]], Sequence[str]]


@dataclass(frozen=True)
class Retagged:
    """The pages that have a new revision, and the number of pages left for another run."""

    page_ids: tuple[int, ...]
    left: int = 0


def retag_pages(
    session: Session, actor: Actor, space_id: int, retag: Retag, *, message: str, most: int = MOST
) -> Retagged:
    """Change the tags of the live pages of a space that the actor may edit and whose tags ``retag``
    changes.

    Tags are read from the heads, not from derived tables. Texts stay as they are, so nothing is
    rendered again.

    :raises NotFound: :raises Forbidden: when the actor may not edit in the space.
    """
    see_space_by_id(session, actor, space_id).require(May.EDIT)
    chosen = _to_change(session, actor, space_id, retag)
    chosen, later = chosen[:most], chosen[most:]
    changed: list[int] = []
    events = []
    moment = now()
    by_whom = {
        "message": message[:MAX_MESSAGE].rstrip(),
        "author_id": actor.person_id,
        "created_at": moment,
    }
    for begin in range(0, len(chosen), _SOME):
        some = chosen[begin : begin + _SOME]
        heads = _locked_heads(session, actor, space_id, some)
        rows = [
            {**_carried(head, tags), **by_whom}
            for head in heads
            if (tags := list(retag(head.tags))) != head.tags
        ]
        if not rows:
            continue
        session.execute(insert(Revision), rows)
        session.connection().execute(
            update(Page.__table__)  # type: ignore[arg-type]
            .where(Page.__table__.c.id == bindparam("of_page"))
            .values(
                head=bindparam("number"),
                rendered=_rendered_as_before(bindparam("number")),
                updated_at=moment,
                updated_by_id=actor.person_id,
            ),
            [{"of_page": row["page_id"], "number": row["number"]} for row in rows],
        )
        for row in rows:
            changed.append(row["page_id"])
            events.append(PageSaved(space_id, row["page_id"], row["number"], row["action"]))
    session.expire_all()
    publish_all(session, actor, events, moment)
    return Retagged(tuple(changed), len(later))


def _rendered_as_before(number: BindParameter[int]) -> ColumnElement[int]:
    """Return the expression that keeps a stored rendering of the previous head valid for the new
    one."""
    rendered = Page.__table__.c.rendered
    return case((rendered == number - 1, number), else_=rendered)


def _carried(head: Revision, tags: list[str]) -> dict[str, Any]:
    """Return the values that the next revision takes over from this one, with the new tags."""
    text = Text(head.title, "", tuple(tags), head.description, head.fields, head.front_matter)
    return {
        "page_id": head.page_id,
        "number": head.number + 1,
        "action": Action.TAG.value,
        "space_id": head.space_id,
        "path": head.path,
        "folder": head.folder,
        "title": head.title,
        "description": head.description,
        "fields": head.fields,
        "tags": tags,
        "front_matter": with_front_matter(text).front_matter,
        "content_hash": head.content_hash,
        "base": head.number,
    }


def _to_change(session: Session, actor: Actor, space_id: int, retag: Retag) -> list[int]:
    heads = session.execute(
        select(Page.id, Revision.tags)
        .join(Revision, (Revision.page_id == Page.id) & (Revision.number == Page.head))
        .where(Page.space_id == space_id, editable_by(actor))
        .order_by(Page.id)
    )
    return [id for id, tags in heads if tags and list(retag(tags)) != tags]


def _locked_heads(
    session: Session, actor: Actor, space_id: int, page_ids: Sequence[int]
) -> Sequence[Revision]:
    """Lock those of the pages that are still editable, and return their heads.

    This takes two queries: a query that waits for the lock of a page's row returns the new row, but
    not its new revision.
    """
    still = session.scalars(
        select(Page.id)
        .where(Page.id.in_(page_ids), Page.space_id == space_id, editable_by(actor))
        .order_by(Page.id)
        .with_for_update(of=Page)
    ).all()
    return session.scalars(
        select(Revision)
        .join(Page, (Page.id == Revision.page_id) & (Page.head == Revision.number))
        .where(Page.id.in_(still))
        .order_by(Page.id)
    ).all()
