"""Queries for share links, and for what each of them shows at this moment.

A link shows what its creator may share now: ``may_share`` of ``wiki/rules/access.py``.
:func:`shareable_by` is its equivalent in SQL.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    case,
    false,
    func,
    or_,
    select,
)
from sqlalchemy.orm import Session, aliased

from wiki.attachments.models import Attachment
from wiki.config import Settings
from wiki.db import now
from wiki.errors import Forbidden, NotFound
from wiki.pages.links.naming import candidates_for, named_links
from wiki.pages.links.naming_files import address_of, can_mean_file, files_meant
from wiki.pages.models import Page, PageLink
from wiki.pages.queries import below, editable_by, live_for
from wiki.people.models import Person
from wiki.people.one_time import hash_token
from wiki.rules.access import Actor, Decision, May, PageFacts, Restriction, decide, may_share
from wiki.rules.labels import Label
from wiki.rules.roles import Role
from wiki.sharing.models import ShareLink
from wiki.spaces.gate import fails, granted, is_kept, is_up_to, spaces_up_to
from wiki.spaces.models import Scope, Space
from wiki.spaces.queries import SpaceAccess
from wiki.text.markdown.destinations import page_url
from wiki.text.markdown.markup import Marks
from wiki.text.paths import PathError, ancestors_of, join, normalise_path, path_key

MOST_LISTED = 1000
"""The maximum number of pages listed beside a shared one."""
MOST_PLACES = 4000
"""The maximum number of places searched for the files of one shared page."""


def label_of(settings: Settings) -> Label | None:
    """Return the highest label that links may show; None if links are off."""
    return None if settings.share_up_to == "off" else Label.named(settings.share_up_to)


def shareable_by(actor: Actor, up_to: Label | None) -> ColumnElement[bool]:
    """Return the condition that the actor may share a ``Page`` by a link."""
    if up_to is None or not actor.is_member:
        return false()
    return and_(
        editable_by(actor),
        Page.space_id.in_(spaces_up_to(up_to)),
        or_(Page.scope_id.is_(None), is_up_to(up_to, Page.scope_id)),
    )


class State(StrEnum):
    """The state of a link."""

    OPEN = "active"
    USED_UP = "used up"
    EXPIRED = "expired"
    REVOKED = "revoked"
    SUSPENDED = "suspended"
    BARRED = "shows nothing"


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
        raise Forbidden("You need an account to have share links.")
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
    return [_judged(*row, up_to=up_to, of=of) for row in session.execute(query)]


def _judged(
    link: ShareLink,
    page: Page,
    space: Space,
    maker: Person | None,
    alone: int,
    in_groups: int,
    label: int | None,
    unread: bool,
    unedited: bool,
    kept: bool,
    *,
    up_to: Label | None,
    of: Page | None,
) -> LinkSeen:
    if maker is None or maker.disabled_at is not None:
        gone = Decision(False, "The person who created it no longer has an account.")
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


def shown_by(seen: LinkSeen, up_to: Label | None) -> ColumnElement[bool]:
    """Return the condition that a link shows a ``Page`` now."""
    if seen.maker is None or not seen.is_live:
        return false()
    root = seen.page
    here = Page.path_key == root.path_key
    if seen.link.subtree:
        # The range is redundant but can use the index; it contains few other pages (such as
        # "guide-2").
        around = and_(Page.path_key >= root.path_key, Page.path_key < f"{root.path_key}0")
        here = or_(here, below(root.path_key))
        here = and_(around, here) if root.path_key else here
    return and_(Page.space_id == root.space_id, here, shareable_by(seen.maker.actor(), up_to))


def shown_at(session: Session, seen: LinkSeen, path: str, up_to: Label | None) -> Page | None:
    """Return the page that a link shows at a path below its own page, or None; "" is that page
    itself."""
    try:
        key = path_key(join(seen.page.path, normalise_path(path)))
    except PathError:
        return None
    return session.scalar(select(Page).where(Page.path_key == key, shown_by(seen, up_to)))


@dataclass(frozen=True)
class Listed:
    """A page as it is listed beside a shared one."""

    path: str
    path_key: str
    title: str


def list_shown(session: Session, seen: LinkSeen, up_to: Label | None) -> list[Listed]:
    """Return the pages that a link shows, parents first, at most :data:`MOST_LISTED`."""
    if not seen.link.subtree:
        return []
    rows = session.execute(
        select(Page.path, Page.path_key, Page.title)
        .where(shown_by(seen, up_to))
        .order_by(Page.path_key)
        .limit(MOST_LISTED)
    )
    return [Listed(*row) for row in rows]


def links_within(
    session: Session, seen: LinkSeen, page: Page, up_to: Label | None
) -> dict[tuple[str, str], str]:
    """Return the targets of a shared page's links that the same share link shows: a mapping from
    slug and key of the written address to the target's path."""
    rows = session.execute(
        select(PageLink.space_slug, PageLink.path_key, Page.path)
        .join(Page, Page.id == PageLink.target_id)
        .where(PageLink.page_id == page.id, PageLink.kind == "page", shown_by(seen, up_to))
        .distinct()
    )
    return {(slug, key): path for slug, key, path in rows}


