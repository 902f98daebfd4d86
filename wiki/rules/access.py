"""The access check: decisions on who may do what, made from facts alone.

Lists in SQL are filtered by ``readable_by`` (``wiki/spaces/queries.py`` and
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
    """A user, or a visitor who is not signed in (``person_id`` is None).

    ``within`` holds the ids of the only spaces that the actor's token gives access to; None means
    no such limit.
    """

    person_id: int | None
    handle: str
    name: str
    site_role: SiteRole
    within: frozenset[int] | None = None

    @property
    def is_anonymous(self) -> bool:
        """True if nobody is signed in."""
        return self.person_id is None

    @property
    def is_member(self) -> bool:
        """True if the actor belongs to the organisation (guests and anonymous visitors do not)."""
        return self.site_role in (SiteRole.MEMBER, SiteRole.ADMIN)

    @property
    def is_admin(self) -> bool:
        """True if the actor administers the site."""
        return self.site_role is SiteRole.ADMIN

    @property
    def is_narrow(self) -> bool:
        """True if the token is limited to some spaces. Such an actor may do nothing outside of a
        space."""
        return self.within is not None


ANONYMOUS = Actor(None, "", "", SiteRole.ANONYMOUS)


class May(StrEnum):
    """An action that can be requested in a space."""

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
    """The facts about a space that the access check needs.

    ``granted`` is the highest role that the actor was given in the space, directly or through a
    group. ``clearances`` are the highest labels for readers, commenters and editors; leads read all
    labels. ``excluded`` is True if the actor's token is limited to other spaces.
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
    """A list of those who may read or edit a page and the pages below it.

    ``page`` is the title of the page that carries the list; ``to`` describes in words who is on it.
    """

    may: May
    passes: bool
    page: str = ""
    to: str = "some people"


@dataclass(frozen=True)
class PageFacts:
    """The facts about a page that the access check needs beside its space: the highest label of the
    page and its ancestors, and all restrictions on them.

    A deleted page is visible only to those who could have edited it, so that they can restore it.
    """

    label: Label = Label.PUBLIC
    restrictions: Sequence[Restriction] = ()
    deleted: bool = False


OPEN = PageFacts()
"""A page without a label or restrictions of its own."""


@dataclass(frozen=True)
class Decision:
    """A decision and its reason, a sentence about the actor.

    ``refusal`` is the same for the actor, who is addressed as “you”; by default it is the reason.
    """

    allowed: bool
    reason: str
    refusal: str = ""

    def __post_init__(self) -> None:
        if not self.refusal:
            object.__setattr__(self, "refusal", self.reason)

    def __bool__(self) -> bool:
        return self.allowed


def own_role(actor: Actor, space: SpaceFacts) -> Role:
    """Return the highest role that the actor was given in the space: directly, through a group, or
    as a member of the organisation."""
    if space.excluded:
        return Role.NONE
    role = Role.NONE if actor.is_anonymous else space.granted
    if space.visibility is not Visibility.PRIVATE and actor.is_member:
        role = max(role, space.member_role)
    return role


def role_in(actor: Actor, space: SpaceFacts) -> Role:
    """Return the actor's own role, or the reader role that everybody has in a public space, if that
    is higher."""
    open_to_all = is_open(space) and not space.excluded
    return max(own_role(actor, space), Role.READER if open_to_all else Role.NONE)


def is_open(space: SpaceFacts) -> bool:
    """Return whether everybody may read the space, signed in or not."""
    return space.visibility is Visibility.PUBLIC and space.label is Label.PUBLIC


def clearance_of(role: Role, space: SpaceFacts) -> Label:
    """Return the highest label that a user with this own role in the space may read: at least that
    of the space itself."""
    if role is Role.NONE:
        return Label.PUBLIC
    if role is Role.LEAD:
        return Label.RESTRICTED
    return max(space.clearances[role - 1], space.label)


