"""Rows of stored renderings: inserted, replaced by newer and better ones, with a checksum."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Select, Update, bindparam, insert, select, update
from sqlalchemy.orm import Session

from wiki.db import now
from wiki.pages.models import Revision
from wiki.pages.rendering.models import RenderingRow
from wiki.pages.rendering.own_renderer import renderer
from wiki.text.markdown.markup import Rendering
from wiki.text.own_texts import own_text


def store_rendering(
    session: Session, key: str, revision: Revision, rendering: Rendering, seconds: float
) -> bool:
    """Store the rendering of a page's head in place of that of an older revision, or of one that
    was cut off; return whether it is the best one known. The caller has locked the page."""
    connection = session.connection()
    stored = connection.execute(_attempts(), {"of_page": revision.page_id}).one_or_none()
    same = stored is not None and stored.key == key
    if stored is not None and same and stored.cut_off_after is None:
        return not rendering.cut_off
    tried: dict[str, Any] = {"cut_off_after": None, "attempts": 0, "due_at": None}
    if rendering.cut_off:
        attempts = stored.attempts + 1 if stored is not None and same else 1
        due_at = _next_attempt(rendering, attempts, seconds)
        tried = {"cut_off_after": seconds, "attempts": attempts, "due_at": due_at}
        rendering = replace(rendering, source_shown=_why(rendering, due_at))
    elif same:
        tried["due_at"] = now()  # the search index still has the words of the source
    row = _row(key, rendering) | tried | {"number": revision.number, "created_at": now()}
    if stored is None:
        connection.execute(_INSERT, {"page_id": revision.page_id, **row})
    else:
        connection.execute(_keep_instead(), {"of_page": revision.page_id, **row})
    return True


# Built once, because every save stores a rendering.
_INSERT = insert(RenderingRow)


def _next_attempt(rendering: Rendering, attempts: int, seconds: float) -> datetime | None:
    """Return the time of the next attempt for a text that was cut off; None once it had the maximum
    CPU time."""
    if rendering.cut_off == "time" and seconds >= renderer.most:
        return None
    return now() + min(timedelta(seconds=5 * 4 ** min(attempts - 1, 8)), LONGEST_PAUSE)


LONGEST_PAUSE = timedelta(hours=1)
"""Maximum time between two attempts to render a text."""


def _why(rendering: Rendering, due_at: datetime | None) -> str:
    """Return the message that tells readers why they see the source of a page."""
    if due_at is None:
        return own_text("gave-up", f"{renderer.most:g}")
    return own_text("takes-a-while" if rendering.cut_off == "time" else "not-just-now")


@cache
def _attempts() -> Select[str, float | None, int]:
    return select(RenderingRow.key, RenderingRow.cut_off_after, RenderingRow.attempts).where(
        RenderingRow.page_id == bindparam("of_page")
    )


@cache
def _keep_instead() -> Update:
    return (
        update(RenderingRow)
        .where(RenderingRow.page_id == bindparam("of_page"))
        .execution_options(synchronize_session=False)
    )


def _row(key: str, rendering: Rendering) -> dict[str, Any]:
    row = {
        "key": key,
        "html": rendering.html,
        "size": len(rendering.html),
        "text": rendering.text,
        "excerpt": rendering.excerpt,
        # The dataclasses are flat, so vars() avoids the deep copy of asdict().
        "headings": [vars(heading) for heading in rendering.headings],
        "links": [vars(link) for link in rendering.links],
        "source_shown": rendering.source_shown,
    }
    return row | {"checksum": checksum_of(row)}


def checksum_of(row: Mapping[str, Any]) -> str:
    """Return a checksum of a stored rendering, to detect damage."""
    digest = hashlib.blake2b(digest_size=16)
    for name in ("key", "html", "text", "excerpt", "source_shown"):
        digest.update((row[name] or "").encode() + b"\0")
    for name in ("headings", "links"):
        digest.update(json.dumps(row[name], sort_keys=True).encode() + b"\0")
    return digest.hexdigest()
