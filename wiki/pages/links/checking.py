"""The integrity check of links."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import and_, func, select, update

from wiki.db import Database, batches
from wiki.pages.checking import AT_ONCE, by_id, of_pages
from wiki.pages.links.graph import count_astray, links_in, links_of, settle_all_links
from wiki.pages.models import Page, Revision
from wiki.pages.rendering.models import RenderingRow
from wiki.pages.rendering.stored import context_of, ensure_heads, rendering_key
from wiki.room import Check, Finding, Progress
from wiki.spaces.models import Space
from wiki.text.counts import counted


def check_links(database: Database, progress: Progress) -> Iterator[Finding]:
    """Check that the stored links of each page are those of its head's rendering, and that their
    stored targets are the pages at these places."""
    with database.read() as session:
        live = and_(Page.deleted_at.is_(None), Page.rendered == Page.head)
        total = session.scalar(select(func.count()).select_from(Page).where(live)) or 0
        query = (
            select(Page, Revision, Space.slug)
            .join(Revision, and_(Revision.page_id == Page.id, Revision.number == Page.head))
            .join(Space, Space.id == Page.space_id)
            .where(live)
        )
        done, wrong = 0, []
        rows = by_id(session, query, Page.id)
        for some in batches(rows, AT_ONCE):
            keys = {
                page.id: rendering_key(revision.content_hash, context_of(slug, revision))
                for page, revision, slug in some
            }
            kept = session.execute(
                select(RenderingRow.page_id, RenderingRow.key, RenderingRow.links).where(
                    RenderingRow.page_id.in_(keys)
                )
            )
            wanted = {id: links_in(links) for id, key, links in kept.all() if key == keys[id]}
            there = links_of(session, list(wanted))
            wrong += [id for id, links in wanted.items() if there.get(id, []) != links]
            session.expunge_all()
            done += len(some)
            progress(done, total)
        astray = count_astray(session)
    if wrong:
        one = "page has recorded links that are not in its text."
        many = "pages have recorded links that are not in their text."
        sentence = counted(len(wrong), one, many)
        yield Finding(sentence, lambda: _link_again(database, wrong))
    if astray:
        yield Finding(
            f"{counted(astray, 'link is', 'links are')} recorded with a target that doesn’t exist.",
            lambda: _settle_all(database),
        )


def _link_again(database: Database, page_ids: Sequence[int]) -> None:
    with database.write() as session:
        for some in batches(page_ids):
            session.execute(
                update(Page)
                .where(Page.id.in_(some))
                .values(rendered=0)
                .execution_options(synchronize_session=False)
            )
    ensure_heads(database, page_ids)


def _settle_all(database: Database) -> None:
    with database.write() as session:
        settle_all_links(session)


CHECKS = (Check(180, "Links", of_pages(check_links)),)
