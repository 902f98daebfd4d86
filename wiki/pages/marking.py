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
    exists,
    literal,
    or_,
    select,
)
from sqlalchemy.orm import Session, aliased

from wiki.pages.models import Folder, Page, PageLink
from wiki.pages.naming import Standing, candidates_for, meant_by, named_links
from wiki.pages.naming_files import NamedFile, files_by_name, files_meant
from wiki.pages.queries import holds_readable
from wiki.rules.access import Actor
from wiki.spaces.gate import in_scopes_of, stands_in
from wiki.spaces.models import Space
from wiki.text.destinations import RenderContext, file_url, page_url, resolve_wiki_link
from wiki.text.links import Link, Marks

# Built once, because building them costs more than the rest of the statements.
_target, _space, _at = aliased(Page), aliased(Space), aliased(Space)
_of_target = aliased(Space)


def marks_of(session: Session, actor: Actor, page: Page) -> Marks:
    """Return the marks of the links of a page's head for the actor: one query, and a few more where
    a page that a link by name could mean is hidden from them."""
    return marks_in(session, actor, [page.id]).get(page.id, Marks())


def marks_in(session: Session, actor: Actor, page_ids: Collection[int]) -> dict[int, Marks]:
    """Return the marks of several pages that the actor may read, by page id."""
    missing: dict[int, list[int]] = defaultdict(list)
    lead: dict[int, dict[int, str]] = defaultdict(dict)
    hidden: dict[tuple[int, int], bool] = {}
    files: dict[tuple[int, int], tuple[str, str]] = {}
    for page_id, ordinal, slug, path, fragment, is_hidden, is_nowhere, *written in session.execute(
        _links_of(actor), {"page_ids": list(page_ids)}
    ):
        if written[0] == "file":
            files[page_id, ordinal] = (written[1], written[2])
        elif slug is not None:
            lead[page_id][ordinal] = page_url(slug, path, fragment)
        elif is_hidden:
            hidden[page_id, ordinal] = is_nowhere
        else:
            missing[page_id].append(ordinal)
    if hidden:
        links = named_links(session, PageLink.page_id.in_({page_id for page_id, _ in hidden}))
        links = [link for link in links if (link.page_id, link.ordinal) in hidden]
        found = candidates_for(session, links, actor)
        for link in links:
            chosen = found.choose(link)
            if chosen is not None:
                one, spot = chosen
                url = page_url(one.space, one.path, spot.fragment)
                lead[link.page_id][link.ordinal] = url
            elif hidden[link.page_id, link.ordinal]:
                missing[link.page_id].append(link.ordinal)
    for (page_id, ordinal), file in _files_meant(session, actor, files).items():
        lead[page_id][ordinal] = file_url(file.space, file.path)
    return {id: Marks(missing[id], lead[id]) for id in {*missing, *lead}}


def _files_meant(
    session: Session, actor: Actor, files: dict[tuple[int, int], tuple[str, str]]
) -> dict[tuple[int, int], Standing]:
    if not files:
        return {}
    ids = {page_id for page_id, _ in files}
    pages = select(Page.id, Space.slug, Page.path_key).join(Page.space).where(Page.id.in_(ids))
    stands = {id: (slug, key) for id, slug, key in session.execute(pages)}
    asked = [NamedFile(*at, *place, *stands[at[0]]) for at, place in files.items()]
    return files_meant(session, asked, actor)


def marks_for(
    session: Session, actor: Actor, space: str, path: str, links: Sequence[Link]
) -> Marks:
    """Return the targets of the links by name in a text that is not a page's head: a preview or an
    older revision. Links that lead nowhere are not marked."""
    lead = {
        ordinal: page_url(to.space, to.path, spot.fragment)
        for ordinal, (to, spot) in meant_by(session, space, path, links, actor).items()
    }
    files = files_meant(session, files_by_name(space, path, links), actor)
    lead |= {ordinal: file_url(file.space, file.path) for (_, ordinal), file in files.items()}
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
def _links_of(actor: Actor) -> Select[Any]:
    """Select the links by name of some pages that lead somewhere for the actor, with their targets,
    and all links that do not."""
    page_ids: BindParameter[list[int]] = bindparam("page_ids", expanding=True)
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
    hidden = and_(PageLink.by_name, target.id.is_(None), PageLink.target_id.is_not(None))
    return (
        select(  # type: ignore[return-value]
            PageLink.page_id, PageLink.ordinal, _of_target.slug, target.path, PageLink.fragment,
            hidden, nowhere, PageLink.kind, PageLink.space_slug, PageLink.path_key,
        )
        .select_from(PageLink)
        .outerjoin(target, readable)
        .outerjoin(_of_target, _of_target.id == target.space_id)
        .where(
            PageLink.page_id.in_(page_ids),
            or_(
                and_(PageLink.by_name, PageLink.target_id.is_not(None)),
                and_(PageLink.by_name, PageLink.kind == "file"),
                and_(PageLink.kind == "page", target.id.is_(None), nowhere),
            ),
        )
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
