"""Stored renderings of pages: made after a save, each valid as long as the hash of everything that
it depends on stays the same. Only the newest revision of a page has one.

A rendering that was cut off is stored with its CPU time limit, and replaced when a better one is
available: `wiki.pages.rendering.cut_off` tries it again.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cache, partial

from sqlalchemy import BindParameter, Select, Update, bindparam, or_, select, update
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from wiki.db import Database, batches
from wiki.pages.links.aliases import keep_aliases
from wiki.pages.links.graph import keep_links
from wiki.pages.models import Page, Revision
from wiki.pages.projections import project
from wiki.pages.rendering.models import RenderingRow
from wiki.pages.rendering.own_renderer import renderer
from wiki.pages.rendering.queueing import Work
from wiki.pages.rendering.rows import store_rendering
from wiki.pages.texts.stored import get_texts
from wiki.spaces.models import Space
from wiki.text.markdown.context import RenderContext
from wiki.text.markdown.markup import RENDERER_VERSION, Rendering
from wiki.web.limits.rate_limit import asker

log = logging.getLogger(__name__)

AFTERWARDS = 0.0
"""Seconds that a request's thread waits for a rendering after the answer was sent. The rendering is
stored when it is done, and other requests need the thread."""

HEADS_AT_ONCE = 60
"""Maximum number of pages whose renderings are stored in one transaction."""
_EVER = 1e9  # more CPU time than any rendering gets


def rendering_key(content_hash: str, context: RenderContext) -> str:
    """Return the hash of everything that a rendering depends on: text, place, title, and the
    version of the renderer."""
    parts = (
        str(RENDERER_VERSION),
        content_hash,
        context.space,
        context.path,
        str(context.folder),
        context.title,
        context.base_url,
        *(repr(route) for route in context.routes),
        *(["lines"] if context.lines else []),
    )
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def context_of(space_slug: str, page: Page | Revision) -> RenderContext:
    """Return the place and title that the text of a page or revision is rendered for."""
    owner = page if isinstance(page, Page) else page.page
    return RenderContext(
        space=space_slug,
        path=page.path,
        folder=page.folder,
        title=page.title,
        routes=owner.routes,
    )


def prepare(content_hash: str, source: str, context: RenderContext) -> Rendering:
    """Render a text before a transaction, so that the transaction finds the result in the cache."""
    return renderer.render(rendering_key(content_hash, context), source, context, asker())


def ensure_head(database: Database, page_id: int, for_whom: str | None = None) -> None:
    """Store the rendering of a page's head unless it is stored already. The author's request, the
    worker and reading requests all call this; the first one does the work.

    :param for_whom: the asker, if the response was sent already and the thread must not wait.
    """
    ensure_heads(database, [page_id], for_whom=for_whom)


def ensure_heads(
    database: Database,
    page_ids: Collection[int],
    seconds: float | None = None,
    *,
    again: bool = False,
    for_whom: str | None = None,
) -> None:
    """Store the renderings of several pages, some of them in each transaction. If there is an
    asker, slow renderings are stored when they complete; callers without one wait for them.

    :param seconds: CPU time for each page; pages that were cut off with less are tried again.
    :param again: try pages again even if they were cut off with this CPU time or more.
    """
    asked = _Asked(
        renderer.seconds if seconds is None else seconds,
        _EVER if again else renderer.seconds if seconds is None else seconds,
        for_whom or asker(),
        None if for_whom is None else AFTERWARDS,
    )
    for some in batches(page_ids, HEADS_AT_ONCE):
        _keep_some_heads(database, some, asked)


@dataclass(frozen=True)
class _Asked:
    """Limits of a run: the CPU time of each page, the CPU time with which a stored rendering is
    good enough, the asker, and the seconds to wait."""

    seconds: float
    enough: float
    asker: str | None
    patience: float | None


def _keep_some_heads(database: Database, page_ids: Sequence[int], asked: _Asked) -> None:
    with database.read() as session:
        heads = []
        for page, revision, slug in session.execute(_heads(), {"page_ids": page_ids}).all():
            context = context_of(slug, revision)
            heads.append((page, revision, context, rendering_key(revision.content_hash, context)))
        wanted = {"page_ids": page_ids, "seconds": asked.enough}
        kept = {row.page_id: row.key for row in session.execute(_good_enough(), wanted)}
        todo = [
            (page, revision, context, key)
            for page, revision, context, key in heads
            if page.rendered != page.head or kept.get(page.id) != key
        ]
        texts = get_texts(session, [revision.content_hash for _, revision, _, _ in todo])
    made: dict[int, _Head] = {}
    for page, revision, context, key in todo:
        text = texts.get(revision.content_hash)
        if text is None:  # the stored text is damaged
            continue
        work = renderer.begin(key, text, context, asked.asker, asked.seconds)
        if work is not None:
            made[page.id] = _Head(page.id, revision, context, work)
    ready = renderer.wait([head.work for head in made.values()], asked.asker, asked.patience)
    done = [head for head in made.values() if head.work in ready]
    if done:
        _keep_made(database, done, asked.seconds)
    for head in made.values():
        if head not in done:
            head.work.made.add_done_callback(partial(_keep_later, database, head, asked.seconds))


@dataclass(frozen=True, eq=False)
class _Head:
    """A page's head while it is rendered."""

    page_id: int
    revision: Revision
    context: RenderContext
    work: Work


