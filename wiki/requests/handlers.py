"""Handlers of events about requests for access, and their periodic deletion."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import and_, delete, select

from wiki.config import Settings
from wiki.db import Database
from wiki.mail.messages import post
from wiki.outbox.deliver import Happening
from wiki.requests.actions import forget_old, has_old, settle
from wiki.requests.models import AccessRequest
from wiki.rules.access import ANONYMOUS
from wiki.spaces.members import leads_of
from wiki.spaces.models import Membership, Space


def tell_leads(database: Database, settings: Settings, happenings: Sequence[Happening]) -> None:
    """Mail the leads of the requested space, if there is one."""
    for happening in happenings:
        with database.write() as session:
            row = session.get(AccessRequest, int(happening.payload["request_id"]))
            if row is None:
                continue
            space = session.scalar(select(Space).where(Space.slug == row.slug))
            if space is None:
                continue
            template, asker = "requests/mail/access_asked.txt", row.person.name
            for lead in leads_of(session, [space.id]).get(space.id, ()):
                if lead.disabled_at is None and lead.service_at is None:
                    post(session, settings, ANONYMOUS, lead, template, asker=asker, space=space)


def follow_roles(database: Database, settings: Settings, happenings: Sequence[Happening]) -> None:
    """Delete the requests of people who have become members of the space in another way, as after
    an approval, and tell them."""
    for happening in happenings:
        if not happening.payload["role"]:
            continue
        with database.write() as session:
            found = session.execute(
                select(AccessRequest, Space)
                .join(Space, Space.slug == AccessRequest.slug)
                .join(
                    Membership,
                    and_(
                        Membership.space_id == Space.id,
                        Membership.person_id == AccessRequest.person_id,
                        Membership.granted_at >= AccessRequest.asked_at,
                    ),
                )
                .where(
                    Space.id == int(happening.payload["space_id"]),
                    AccessRequest.person_id == int(happening.payload["person_id"]),
                )
            ).one_or_none()
            if found is not None:
                row, space = found
                settle(session, settings, ANONYMOUS, row, space)


def forget_purged(database: Database, _settings: Settings, batch: Sequence[Happening]) -> None:
    """Delete the requests that name the path of a purged page."""
    for happening in batch:
        path = str(happening.payload["path"])
        if not path:
            continue
        with database.write() as session:
            slug = select(Space.slug).where(Space.id == int(happening.payload["space_id"]))
            session.execute(
                delete(AccessRequest).where(
                    AccessRequest.slug == slug.scalar_subquery(),
                    (AccessRequest.path == path)
                    | AccessRequest.path.startswith(f"{path}/", autoescape=True),
                )
            )


def forget_old_requests(database: Database, _settings: Settings) -> None:
    """Delete old requests (periodic)."""
    with database.read() as session:
        if not has_old(session):
            return
    with database.write() as session:
        forget_old(session)
