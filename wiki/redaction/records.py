"""The record of a redaction: who could read and who has read, why, and on which pages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from wiki.db import now
from wiki.outbox.actions import publish
from wiki.pages.access.access_log import who_read
from wiki.pages.models import Page
from wiki.redaction.events import Redacted
from wiki.redaction.models import RedactedPage, Redaction
from wiki.rules.access import Actor
from wiki.rules.labels import Label
from wiki.spaces.audience import audience_of
from wiki.spaces.models import Scope, Space
from wiki.spaces.queries import SpaceAccess, list_group_roles, restrictions_of


def new_record(
    session: Session,
    seen: SpaceAccess,
    pages: Sequence[Page],
    kind: str,
    reason: str,
    logged_from: Label | None,
) -> Redaction:
    """Create the record of a redaction, with the people who could read what is about to be removed.

    :param seen: the view of the first page, or of the space if there is no page.
    """
    people: set[int] = set()
    everyone, label = False, seen.label
    ways: dict[str, None] = {}
    # Most pages have no scope of their own, so few queries serve many pages.
    kinds = {(page.space_id, page.scope_id, page.deleted_at is not None) for page in pages}
    for space_id, scope_id, deleted in sorted(kinds, key=str) or [(seen.space.id, None, False)]:
        space = session.get_one(Space, space_id)
        audience = audience_of(session, space, scope_id, deleted=deleted)
        everyone = everyone or audience.everyone
        people |= audience.people
        scope = session.get(Scope, scope_id) if scope_id is not None else None
        label = max(label, Label(space.label), Label(scope.label if scope else 0))
        ways |= dict.fromkeys(_ways(session, space, scope_id))
    first = pages[0] if pages else None
    return Redaction(
        kind=kind,
        space_id=seen.space.id,
        page_id=first.id if first else None,
        which=0,
        reason=reason,
        words=0,
        places={},
        created_at=now(),
        created_by_id=seen.actor.person_id,
        could_read={
            "everyone": everyone,
            "people": sorted(people),
            "via": list(ways),
            "label": label.word,
        },
        did_read=who_read(session, [page.id for page in pages]),
        logged=logged_from is not None and label >= logged_from,
        files=[],
    )


def store_record(session: Session, actor: Actor, row: Redaction, words: Counter[int]) -> None:
    """Store a redaction and publish it on each of its pages."""
    session.add(row)
    session.flush()
    for page_id, count in words.items():
        session.add(RedactedPage(redaction_id=row.id, page_id=page_id, words=count))
    session.flush()
    spaces = dict(
        session.execute(select(Page.id, Page.space_id).where(Page.id.in_(list(words)))).all()
    )
    first = row.page_id if row.page_id in words else None
    others = [page_id for page_id in words if page_id != first]
    told: list[int | None] = [row.page_id] if first or not words else []
    for of in [*told, *others]:
        publish(
            session,
            actor,
            Redacted(
                spaces.get(of, row.space_id) if of else row.space_id,
                of,
                row.id,
                row.kind,
                words[of] if of else row.words,
                row.reason,
            ),
        )


def _ways(session: Session, space: Space, scope_id: int | None) -> list[str]:
    """Describe in words through what people could read a page."""
    ways = []
    if space.visibility == "public":
        ways.append("the space is public")
    elif space.visibility == "internal":
        ways.append("the space is open to members of the organisation")
    ways += [f"group {row.group.name} had a role" for row in list_group_roles(session, space)]
    if scope_id is not None:
        held = restrictions_of(session, [scope_id])
        ways += [f"only {one.words} could {one.may.value}" for one in held]
    return ways
