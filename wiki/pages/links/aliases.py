"""Aliases of pages: other names by which links find them."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, delete, insert, select
from sqlalchemy.orm import Session

from wiki.outbox.actions import take_turn
from wiki.pages.links.models import PageAlias
from wiki.pages.links.naming import pages_concerned, settle_named
from wiki.pages.models import Page
from wiki.spaces.models import Space
from wiki.text.paths import PathError, normalise_path, path_key

MOST_ALIASES = 50
"""Maximum number of aliases of one page."""


def keep_aliases(session: Session, page_id: int, fields: Mapping[str, Any]) -> None:
    """Store the aliases of a page as the fields of its head list them in ``aliases``."""
    written = fields.get("aliases", fields.get("alias"))
    names = written if isinstance(written, list) else [written]
    wanted = set()
    for name in names[:MOST_ALIASES]:
        with suppress(PathError):
            wanted.add(path_key(normalise_path(str(name))) if isinstance(name, str | int) else "")
    wanted.discard("")
    connection = session.connection()
    kept = set(connection.scalars(_aliases(), {"of_page": page_id}))
    if kept == wanted:
        return
    take_turn(session)
    connection.execute(delete(PageAlias).where(PageAlias.page_id == page_id))
    if wanted:
        rows = [{"page_id": page_id, "alias_key": key} for key in sorted(wanted)]
        connection.execute(insert(PageAlias), rows)
    slug = select(Space.slug).join(Page, Page.space_id == Space.id).where(Page.id == page_id)
    changed = sorted(kept ^ wanted)
    settle_named(session, pages_concerned(session, session.scalar(slug) or "", changed))


@cache
def _aliases() -> Select[str]:
    return select(PageAlias.alias_key).where(PageAlias.page_id == bindparam("of_page"))