def _keep_made(database: Database, made: Sequence[_Head], seconds: float) -> None:
    by_id = {head.page_id: head for head in made}
    with database.write(durable=False) as session:  # the delivery of the save is durable
        if not database.is_sqlite:
            # A save locks the page first, too. The heads are read by another statement, because
            # one that has waited for a lock returns rows as they were before.
            session.execute(_locked(), {"page_ids": list(by_id)})
        for page, _, _ in session.execute(_heads(), {"page_ids": list(by_id)}).all():
            head = by_id[page.id]
            if page.head == head.revision.number:
                rendering = head.work.made.result()
                _keep(session, page, head.revision, head.context, rendering, seconds)


def _keep_later(database: Database, head: _Head, seconds: float, _made: object) -> None:
    try:
        _keep_made(database, [head], seconds)
    except Exception:
        log.exception("what page %d renders to could not be stored; others will", head.page_id)


def keep_rendering(
    session: Session, page: Page, revision: Revision, source: str, context: RenderContext
) -> frozenset[str]:
    """Store the rendering of the page's head, its links and its section names; the caller has
    locked the page. In a request only finished renderings are stored, because others wait for this
    transaction.

    :returns: the section names that no longer exist.
    """
    who = asker()
    work = renderer.begin(rendering_key(revision.content_hash, context), source, context, who)
    if work is None or (who is not None and not work.made.done()):
        return frozenset()
    return _keep(session, page, revision, context, work.made.result(), renderer.seconds)


def _keep(
    session: Session,
    page: Page,
    revision: Revision,
    context: RenderContext,
    rendering: Rendering,
    seconds: float,
) -> frozenset[str]:
    key = rendering_key(revision.content_hash, context)
    gone: frozenset[str] = frozenset()
    if store_rendering(session, key, revision, rendering, seconds):
        gone = keep_links(session, page.id, rendering)
        keep_aliases(session, page.id, revision.fields)
    project(session, page, revision)
    if page.rendered != revision.number:
        session.connection().execute(_rendered(), {"of_page": page.id, "number": revision.number})
        set_committed_value(page, "rendered", revision.number)
    return gone


@cache
def _good_enough() -> Select[int, str]:
    """Select pages and the keys of their stored renderings that are complete, or were given enough
    CPU time."""
    page_ids: BindParameter[list[int]] = bindparam("page_ids", expanding=True)
    enough = RenderingRow.cut_off_after >= bindparam("seconds")
    return select(RenderingRow.page_id, RenderingRow.key).where(
        RenderingRow.page_id.in_(page_ids), or_(RenderingRow.cut_off_after.is_(None), enough)
    )


@cache
def _heads() -> Select[Page, Revision, str]:
    return (
        select(Page, Revision, Space.slug)
        .join(Revision, (Revision.page_id == Page.id) & (Revision.number == Page.head))
        .join(Space, Space.id == Page.space_id)
        .where(Page.id.in_(bindparam("page_ids", expanding=True)))
    )


@cache
def _locked() -> Select[int]:
    page_ids: BindParameter[list[int]] = bindparam("page_ids", expanding=True)
    locked = select(Page.id).where(Page.id.in_(page_ids)).order_by(Page.id)
    return locked.with_for_update(key_share=True)


@cache
def _rendered() -> Update:
    return (
        update(Page)
        .where(Page.id == bindparam("of_page"))
        .values(rendered=bindparam("number"))
        .execution_options(synchronize_session=False)
    )
