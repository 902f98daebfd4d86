"""Rendered pages: made when a page is saved, kept under the hash of what decides them."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, insert, select
from sqlalchemy.orm import Session

from wiki.pages.graph import keep_links
from wiki.pages.models import Page, RenderingRow, Revision
from wiki.pages.texts import get_text
from wiki.text.markup import RENDERER_VERSION, RenderContext, Rendering
from wiki.text.sandbox import render_safely


class Renderer:
    """Renders within a time limit, remembering the last few results.

    A form renders before it takes the writers' lock; the action then finds the result here.
    """

    def __init__(self, seconds: float, keep: int = 64) -> None:
        self.seconds = seconds
        self._keep = keep
        self._recent: OrderedDict[str, Rendering] = OrderedDict()
        self._lock = threading.Lock()

    def render(self, key: str, source: str, context: RenderContext) -> Rendering:
        """What ``source`` renders to; ``key`` is :func:`rendering_key` of both."""
        with self._lock:
            found = self._recent.get(key)
            if found is not None:
                self._recent.move_to_end(key)
                return found
        rendering = render_safely(source, context, seconds=self.seconds)
        with self._lock:
            self._recent[key] = rendering
            while len(self._recent) > self._keep:
                self._recent.popitem(last=False)
        return rendering


_renderer = Renderer(2.0)


def limit_rendering(seconds: float) -> None:
    """Set how long one page may take to render before its plain source is shown."""
    _renderer.seconds = seconds


def rendering_key(content_hash: str, context: RenderContext) -> str:
    """Hash of all that decides a rendering: text, place, title, and the renderer's version."""
    parts = (
        str(RENDERER_VERSION),
        content_hash,
        context.space,
        context.path,
        str(context.folder),
        context.title,
        context.base_url or "",
    )
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def context_of(
    space_slug: str, page: Page | Revision, *, base_url: str | None = None
) -> RenderContext:
    """The place and title that a page's or revision's text is rendered for."""
    return RenderContext(
        space=space_slug,
        path=page.path,
        folder=page.folder,
        title=page.title,
        base_url=base_url,
    )


def prepare(content_hash: str, source: str, context: RenderContext) -> Rendering:
    """Render now, so that the transaction to come finds the result ready."""
    return _renderer.render(rendering_key(content_hash, context), source, context)


def keep_rendering(
    session: Session, page: Page, revision: Revision, source: str, context: RenderContext
) -> None:
    """Store what the page's head renders to, its links and the names of its sections."""
    key = rendering_key(revision.content_hash, context)
    rendering = _renderer.render(key, source, context)
    if session.scalar(_kept(), {"key": key}) is None:
        session.execute(_KEEP, _row(key, rendering))
    keep_links(session, page.id, rendering)


_KEEP = insert(RenderingRow)


@cache
def _kept() -> Select[str]:
    return select(RenderingRow.key).where(RenderingRow.key == bindparam("key"))


@dataclass(frozen=True)
class Shown:
    """What a screen needs of a rendering. ``source_shown`` says why it is the plain source, if it
    is; headings are mappings of ``level``, ``id`` and ``text``."""

    html: str
    headings: Sequence[Mapping[str, Any]]
    source_shown: str


@cache
def _shown() -> Select[str, list[Any], str]:
    return select(RenderingRow.html, RenderingRow.headings, RenderingRow.source_shown).where(
        RenderingRow.key == bindparam("key")
    )


def read_rendering(session: Session, space_slug: str, revision: Revision) -> Shown:
    """The stored rendering of a revision, or, where there is none yet, one made now."""
    context = context_of(space_slug, revision)
    key = rendering_key(revision.content_hash, context)
    row = session.execute(_shown(), {"key": key}).one_or_none()
    if row is not None:
        return Shown(*row)
    rendering = _renderer.render(key, get_text(session, revision.content_hash), context)
    headings = [vars(heading) for heading in rendering.headings]
    return Shown(rendering.html, headings, rendering.source_shown)


def _row(key: str, rendering: Rendering) -> dict[str, Any]:
    return {
        "key": key,
        "html": rendering.html,
        "text": rendering.text,
        "excerpt": rendering.excerpt,
        # Flat dataclasses: their own dictionaries do, without asdict's deep copy.
        "headings": [vars(heading) for heading in rendering.headings],
        "links": [vars(link) for link in rendering.links],
        "source_shown": rendering.source_shown,
    }
