"""The access check: decisions on who may do what, made from facts alone.

Lists in SQL are filtered by ``readable_by`` (``wiki/spaces/queries.py`` and
``wiki/pages/queries.py``); ``tests/rules`` proves that the two agree.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from wiki.i18n import lazy_gettext
from wiki.rules.labels import Label
from wiki.rules.roles import Role, SiteRole, Visibility
from wiki.rules.words import A_ROLE, ROLES, shown


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
    to: str = lazy_gettext("some people")


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
    name = actor.name or _NOBODY
    title = space.title
    if role is Role.NONE:
        return Decision(
            False,
            lazy_gettext("%(name)s has no access to %(space)s.", name=name, space=title),
            lazy_gettext("You don’t have access to %(space)s.", space=title),
        )
    own_words, needed_words = A_ROLE[role], A_ROLE[needed]
    if role < needed:
        return Decision(
            False,
            lazy_gettext(
                "%(name)s is %(role)s in %(space)s; this needs %(needed)s.",
                name=name,
                role=own_words,
                space=title,
                needed=needed_words,
            ),
            lazy_gettext(
                "You need to be %(needed)s in %(space)s to do this. You are %(role)s.",
                role=own_words,
                space=title,
                needed=needed_words,
            ),
        )
    allowed = _allowed(name, own_words, title)
    own = own_role(actor, space)
    if own is Role.LEAD:
        return allowed
    deed = _DEEDS[May.READ if may is May.MANAGE else may]
    clearance = clearance_of(own, space)
    if page.label > clearance:
        return _too_high(name, deed, role, (page.label, clearance), title)
    asked = {May.READ} if needed < Role.EDITOR else {May.READ, May.EDIT}
    for one in page.restrictions:
        if one.may in asked and not one.passes:
            return _kept_out(name, deed, one)
    return allowed


_NOBODY = lazy_gettext("Someone who isn’t signed in")

_DEEDS = {
    May.READ: lazy_gettext("read"),
    May.COMMENT: lazy_gettext("comment"),
    May.EDIT: lazy_gettext("edit"),
}


# Almost every decision is this one, and its words are rarely shown.
@lru_cache(maxsize=1024)
def _allowed(name: str, role: str, title: str) -> Decision:
    return Decision(
        True, lazy_gettext("%(name)s is %(role)s in %(space)s.", name=name, role=role, space=title)
    )


def _too_high(
    name: str, deed: str, role: Role, labels: tuple[Label, Label], title: str
) -> Decision:
    """Return the refusal of a page whose label is above that of the role.

    :param labels: the label of the page, and the highest that the role may read.
    """
    label, most = (shown(each.word) for each in labels)
    roles = ROLES[role]
    return Decision(
        False,
        lazy_gettext(
            "%(name)s can’t %(deed)s: the page is %(label)s, and %(roles)s in %(space)s can only "
            "read pages up to the label %(highest)s.",
            name=name,
            deed=deed,
            label=label,
            roles=roles,
            space=title,
            highest=most,
        ),
        lazy_gettext(
            "You can’t %(deed)s this page: it is %(label)s, and %(roles)s in %(space)s can only "
            "read pages up to the label %(highest)s.",
            deed=deed,
            label=label,
            roles=roles,
            space=title,
            highest=most,
        ),
    )


def _kept_out(name: str, deed: str, restriction: Restriction) -> Decision:
    """Return the refusal of a restriction that does not let the actor pass."""
    above, people = restriction.page, restriction.to
    if above:
        return Decision(
            False,
            lazy_gettext(
                "%(name)s can’t %(deed)s: “%(page)s”, above it, is restricted to %(people)s.",
                name=name,
                deed=deed,
                page=above,
                people=people,
            ),
            lazy_gettext(
                "You can’t %(deed)s this page: “%(page)s”, above it, is restricted to %(people)s.",
                deed=deed,
                page=above,
                people=people,
            ),
        )
    return Decision(
        False,
        lazy_gettext(
            "%(name)s can’t %(deed)s: the page is restricted to %(people)s.",
            name=name,
            deed=deed,
            people=people,
        ),
        lazy_gettext(
            "You can’t %(deed)s this page: it is restricted to %(people)s.",
            deed=deed,
            people=people,
        ),
    )


def may_share(
    actor: Actor, space: SpaceFacts, page: PageFacts, *, kept: bool, up_to: Label | None
) -> Decision:
    """Decide whether ``actor`` may share a page by a link that needs no account.

    The link itself grants nothing: the same check is made for its author at each visit.

    :param kept: whether any restriction says who may read the page, even one that the actor passes.
    :param up_to: the highest label that may be shared; None if sharing is turned off.
    """
    if up_to is None:
        return Decision(False, lazy_gettext("Share links are turned off in this wiki."))
    if not actor.is_member:
        return Decision(
            False, lazy_gettext("Only members of the organisation can create share links.")
        )
    decision = decide(May.EDIT, actor, space, page)
    if not decision:
        return decision
    if page.deleted:
        return Decision(False, lazy_gettext("The page is deleted."))
    label = max(page.label, space.label)
    if label > up_to:
        return Decision(
            False,
            lazy_gettext(
                "The page is labelled %(label)s; share links show at most %(highest)s pages.",
                label=shown(label.word),
                highest=shown(up_to.word),
            ),
        )
    if kept:
        return Decision(
            False,
            lazy_gettext("The page is restricted to some people, so it can’t be shared by link."),
        )
    return decision


NARROW = Decision(
    False, lazy_gettext("This token works only in some spaces, and this is in none of them.")
)


def may_create_spaces(actor: Actor) -> Decision:
    """Decide whether the actor may create a space; every member may."""
    if actor.is_narrow:
        return NARROW
    if actor.is_member:
        return Decision(True, lazy_gettext("%(name)s is a member.", name=actor.name))
    return Decision(False, lazy_gettext("Only members can create spaces."))


def may_administer(actor: Actor) -> Decision:
    """Decide whether the actor may use the administration."""
    if actor.is_narrow:
        return NARROW
    if actor.is_admin:
        return Decision(True, lazy_gettext("%(name)s is an admin.", name=actor.name))
    return Decision(False, lazy_gettext("Only admins can do this."))


def may_change_account(actor: Actor, person_id: int) -> Decision:
    """Decide whether the actor may read and change the preferences and the photo of an account."""
    if actor.is_narrow:
        return NARROW
    if actor.person_id == person_id:
        return Decision(True, lazy_gettext("It is your own account."))
    return Decision(False, lazy_gettext("Only the owner of the account can change this."))


def may_see_groups(actor: Actor) -> Decision:
    """Decide whether the actor may see the groups and their members."""
    if actor.is_narrow:
        return NARROW
    if actor.is_member:
        return Decision(True, lazy_gettext("%(name)s is a member.", name=actor.name))
    return Decision(False, lazy_gettext("Only members can see groups."))


def may_invite(actor: Actor, as_role: SiteRole) -> Decision:
    """Decide whether the actor may create an invitation for a new account with ``as_role``.

    Every member can create a space and lead it. If leads could invite members, they could open all
    internal spaces to anybody. Therefore they can invite only guests, who see one space.
    """
    if actor.is_narrow:
        return NARROW
    if actor.is_admin:
        return Decision(True, lazy_gettext("%(name)s is an admin.", name=actor.name))
    if not actor.is_member:
        return Decision(
            False, lazy_gettext("Only members can invite people who don’t have an account yet.")
        )
    if as_role is SiteRole.GUEST:
        return Decision(True, lazy_gettext("%(name)s is a member.", name=actor.name))
    return Decision(False, lazy_gettext("Only admins can invite members of the organisation."))
