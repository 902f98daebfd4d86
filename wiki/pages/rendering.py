"""Rendered pages: made when a page is saved, kept under the hash of what decides them."""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections import OrderedDict
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import BindParameter, Select, Update, bindparam, insert, select, update
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from wiki.db import Database
from wiki.pages.graph import keep_links
from wiki.pages.models import Page, RenderingRow, Revision
from wiki.pages.texts import get_text, get_texts
from wiki.spaces.models import Space
from wiki.text.markup import RENDERER_VERSION, RenderContext, Rendering
from wiki.text.sandbox import CHILDREN, render_safely


class Renderer:
    """Renders within a time limit, remembering the last few results and those under way.

    A form begins to render before it takes the writers' lock; who needs the result finds it here.
    """

    def __init__(self, seconds: float, keep: int = 64) -> None:
        self.seconds = seconds
        self._keep = keep
        self._begin_anew()

    def _begin_anew(self) -> None:
        self._recent: OrderedDict[str, Future[Rendering]] = OrderedDict()
        self._lock = threading.Lock()
        self._threads: ThreadPoolExecutor | None = None

    def begin(self, key: str, source: str, context: RenderContext) -> Future[Rendering]:
        """What ``source`` will render to; ``key`` is :func:`rendering_key` of both."""
        with self._lock:
            found = self._recent.get(key)
            if found is not None:
                self._recent.move_to_end(key)
                return found
            if self._threads is None:
                self._threads = ThreadPoolExecutor(CHILDREN, "render")
            found = self._threads.submit(render_safely, source, context, seconds=self.seconds)
            self._recent[key] = found
            while len(self._recent) > self._keep:
                self._recent.popitem(last=False)
        return found

    def render(self, key: str, source: str, context: RenderContext) -> Rendering:
        """The same, when it is there."""
        return self.begin(key, source, context).result()

    def forget(self) -> None:
        """In a fork: the threads, and what they were about to render, are the parent's."""
        self._begin_anew()

    def forget_recent(self) -> None:
        """Remember none of them any longer."""
        with self._lock:
            self._recent.clear()


HEADS_AT_ONCE = 60
"""Pages rendered to a transaction."""

_renderer = Renderer(2.0)
os.register_at_fork(after_in_child=_renderer.forget)


def forget_rendered() -> None:
    """Keep no rendering in the memory of this process: a text of theirs is to be gone."""
    _renderer.forget_recent()


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


def keep_head(database: Database, page_id: int) -> None:
    """Store what a page's head renders to, unless that is done: after a save, once, by whoever
    comes first of the one who saved, the worker and a reader."""
    keep_heads(database, [page_id])


def keep_heads(database: Database, page_ids: Collection[int]) -> None:
    """The same for several pages, some of them to a transaction."""
    ids = list(page_ids)
    for first in range(0, len(ids), HEADS_AT_ONCE):
        _keep_some_heads(database, ids[first : first + HEADS_AT_ONCE])


def _keep_some_heads(database: Database, page_ids: Sequence[int]) -> None:
    with database.read() as session:
        heads = []
        for page, revision, slug in session.execute(_heads(), {"page_ids": page_ids}).all():
            context = context_of(slug, revision)
            heads.append((page, revision, context, rendering_key(revision.content_hash, context)))
        kept = set(session.scalars(_kept(), {"keys": [key for *_, key in heads]}))
        todo = [one for one in heads if one[0].rendered != one[0].head or one[3] not in kept]
        texts = get_texts(session, [revision.content_hash for _, revision, _, _ in todo])
    made = {
        page.id: (revision, context, _renderer.begin(key, texts[revision.content_hash], context))
        for page, revision, context, key in todo
        if revision.content_hash in texts  # and is not damaged
    }
    if not made:
        return
    for _, _, rendering in made.values():
        rendering.result()
    with database.write() as session:
        for page, _, _ in session.execute(_heads(), {"page_ids": list(made)}).all():
            revision, context, rendering = made[page.id]
            if page.head == revision.number:
                _keep(session, page, revision, rendering.result(), context)


def keep_rendering(
    session: Session, page: Page, revision: Revision, source: str, context: RenderContext
) -> frozenset[str]:
    """Store what the page's head renders to, its links and the names of its sections.

    :returns: the names that are gone.
    """
    key = rendering_key(revision.content_hash, context)
    return _keep(session, page, revision, _renderer.render(key, source, context), context)


def _keep(
    session: Session, page: Page, revision: Revision, rendering: Rendering, context: RenderContext
) -> frozenset[str]:
    key = rendering_key(revision.content_hash, context)
    connection = session.connection()
    if connection.scalar(_kept(), {"keys": [key]}) is None:
        connection.execute(_KEEP, _row(key, revision.content_hash, rendering))
    gone = keep_links(session, page.id, rendering)
    if page.rendered != revision.number:
        connection.execute(_rendered(), {"of_page": page.id, "number": revision.number})
        set_committed_value(page, "rendered", revision.number)
    return gone


_KEEP = insert(RenderingRow)


@cache
def _kept() -> Select[str]:
    keys: BindParameter[list[str]] = bindparam("keys", expanding=True)
    return select(RenderingRow.key).where(RenderingRow.key.in_(keys))


@cache
def _heads() -> Select[Page, Revision, str]:
    return (
        select(Page, Revision, Space.slug)
        .join(Revision, (Revision.page_id == Page.id) & (Revision.number == Page.head))
        .join(Space, Space.id == Page.space_id)
        .where(Page.id.in_(bindparam("page_ids", expanding=True)))
    )


@cache
def _rendered() -> Update:
    return (
        update(Page)
        .where(Page.id == bindparam("of_page"))
        .values(rendered=bindparam("number"))
        .execution_options(synchronize_session=False)
    )


@dataclass(frozen=True)
class Shown:
    """What a screen needs of a rendering. ``source_shown`` says why it is the plain source, if it
    is; headings are mappings of ``level``, ``id`` and ``text``; ``kept`` says that it is stored."""

    html: str
    headings: Sequence[Mapping[str, Any]]
    source_shown: str
    kept: bool


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
        html, headings, source_shown = row
        return Shown(html, headings, source_shown, True)
    rendering = _renderer.render(key, get_text(session, revision.content_hash), context)
    made = [vars(heading) for heading in rendering.headings]
    return Shown(rendering.html, made, rendering.source_shown, False)


def _row(key: str, content_hash: str, rendering: Rendering) -> dict[str, Any]:
    row = {
        "key": key,
        "content_hash": content_hash,
        "html": rendering.html,
        "text": rendering.text,
        "excerpt": rendering.excerpt,
        # Flat dataclasses: their own dictionaries do, without asdict's deep copy.
        "headings": [vars(heading) for heading in rendering.headings],
        "links": [vars(link) for link in rendering.links],
        "source_shown": rendering.source_shown,
    }
    return row | {"checksum": checksum_of(row)}


def checksum_of(row: Mapping[str, Any]) -> str:
    """By which the columns of a stored rendering are known to be what was stored."""
    digest = hashlib.blake2b(digest_size=16)
    for name in ("key", "html", "text", "excerpt", "source_shown"):
        digest.update(row[name].encode() + b"\0")
    for name in ("headings", "links"):
        digest.update(json.dumps(row[name], sort_keys=True).encode() + b"\0")
    return digest.hexdigest()
