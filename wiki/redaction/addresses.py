"""Paths of pages whose addresses contain redacted text."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from wiki.pages.access.acl import recompute_acls
from wiki.pages.access.inheriting import preserve_inherited_restrictions
from wiki.pages.links.relinking import settle_links
from wiki.pages.models import Page, Redirect
from wiki.pages.tree import settle_folders
from wiki.spaces.models import Space
from wiki.text.paths import join, name_of, parent_of, path_key
from wiki.text.rewrite.redaction import Span


def new_paths(session: Session, pages: Sequence[Page], span: Span) -> dict[int, str]:
    """Return the new paths of the pages that have to move, by page id.

    The name of a page above stays unless that page is redacted, too: no page may move out from
    below the page that protects it.
    """
    ids = {page.id for page in pages}
    prefixes: dict[tuple[int, str], str] = {}
    found: dict[int, str] = {}
    given: set[tuple[int, str]] = set()
    for page in sorted(pages, key=lambda one: one.path.count("/")):
        old = new = ""
        segments = page.path.split("/") if page.path else []
        for position, segment in enumerate(segments):
            old = join(old, segment)
            key = (page.space_id, path_key(old))
            is_own = position == len(segments) - 1
            if not (is_own and page.deleted_at is not None) and key in prefixes:
                new = prefixes[key]
                continue
            hidden = span.hide_name(segment)
            above = None if is_own else _at(session, *key)
            if hidden == segment or (above is not None and above not in ids):
                new = join(new, segment)
            else:
                new = _free(session, page.space_id, join(new, hidden), given)
            if page.deleted_at is None:
                prefixes[key] = new
                given.add((page.space_id, path_key(new)))
        if new != page.path:
            found[page.id] = new
    return found


def _free(session: Session, space_id: int, path: str, given: set[tuple[int, str]]) -> str:
    tried, number = path, 1
    while (space_id, path_key(tried)) in given or _at(session, space_id, path_key(tried)):
        number += 1
        tried = f"{path}-{number}"
    return tried


def _at(session: Session, space_id: int, key: str) -> int | None:
    """Return the id of the live page at a path, or None."""
    return session.scalar(
        select(Page.id).where(
            Page.space_id == space_id, Page.path_key == key, Page.deleted_at.is_(None)
        )
    )


def readdress(session: Session, pages: Sequence[Page], new: dict[int, str]) -> None:
    """Give pages their new paths, without a trace of the old ones. The caller has locked their
    spaces."""
    moving = [page for page in pages if page.id in new]
    live = [page for page in moving if page.deleted_at is None]
    old = [(page.space_id, page.path) for page in live]
    preserve_inherited_restrictions(session, live)
    connection = session.connection()
    for page in moving:
        path = new[page.id]
        key = path_key(path)
        connection.execute(
            delete(Redirect).where(Redirect.space_id == page.space_id, Redirect.path_key == key)
        )
        connection.execute(
            update(Page)
            .where(Page.id == page.id)
            .values(path=path, path_key=key, parent_key=parent_of(key), name_key=name_of(key))
        )
    session.expire_all()
    for space_id in {space_id for space_id, _ in old}:
        paths = [path for where, path in old if where == space_id]
        paths += [new[page.id] for page in live if page.space_id == space_id]
        keys = [path_key(path) for path in paths]
        recompute_acls(session, space_id, keys)
        settle_folders(session, space_id, paths)
        slug = session.scalar(select(Space.slug).where(Space.id == space_id)) or ""
        settle_links(session, [(slug, key) for key in keys])


def forget_redirects(session: Session, page_ids: Sequence[int], span: Span) -> int:
    """Delete the redirects to pages that contain the redacted text; return how many."""
    rows = session.execute(
        select(Redirect.space_id, Redirect.path_key, Space.slug)
        .join(Space, Space.id == Redirect.space_id)
        .where(Redirect.page_id.in_(page_ids))
    ).all()
    gone = [row for row in rows if span.pattern.search(row.path_key)]
    for space_id, key, _ in gone:
        session.connection().execute(
            delete(Redirect).where(Redirect.space_id == space_id, Redirect.path_key == key)
        )
    settle_links(session, [(slug, key) for _, key, slug in gone])
    return len(gone)
