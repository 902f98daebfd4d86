"""The order of pages in an exported tree, in a file beside them, from which an import restores it.

For each parent that has ordered pages the file names them, in order. A tree without any has no such
file.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from wiki.db import batches
from wiki.pages.access.acl import hold_spaces
from wiki.pages.models import Page
from wiki.pages.ordering.arranging import arrange
from wiki.pages.ordering.siblings import IN_ORDER, write_order
from wiki.pages.queries import editable_by, live_for
from wiki.rules.access import Actor
from wiki.spaces.models import Space
from wiki.text.paths import PathError, join, name_of, normalise_path, parent_of, path_key
from wiki.text.positions import UNPLACED

ORDER_FILE = ".trellis/order.json"

MOST_ORDERED = 20_000
"""Maximum number of pages of which an import reads the order."""


def written_order(session: Session, actor: Actor, space: Space) -> str:
    """Return the text of the file for the pages of a space that the actor may read; empty if none
    of them has a position."""
    rows = session.scalars(
        select(Page.path)
        .where(Page.space_id == space.id, Page.position != UNPLACED, live_for(actor))
        .order_by(Page.position, Page.path_key)
    )
    order: dict[str, list[str]] = {}
    for path in rows:
        order.setdefault(parent_of(path) or "", []).append(name_of(path))
    ordered = dict(sorted(order.items()))
    return json.dumps(ordered, ensure_ascii=False, indent=1) + "\n" if ordered else ""


def read_order(text: str) -> dict[str, list[str]]:
    """Return the keys of the ordered pages below each parent's key; what :func:`written_order`
    would not write is left out."""
    try:
        sent = json.loads(text) if text else {}
    except (ValueError, RecursionError):
        return {}
    found: dict[str, list[str]] = {}
    left = MOST_ORDERED
    for parent, names in sent.items() if isinstance(sent, Mapping) else ():
        keys = dict.fromkeys(_keys(parent, names[:left] if isinstance(names, list) else ()))
        left -= len(keys)
        if keys:
            found[parent] = list(keys)
    return found


def _keys(parent: str, names: Sequence[Any]) -> Iterable[str]:
    for name in names:
        try:
            path = normalise_path(join(parent, name)) if isinstance(name, str) else ""
        except PathError:
            continue
        if path and path_key(parent_of(path) or "") == path_key(parent):
            yield path_key(path)


def restore_order(
    session: Session, actor: Actor, space: Space, order: Mapping[str, list[str]]
) -> None:
    """Put the pages of a space that the actor may edit in this order. Where nobody has ordered the
    pages yet, they get it as their first one; elsewhere each page that has to move is moved as by a
    person."""
    hold_spaces(session, [space.id])
    ids: dict[str, int] = {}
    for some in batches(key for keys in order.values() for key in keys):
        rows = session.execute(
            select(Page.path_key, Page.id).where(
                Page.space_id == space.id,
                Page.path_key.in_(some),
                editable_by(actor),
            )
        )
        ids |= {row[0]: row[1] for row in rows}
    siblings = _siblings(session, space)
    for keys in order.values():
        wanted = [ids[key] for key in keys if key in ids]
        here = siblings.get(path_key(parent_of(keys[0]) or ""), {})
        placed, among = [id for id, key in here.items() if key != UNPLACED], set(wanted)
        if not placed:
            write_order(session, wanted)
        elif [id for id in placed if id in among] != wanted:
            arrange(session, actor, space.id, here, wanted)


def _siblings(session: Session, space: Space) -> dict[str, dict[int, str]]:
    """Return the positions of the live pages of a space in order, by parent and id."""
    found: dict[str, dict[int, str]] = {}
    rows = session.execute(
        select(Page.parent_key, Page.id, Page.position)
        .where(Page.space_id == space.id, Page.deleted_at.is_(None))
        .order_by(*IN_ORDER)
    )
    for parent, id, position in rows:
        found.setdefault(parent or "", {})[id] = position
    return found
