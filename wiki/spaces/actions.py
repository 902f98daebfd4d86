"""Actions on spaces and roles in them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from wiki.errors import Forbidden, Invalid, NotFound, Unsuitable, require_allowed
from wiki.outbox.actions import publish
from wiki.pages.models import Page
from wiki.people.models import Group, GroupPerson, Person
from wiki.rules.access import Actor, May, may_administer, may_create_spaces, may_see_groups
from wiki.rules.labels import Label
from wiki.rules.roles import Role, Visibility
from wiki.spaces.events import (
    GroupRoleChanged,
    LeadTaken,
    MemberChanged,
    SpaceChanged,
    SpaceCreated,
)
from wiki.spaces.exposure import Change, Consent, watched
from wiki.spaces.label_policy import refuse_lowered_space
from wiki.spaces.members import is_led
from wiki.spaces.models import GroupRole, Membership, Space
from wiki.spaces.queries import SpaceAccess

SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")
NOT_SLUGS = frozenset({"favicon.ico", "robots.txt"})


@dataclass(frozen=True)
class SpaceValues:
    """Values of a space that its leads decide.

    ``label`` is the minimum label of all its pages, and ``clearances`` are the highest labels that
    readers, commenters and editors may read; None keeps the present ones.
    """

    title: str
    description: str = ""
    visibility: Visibility = Visibility.INTERNAL
    member_role: Role = Role.EDITOR
    label: Label | None = None
    clearances: tuple[Label, Label, Label] | None = None


def create_space(session: Session, actor: Actor, slug: str, values: SpaceValues) -> Space:
    """Create a space and make the actor its lead. Its label follows from its visibility.

    :raises Forbidden: for guests and anonymous users.
    :raises Invalid: if the slug is taken or not valid.
    """
    require_allowed(may_create_spaces(actor))
    slug = slug.strip().lower()
    if not SLUG.fullmatch(slug) or slug in NOT_SLUGS:
        raise Invalid(
            "The address of a space can have up to 60 letters a to z, digits and dashes.",
            field="slug",
        )
    if session.scalar(select(Space.id).where(Space.slug == slug)) is not None:
        raise Unsuitable(f"The address “{slug}” can’t be used. Choose another one.", field="slug")
    space = Space(
        slug=slug,
        title=_checked_title(values.title),
        description=_checked_description(values.description),
        visibility=values.visibility.value,
        member_role=int(values.member_role),
        label=int(fitting_label(values.visibility, Label.PUBLIC)),
        created_by_id=actor.person_id,
    )
    session.add(space)
    session.flush()
    if actor.person_id is not None:
        session.add(
            Membership(
                space_id=space.id,
                person_id=actor.person_id,
                role=int(Role.LEAD),
                granted_by_id=actor.person_id,
            )
        )
    publish(session, actor, SpaceCreated(space.id))
    return space


def change_space(
    session: Session, seen: SpaceAccess, values: SpaceValues, *, consent: Consent | None = None
) -> None:
    """Change a space's name, its visibility, and the labels of its pages and roles.

    :raises Forbidden: unless the actor leads the space.
    :raises Invalid: also if pages would show content with a higher label than their own.
    :raises Exposes: if more people could read something, and there is no consent to that.
    """
    seen.require(May.MANAGE)
    space = seen.space
    label = Label(space.label) if values.label is None else values.label
    label = fitting_label(values.visibility, label)
    reader, commenter, editor = values.clearances or space.facts(Role.NONE).clearances
    if not reader <= commenter <= editor:
        raise Invalid(
            "A higher role can’t have a lower label limit than a role below it.", field="editor"
        )
    wanted: dict[str, Any] = {
        "title": _checked_title(values.title),
        "description": _checked_description(values.description),
        "visibility": values.visibility.value,
        "member_role": int(values.member_role),
        "label": int(label),
        "reader_clearance": int(reader),
        "commenter_clearance": int(commenter),
        "editor_clearance": int(editor),
    }
    changes = {key: value for key, value in wanted.items() if getattr(space, key) != value}
    if not changes:
        return
    # Without the lock, a page created during the measurement would be missed.
    session.get_one(Space, space.id, with_for_update={"key_share": True})
    change = Change("space", {"space_id": space.id, **wanted}, space.id)
    before = Label(space.label)
    with watched(session, Page.space_id == space.id, change, consent):
        for key, value in changes.items():
            setattr(space, key, value)
        session.flush()
        refuse_lowered_space(session, seen.actor, space, before)
    publish(session, seen.actor, SpaceChanged(space.id, changes))


def fitting_label(visibility: Visibility, label: Label) -> Label:
    """Return the label of a space with this visibility: public if it is public, and at least
    internal if it is not."""
    if visibility is Visibility.PUBLIC:
        return Label.PUBLIC
    return max(label, Label.INTERNAL)


def set_role(
    session: Session,
    seen: SpaceAccess,
    person: Person,
    role: Role,
    *,
    consent: Consent | None = None,
) -> None:
    """Give a person a role in the space, or remove it with ``Role.NONE``.

    :raises Forbidden: unless the actor leads the space or removes their own role.
    :raises Invalid: if the space would have no lead.
    :raises Exposes: if the person could read more, and there is no consent to that.
    """
    leaving = role is Role.NONE and person.id == seen.actor.person_id
    if not leaving:
        seen.require(May.MANAGE)
    if role and person.disabled_at is not None:
        raise Invalid(f"{person.name}’s account is disabled.", field="person")
    # Locked until the end, so that two leads who remove each other at the same time take turns.
    session.get_one(Space, seen.space.id, with_for_update=True)
    membership = session.get(Membership, (seen.space.id, person.id))
    before = Role(membership.role) if membership else Role.NONE
    if before is role:
        return
    if before is Role.LEAD:
        _keep_a_lead(session, seen.space, without=person)
    space_id = seen.space.id
    change = Change(
        "role", {"space_id": space_id, "person_id": person.id, "role": role.word}, space_id
    )
    here = Page.space_id == space_id
    with watched(session, here, change, consent, among=[person.id]):
        give_role(session, seen.actor, seen.space, person.id, role)


def give_role(session: Session, actor: Actor, space: Space, person_id: int, role: Role) -> None:
    """Store a role. The caller has checked permission: the actor is a lead, an invited person, an
    admin who takes over, or the shell."""
    membership = session.get(Membership, (space.id, person_id))
    if role is Role.NONE:
        if membership is not None:
            session.delete(membership)
    elif membership is None:
        session.add(
            Membership(
                space_id=space.id,
                person_id=person_id,
                role=int(role),
                granted_by_id=actor.person_id,
            )
        )
    else:
        membership.role = int(role)
        membership.granted_by_id = actor.person_id
    session.flush()
    publish(
        session,
        actor,
        MemberChanged(space.id, person_id, "" if role is Role.NONE else role.word),
    )


def set_group_role(
    session: Session,
    seen: SpaceAccess,
    group: Group,
    role: Role,
    *,
    consent: Consent | None = None,
) -> None:
    """Give all people of a group a role in the space, or remove it with ``Role.NONE``.

    :raises Forbidden: unless the actor leads the space and may see groups.
    :raises Invalid: if the space would have no lead.
    :raises NotFound: if the group was deleted meanwhile.
    :raises Exposes: if its people could read more, and there is no consent to that.
    """
    seen.require(May.MANAGE)
    require_allowed(may_see_groups(seen.actor))
    # Locked as for the role of a person; the group, too, so that it cannot be deleted meanwhile.
    session.get_one(Space, seen.space.id, with_for_update=True)
    held = select(Group.id).where(Group.id == group.id).with_for_update(read=True, key_share=True)
    if session.scalar(held) is None:
        raise NotFound
    row = session.get(GroupRole, (seen.space.id, group.id))
    before = Role(row.role) if row else Role.NONE
    if before is role:
        return
    if before is Role.LEAD:
        _keep_a_lead(session, seen.space, without_group=group)
    space_id = seen.space.id
    people = session.scalars(
        select(GroupPerson.person_id).where(GroupPerson.group_id == group.id)
    ).all()
    payload = {"space_id": space_id, "group_id": group.id, "role": role.word}
    change = Change("group_role", payload, space_id)
    here = Page.space_id == space_id
    with watched(session, here, change, consent, among=people):
        if row is None:
            session.add(
                GroupRole(
                    space_id=space_id,
                    group_id=group.id,
                    role=int(role),
                    granted_by_id=seen.actor.person_id,
                )
            )
        elif role is Role.NONE:
            session.delete(row)
        else:
            row.role = int(role)
            row.granted_by_id = seen.actor.person_id
        session.flush()
    word = "" if role is Role.NONE else role.word
    publish(session, seen.actor, GroupRoleChanged(seen.space.id, group.id, word))


def take_lead(session: Session, actor: Actor, space: Space) -> None:
    """Make an admin the lead of a space that nobody added them to; an event records it.

    :raises Forbidden: unless the actor is an admin.
    """
    decision = may_administer(actor)
    if not decision or actor.person_id is None:
        raise Forbidden(decision.refusal, decision.reason)
    membership = session.get(Membership, (space.id, actor.person_id))
    if membership is not None and membership.role == int(Role.LEAD):
        return
    give_role(session, actor, space, actor.person_id, Role.LEAD)
    publish(session, actor, LeadTaken(space.id, actor.person_id))


def _keep_a_lead(
    session: Session,
    space: Space,
    *,
    without: Person | None = None,
    without_group: Group | None = None,
) -> None:
    """Raise Invalid if the space would lose its last lead who can sign in."""
    still = is_led(session, space, without=without, without_group=without_group)
    if not still and is_led(session, space):
        raise Invalid("A space needs a lead. Make someone else a lead first.", field="role")


def _checked_title(raw: str) -> str:
    title = " ".join(raw.split())
    if not title:
        raise Invalid("A space needs a name.", field="title")
    if len(title) > 200:
        raise Invalid("The name of a space can have up to 200 characters.", field="title")
    return title


def _checked_description(raw: str) -> str:
    description = raw.strip()
    if len(description) > 2000:
        raise Invalid("A description can have up to 2000 characters.", field="description")
    return description
