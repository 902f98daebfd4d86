"""Consistency checks of the stored pages: of texts against their hashes, and of derived data
against the revisions. Derived data can be rebuilt; a text cannot."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from sqlalchemy import and_, delete, func, select, tuple_
from sqlalchemy.orm import Session

from wiki.db import Database, batches
from wiki.kind_registry import kind_names, kind_of
from wiki.pages import projections
from wiki.pages.access.acl import check_scopes, hold_spaces, recompute_acls
from wiki.pages.models import Content, Folder, Page, Redirect, Revision
from wiki.pages.ordering.checking import check_positions
from wiki.pages.rendering.stored import ensure_heads
from wiki.pages.texts.stored import each_text, forget_texts
from wiki.pages.tree import settle_folders
from wiki.room import Check, Finding, Look, Progress
from wiki.spaces.models import Space
from wiki.text.counts import counted
from wiki.text.paths import ancestors_of, name_of, parent_of, path_key

AT_ONCE = 400
"""Rows of a query, and values of one ``IN (…)``."""


def check_texts(database: Database, progress: Progress) -> Iterator[Finding]:
    """Check that the text of each revision is stored under its hash, and that each stored text
    belongs to a revision."""
    with database.read() as session:
        total = session.scalar(select(func.count()).select_from(Content)) or 0
        seen: set[str] = set()
        # In order of each page's history, because a text is compressed against an earlier one.
        ordered = select(Revision.id, Revision.page_id, Revision.number, Revision.content_hash)
        last = (0, 0)
        while rows := session.execute(
            ordered.where(tuple_(Revision.page_id, Revision.number) > last)
            .order_by(Revision.page_id, Revision.number)
            .limit(AT_ONCE)
        ).all():
            last = (rows[-1].page_id, rows[-1].number)
            wanted = {row.content_hash for row in rows if row.content_hash} - seen
            hashes = (row.content_hash for row in rows if row.content_hash in wanted)
            found = {key for key, _ in each_text(session, hashes)}
            for row in rows:
                if row.content_hash in wanted and row.content_hash not in found:
                    yield Finding(
                        f"The text of revision {row.number} of page {row.page_id} is damaged: "
                        "it is missing or differs from what was stored. A backup may have it."
                    )
            seen |= wanted
            progress(len(seen), total)
        yield from _unused(database, session, seen)


def _unused(database: Database, session: Session, used: set[str]) -> Iterator[Finding]:
    """Yield a finding for stored texts that belong to no revision; its repair deletes them."""
    stored = set(session.scalars(select(Content.hash)))
    unused = sorted(stored - used)
    if unused:

        def forget() -> None:
            with database.write() as writing:
                forget_texts(writing, unused)

        yield Finding(
            f"{counted(len(unused), 'stored text belongs', 'stored texts belong')} to no revision.",
            forget,
        )


def check_pages(database: Database, progress: Progress) -> Iterator[Finding]:
    """Check that the columns of each page agree with its newest revision and with its path, and
    that no revision is missing."""
    with database.read() as session:
        total = session.scalar(select(func.count()).select_from(Page)) or 0
        counted = (
            select(
                Revision.page_id,
                func.max(Revision.number).label("newest"),
                func.count().label("count"),
            )
            .group_by(Revision.page_id)
            .subquery()
        )
        query = (
            select(Page, Revision, counted.c.newest, counted.c.count)
            .outerjoin(counted, counted.c.page_id == Page.id)
            .outerjoin(
                Revision,
                and_(Revision.page_id == Page.id, Revision.number == counted.c.newest),
            )
        )
        done = 0
        for page, revision, newest, count in by_id(session, query, Page.id):
            done += 1
            progress(done, total)
            name = f"Page {page.id} (“{page.title}”)"
            if revision is None:
                yield Finding(f"{name} has no revision. A backup may have them.")
                continue
            if count != newest:
                yield Finding(f"{name} is missing {newest - count} of its revisions.")
            wanted = _derived(page, revision)
            wrong = [key for key, value in wanted.items() if getattr(page, key) != value]
            if wrong:
                yield Finding(
                    f"{name} differs from its newest revision in {', '.join(wrong)}.",
                    lambda page_id=page.id: _put_right(database, page_id),  # type: ignore[misc]
                )


def _derived(page: Page, revision: Revision) -> dict[str, Any]:
    key = path_key(page.path)
    keys = {"path_key": key, "parent_key": parent_of(key), "name_key": name_of(key)}
    wanted = {"head": revision.number, **keys}
    if revision.content_hash:  # a purged revision has no title
        wanted |= {"title": revision.title, "folder": revision.folder}
        if page.kind in kind_names():
            wanted["kind"] = kind_of(revision.fields).name
    return wanted


def _put_right(database: Database, page_id: int) -> None:
    with database.write() as session:
        page = session.get_one(Page, page_id)
        revision = session.scalars(
            select(Revision)
            .where(Revision.page_id == page_id)
            .order_by(Revision.number.desc())
            .limit(1)
        ).one()
        for key, value in _derived(page, revision).items():
            setattr(page, key, value)
        page.rendered = 0
    ensure_heads(database, [page_id])


def check_folders(database: Database, progress: Progress) -> Iterator[Finding]:
    """Check that a folder is stored for each path with live pages below it and none at it, and that
    no other folder is."""
    with database.read() as session:
        spaces = session.execute(select(Space.id, Space.slug)).all()
        for number, (space_id, slug) in enumerate(spaces):
            rows = session.execute(
                select(Page.path_key, Page.path).where(
                    Page.space_id == space_id, Page.deleted_at.is_(None)
                )
            ).all()
            there = {row.path_key: row.path for row in rows}
            wanted = {
                path_key(above): above
                for path in there.values()
                for above in ancestors_of(path)
                if above and path_key(above) not in there
            }
            held = set(session.scalars(select(Folder.path_key).where(Folder.space_id == space_id)))
            wrong = sorted(held ^ wanted.keys())
            if wrong:

                def settle(space_id: int = space_id, wrong: Sequence[str] = wrong) -> None:
                    with database.write() as writing:
                        for some in batches(wrong):
                            settle_folders(writing, space_id, some)

                yield Finding(f"{len(wrong)} folders of the tree of {slug} are wrong.", settle)
            progress(number + 1, len(spaces))


def check_access(database: Database, progress: Progress) -> Iterator[Finding]:
    """Check that each page has the scope that follows from the labels and restrictions of the page
    and of the pages above it."""
    with database.read() as session:
        wrong = list(check_scopes(session))
    progress(1, 1)
    if wrong:

        def settle() -> None:
            with database.write() as writing:
                for space_id in sorted({one.space_id for one in wrong}):
                    hold_spaces(writing, [space_id])
                    recompute_acls(writing, space_id, [""], bounded=True)

        yield Finding(
            counted(
                len(wrong),
                "page has a scope that doesn’t match its labels and restrictions.",
                "pages have a scope that doesn’t match their labels and restrictions.",
            ),
            settle,
        )


def check_redirects(database: Database, progress: Progress) -> Iterator[Finding]:
    """Check that no redirect is stored at the path of a live page."""
    with database.read() as session:
        hidden = session.scalar(
            select(func.count())
            .select_from(Redirect)
            .join(
                Page,
                and_(
                    Page.space_id == Redirect.space_id,
                    Page.path_key == Redirect.path_key,
                    Page.deleted_at.is_(None),
                ),
            )
        )
    progress(1, 1)
    if hidden:
        one = "redirect is at the address of a page and is not followed."
        many = "redirects are at the addresses of pages and are not followed."
        sentence = counted(hidden, one, many)
        yield Finding(sentence, lambda: _forget_redirects(database))


def _forget_redirects(database: Database) -> None:
    there = select(Page.id).where(
        Page.space_id == Redirect.space_id,
        Page.path_key == Redirect.path_key,
        Page.deleted_at.is_(None),
    )
    with database.write() as session:
        session.execute(
            delete(Redirect).where(there.exists()).execution_options(synchronize_session=False)
        )


def check_kinds(database: Database, progress: Progress) -> Iterator[Finding]:
    """Check that the tables of kinds have a row for each page of the kind, made from its head."""
    with database.read() as session:
        wrong = list(projections.check(session))
    progress(1, 1)
    if wrong:
        one = "page is listed with other fields than its newest revision has."
        many = "pages are listed with other fields than their newest revisions have."
        yield Finding(counted(len(wrong), one, many), lambda: _project_again(database, wrong))


def _project_again(database: Database, page_ids: list[int]) -> None:
    with database.write() as session:
        projections.rebuild(session, page_ids)


def by_id(session: Session, query: Any, column: Any) -> Iterator[Any]:
    """Yield the rows of a query in order of an id, read in batches."""
    last = 0
    while rows := session.execute(query.where(column > last).order_by(column).limit(AT_ONCE)).all():
        yield from rows
        last = rows[-1][0].id


def of_pages(look: Callable[[Database, Progress], Iterator[Finding]]) -> Look:
    """Return a check that does not need the settings."""
    return lambda database, _settings, progress: look(database, progress)


CHECKS = (
    Check(120, "Texts", of_pages(check_texts)),
    Check(130, "Pages", of_pages(check_pages)),
    Check(135, "Order", of_pages(check_positions)),
    Check(140, "Folders", of_pages(check_folders)),
    Check(150, "Access", of_pages(check_access)),
    Check(160, "Redirects", of_pages(check_redirects)),
    Check(190, "Kinds", of_pages(check_kinds)),
)
