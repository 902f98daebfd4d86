"""Queries for share links, and for what each of them shows at this moment.

A link shows what its creator may share now: ``may_share`` of ``wiki/rules/access.py``.
``shareable_by`` of :mod:`wiki.sharing.shown` is its
equivalent in SQL.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    or_,
    select,
)
from sqlalchemy.orm import Session

from wiki.config import Settings
from wiki.db import now
from wiki.errors import Forbidden, NotFound
from wiki.i18n import gettext as _
from wiki.i18n import lazy_gettext
from wiki.pages.models import Page
from wiki.people.models import Person
from wiki.people.one_time import hash_token
from wiki.rules.access import Actor, Decision, May, PageFacts, Restriction, decide, may_share
from wiki.rules.labels import Label
from wiki.rules.roles import Role
from wiki.sharing.models import ShareLink
from wiki.spaces.gate import fails, granted, is_kept
from wiki.spaces.models import Scope, Space
from wiki.spaces.queries import SpaceAccess
from wiki.text.paths import ancestors_of, path_key


def label_of(settings: Settings) -> Label | None:
    """Return the highest label that links may show; None if links are off."""
    return None if settings.share_up_to == "off" else Label.named(settings.share_up_to)


class State(StrEnum):
    """The state of a link."""

    OPEN = "active"
    USED_UP = "used up"
    EXPIRED = "expired"
    REVOKED = "revoked"
    SUSPENDED = "suspended"
    BARRED = "shows nothing"

    @property
    def words(self) -> str:
        """The state in the reader's language."""
        return str(_STATES[self][0])

    @property
    def tone(self) -> str:
        """The tone of its badge."""
        return _STATES[self][1]


_STATES = {
    State.OPEN: (lazy_gettext("active"), "good"),
    State.USED_UP: (lazy_gettext("used up"), ""),
    State.EXPIRED: (lazy_gettext("expired"), ""),
    State.REVOKED: (lazy_gettext("revoked"), ""),
    State.SUSPENDED: (lazy_gettext("suspended"), "warn"),
    State.BARRED: (lazy_gettext("shows nothing"), "warn"),
}


@dataclass(frozen=True)
class LinkSeen:
    """A link with its page, its creator, and the present access decision for them."""

    link: ShareLink
    page: Page
    space: Space
    maker: Person | None
    decision: Decision
    readable: bool
    """Whether its creator may still read the page."""

    @property
    def state(self) -> State:
        """The state of the link."""
        link = self.link
        if link.revoked_at is not None:
            return State.REVOKED
        if link.expires_at <= now():
            return State.EXPIRED
        if link.suspended_at is not None:
            return State.SUSPENDED
        if not self.decision:
            return State.BARRED
        if link.max_views is not None and link.views >= link.max_views:
            return State.USED_UP
        return State.OPEN

    @property
    def is_live(self) -> bool:
        """True if it shows something, at least in browsers that have opened it before."""
        return self.state in (State.OPEN, State.USED_UP)

    @property
    def has_ended(self) -> bool:
        """True if it will never work again."""
        return self.state in (State.REVOKED, State.EXPIRED)


def find_link(session: Session, token: str, up_to: Label | None) -> LinkSeen | None:
    """Return the link with this token if it shows something now, otherwise None without a
    reason."""
    found = _seen(session, up_to, ShareLink.token_hash == hash_token(token))
    return found[0] if found and found[0].is_live else None


def get_link(session: Session, share_id: int, up_to: Label | None) -> LinkSeen:
    """Return the link with this id. The caller must check permission.

    :raises NotFound: if there is none.
    """
    found = _seen(session, up_to, ShareLink.id == share_id)
    if not found:
        raise NotFound
    return found[0]


def links_reaching(session: Session, page: Page, up_to: Label | None) -> list[LinkSeen]:
    """Return the links to a page, and those to pages above it that show it too, newest first, each
    with the access decision for this very page. The caller must check that the actor may edit it.
    """
    above = [path_key(place) for place in ancestors_of(page.path)]
    own = ShareLink.page_id == page.id
    from_above = and_(
        ShareLink.subtree,
        Page.space_id == page.space_id,
        Page.path_key.in_(above),
        Page.deleted_at.is_(None),
    )
    found = _seen(session, up_to, or_(own, from_above), of=page, limit=200)
    return [seen for seen in found if seen.page.id == page.id or seen.is_live]


