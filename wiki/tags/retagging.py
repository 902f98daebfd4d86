"""Changes of the tags of many pages at once, with a revision of each page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from wiki.db import batches, now
from wiki.outbox.actions import publish_all
from wiki.pages.events import PageSaved
from wiki.pages.merging import Text
from wiki.pages.models import Action, Page, Revision
from wiki.pages.queries import editable_by
from wiki.pages.saving.checks import with_front_matter
from wiki.pages.saving.revisions import Attribution, RevisionRow, revision_after, write_revisions
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
    by = Attribution(actor.person_id, moment, message)
    for some in batches(chosen, _SOME):
        heads = _locked_heads(session, actor, space_id, some)
        rows = [
            _retagged(head, by, tags)
            for head in heads
            if (tags := list(retag(head.tags))) != head.tags
        ]
        write_revisions(session, rows, same_rendering=True)
        for row in rows:
            changed.append(row["page_id"])
            events.append(PageSaved(space_id, row["page_id"], row["number"], row["action"]))
    session.expire_all()
    publish_all(session, actor, events, moment)
    return Retagged(tuple(changed), len(later))


def _retagged(head: Revision, by: Attribution, tags: list[str]) -> RevisionRow:
    """Return the next revision of a page, which differs from its head in the tags."""
    text = Text(head.title, "", tuple(tags), head.description, head.fields, head.front_matter)
    block = with_front_matter(text).front_matter
    return revision_after(head, Action.TAG, by, tags=tags, front_matter=block, base=head.number)


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
