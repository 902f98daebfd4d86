"""Maintenance of the derived scopes: the labels and restrictions that apply to each page.

They come from the page and from the live pages above it. Every action that changes one of these
locks the space and updates the scopes at and below the page, so that a page created below it by a
concurrent transaction gets the right scope too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from sqlalchemy import ColumnElement, and_, delete, exists, insert, or_, select, update
from sqlalchemy.orm import Session

from wiki.db import batches
from wiki.pages.below import below
from wiki.pages.models import Page
from wiki.rules.labels import Label
from wiki.spaces.models import RestrictionRow, Scope, ScopeRestriction, Space
from wiki.text.paths import ancestors_of

Kept: TypeAlias = frozenset[tuple[int, str]]
"""Restrictions by id, each with the permission that it restricts."""


@dataclass(frozen=True)
class Bounds:
    """The label and the restrictions that apply to a page."""

    label: int = int(Label.PUBLIC)
    kept: Kept = frozenset()

    def __or__(self, other: Bounds) -> Bounds:
        return Bounds(max(self.label, other.label), self.kept | other.kept)

    @property
    def key(self) -> str:
        """The bounds as text; empty if there is no label and no restriction."""
        ids = ",".join(str(id) for id, _ in sorted(self.kept))
        return f"{self.label}|{ids}" if self.label or ids else ""


def hold_spaces(session: Session, space_ids: Iterable[int]) -> None:
    """Lock spaces until the transaction ends, so that no other one creates, moves or restricts
    pages of them."""
    if session.get_bind().dialect.name == "sqlite":  # there is one writer at a time
        return
    ids = sorted(set(space_ids))
    session.execute(
        select(Space.id).where(Space.id.in_(ids)).order_by(Space.id).with_for_update(key_share=True)
    )


def bounds_at(session: Session, space_id: int, key: str) -> Bounds:
    """Return the bounds that a new page at a path would inherit."""
    found = _bounds_of(
        session, and_(Page.space_id == space_id, Page.path_key.in_(ancestors_of(key)))
    )
    return _together(found.values())


def recompute_acls(
    session: Session, space_id: int, keys: Iterable[str], *, bounded: bool = False
) -> None:
    """Update the scopes of all pages at and below these paths. The caller has locked the space.

    A deleted page keeps the bounds that it had, and gets those of the live pages above its path.

    :param bounded: whether labels or restrictions have changed, not only places.
    """
    session.flush()
    if not (bounded or _has_scopes(session, space_id)):
        return
    for key in _topmost(keys):
        _recompute(session, space_id, key)
    _forget_unused(session, space_id)


def _has_scopes(session: Session, space_id: int) -> bool:
    """Return whether a space has scopes, or pages that were moved there with a scope of another
    space."""
    own = select(Scope.id).where(Scope.space_id == space_id)
    come = select(Page.id).where(Page.space_id == space_id, Page.scope_id.is_not(None))
    return any(session.scalar(one.limit(1)) is not None for one in (own, come))


def _topmost(keys: Iterable[str]) -> list[str]:
    """Return those of the keys that are not below another of them."""
    found = set(keys)
    return sorted(key for key in found if found.isdisjoint(ancestors_of(key)))


def _recompute(session: Session, space_id: int, root: str) -> None:
    above = bounds_at(session, space_id, root)
    inside = and_(Page.space_id == space_id, or_(Page.path_key == root, below(root)))
    rows = session.execute(
        select(Page.id, Page.path_key, Page.label, Page.scope_id, Page.deleted_at)
        .where(inside)
        .order_by(Page.path_key)
    ).all()
    kept = _kept(session, inside)
    known = _known(session, {row.scope_id for row in rows if row.deleted_at and row.scope_id})
    holding: dict[str, Bounds] = {}
    wanted: dict[int, Bounds] = {}
    for row in rows:
        # A page above comes first in this order, because its key is a prefix of this one's.
        nearest = (one for one in reversed(ancestors_of(row.path_key)) if one in holding)
        around = next((holding[one] for one in nearest), above)
        bounds = around | Bounds(row.label, kept.get(row.id, frozenset()))
        if row.deleted_at:
            bounds |= known.get(row.scope_id, Bounds())
        else:
            holding[row.path_key] = bounds
        wanted[row.id] = bounds
    scopes = _scopes(session, space_id, set(wanted.values()))
    changed: dict[int | None, list[int]] = {}
    for row in rows:
        scope = scopes[wanted[row.id]]
        if scope != row.scope_id:
            changed.setdefault(scope, []).append(row.id)
    for scope, ids in changed.items():
        for some in batches(ids):
            session.execute(update(Page).where(Page.id.in_(some)).values(scope_id=scope))


def _together(found: Iterable[Bounds]) -> Bounds:
    whole = Bounds()
    for one in found:
        whole |= one
    return whole


def _bounds_of(session: Session, which: ColumnElement[bool]) -> dict[str, Bounds]:
    """Return the bounds that live pages set themselves, by path key."""
    live = and_(which, Page.deleted_at.is_(None))
    rows = session.execute(select(Page.id, Page.path_key, Page.label).where(live)).all()
    kept = _kept(session, live)
    return {row.path_key: Bounds(row.label, kept.get(row.id, frozenset())) for row in rows}


def _kept(session: Session, which: ColumnElement[bool]) -> dict[int, Kept]:
    """Return the restrictions that are set on pages, by page id."""
    found: dict[int, set[tuple[int, str]]] = {}
    for page_id, id, may in session.execute(
        select(RestrictionRow.page_id, RestrictionRow.id, RestrictionRow.may)
        .join(Page, Page.id == RestrictionRow.page_id)
        .where(which)
    ):
        found.setdefault(page_id, set()).add((id, may))
    return {page_id: frozenset(ones) for page_id, ones in found.items()}


def _known(session: Session, scope_ids: Iterable[int]) -> dict[int, Bounds]:
    found: dict[int, Bounds] = {}
    for some in batches(sorted(scope_ids)):
        for id, label in session.execute(select(Scope.id, Scope.label).where(Scope.id.in_(some))):
            found[id] = Bounds(label)
        for id, restriction_id, may in session.execute(
            select(
                ScopeRestriction.scope_id, ScopeRestriction.restriction_id, ScopeRestriction.may
            ).where(ScopeRestriction.scope_id.in_(some))
        ):
            found[id] |= Bounds(kept=frozenset({(restriction_id, may)}))
    return found


def _scopes(session: Session, space_id: int, wanted: set[Bounds]) -> dict[Bounds, int | None]:
    """Return the scope for each of the bounds, and create missing ones."""
    found: dict[Bounds, int | None] = {one: None for one in wanted if not one.key}
    by_key = {one.key: one for one in wanted if one.key}
    there: dict[int, str] = {}
    for keys in batches(sorted(by_key)):
        rows = select(Scope.id, Scope.key).where(Scope.space_id == space_id, Scope.key.in_(keys))
        there |= dict(session.execute(rows).all())
    known = _known(session, there)
    for id, key in there.items():
        if known[id] == by_key[key]:
            found[known[id]] = id
        else:
            # A restriction in this key was lifted and its id was reused, so the old scope must not
            # be found under the key.
            session.execute(update(Scope).where(Scope.id == id).values(key=f"{key} before {id}"))
    for one in sorted((one for one in wanted if one not in found), key=lambda one: one.key):
        scope = Scope(space_id=space_id, label=one.label, key=one.key)
        session.add(scope)
        session.flush()
        found[one] = scope.id
        if one.kept:
            session.execute(
                insert(ScopeRestriction),
                [
                    {"scope_id": scope.id, "restriction_id": id, "may": may}
                    for id, may in sorted(one.kept)
                ],
            )
    return found


def _forget_unused(session: Session, space_id: int) -> None:
    used = exists().where(Page.scope_id == Scope.id)
    session.execute(
        delete(Scope)
        .where(Scope.space_id == space_id, ~used)
        .execution_options(synchronize_session=False)
    )


@dataclass(frozen=True)
class Difference:
    """A page whose scope differs from its labels and restrictions."""

    page_id: int
    space_id: int

    def __str__(self) -> str:
        return f"The scope of page {self.page_id} doesn’t match its labels and restrictions."


def check_scopes(session: Session) -> Iterator[Difference]:
    """Yield every live page whose scope is wrong, space by space."""
    for space_id in session.scalars(select(Space.id).order_by(Space.id)).all():
        own = _bounds_of(session, Page.space_id == space_id)
        if not any(one.key for one in own.values()):
            stray = select(Page.id).where(Page.space_id == space_id, Page.scope_id.is_not(None))
            for page_id in session.scalars(stray.where(Page.deleted_at.is_(None))):
                yield Difference(page_id, space_id)
            continue
        rows = session.execute(
            select(Page.id, Page.path_key, Page.scope_id).where(
                Page.space_id == space_id, Page.deleted_at.is_(None)
            )
        ).all()
        known = _known(session, {row.scope_id for row in rows if row.scope_id})
        for row in rows:
            wanted = _chain(own, row.path_key)
            there = known.get(row.scope_id, Bounds()) if row.scope_id else Bounds()
            if wanted != there:
                yield Difference(row.id, space_id)


def _chain(own: Mapping[str, Bounds], key: str) -> Bounds:
    return _together(own[one] for one in (*ancestors_of(key), key) if one in own)
