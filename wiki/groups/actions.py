"""Actions on groups with their effects on spaces: what more people could read, and who still leads.

Spaces are locked before groups, in the same order as when a role is given to a group.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from wiki.errors import Invalid
from wiki.i18n import gettext as _
from wiki.i18n import lazy_gettext, listed
from wiki.outbox.actions import publish_all
from wiki.pages.models import Page
from wiki.people.groups import actions as groups
from wiki.people.groups import members as group_members
from wiki.people.models import Group, GroupPerson, Person
from wiki.rules.access import Actor
from wiki.rules.roles import Role
from wiki.spaces.consent import Consent, Done, needs_consent, watched
from wiki.spaces.events import GroupRoleChanged
from wiki.spaces.members import led_among
from wiki.spaces.models import GroupRole, RestrictedGroup, RestrictionRow, Space


@needs_consent(
    "group_member",
    lazy_gettext("Add someone to a group"),
    lazy_gettext("adding someone to a group"),
    lambda of: Done(
        _("%(name)s was added to %(group)s.", name=of.person.name, group=of.group.name),
        _url(of.group),
    ),
)
def set_member(
    session: Session,
    actor: Actor,
    group: Group,
    person: Person,
    *,
    member: bool,
    consent: Consent | None = None,
) -> None:
    """Add a person to a group or remove them.

    :raises NeedsConsent: if the person could read more, and there is no consent to that.
    :raises Invalid: if a space would have no lead.
    """
    if not member:
        with _leads_kept(session, group):
            groups.store_member(session, actor, group, person, member=False)
        return
    with watched(session, _concerned(session, group), consent, among=[person.id]):
        groups.store_member(session, actor, group, person, member=True)


@needs_consent(
    "group_part",
    lazy_gettext("Add a group to another group"),
    lazy_gettext("adding a group to a group"),
    lambda of: Done(
        _("%(name)s was added to %(group)s.", name=of.part.name, group=of.group.name),
        _url(of.group),
    ),
)
def set_part(
    session: Session,
    actor: Actor,
    group: Group,
    part: Group,
    *,
    inside: bool,
    consent: Consent | None = None,
) -> None:
    """Add a group to another or remove it.

    :raises NeedsConsent: if its people could read more, and there is no consent to that.
    :raises Invalid: if a space would have no lead.
    """
    if not inside:
        with _leads_kept(session, group):
            groups.store_part(session, actor, group, part, inside=False)
        return
    people = session.scalars(
        select(GroupPerson.person_id).where(GroupPerson.group_id == part.id)
    ).all()
    with watched(session, _concerned(session, group), consent, among=people):
        groups.store_part(session, actor, group, part, inside=True)


def delete_group(session: Session, actor: Actor, group: Group) -> None:
    """Delete a group and the roles that it has.

    :raises Invalid: if a space would have no lead.
    """
    given = select(GroupRole.space_id).where(GroupRole.group_id == group.id)
    with _leads_kept(session, group):
        space_ids, group_id = session.scalars(given.order_by(GroupRole.space_id)).all(), group.id
        groups.drop_group(session, actor, group)
    publish_all(session, actor, [GroupRoleChanged(id, group_id, "") for id in space_ids])


@contextmanager
def _leads_kept(session: Session, group: Group) -> Iterator[None]:
    """Check that no space loses its last lead through a change to a group in the block."""
    ids = group_members.wholes_around(session, [group.id])
    given = select(GroupRole.space_id).where(
        GroupRole.group_id.in_(ids), GroupRole.role == int(Role.LEAD)
    )
    # Locked until the end, so that a lead who leaves at the same time has to wait.
    held = session.scalars(
        select(Space.id).where(Space.id.in_(given)).order_by(Space.id).with_for_update()
    ).all()
    before = led_among(session, held)
    yield
    session.flush()
    left = before - led_among(session, before)
    if left:
        titles = session.scalars(
            select(Space.title).where(Space.id.in_(left)).order_by(Space.title)
        )
        raise Invalid(
            _(
                "No one would lead %(spaces)s any more. Make someone else a lead there first.",
                spaces=in_words([_("“%(text)s”", text=title) for title in titles]),
            )
        )


def in_words(names: Sequence[str]) -> str:
    """Return a few names as an enumeration for a sentence."""
    if len(names) <= 4:
        return listed(names)
    return listed([*names[:3], _("%(number)s more", number=len(names) - 3)])


def _url(group: Group) -> str:
    return f"/-/groups/{group.handle}"


def _concerned(session: Session, group: Group) -> ColumnElement[bool]:
    """Return the condition on pages that a change to the group may concern: the pages of spaces in
    which it, or a group that contains it, has a role or is on a list."""
    ids = group_members.wholes_around(session, [group.id])
    spaces: set[int] = set()
    for found in (
        select(GroupRole.space_id).where(GroupRole.group_id.in_(ids)),
        select(Page.space_id)
        .select_from(Page)
        .join(RestrictionRow, RestrictionRow.page_id == Page.id)
        .join(RestrictedGroup, RestrictedGroup.restriction_id == RestrictionRow.id)
        .where(RestrictedGroup.group_id.in_(ids)),
    ):
        spaces.update(session.scalars(found))
    return Page.space_id.in_(sorted(spaces))
