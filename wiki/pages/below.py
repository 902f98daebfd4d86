"""Queries for pages below a place, and at some places."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Subquery,
    and_,
    bindparam,
    exists,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import Session, aliased

from wiki.pages.models import Folder, Page, Redirect
from wiki.pages.queries import editable_by, live_for
from wiki.rules.access import Actor
from wiki.spaces.gate import in_scopes_of, stands_in
from wiki.spaces.models import Space


def holds_readable(actor: Actor, folder: type[Folder]) -> ColumnElement[bool]:
    """Return the condition on a folder that a page below it is visible to the actor. A folder
    without one must not be shown, because it would disclose hidden pages."""
    shown = or_(_below.scope_id.is_(None), in_scopes_of(actor, _below.scope_id))
    return holds_page(folder, _below, shown)


def holds_page(
    folder: type[Folder], page: type[Page], condition: ColumnElement[bool]
) -> ColumnElement[bool]:
    """Return the condition that a live page below a folder satisfies ``condition``."""
    return (
        exists()
        .where(
            page.space_id == folder.space_id,
            page.path_key > folder.path_key + "/",
            page.path_key < folder.path_key + "0",  # the character after "/"
            page.deleted_at.is_(None),
            condition,
        )
        .correlate_except(page)
    )


_below = aliased(Page)


def pages_at(actor: Actor) -> Subquery:
    """Return a subquery of the pages that the actor may read at places named by links, or that have
    moved from there: ``slug``, ``path_key``, ``page_id``. Its parameters are ``slugs`` and
    ``keys``, which are combined with each other. Redirects of a space are followed only for its
    readers."""
    slugs: BindParameter[list[str]] = bindparam("slugs", expanding=True)
    keys: BindParameter[list[str]] = bindparam("keys", expanding=True)
    at, page = aliased(Space), aliased(Page)
    direct = (
        select(at.slug.label("slug"), page.path_key.label("path_key"), page.id.label("page_id"))
        .join(page, page.space_id == at.id)
        .where(at.slug.in_(slugs), page.path_key.in_(keys), live_for(actor, page))
    )
    former, moved = aliased(Space), aliased(Page)
    redirected = (
        select(former.slug, Redirect.path_key, moved.id)
        .select_from(former)
        .join(Redirect, Redirect.space_id == former.id)
        .join(moved, moved.id == Redirect.page_id)
        .where(
            former.slug.in_(slugs),
            Redirect.path_key.in_(keys),
            live_for(actor, moved),
            stands_in(actor, former.id),
        )
    )
    return union_all(direct, redirected).subquery("there")


def subtree_of(session: Session, actor: Actor, page: Page) -> Sequence[Page]:
    """Return the live pages below a page that the actor may edit, in order of their path keys."""
    return session.scalars(
        select(Page)
        .where(Page.space_id == page.space_id, below(page.path_key), editable_by(actor))
        .order_by(Page.path_key)
    ).all()


def below(key: str) -> ColumnElement[bool]:
    """Return the condition on ``Page`` that its path lies below the path ``key``, as an index
    range."""
    if not key:
        return Page.path_key != ""
    # "0" is the character after "/".
    return and_(Page.path_key > f"{key}/", Page.path_key < f"{key}0")
