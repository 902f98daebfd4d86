"""The search engine of the current request."""

from __future__ import annotations

from wiki.search.engine import Engine
from wiki.search.index import engine_of
from wiki.web.request import parts, settings


def current_engine() -> Engine:
    """Return the engine that the settings name."""
    return engine_of(settings(), parts().database)
