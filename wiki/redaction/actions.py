"""Actions of redaction. One transaction does what it can; handlers of its event do the rest."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from wiki.attachments.models import Attachment
from wiki.attachments.queries import get_file, place_of, versions_at
from wiki.attachments.storage import Storage
from wiki.db import now
from wiki.errors import Invalid, NotFound
from wiki.outbox.actions import publish, scrub
from wiki.outbox.events import PageSaved, Redacted, RedactionLifted
from wiki.pages.access.acl import hold_spaces
from wiki.pages.access_log import who_read
from wiki.pages.merging import Text
from wiki.pages.models import (
    Action,
    BlameRow,
    LinkReading,
    Page,
    PageAlias,
    PageAnchor,
    PageLink,
    RedactedPage,
    Redaction,
    Revision,
)
from wiki.pages.queries import readable_by, see_page
from wiki.pages.redacted import remember
from wiki.pages.revisions import Attribution, revision_of, write_revisions
from wiki.pages.saving import MovedOn
from wiki.pages.texts import get_text, hash_of, put_text
from wiki.purging.actions import empty_revisions, forget_unread
from wiki.redaction.addresses import forget_redirects, new_paths, readdress
from wiki.redaction.bodies import (
    INSTEAD,
    FileFound,
    files_with,
    hide_in_file_names,
    hide_in_texts,
    replace_file,
)
from wiki.redaction.text_columns import PLACES, Where, hide, spoken
from wiki.rules.access import Actor, May, may_administer
from wiki.rules.labels import Label
from wiki.spaces.audience import audience_of
from wiki.spaces.models import Scope, Space
from wiki.spaces.queries import SpaceAccess, list_group_roles, restrictions_of
from wiki.tags.projection import settle as settle_tags
from wiki.tags.projection import take_turn as take_turn_of_tags
from wiki.text.paths import path_key
from wiki.text.rewrite.redaction import MARK, Span

MAX_REASON = 300
MOST_PAGES = 200
"""The maximum number of pages that are redacted at once."""


def page_to_redact(
    session: Session, actor: Actor, page_id: int, *, lock: bool = False
) -> tuple[Page, SpaceAccess]:
    """Return the page, live or deleted, that the actor may redact: they lead its space, or are an
    admin and may read it.

    :raises NotFound: if there is none that the actor may read.
    :raises Forbidden: if they may not redact it.
    """
    query = (
        select(Page)
        .where(Page.id == page_id, readable_by(actor))
        .execution_options(populate_existing=lock)
    )
    page = session.scalar(query.with_for_update(of=Page) if lock else query)
    if page is None:
        raise NotFound
    seen = see_page(session, actor, page)
    require_redactor(seen)
    return page, seen


def require_redactor(seen: SpaceAccess) -> None:
    """Check that the actor leads the space or is an admin.

    :raises Forbidden: otherwise, with the reason.
    """
    if not may_administer(seen.actor):
        seen.require(May.MANAGE)


def checked_span(typed: str, *, whole: bool = False) -> Span:
    """Return the text to be redacted as a span.

    :raises Invalid: if it cannot be redacted.
    """
    span = Span(typed, whole=whole)
    if span.fault:
        raise Invalid(span.fault, field="text")
    return span


def checked_reason(typed: str, span: Span | None = None) -> str:
    """Return the reason of a redaction on one line.

    :raises Invalid: if it is empty or too long, or contains the redacted text.
    """
    reason = " ".join(typed.replace("\0", " ").split())
    if not reason:
        raise Invalid("Say why: the reason stays where the text was.", field="reason")
    if len(reason) > MAX_REASON:
        raise Invalid(f"A reason has at most {MAX_REASON} characters.", field="reason")
    if span is not None and span.pattern.search(reason):
        raise Invalid("The reason stays: do not repeat in it what is to go.", field="reason")
    return reason


def redact_span(
    session: Session,
    actor: Actor,
    storage: Storage,
    page_id: int,
    typed: str,
    reason: str,
    *,
    others: Collection[int] = (),
    only_titles: bool = False,
    whole: bool = False,
    logged_from: Label | None = None,
) -> Redaction:
    """Replace a text with a mark wherever it is on a page, and on ``others``.

    Numbers of revisions and lines stay. Saving an old copy of the text there is refused afterwards.

    :param only_titles: keep it in texts, tags and files; redact only titles, addresses and what
        mentions them.
    :param whole: keep it where it is part of a longer word.
    :param logged_from: the label from which on reads of a page are recorded.
    :raises Invalid: if it is nowhere (any more).
    :raises NotFound: as :func:`page_to_redact`.
    :raises Forbidden: as :func:`page_to_redact`.
    """
    span = checked_span(typed, whole=whole)
    reason = checked_reason(reason, span)
    ids = list(dict.fromkeys([page_id, *others]))[: MOST_PAGES + 1]
    if len(ids) > MOST_PAGES:
        raise Invalid(f"Redact at most {MOST_PAGES} pages at once.", field="text")
    pages, seen = _held(session, actor, ids)
    row = _row(session, seen, pages, "title" if only_titles else "span", reason, logged_from)
    everywhere = bool(may_administer(actor))
    words, places = _hide(session, actor, storage, pages, span, row, only_titles, everywhere)
    if not words:
        raise Invalid("This text is not there (any more).", field="text")
    for name, value in remember(session, span).items():
        setattr(row, name, value)
    row.words, row.places = sum(words.values()), dict(places)
    _publish(session, actor, row, words)
    return row


def redact_revision(
    session: Session,
    actor: Actor,
    page_id: int,
    number: int,
    reason: str,
    *,
    seen: int,
    logged_from: Label | None = None,
) -> Redaction:
    """Empty a revision; only its number stays. If it is the newest, a new revision with its title
    and a mark follows it.

    :raises MovedOn: if the head is not ``seen`` any more.
    :raises Invalid: if there is no such revision (any more).
    :raises NotFound: as :func:`page_to_redact`.
    :raises Forbidden: as :func:`page_to_redact`.
    """
    reason = checked_reason(reason)
    pages, standing = _held(session, actor, [page_id])
    page = pages[0]
    row = _row(session, standing, pages, "revision", reason, logged_from)
    row.which = number
    row.words = _words_of(session, page_id, number)
    if seen != page.head:
        raise MovedOn
    if number == page.head:
        _follow_with_mark(session, actor, page)
    empty_revisions(session, actor, page, {number}, seen=page.head)
    _publish(session, actor, row, Counter({page_id: row.words}))
    return row


def redact_file(
    session: Session,
    actor: Actor,
    storage: Storage,
    file_id: int,
    reason: str,
    *,
    all_versions: bool = False,
    name_too: bool = False,
    logged_from: Label | None = None,
) -> Redaction:
    """Delete the bytes of one version of a file, or of all; a line of text replaces each.

    :param name_too: redact its name as well.
    :raises Invalid: if it was redacted already, or its name is too short to be redacted.
    :raises NotFound: if there is none that the actor may read.
    :raises Forbidden: if they may not redact it.
    """
    found = get_file(session, actor, file_id)
    require_redactor(found.seen)
    file = found.file
    reason = checked_reason(reason)
    page = file.page
    if page is None:
        hold_spaces(session, [found.seen.space.id])
        standing = found.seen
    else:
        [page], standing = _held(session, actor, [page.id])
    row = _row(session, standing, [page] if page else [], "file", reason, logged_from)
    row.which = file.id
    files = [file]
    if all_versions:
        key = path_key(place_of(file))
        files = [
            one
            for one in versions_at(session, actor, found.seen.space, key)
            if one.page_id == file.page_id
        ]
    hashes = {one.sha256 for one in files}
    stored = storage.put(io.BytesIO(INSTEAD), max_bytes=1 << 10)
    hashes.discard(stored.sha256)
    if not hashes and not name_too:
        raise Invalid("This file was redacted already.")
    ids = [one.id for one in files]
    session.connection().execute(
        update(Attachment)
        .where(Attachment.id.in_(ids))
        .values(sha256=stored.sha256, size=stored.size, content_type=stored.content_type)
    )
    row.files = sorted(hashes)
    if name_too and page is not None:
        span = Span(file.name.rpartition("/")[2], whole=True)
        if span.fault:
            raise Invalid("Its name is too short to be told from other words: leave it.")
        paths = {page.path: page.path}
        where = Where((page.id,), (page.space_id,), paths=paths)
        row.words = sum(hide_in_file_names(session, [page.id], span).values())
        for place in PLACES:
            # The page's own title and path are not the name of the file.
            if place.title and place.counted and not {"title", "path"} & place.columns.keys():
                hide(session, place, where, span)
        _scrub(session, actor, page, span, paths)
    session.expire_all()
    _publish(session, actor, row, Counter({page.id: row.words} if page is not None else {}))
    return row


def lift(session: Session, actor: Actor, redaction: Redaction, seen: SpaceAccess) -> None:
    """Permit a redacted text to be written again.

    :raises Forbidden: if the actor may not redact in this space.
    """
    require_redactor(seen)
    if redaction.digest is None:
        return
    redaction.digest = redaction.salt = None
    redaction.filter = redaction.length = 0
    redaction.lifted_at, redaction.lifted_by_id = now(), actor.person_id
    session.flush()
    publish(session, actor, RedactionLifted(redaction.space_id, redaction.page_id, redaction.id))


def _held(session: Session, actor: Actor, ids: Sequence[int]) -> tuple[list[Page], SpaceAccess]:
    """Lock the pages and their spaces; return them, and the view of the first."""
    take_turn_of_tags(session)
    spaces = session.scalars(select(Page.space_id).where(Page.id.in_(ids)).distinct()).all()
    hold_spaces(session, spaces)
    found = {id: page_to_redact(session, actor, id, lock=True) for id in sorted(ids)}
    return [found[id][0] for id in ids], found[ids[0]][1]


def _row(
    session: Session,
    seen: SpaceAccess,
    pages: Sequence[Page],
    kind: str,
    reason: str,
    logged_from: Label | None,
) -> Redaction:
    """Create the record of a redaction, with the people who could read what is about to be removed.

    :param seen: the view of the first page, or of the space if there is no page.
    """
    people: set[int] = set()
    everyone, label = False, seen.label
    ways: dict[str, None] = {}
    # Most pages have no scope of their own, so few queries serve many pages.
    kinds = {(page.space_id, page.scope_id, page.deleted_at is not None) for page in pages}
    for space_id, scope_id, deleted in sorted(kinds, key=str) or [(seen.space.id, None, False)]:
        space = session.get_one(Space, space_id)
        audience = audience_of(session, space, scope_id, deleted=deleted)
        everyone = everyone or audience.everyone
        people |= audience.people
        scope = session.get(Scope, scope_id) if scope_id is not None else None
        label = max(label, Label(space.label), Label(scope.label if scope else 0))
        ways |= dict.fromkeys(_ways(session, space, scope_id))
    first = pages[0] if pages else None
    return Redaction(
        kind=kind,
        space_id=seen.space.id,
        page_id=first.id if first else None,
        which=0,
        reason=reason,
        words=0,
        places={},
        created_at=now(),
        created_by_id=seen.actor.person_id,
        could_read={
            "everyone": everyone,
            "people": sorted(people),
            "via": list(ways),
            "label": label.word,
        },
        did_read=who_read(session, [page.id for page in pages]),
        logged=logged_from is not None and label >= logged_from,
        files=[],
    )


def _ways(session: Session, space: Space, scope_id: int | None) -> list[str]:
    """Describe in words through what people could read a page."""
    ways = []
    if space.visibility == "public":
        ways.append("the space is public")
    elif space.visibility == "internal":
        ways.append("the space is open to members of the organisation")
    ways += [f"group {row.group.name} had a role" for row in list_group_roles(session, space)]
    if scope_id is not None:
        held = restrictions_of(session, [scope_id])
        ways += [f"only {one.words} could {one.may.value}" for one in held]
    return ways


def _hide(
    session: Session,
    actor: Actor,
    storage: Storage,
    pages: Sequence[Page],
    span: Span,
    row: Redaction,
    only_titles: bool,
    everywhere: bool,
) -> tuple[Counter[int], Counter[str]]:
    """Replace a span with marks wherever it is; return how many words that removed from each page,
    and from each kind of place."""
    ids = [page.id for page in pages]
    spaces = tuple({page.space_id for page in pages})
    before = set(
        session.scalars(select(Revision.content_hash).where(Revision.page_id.in_(ids)).distinct())
    )
    words: Counter[int] = Counter()
    places: Counter[str] = Counter()
    if not only_titles:
        in_texts, _ = hide_in_texts(session, ids, span)
        words += in_texts
        places["texts"] = sum(in_texts.values())
        for found in list(files_with(session, storage, ids, span)):
            owners = _owners(session, found, ids)
            replace_file(session, storage, found, ids)
            row.files = [*row.files, found.sha256]
            words.update(dict.fromkeys(owners, found.words))
            places["files"] += found.words
        named = hide_in_file_names(session, ids, span)
        words += named
        places["names of files"] = sum(named.values())
    new = new_paths(session, pages, span)
    for page in pages:
        paths = {page.path: new.get(page.id, page.path)}
        where = Where((page.id,), spaces, everywhere, paths)
        for place in PLACES:
            if place.title or not only_titles:
                count = hide(session, place, where, span)
                words[page.id] += count
                places[place.words] += count
        _scrub(session, actor, page, span, paths)
        gone = forget_redirects(session, [page.id], span)
        words[page.id] += gone
        places["former addresses"] += gone
    if new:
        readdress(session, pages, new)
    _forget_derived(session, ids, before)
    return +words, +places


def _owners(session: Session, found: FileFound, ids: Sequence[int]) -> list[int]:
    owners = select(Attachment.page_id).where(
        Attachment.page_id.in_(ids), Attachment.sha256 == found.sha256
    )
    return [id for id in session.scalars(owners.distinct()) if id is not None]


def _scrub(session: Session, actor: Actor, page: Page, span: Span, paths: dict[str, str]) -> None:
    """Remove a span from the events of a page."""

    def without(payload: dict[str, Any]) -> dict[str, Any]:
        left: dict[str, Any] = spoken(payload, span, paths)
        return left

    scrub(session, actor, page.space_id, page.id, without, silence=False)


def _forget_derived(session: Session, ids: Sequence[int], hashes: Collection[str]) -> None:
    """Update pages to their newest revisions, and delete what was derived from their earlier
    texts."""
    connection = session.connection()
    for table in (BlameRow, PageLink, LinkReading, PageAlias, PageAnchor):
        connection.execute(delete(table).where(table.page_id.in_(ids)))
    head = (
        select(Revision.title)
        .where(Revision.page_id == Page.id, Revision.number == Page.head)
        .scalar_subquery()
    )
    connection.execute(
        update(Page)
        .where(Page.id.in_(ids))
        .values(title=func.coalesce(head, Page.title), rendered=0, redacted=Page.redacted + 1)
    )
    session.expire_all()
    forget_unread(session, hashes)
    settle_tags(session, ids)


def _follow_with_mark(session: Session, actor: Actor, page: Page) -> None:
    """Add a newest revision with nothing but the title and a mark, so that the one before it can be
    emptied. Users with that one open in an editor are told when they save."""
    revision = session.scalar(
        select(Revision).where(Revision.page_id == page.id, Revision.number == page.head)
    )
    text = f"{MARK}\n"
    if revision is None:
        raise NotFound
    if revision.content_hash == hash_of(text):
        raise Invalid("This revision was redacted already.", field="revision")
    by = Attribution(actor.person_id, now())
    key = put_text(session, text, None)
    row = revision_of(page, Text(revision.title, text), key, Action.EDIT, by)
    write_revisions(session, [row])
    publish(session, actor, PageSaved(page.space_id, page.id, row["number"], row["action"]))


def _words_of(session: Session, page_id: int, number: int) -> int:
    key = session.scalar(
        select(Revision.content_hash).where(
            Revision.page_id == page_id,
            Revision.number == number,
            Revision.purged_at.is_(None),
        )
    )
    if key is None:
        raise Invalid("There is no such revision (any more).", field="revision")
    return len(get_text(session, key).split())


def _publish(session: Session, actor: Actor, row: Redaction, words: Counter[int]) -> None:
    """Store a redaction and publish it on each of its pages."""
    session.add(row)
    session.flush()
    for page_id, count in words.items():
        session.add(RedactedPage(redaction_id=row.id, page_id=page_id, words=count))
    session.flush()
    spaces = dict(
        session.execute(select(Page.id, Page.space_id).where(Page.id.in_(list(words)))).all()
    )
    first = row.page_id if row.page_id in words else None
    others = [page_id for page_id in words if page_id != first]
    told: list[int | None] = [row.page_id] if first or not words else []
    for of in [*told, *others]:
        publish(
            session,
            actor,
            Redacted(
                spaces.get(of, row.space_id) if of else row.space_id,
                of,
                row.id,
                row.kind,
                words[of] if of else row.words,
                row.reason,
            ),
        )
