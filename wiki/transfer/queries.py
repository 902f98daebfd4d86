"""Queries for imports, for actors who may manage the space."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from wiki.errors import NotFound
from wiki.rules.access import May
from wiki.spaces.queries import SpaceAccess
from wiki.transfer.models import Import


def list_imports(session: Session, seen: SpaceAccess) -> Sequence[Import]:
    """Return the newest imports into a space, at most 20. :raises Forbidden:"""
    seen.require(May.MANAGE)
    return session.scalars(
        select(Import)
        .where(Import.space_id == seen.space.id)
        .options(joinedload(Import.person))
        .order_by(Import.id.desc())
        .limit(20)
    ).all()


def get_import(session: Session, seen: SpaceAccess, import_id: int) -> Import:
    """Return one import into a space. :raises Forbidden: :raises NotFound:"""
    seen.require(May.MANAGE)
    row = session.scalar(
        select(Import)
        .where(Import.id == import_id, Import.space_id == seen.space.id)
        .options(joinedload(Import.person))
    )
    if row is None:
        raise NotFound
    return row