def decide(may: May, actor: Actor, space: SpaceFacts, page: PageFacts = OPEN) -> Decision:
    """Decide whether ``actor`` may do ``may`` in ``space``, or with a page of it."""
    role = role_in(actor, space)
    needed = max(NEEDED[may], Role.EDITOR) if page.deleted else NEEDED[may]
    name = actor.name or "Someone who isn’t signed in"
    if role is Role.NONE:
        return Decision(
            False,
            f"{name} has no access to {space.title}.",
            f"You don’t have access to {space.title}.",
        )
    if role < needed:
        return Decision(
            False,
            f"{name} is {_a(role)} in {space.title}; this needs {_a(needed)}.",
            f"You need to be {_a(needed)} in {space.title} to do this. You are {_a(role)}.",
        )
    allowed = Decision(True, f"{name} is {_a(role)} in {space.title}.")
    own = own_role(actor, space)
    if own is Role.LEAD:
        return allowed
    deed = May.READ if may is May.MANAGE else may
    cannot, refusal = f"{name} can’t {deed}", f"You can’t {deed} this page"
    clearance = clearance_of(own, space)
    if page.label > clearance:
        why = (
            f"is {page.label.word}, and {role.word}s in {space.title} can only read pages up to "
            f"the label {clearance.word}."
        )
        return Decision(False, f"{cannot}: the page {why}", f"{refusal}: it {why}")
    asked = {May.READ} if needed < Role.EDITOR else {May.READ, May.EDIT}
    for one in page.restrictions:
        if one.may in asked and not one.passes:
            why = f"is restricted to {one.to}."
            above = f"“{one.page}”, above it,"
            return Decision(
                False,
                f"{cannot}: {above if one.page else 'the page'} {why}",
                f"{refusal}: {above if one.page else 'it'} {why}",
            )
    return allowed


def _a(role: Role) -> str:
    """Return the name of a role with its article."""
    return f"{'an' if role is Role.EDITOR else 'a'} {role.word}"


def may_share(
    actor: Actor, space: SpaceFacts, page: PageFacts, *, kept: bool, up_to: Label | None
) -> Decision:
    """Decide whether ``actor`` may share a page by a link that needs no account.

    The link itself grants nothing: the same check is made for its author at each visit.

    :param kept: whether any restriction says who may read the page, even one that the actor passes.
    :param up_to: the highest label that may be shared; None if sharing is turned off.
    """
    if up_to is None:
        return Decision(False, "Share links are turned off in this wiki.")
    if not actor.is_member:
        return Decision(False, "Only members of the organisation can create share links.")
    decision = decide(May.EDIT, actor, space, page)
    if not decision:
        return decision
    if page.deleted:
        return Decision(False, "The page is deleted.")
    label = max(page.label, space.label)
    if label > up_to:
        return Decision(
            False,
            f"The page is labelled {label.word}; share links show at most {up_to.word} pages.",
        )
    if kept:
        return Decision(
            False, "The page is restricted to some people, so it can’t be shared by link."
        )
    return decision


NARROW = Decision(False, "This token works only in some spaces, and this is in none of them.")


def may_create_spaces(actor: Actor) -> Decision:
    """Decide whether the actor may create a space; every member may."""
    if actor.is_narrow:
        return NARROW
    if actor.is_member:
        return Decision(True, f"{actor.name} is a member.")
    return Decision(False, "Only members can create spaces.")


def may_administer(actor: Actor) -> Decision:
    """Decide whether the actor may use the administration."""
    if actor.is_narrow:
        return NARROW
    if actor.is_admin:
        return Decision(True, f"{actor.name} is an admin.")
    return Decision(False, "Only admins can do this.")


def may_see_groups(actor: Actor) -> Decision:
    """Decide whether the actor may see the groups and their members."""
    if actor.is_narrow:
        return NARROW
    if actor.is_member:
        return Decision(True, f"{actor.name} is a member.")
    return Decision(False, "Only members can see groups.")


def may_invite(actor: Actor, as_role: SiteRole) -> Decision:
    """Decide whether the actor may create an invitation for a new account with ``as_role``.

    Every member can create a space and lead it. If leads could invite members, they could open all
    internal spaces to anybody. Therefore they can invite only guests, who see one space.
    """
    if actor.is_narrow:
        return NARROW
    if actor.is_admin:
        return Decision(True, f"{actor.name} is an admin.")
    if not actor.is_member:
        return Decision(False, "Only members can invite people who don’t have an account yet.")
    if as_role is SiteRole.GUEST:
        return Decision(True, f"{actor.name} is a member.")
    return Decision(False, "Only admins can invite members of the organisation.")
