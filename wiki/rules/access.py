"""The one gate: whether somebody may do something, decided on facts alone.

What is listed in SQL is filtered by ``readable_by`` (``wiki/spaces/queries.py`` and
``wiki/pages/queries.py``); ``tests/rules/test_the_gate.py`` proves that the two agree.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from wiki.rules.roles import Role, SiteRole, Visibility


@dataclass(frozen=True)
class Actor:
    """Who asks. ``person_id`` is None when nobody is signed in."""

    person_id: int | None
    handle: str
    name: str
    site_role: SiteRole

    @property
    def is_anonymous(self) -> bool:
        """Whether nobody is signed in."""
        return self.person_id is None

    @property
    def is_member(self) -> bool:
        """Whether the actor belongs to the organisation (guests and strangers do not)."""
        return self.site_role in (SiteRole.MEMBER, SiteRole.ADMIN)

    @property
    def is_admin(self) -> bool:
        """Whether the actor administers the site."""
        return self.site_role is SiteRole.ADMIN


ANONYMOUS = Actor(None, "", "", SiteRole.ANONYMOUS)


class May(StrEnum):
    """What can be asked for in a space."""

    READ = "read"
    COMMENT = "comment"
    EDIT = "edit"
    MANAGE = "manage"


NEEDED = {
    May.READ: Role.READER,
    May.COMMENT: Role.COMMENTER,
    May.EDIT: Role.EDITOR,
    May.MANAGE: Role.LEAD,
}


@dataclass(frozen=True)
class SpaceFacts:
    """What the gate must know of a space: ``granted`` is the asker's own membership, if any."""

    title: str
    visibility: Visibility
    member_role: Role
    granted: Role


@dataclass(frozen=True)
class Decision:
    """An answer with its reason, a sentence for people."""

    allowed: bool
    reason: str

    def __bool__(self) -> bool:
        return self.allowed


def role_in(actor: Actor, space: SpaceFacts) -> Role:
    """The highest role that the actor has in the space, from membership or from what all have."""
    role = Role.NONE if actor.is_anonymous else space.granted
    if space.visibility is Visibility.PUBLIC:
        role = max(role, Role.READER)
    if space.visibility is not Visibility.PRIVATE and actor.is_member:
        role = max(role, space.member_role)
    return role


def decide(may: May, actor: Actor, space: SpaceFacts, *, deleted: bool = False) -> Decision:
    """Whether ``actor`` may do ``may`` in ``space``, or with a page of it.

    :param deleted: whether the page in question is deleted: then only those who could have
        edited it may still see it, to restore it.
    """
    role = role_in(actor, space)
    needed = max(NEEDED[may], Role.EDITOR) if deleted else NEEDED[may]
    name = actor.name or "Nobody"
    if role >= needed:
        return Decision(True, f"{name} has the role {role.word} in {space.title}.")
    if role is Role.NONE:
        return Decision(False, f"{name} has no access to {space.title}.")
    return Decision(
        False,
        f"This needs the role {needed.word} in {space.title}; {name} has the role {role.word}.",
    )


def may_create_spaces(actor: Actor) -> Decision:
    """Whether the actor may make a new space: every member may."""
    if actor.is_member:
        return Decision(True, f"{actor.name} is a member.")
    return Decision(False, "Only members can make a space.")


def may_administer(actor: Actor) -> Decision:
    """Whether the actor may use the administration."""
    if actor.is_admin:
        return Decision(True, f"{actor.name} is an admin.")
    return Decision(False, "Only admins can do this.")


def may_invite(actor: Actor, as_role: SiteRole) -> Decision:
    """Whether the actor may make a link by which somebody new comes in with ``as_role``.

    Every member can make a space and lead it. If leads could bring in members, anybody could open
    all internal spaces to anybody; so they bring in guests, who see one space and nothing else.
    """
    if actor.is_admin:
        return Decision(True, f"{actor.name} is an admin.")
    if not actor.is_member:
        return Decision(False, "Only members can invite somebody who has no account yet.")
    if as_role is SiteRole.GUEST:
        return Decision(True, f"{actor.name} is a member.")
    return Decision(False, "Only admins can invite members of the organisation.")
