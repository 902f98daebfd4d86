"""The integrity check of stored renderings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import and_, delete, func, select

from wiki.db import Database, batches
from wiki.pages.checking import AT_ONCE, by_id, of_pages
from wiki.pages.models import Page, Revision
from wiki.pages.rendering.models import RenderingRow
from wiki.pages.rendering.own_renderer import first_seconds
from wiki.pages.rendering.rows import checksum_of
from wiki.pages.rendering.stored import context_of, ensure_heads, rendering_key
from wiki.room import Check, Finding, Progress
from wiki.spaces.models import Space
from wiki.text.counts import counted


def check_renderings(database: Database, progress: Progress) -> Iterator[Finding]:
    """Check that the rendering of each page's newest revision is stored and complete, and that none
    was cut off with less than the maximum CPU time."""
    with database.read() as session:
        live = Page.deleted_at.is_(None)
        total = session.scalar(select(func.count()).select_from(Page).where(live)) or 0
        query = (
            select(Page, Revision, Space.slug)
            .join(Revision, and_(Revision.page_id == Page.id, Revision.number == Page.head))
            .join(Space, Space.id == Page.space_id)
            .where(live)
        )
        done, stale, damaged, cut_off = 0, [], [], []
        rows = by_id(session, query, Page.id)
        for some in batches(rows, AT_ONCE):
            keys = {
                page.id: rendering_key(revision.content_hash, context_of(slug, revision))
                for page, revision, slug in some
            }
            stored = select(RenderingRow).where(RenderingRow.page_id.in_(keys))
            kept = {row.page_id: row for row in session.scalars(stored)}
            for page, _, _ in some:
                row = kept.get(page.id)
                if row is None or row.key != keys[page.id] or page.rendered != page.head:
                    stale.append(page.id)
                elif row.checksum != checksum_of(vars(row)) or row.size != len(row.html):
                    damaged.append(page.id)
                elif row.cut_off_after is not None and row.cut_off_after < first_seconds():
                    cut_off.append(page.id)
            session.expunge_all()
            done += len(some)
            progress(done, total)
    if stale:
        yield Finding(
            f"{counted(len(stale), 'page is', 'pages are')} not rendered in the latest revision.",
            lambda: ensure_heads(database, stale),
        )
    if cut_off:
        yield Finding(
            f"{counted(len(cut_off), 'page was', 'pages were')} cut off while being rendered, "
            "before reaching the limit of CPU time for a page.",
            lambda: ensure_heads(database, cut_off),
        )
    if damaged:
        yield Finding(
            f"{counted(len(damaged), 'stored rendering is', 'stored renderings are')} not what was "
            "stored.",
            lambda: _render_again(database, damaged),
        )


def _render_again(database: Database, damaged: Sequence[int]) -> None:
    with database.write() as session:
        for some in batches(damaged):
            session.execute(delete(RenderingRow).where(RenderingRow.page_id.in_(some)))
    ensure_heads(database, damaged)


CHECKS = (Check(170, "Renderings", of_pages(check_renderings)),)