def names_within(
    session: Session, seen: LinkSeen, page: Page, up_to: Label | None
) -> tuple[Marks, dict[tuple[str, str], str]]:
    """Resolve the links by name of a shared page among the pages and files that the same share link
    shows. Return the marks with their addresses in the wiki, and a mapping from these places to
    paths, as :func:`links_within` returns it."""
    links = named_links(session, PageLink.page_id == page.id, kinds=("page", "file"))
    shown = shown_by(seen, up_to)
    found = candidates_for(session, links, among=shown)
    lead, places, left = {}, {}, {}
    for link in links:
        chosen = found.choose(link)
        if chosen is not None:
            to, spot = chosen
            lead[link.ordinal] = page_url(to.space, to.path, spot.fragment)
            places[to.space, to.key] = to.path
        elif can_mean_file(link):
            left[link.ordinal] = link
    for (_, ordinal), file in files_meant(session, left.values(), among=shown).items():
        lead[ordinal] = address_of(file, left[ordinal])
    return Marks(lead=lead), places


def files_shown(
    session: Session, seen: LinkSeen, keys: Collection[str], up_to: Label | None
) -> dict[str, Attachment]:
    """Return the files at these places (keys of folders and name) of the space that belong to pages
    which a link shows; if several are at one place, that of the nearest page."""
    root = seen.page.path_key
    ways: dict[tuple[str, str], str] = {}
    for key in keys:
        for above in ancestors_of(key):
            if len(ways) < MOST_PLACES and (not root or f"{above}/".startswith(f"{root}/")):
                ways[above, key[len(above) :].lstrip("/")] = key
    if not ways:
        return {}
    rows = session.execute(
        select(Page.path_key, Attachment)
        .join(Attachment, Attachment.page_id == Page.id)
        .where(
            Page.path_key.in_({owner for owner, _ in ways}),
            Attachment.name_key.in_({name for _, name in ways}),
            Attachment.removed_at.is_(None),
            shown_by(seen, up_to),
        )
    )
    found: dict[str, tuple[int, Attachment]] = {}
    for owner, file in rows:
        at = ways.get((owner, file.name_key))
        if at is not None and (at not in found or found[at][0] < len(owner)):
            found[at] = (len(owner), file)
    return {at: file for at, (_, file) in found.items()}


@dataclass(frozen=True)
class Exposed:
    """The extent of a link: the page's own files, the pages below it and their files; and how
    many pages below it, of those that the actor may read, it leaves out for which reason."""

    files: int
    pages: int
    files_below: int
    labelled: int
    kept: int
    unedited: int

    @property
    def left_out(self) -> int:
        """The number of pages below that are left out."""
        return self.labelled + self.kept + self.unedited


def exposed_by(session: Session, actor: Actor, page: Page, up_to: Label) -> Exposed:
    """Return what a link of the actor's to a page would show, in two queries."""
    shared = shareable_by(actor, up_to)
    of_scope = aliased(Scope)
    of_space = select(Space.label).where(Space.id == page.space_id).scalar_subquery()
    too_high = or_(func.coalesce(of_scope.label, 0) > int(up_to), of_space > int(up_to))
    kept = is_kept(of_scope.id).correlate(of_scope)
    why = case((shared, "shared"), (too_high, "labelled"), (kept, "kept"), else_="unedited").label(
        "why"
    )
    rows = (
        select(why)
        .select_from(Page)
        .outerjoin(of_scope, of_scope.id == Page.scope_id)
        .where(Page.space_id == page.space_id, below(page.path_key), live_for(actor))
        .subquery()
    )
    counted: dict[str, int] = {
        row[0]: row[1]
        for row in session.execute(select(rows.c.why, func.count()).group_by(rows.c.why))
    }
    own = case((Page.id == page.id, 1), else_=0)
    here = or_(Page.path_key == page.path_key, below(page.path_key))
    files = session.execute(
        select(func.count(), func.coalesce(func.sum(own), 0))
        .select_from(Attachment)
        .join(Page, Page.id == Attachment.page_id)
        .where(Page.space_id == page.space_id, here, shared, Attachment.removed_at.is_(None))
    ).one()
    return Exposed(
        files=files[1],
        pages=counted.get("shared", 0),
        files_below=files[0] - files[1],
        labelled=counted.get("labelled", 0),
        kept=counted.get("kept", 0),
        unedited=counted.get("unedited", 0),
    )
