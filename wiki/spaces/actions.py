"""Actions on spaces and roles in them."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from wiki.errors import Forbidden, Invalid, NotFound, Unsuitable, require_allowed
from wiki.i18n import gettext as _
from wiki.i18n import lazy_gettext
from wiki.outbox.actions import publish
from wiki.pages.models import Page
from wiki.people.models import Group, GroupPerson, Person
from wiki.rules.access import Actor, May, may_administer, may_create_spaces, may_see_groups
from wiki.rules.labels import Label
from wiki.rules.roles import Role, Visibility
from wiki.rules.words import shown
from wiki.spaces.consent import Consent, Done, needs_consent, watched
from wiki.spaces.events import (
    GroupRoleChanged,
    LeadTaken,
    MemberChanged,
    SpaceChanged,
    SpaceCreated,
)
from wiki.spaces.label_policy import refuse_lowered_space
from wiki.spaces.looks import checked_colour, checked_icon
from wiki.spaces.members import is_led
from wiki.spaces.models import GroupRole, Membership, Space
from wiki.spaces.queries import SpaceAccess
from wiki.web.urls import space_url

SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")
NOT_SLUGS = frozenset({"favicon.ico", "robots.txt"})


@dataclass(frozen=True)
class SpaceValues:
    """Values of a space that its leads decide.

    ``label`` is the minimum label of all its pages, and the clearances are the highest labels that
    readers, commenters and editors may read; None keeps the present ones, as it does for ``icon``
    and ``colour``, of which empty ones are derived from the slug.
    """

    title: str
    description: str = ""
    visibility: Visibility = Visibility.INTERNAL
    member_role: Role = Role.EDITOR
    label: Label | None = None
    reader_clearance: Label | None = None
    commenter_clearance: Label | None = None
    editor_clearance: Label | None = None
    icon: str | None = None
    colour: str | None = None


def slug_from(title: str) -> str:
    """Return a slug for a space with this title: its letters and digits in ASCII, without accents;
    empty if it has none."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:60].rstrip("-")


def create_space(session: Session, actor: Actor, slug: str, values: SpaceValues) -> Space:
    """Create a space and make the actor its lead. Its label is at least the one that its visibility
    needs.

    :raises Forbidden: for guests and anonymous users.
    :raises Invalid: if the slug is taken or not valid.
    """
    require_allowed(may_create_spaces(actor))
    slug = slug.strip().lower()
    if not SLUG.fullmatch(slug) or slug in NOT_SLUGS:
        raise Invalid(
            _("The address of a space can have up to 60 letters a to z, digits and dashes."),
            field="slug",
        )
    if session.scalar(select(Space.id).where(Space.slug == slug)) is not None:
        raise Unsuitable(
            _("The address “%(slug)s” can’t be used. Choose another one.", slug=slug), field="slug"
        )
    space = Space(
        slug=slug,
        title=_checked_title(values.title),
        description=_checked_description(values.description),
        visibility=values.visibility.value,
        member_role=int(values.member_role),
        label=int(fitting_label(values.visibility, values.label or Label.PUBLIC)),
        icon=checked_icon(values.icon or ""),
        colour=checked_colour(values.colour or ""),
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


@needs_consent(
    "space",
    lazy_gettext("Change space settings"),
    lazy_gettext("changing the settings of the space"),
    lambda of: Done(_("Settings saved."), space_url(of.seen.space.slug, "settings")),
)
def change_space(
    session: Session, seen: SpaceAccess, values: SpaceValues, *, consent: Consent | None = None
) -> None:
    """Change a space's name, its look, its visibility, and the labels of its pages and roles.

    :raises Forbidden: unless the actor leads the space.
    :raises Invalid: also if pages would show content with a higher label than their own.
    :raises NeedsConsent: if more people could read something, and there is no consent to that.
    """
    seen.require(May.MANAGE)
    space = seen.space
    label = Label(space.label) if values.label is None else values.label
    label = fitting_label(values.visibility, label)
    wanted_clearances = values.reader_clearance, values.commenter_clearance, values.editor_clearance
    reader, commenter, editor = (
        one if one is not None else present
        for one, present in zip(wanted_clearances, space.facts(Role.NONE).clearances, strict=True)
    )
    if not reader <= commenter <= editor:
        raise Invalid(
            _("A higher role can’t have a lower label limit than a role below it."), field="editor"
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
        "icon": space.icon if values.icon is None else checked_icon(values.icon),
        "colour": space.colour if values.colour is None else checked_colour(values.colour),
    }
    changes = {key: value for key, value in wanted.items() if getattr(space, key) != value}
    if not changes:
        return
    # Without the lock, a page created during the measurement would be missed.
    session.get_one(Space, space.id, with_for_update={"key_share": True})
    before = Label(space.label)
    with watched(session, Page.space_id == space.id, consent, space_id=space.id):
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


@needs_consent(
    "role",
    lazy_gettext("Give someone a role"),
    lazy_gettext("changing someone’s role"),
    lambda of: Done(
        _("%(name)s is %(role)s now.", name=of.person.name, role=shown(of.role.word)),
        _members(of.seen),
    ),
)
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
    :raises NeedsConsent: if the person could read more, and there is no consent to that.
    """
    leaving = role is Role.NONE and person.id == seen.actor.person_id
    if not leaving:
        seen.require(May.MANAGE)
    if role and person.disabled_at is not None:
        raise Invalid(_("%(name)s’s account is disabled.", name=person.name), field="person")
    # Locked until the end, so that two leads who remove each other at the same time take turns.
    session.get_one(Space, seen.space.id, with_for_update=True)
    membership = session.get(Membership, (seen.space.id, person.id))
    before = Role(membership.role) if membership else Role.NONE
    if before is role:
        return
    if before is Role.LEAD:
        _keep_a_lead(session, seen.space, without=person)
    here, space_id = Page.space_id == seen.space.id, seen.space.id
    with watched(session, here, consent, space_id=space_id, among=[person.id]):
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


@needs_consent(
    "group_role",
    lazy_gettext("Give a group a role"),
    lazy_gettext("changing the role of a group"),
    lambda of: Done(
        _("%(name)s is %(role)s now.", name=of.group.name, role=shown(of.role.word)),
        _members(of.seen),
    ),
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
    :raises NeedsConsent: if its people could read more, and there is no consent to that.
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
    here = Page.space_id == space_id
    with watched(session, here, consent, space_id=space_id, among=people):
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


def _members(seen: SpaceAccess) -> str:
    return space_url(seen.space.slug, "members")


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
        raise Invalid(_("A space needs a lead. Make someone else a lead first."), field="role")


def _checked_title(raw: str) -> str:
    title = " ".join(raw.split())
    if not title:
        raise Invalid(_("A space needs a name."), field="title")
    if len(title) > 200:
        raise Invalid(_("The name of a space can have up to 200 characters."), field="title")
    return title


def _checked_description(raw: str) -> str:
    description = raw.strip()
    if len(description) > 2000:
        raise Invalid(_("A description can have up to 2000 characters."), field="description")
    return description
