"""The one gate: whether somebody may do something, decided on facts alone.

What is listed in SQL is filtered by ``readable_by`` (``wiki/spaces/queries.py`` and
``wiki/pages/queries.py``); ``tests/rules`` proves that the two agree.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from wiki.rules.labels import Label
from wiki.rules.roles import Role, SiteRole, Visibility


@dataclass(frozen=True)
class Actor:
    """Who asks. ``person_id`` is None when nobody is signed in.

    ``within`` are the ids of the only spaces that exist for them, where a token says so.
    """

    person_id: int | None
    handle: str
    name: str
    site_role: SiteRole
    within: frozenset[int] | None = None

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

    @property
    def is_narrow(self) -> bool:
        """Whether their token is for some spaces only: then they do nothing that is of no space."""
        return self.within is not None


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
    """What the gate must know of a space: ``granted`` is the highest role that the asker was given
    in it, as themselves or in a group.

    ``clearances`` are the highest labels for readers, commenters and editors; leads read all.
    ``excluded`` says that the space is none of those that the asker's token is for.
    """

    title: str
    visibility: Visibility
    member_role: Role
    granted: Role
    label: Label = Label.PUBLIC
    clearances: tuple[Label, Label, Label] = (Label.INTERNAL, Label.INTERNAL, Label.CONFIDENTIAL)
    excluded: bool = False


@dataclass(frozen=True)
class Restriction:
    """A list of those who may read or edit a page and what is below it.

    ``page`` is the title of the page that it was put on, ``to`` says in words who is on the list.
    """

    may: May
    passes: bool
    page: str = ""
    to: str = "some people"


@dataclass(frozen=True)
class PageFacts:
    """What the gate must know of a page beside its space: the highest label of the page and those
    above it, and all restrictions on them.

    Of a deleted page only those who could have edited it may see anything, to restore it.
    """

    label: Label = Label.PUBLIC
    restrictions: Sequence[Restriction] = ()
    deleted: bool = False


OPEN = PageFacts()
"""A page that nothing is said of, beside what its space says."""


@dataclass(frozen=True)
class Decision:
    """An answer with its reason, a sentence for people."""

    allowed: bool
    reason: str

    def __bool__(self) -> bool:
        return self.allowed


def own_role(actor: Actor, space: SpaceFacts) -> Role:
    """The highest role that the actor was given in the space, as themselves, in a group, or as a
    member of the organisation."""
    if space.excluded:
        return Role.NONE
    role = Role.NONE if actor.is_anonymous else space.granted
    if space.visibility is not Visibility.PRIVATE and actor.is_member:
        role = max(role, space.member_role)
    return role


def role_in(actor: Actor, space: SpaceFacts) -> Role:
    """The same, or that of a reader, whom a public space has in everybody."""
    open_to_all = is_open(space) and not space.excluded
    return max(own_role(actor, space), Role.READER if open_to_all else Role.NONE)


def is_open(space: SpaceFacts) -> bool:
    """Whether everybody may read in the space, signed in or not."""
    return space.visibility is Visibility.PUBLIC and space.label is Label.PUBLIC


def clearance_of(role: Role, space: SpaceFacts) -> Label:
    """The highest label that a role of one's own in the space may read: what the space itself has,
    at least."""
    if role is Role.NONE:
        return Label.PUBLIC
    if role is Role.LEAD:
        return Label.RESTRICTED
    return max(space.clearances[role - 1], space.label)


def decide(may: May, actor: Actor, space: SpaceFacts, page: PageFacts = OPEN) -> Decision:
    """Whether ``actor`` may do ``may`` in ``space``, or with a page of it."""
    role = role_in(actor, space)
    needed = max(NEEDED[may], Role.EDITOR) if page.deleted else NEEDED[may]
    name = actor.name or "Nobody"
    if role is Role.NONE:
        return Decision(False, f"{name} has no access to {space.title}.")
    if role < needed:
        return Decision(
            False,
            f"This needs the role {needed.word} in {space.title}; {name} has the role {role.word}.",
        )
    allowed = Decision(True, f"{name} has the role {role.word} in {space.title}.")
    own = own_role(actor, space)
    if own is Role.LEAD:
        return allowed
    cannot = f"{name} cannot {May.READ if may is May.MANAGE else may}"
    clearance = clearance_of(own, space)
    if page.label > clearance:
        return Decision(
            False,
            f"{cannot}: the page is {page.label.word}, and in {space.title} the role "
            f"{role.word} is cleared for what is {clearance.word}.",
        )
    asked = {May.READ} if needed < Role.EDITOR else {May.READ, May.EDIT}
    for one in page.restrictions:
        if one.may in asked and not one.passes:
            where = f"“{one.page}”, above it," if one.page else "the page"
            return Decision(False, f"{cannot}: {where} is restricted to {one.to}.")
    return allowed


def may_share(
    actor: Actor, space: SpaceFacts, page: PageFacts, *, kept: bool, up_to: Label | None
) -> Decision:
    """Whether ``actor`` may let a page be read by whoever has a link, without an account.

    A link gives nothing by itself: this is asked again at each visit, of whoever made it.

    :param kept: whether any list says who may read the page, also one that the actor is on.
    :param up_to: the highest label that is shown so; None: nothing is.
    """
    if up_to is None:
        return Decision(False, "Links for people without an account are turned off in this wiki.")
    if not actor.is_member:
        return Decision(False, "Only members of the organisation can share by link.")
    decision = decide(May.EDIT, actor, space, page)
    if not decision:
        return decision
    if page.deleted:
        return Decision(False, "The page is deleted.")
    label = max(page.label, space.label)
    if label > up_to:
        return Decision(
            False, f"The page is {label.word}, and only what is {up_to.word} is shown by link."
        )
    if kept:
        return Decision(False, "The page is kept to some people, so it is not shown by link.")
    return decision


NARROW = Decision(False, "This token is for some spaces only, and this is in none of them.")


def may_create_spaces(actor: Actor) -> Decision:
    """Whether the actor may make a new space: every member may."""
    if actor.is_narrow:
        return NARROW
    if actor.is_member:
        return Decision(True, f"{actor.name} is a member.")
    return Decision(False, "Only members can make a space.")


def may_administer(actor: Actor) -> Decision:
    """Whether the actor may use the administration."""
    if actor.is_narrow:
        return NARROW
    if actor.is_admin:
        return Decision(True, f"{actor.name} is an admin.")
    return Decision(False, "Only admins can do this.")


def may_see_groups(actor: Actor) -> Decision:
    """Whether the actor may know which groups there are and who is in them."""
    if actor.is_narrow:
        return NARROW
    if actor.is_member:
        return Decision(True, f"{actor.name} is a member.")
    return Decision(False, "Only members can see groups.")


def may_invite(actor: Actor, as_role: SiteRole) -> Decision:
    """Whether the actor may make a link by which somebody new comes in with ``as_role``.

    Every member can make a space and lead it. If leads could bring in members, anybody could open
    all internal spaces to anybody; so they bring in guests, who see one space and nothing else.
    """
    if actor.is_narrow:
        return NARROW
    if actor.is_admin:
        return Decision(True, f"{actor.name} is an admin.")
    if not actor.is_member:
        return Decision(False, "Only members can invite somebody who has no account yet.")
    if as_role is SiteRole.GUEST:
        return Decision(True, f"{actor.name} is a member.")
    return Decision(False, "Only admins can invite members of the organisation.")
