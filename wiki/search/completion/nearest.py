"""Pages with titles like the name of a page that does not exist."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from wiki.errors import Busy, TooMany
from wiki.room import Screen
from wiki.search.engine import IndexUnavailable
from wiki.search.in_request import current_engine
from wiki.search.queries import titles
from wiki.text.paths import title_from
from wiki.web.limits.lane import in_lane
from wiki.web.limits.rate_limit import charge

MOST = 5
LONGEST = 200
"""Maximum number of letters of a name that are searched for."""


def near_titles(session: Session, on: Screen) -> Mapping[str, Any]:
    """Return the pages that the actor may read whose titles are most like the name of the missing
    page, those of its space first. There are none while search is unavailable or busy, so that
    an address without a page is always answered."""
    slug = on.space.slug if on.space else ""
    name = title_from(on.url_path.removeprefix(f"/{slug}/"))[:LONGEST]
    try:
        charge("searches")
        with in_lane("searches"):
            found = titles(session, on.actor, current_engine(), name, space=slug, limit=MOST)
    except (IndexUnavailable, TooMany, Busy):
        found = []
    return {"found": found}