def links_in(
    session: Session,
    seen: SpaceAccess,
    up_to: Label | None,
    *,
    before: int | None = None,
    limit: int = 50,
) -> list[LinkSeen]:
    """Return the links to pages of a space, newest first, for its leads.

    :param before: only those with a smaller id.
    :raises Forbidden: for other actors.
    """
    seen.require(May.MANAGE)
    return _seen(session, up_to, Page.space_id == seen.space.id, before=before, limit=limit)


def links_by(
    session: Session,
    actor: Actor,
    up_to: Label | None,
    *,
    before: int | None = None,
    limit: int = 50,
) -> list[LinkSeen]:
    """Return the actor's own links, newest first.

    :param before: only those with a smaller id.
    :raises Forbidden: for an anonymous user or a token limited to some spaces.
    """
    if actor.person_id is None or actor.is_narrow:
        raise Forbidden(_("You need an account to have share links."))
    return _seen(
        session, up_to, ShareLink.made_by_id == actor.person_id, before=before, limit=limit
    )


def _seen(
    session: Session,
    up_to: Label | None,
    *which: ColumnElement[bool],
    of: Page | None = None,
    before: int | None = None,
    limit: int | None = None,
) -> list[LinkSeen]:
    """Return links with everything that their access decisions need, in one query.

    :param of: the page to decide about, if it is not each link's own.
    """
    scope_id = Page.scope_id if of is None else of.scope_id
    maker_id = ShareLink.made_by_id
    query: Select[Any] = (
        select(
            ShareLink,
            Page,
            Space,
            Person,
            *granted(Page.space_id, maker_id),
            Scope.label,
            fails(Scope.id, May.READ, maker_id).correlate(Scope, ShareLink),
            fails(Scope.id, May.EDIT, maker_id).correlate(Scope, ShareLink),
            is_kept(Scope.id).correlate(Scope),
        )
        .select_from(ShareLink)
        .join(Page, Page.id == ShareLink.page_id)
        .join(Space, Space.id == Page.space_id)
        .outerjoin(Person, Person.id == maker_id)
        .outerjoin(Scope, Scope.id == scope_id)
        .where(*which)
        .order_by(ShareLink.id.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(ShareLink.id < before)
    return [_decided(row, up_to, of) for row in session.execute(query)]


def _decided(row: Sequence[Any], up_to: Label | None, of: Page | None) -> LinkSeen:
    """Return a link from a row of the query, with its access decision."""
    link, page, space, maker, alone, in_groups, label, unread, unedited, kept = row
    if maker is None or maker.disabled_at is not None:
        gone = Decision(False, _("The person who created it no longer has an account."))
        return LinkSeen(link, page, space, maker, gone, False)
    facts = _facts(label, unread, unedited, deleted=(of or page).deleted_at is not None)
    in_space = space.facts(Role(max(alone, in_groups)))
    actor = maker.actor()
    decision = may_share(actor, in_space, facts, kept=kept, up_to=up_to)
    readable = bool(decide(May.READ, actor, in_space, facts))
    return LinkSeen(link, page, space, maker, decision, readable)


def _facts(label: int | None, unread: bool, unedited: bool, *, deleted: bool) -> PageFacts:
    failing = ((May.READ, unread), (May.EDIT, unedited))
    restrictions = tuple(Restriction(may, False) for may, it in failing if it)
    return PageFacts(Label(label or 0), restrictions, deleted)


def may_share_page(
    session: Session, actor: Actor, space: Space, page: Page, up_to: Label | None
) -> Decision:
    """Return the access decision for sharing a page that the actor may read."""
    alone, in_groups, label, unread, unedited, kept = session.execute(
        select(
            *granted(Space.id, actor.person_id),
            Scope.label,
            fails(Scope.id, May.READ, actor.person_id).correlate(Scope),
            fails(Scope.id, May.EDIT, actor.person_id).correlate(Scope),
            is_kept(Scope.id).correlate(Scope),
        )
        .select_from(Space)
        .outerjoin(Scope, Scope.id == page.scope_id)
        .where(Space.id == space.id)
    ).one()
    facts = _facts(label, unread, unedited, deleted=page.deleted_at is not None)
    in_space = space.facts(Role(max(alone, in_groups)), actor.within)
    return may_share(actor, in_space, facts, kept=kept, up_to=up_to)
