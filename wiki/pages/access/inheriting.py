"""Restrictions that pages keep when a page above them, from which they inherit, goes away."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Select, insert, select
from sqlalchemy.orm import Session

from wiki.db import batches
from wiki.pages.below import below
from wiki.pages.models import Page
from wiki.spaces.models import RestrictedGroup, RestrictedPerson, RestrictionRow, ScopeRestriction
from wiki.text.paths import ancestors_of


def preserve_inherited_restrictions(session: Session, going: Sequence[Page]) -> None:
    """Before pages are moved or deleted, copy their labels and restrictions to the pages below them
    that are kept, so that these stay protected. The caller has locked the space."""
    ids = {page.id for page in going}
    own = [page for page in going if page.label]
    for some in batches(sorted(ids)):
        held = select(RestrictionRow.page_id).where(RestrictionRow.page_id.in_(some))
        restricted = set(session.scalars(held))
        own += [page for page in going if page.id in restricted and not page.label]
    for page in sorted(own, key=lambda page: page.path_key, reverse=True):
        _hand_down(session, page, ids)


def _hand_down(session: Session, page: Page, going: set[int]) -> None:
    rows = session.scalars(
        select(RestrictionRow).where(RestrictionRow.page_id == page.id).order_by(RestrictionRow.id)
    ).all()
    staying = session.scalars(
        select(Page)
        .where(
            Page.space_id == page.space_id,
            below(page.path_key),
            Page.deleted_at.is_(None),
            Page.id.not_in(going),
        )
        .order_by(Page.path_key)
    ).all()
    keys = {one.path_key for one in staying}
    for one in staying:
        if keys.isdisjoint(ancestors_of(one.path_key)):  # pages below this one inherit from it
            one.label = max(one.label, page.label)
            for row in rows:
                _copy(session, row, one.id)
    session.flush()


def spaces_kept_by(session: Session, page_id: int) -> Sequence[int]:
    """Return the spaces of deleted pages that restrictions of a page apply to."""
    return session.scalars(_kept_by(page_id).with_only_columns(Page.space_id).distinct()).all()


def copy_restrictions_before_purge(session: Session, page_id: int) -> dict[int, list[str]]:
    """Before a page is purged, copy its restrictions to the deleted pages that they apply to, since
    they are deleted with it. The caller has locked the spaces of these pages, and updates the
    scopes after the purge.

    :returns: path keys of the deleted pages by space.
    """
    left: dict[int, list[str]] = {}
    kept = _kept_by(page_id).order_by(Page.id, RestrictionRow.id)
    for page, row in session.execute(kept).all():
        _copy(session, row, page.id)
        left.setdefault(page.space_id, []).append(page.path_key)
    return left


def _kept_by(page_id: int) -> Select[Page, RestrictionRow]:
    return (
        select(Page, RestrictionRow)
        .join(ScopeRestriction, ScopeRestriction.scope_id == Page.scope_id)
        .join(RestrictionRow, RestrictionRow.id == ScopeRestriction.restriction_id)
        .where(RestrictionRow.page_id == page_id, Page.deleted_at.is_not(None), Page.id != page_id)
    )


def _copy(session: Session, row: RestrictionRow, page_id: int) -> None:
    """Add the same restriction to another page."""
    copy = RestrictionRow(page_id=page_id, may=row.may, created_by_id=row.created_by_id)
    session.add(copy)
    session.flush()
    for table, column in (
        (RestrictedPerson, RestrictedPerson.person_id),
        (RestrictedGroup, RestrictedGroup.group_id),
    ):
        ids = session.scalars(select(column).where(table.restriction_id == row.id)).all()
        if ids:
            session.execute(
                insert(table), [{"restriction_id": copy.id, column.key: id} for id in ids]
            )
