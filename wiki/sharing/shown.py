"""Contents shown by a share link: pages, files, and the links between them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, case, false, func, or_, select
from sqlalchemy.orm import Session, aliased

from wiki.attachments.models import Attachment
from wiki.pages.below import below
from wiki.pages.links.candidates import candidates_for
from wiki.pages.links.models import TO_PAGE, PageLink
from wiki.pages.links.naming import named_links
from wiki.pages.links.naming_files import address_of, can_mean_file, files_meant
from wiki.pages.models import Page
from wiki.pages.queries import editable_by, live_for
from wiki.rules.access import Actor
from wiki.rules.labels import Label
from wiki.sharing.queries import LinkSeen
from wiki.spaces.gate import is_kept, is_up_to, spaces_up_to
from wiki.spaces.models import Scope, Space
from wiki.text.markdown.destinations import page_url
from wiki.text.markdown.markup import Marks
from wiki.text.paths import PathError, ancestors_of, join, normalise_path, path_key

MOST_LISTED = 1000
"""The maximum number of pages listed beside a shared one."""
MOST_PLACES = 4000
"""The maximum number of places searched for the files of one shared page."""


def shareable_by(actor: Actor, up_to: Label | None) -> ColumnElement[bool]:
    """Return the condition that the actor may share a ``Page`` by a link."""
    if up_to is None or not actor.is_member:
        return false()
    return and_(
        editable_by(actor),
        Page.space_id.in_(spaces_up_to(up_to)),
        or_(Page.scope_id.is_(None), is_up_to(up_to, Page.scope_id)),
    )


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
    position: str


def list_shown(session: Session, seen: LinkSeen, up_to: Label | None) -> list[Listed]:
    """Return the pages that a link shows, parents first, at most :data:`MOST_LISTED`."""
    if not seen.link.subtree:
        return []
    rows = session.execute(
        select(Page.path, Page.path_key, Page.title, Page.position)
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
        .where(PageLink.page_id == page.id, TO_PAGE, shown_by(seen, up_to))
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
