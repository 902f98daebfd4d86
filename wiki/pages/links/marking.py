"""Links of pages as a reader sees them: links that lead nowhere for this reader, and the targets of
links by name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Select,
    and_,
    bindparam,
    case,
    exists,
    literal,
    or_,
    select,
)
from sqlalchemy.orm import Session, aliased

from wiki.changes.reads import note_page, of_noted
from wiki.pages.below import holds_readable
from wiki.pages.links.candidates import candidates_for
from wiki.pages.links.models import TO_FILE, TO_PAGE, PageLink
from wiki.pages.links.naming import meant_by, named_links
from wiki.pages.links.naming_files import (
    address_of,
    can_mean_file,
    files_by_name,
    files_meant,
    leads_to_exact_file,
)
from wiki.pages.models import Folder, Page
from wiki.rules.access import Actor
from wiki.spaces.gate import in_scopes_of, stands_in
from wiki.spaces.models import Space
from wiki.text.markdown.context import RenderContext
from wiki.text.markdown.destinations import page_url, resolve_wiki_link
from wiki.text.markdown.links import Link, Marks
from wiki.text.paths import name_of

# Built once, because building them costs more than the rest of the statements.
_target, _space, _at = aliased(Page), aliased(Space), aliased(Space)
_of_target = aliased(Space)


def marks_of(session: Session, actor: Actor, page: Page) -> Marks:
    """Return the marks of the links of a page's head for the actor.

    This takes one query, and a few more for links by name that could mean a file elsewhere than
    they say, or a page that is hidden from the actor.
    """
    return marks_in(session, actor, [page.id]).get(page.id, Marks())


def marks_in(session: Session, actor: Actor, page_ids: Collection[int]) -> dict[int, Marks]:
    """Return the marks of several pages that the actor may read, by page id."""
    missing: dict[int, list[int]] = defaultdict(list)
    lead: dict[int, dict[int, str]] = defaultdict(dict)
    unsettled: dict[tuple[int, int], bool] = {}
    ids = list(page_ids)
    note_page(*ids)
    for page_id, ordinal, slug, path, fragment, is_hidden, is_nowhere, key in session.execute(
        _links_of(actor, len(ids) == 1), {"page_ids": ids[0] if len(ids) == 1 else ids}
    ):
        if slug is not None:
            lead[page_id][ordinal] = page_url(slug, path, fragment)
        elif is_hidden or (key and "." in name_of(key)):
            unsettled[page_id, ordinal] = is_nowhere
        else:
            missing[page_id].append(ordinal)
    if unsettled:
        for (page_id, ordinal), url in _found(session, actor, unsettled.keys()).items():
            lead[page_id][ordinal] = url
        for (page_id, ordinal), is_nowhere in unsettled.items():
            if is_nowhere and ordinal not in lead[page_id]:
                missing[page_id].append(ordinal)
    return {id: Marks(missing[id], lead[id]) for id in {*missing, *lead}}


def _found(
    session: Session, actor: Actor, wanted: Collection[tuple[int, int]]
) -> dict[tuple[int, int], str]:
    """Return the addresses of pages and files that links by name mean for the actor."""
    of_pages = PageLink.page_id.in_({page_id for page_id, _ in wanted})
    links = [
        link
        for link in named_links(session, of_pages, kinds=("page", "file"))
        if (link.page_id, link.ordinal) in wanted
    ]
    found: dict[tuple[int, int], str] = {}
    hidden = [link for link in links if link.target_id is not None]
    pages = candidates_for(session, hidden, actor)
    for link in hidden:
        chosen = pages.choose(link)
        if chosen is not None:
            one, spot = chosen
            found[link.page_id, link.ordinal] = page_url(one.space, one.path, spot.fragment)
    left = {
        (link.page_id, link.ordinal): link
        for link in links
        if (link.page_id, link.ordinal) not in found and can_mean_file(link)
    }
    for at, file in files_meant(session, left.values(), actor).items():
        found[at] = address_of(file, left[at])
    return found


def marks_for(
    session: Session, actor: Actor, space: str, path: str, links: Sequence[Link]
) -> Marks:
    """Return the targets of the links by name in a text that is not a page's head: a preview or an
    older revision. Links that lead nowhere are not marked."""
    lead = {
        ordinal: page_url(to.space, to.path, spot.fragment)
        for ordinal, (to, spot) in meant_by(session, space, path, links, actor).items()
    }
    asked = {link.ordinal: link for link in files_by_name(space, path, links)}
    left = [link for ordinal, link in asked.items() if ordinal not in lead]
    files = files_meant(session, left, actor)
    lead |= {ordinal: address_of(file, asked[ordinal]) for (_, ordinal), file in files.items()}
    return Marks(lead=lead)


def page_meant(session: Session, actor: Actor, target: str, space: str) -> int | None:
    """Return the id of the page that `[[target]]` means for the actor in a new text of a space."""
    to = resolve_wiki_link(target, RenderContext(space, ""))
    if to.kind != "page":
        return None
    link = Link(0, to.kind, to.space, to.path, to.fragment, "", False, to.others, to.named)
    meant = meant_by(session, space, "", [link], actor)
    return meant[0][0].page_id if meant else None


@lru_cache(maxsize=256)
def _links_of(actor: Actor, alone: bool) -> Select[Any]:
    """Select the links by name of some pages that lead somewhere for the actor, with their targets,
    and all links that lead nowhere."""
    # The places of a list are written into the long text at each execution, so most pages do
    # without one.
    page_ids: BindParameter[Any] = bindparam("page_ids", expanding=not alone)
    target, at = _target, _at
    # The space that a page moved from counts too: its redirects work only for its readers.
    readable = and_(
        target.id == PageLink.target_id,
        target.deleted_at.is_(None),
        stands_in(actor, target.space_id),
        or_(target.scope_id.is_(None), in_scopes_of(actor, target.scope_id)),
        exists().where(at.slug == PageLink.space_slug, stands_in(actor, at.id)),
    )
    nowhere = ~or_(*_places(actor))
    named_key = case((PageLink.by_name, PageLink.path_key))
    hidden = and_(PageLink.by_name, target.id.is_(None), PageLink.target_id.is_not(None))
    return (
        select(
            PageLink.page_id, PageLink.ordinal, _of_target.slug, target.path, PageLink.fragment,
            hidden, and_(TO_PAGE, nowhere), named_key,
        )
        .select_from(PageLink)
        .outerjoin(target, readable)
        .outerjoin(_of_target, _of_target.id == target.space_id)
        .where(
            PageLink.page_id == page_ids if alone else PageLink.page_id.in_(page_ids),
            or_(
                and_(PageLink.by_name, PageLink.target_id.is_not(None)),
                and_(PageLink.by_name, TO_FILE, ~leads_to_exact_file(actor)),
                and_(TO_PAGE, target.id.is_(None), nowhere),
            ),
        )
        .execution_options(**of_noted("page_links"))
    )  # fmt: skip


def _places(actor: Actor) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """Return the conditions that a link leads to a space root, which always exists, or to a folder,
    which exists while it contains a page."""
    home = exists().where(
        PageLink.path_key == "",
        _space.slug == PageLink.space_slug,
        stands_in(actor, _space.id),
    )
    folder = (
        select(literal(1))
        .select_from(_space)
        .join(Folder, Folder.space_id == _space.id)
        .where(
            _space.slug == PageLink.space_slug,
            Folder.path_key == PageLink.path_key,
            stands_in(actor, _space.id),
            holds_readable(actor, Folder),
        )
        .exists()
    )
    return home, folder
