"""Stored renderings of pages: made after a save, keyed by the hash of everything they depend on.

A rendering that was cut off is stored with its CPU time limit, and replaced when a better one is
available: `wiki.pages.rendering.cut_off` tries it again.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache, partial
from typing import Any

from sqlalchemy import BindParameter, Insert, Select, Update, bindparam, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from wiki.db import Database, batches, now
from wiki.pages.links.aliases import keep_aliases
from wiki.pages.links.graph import keep_links
from wiki.pages.models import Page, RenderingRow, Revision
from wiki.pages.projections import project
from wiki.pages.rendering.queueing import Work
from wiki.pages.rendering.renderer import Renderer
from wiki.pages.texts import get_text, get_texts
from wiki.spaces.models import Space
from wiki.text.markdown.markup import RENDERER_VERSION, Link, RenderContext, Rendering
from wiki.text.markdown.wikilinks import Reading
from wiki.web.rate_limit import asker

log = logging.getLogger(__name__)

AFTERWARDS = 0.0
"""Seconds that a request's thread waits for a rendering after the answer was sent. The rendering is
stored when it is done, and other requests need the thread."""

HEADS_AT_ONCE = 60
"""Maximum number of pages whose renderings are stored in one transaction."""
_EVER = 1e9  # more CPU time than any rendering gets

_renderer = Renderer(2.0, 20.0)
os.register_at_fork(after_in_child=_renderer.forget)


def forget_rendered() -> None:
    """Clear the cache of renderings of this process, because a text in it is being deleted."""
    _renderer.forget_recent()


def limit_rendering(seconds: float, most: float) -> None:
    """Set the CPU time that a page may take before its plain source is shown, and the maximum that
    the worker gives it after that."""
    _renderer.seconds = seconds
    _renderer.most = max(seconds, most)


def most_seconds() -> float:
    """Return the maximum CPU time of a page, in seconds."""
    return _renderer.most


def first_seconds() -> float:
    """Return the CPU time that a page gets at first, in seconds."""
    return _renderer.seconds


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
    return _renderer.render(rendering_key(content_hash, context), source, context, asker())


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
        _renderer.seconds if seconds is None else seconds,
        _EVER if again else _renderer.seconds if seconds is None else seconds,
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
        wanted = {"keys": [key for *_, key in heads], "seconds": asked.enough}
        kept = set(session.scalars(_good_enough(), wanted))
        todo = [one for one in heads if one[0].rendered != one[0].head or one[3] not in kept]
        texts = get_texts(session, [revision.content_hash for _, revision, _, _ in todo])
    made: dict[int, _Head] = {}
    for page, revision, context, key in todo:
        text = texts.get(revision.content_hash)
        if text is None:  # the stored text is damaged
            continue
        work = _renderer.begin(key, text, context, asked.asker, asked.seconds)
        if work is not None:
            made[page.id] = _Head(page.id, revision, context, work)
    ready = _renderer.wait([head.work for head in made.values()], asked.asker, asked.patience)
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
    with database.write() as session:
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
    """Store the rendering of the page's head, its links and its section names. In a request only
    finished renderings are stored, because others wait for this transaction.

    :returns: the section names that no longer exist.
    """
    who = asker()
    work = _renderer.begin(rendering_key(revision.content_hash, context), source, context, who)
    if work is None or (who is not None and not work.made.done()):
        return frozenset()
    return _keep(session, page, revision, context, work.made.result(), _renderer.seconds)


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
    if _store(session, key, revision.content_hash, rendering, seconds):
        gone = keep_links(session, page.id, rendering)
        keep_aliases(session, page.id, revision.fields)
    project(session, page, revision)
    if page.rendered != revision.number:
        session.connection().execute(_rendered(), {"of_page": page.id, "number": revision.number})
        set_committed_value(page, "rendered", revision.number)
    return gone


def _store(
    session: Session, key: str, content_hash: str, rendering: Rendering, seconds: float
) -> bool:
    """Store a rendering, replacing one that was cut off, and return whether it is the best one
    known."""
    connection = session.connection()
    stored = connection.execute(_attempts(), {"key": key}).one_or_none()
    if stored is not None and stored.cut_off_after is None:
        return not rendering.cut_off
    tried: dict[str, Any] = {"cut_off_after": None, "attempts": 0, "due_at": None}
    if rendering.cut_off:
        attempts = stored.attempts + 1 if stored else 1
        due_at = _next_attempt(rendering, attempts, seconds)
        tried = {"cut_off_after": seconds, "attempts": attempts, "due_at": due_at}
        rendering = replace(rendering, source_shown=_why(rendering, due_at))
    elif stored is not None:
        tried["due_at"] = now()  # the search index still has the words of the source
    row = _row(key, content_hash, rendering) | tried
    if stored is None:
        if not connection.execute(_keep_first(connection.dialect.name), row).rowcount:
            # Another transaction has stored one in the meantime; it is committed now.
            return _store(session, key, content_hash, rendering, seconds)
    else:
        del row["key"]
        connection.execute(_keep_instead(), {"at_key": key, **row})
    return True


def _next_attempt(rendering: Rendering, attempts: int, seconds: float) -> datetime | None:
    """Return the time of the next attempt for a text that was cut off; None once it had the maximum
    CPU time."""
    if rendering.cut_off == "time" and seconds >= _renderer.most:
        return None
    return now() + min(timedelta(seconds=5 * 4 ** min(attempts - 1, 8)), LONGEST_PAUSE)


LONGEST_PAUSE = timedelta(hours=1)
"""Maximum time between two attempts to render a text."""


def _why(rendering: Rendering, due_at: datetime | None) -> str:
    """Return the message that tells readers why they see the source of a page."""
    if due_at is None:
        return (
            f"This page couldn’t be rendered within {_renderer.most:g} seconds of CPU time, so "
            "its source is shown."
        )
    if rendering.cut_off == "time":
        return "This page takes a while to render. Its source is shown until then."
    return "This page couldn’t be rendered just now. Its source is shown until the next attempt."


@cache
def _keep_first(dialect: str) -> Insert:
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    return insert(RenderingRow).on_conflict_do_nothing()


@cache
def _good_enough() -> Select[str]:
    """Select those of some keys whose stored renderings are complete, or were given enough CPU
    time."""
    keys: BindParameter[list[str]] = bindparam("keys", expanding=True)
    enough = RenderingRow.cut_off_after >= bindparam("seconds")
    return select(RenderingRow.key).where(
        RenderingRow.key.in_(keys), or_(RenderingRow.cut_off_after.is_(None), enough)
    )


@cache
def _attempts() -> Select[float | None, int]:
    return select(RenderingRow.cut_off_after, RenderingRow.attempts).where(
        RenderingRow.key == bindparam("key")
    )


@cache
def _keep_instead() -> Update:
    return (
        update(RenderingRow)
        .where(RenderingRow.key == bindparam("at_key"))
        .execution_options(synchronize_session=False)
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
def _rendered() -> Update:
    return (
        update(Page)
        .where(Page.id == bindparam("of_page"))
        .values(rendered=bindparam("number"))
        .execution_options(synchronize_session=False)
    )


@dataclass(frozen=True)
class Shown:
    """The parts of a rendering that a screen needs. ``source_shown`` is the reason why the plain
    source is shown, if it is; headings are mappings of ``level``, ``id`` and ``text``; ``kept`` is
    true if the rendering is stored."""

    html: str
    headings: Sequence[Mapping[str, Any]]
    source_shown: str
    kept: bool


@cache
def _shown() -> Select[str, list[Any], str, float | None]:
    return select(
        RenderingRow.html,
        RenderingRow.headings,
        RenderingRow.source_shown,
        RenderingRow.cut_off_after,
    ).where(RenderingRow.key == bindparam("key"))


def read_rendering(session: Session, space_slug: str, revision: Revision) -> Shown:
    """Return the stored rendering of a revision, or render it now if there is none."""
    context = context_of(space_slug, revision)
    key = rendering_key(revision.content_hash, context)
    row = session.execute(_shown(), {"key": key}).one_or_none()
    if row is not None:
        html, headings, source_shown, cut_off_after = row
        if cut_off_after is None or cut_off_after >= _renderer.seconds:
            return Shown(html, headings, source_shown, True)
    text = get_text(session, revision.content_hash)
    rendering = _renderer.render(key, text, context, asker())
    made = [vars(heading) for heading in rendering.headings]
    return Shown(rendering.html, made, rendering.source_shown, False)


def read_links(session: Session, space_slug: str, revision: Revision) -> list[Link]:
    """Return the links of the stored rendering of a revision, or render it now if there is none."""
    context = context_of(space_slug, revision)
    key = rendering_key(revision.content_hash, context)
    kept = session.scalar(select(RenderingRow.links).where(RenderingRow.key == key))
    if kept is None:
        text = get_text(session, revision.content_hash)
        return list(prepare(revision.content_hash, text, context).links)
    return [Link(**link | {"others": [Reading(*one) for one in link["others"]]}) for link in kept]


def _row(key: str, content_hash: str, rendering: Rendering) -> dict[str, Any]:
    row = {
        "key": key,
        "content_hash": content_hash,
        "html": rendering.html,
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
        digest.update(row[name].encode() + b"\0")
    for name in ("headings", "links"):
        digest.update(json.dumps(row[name], sort_keys=True).encode() + b"\0")
    return digest.hexdigest()
