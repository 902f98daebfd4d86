"""Operations on revisions of a page: listing, reading, comparison and blame."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import Response, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from wiki.api import wire
from wiki.api.resources import problems
from wiki.api.resources import revisions as resources
from wiki.api.resources.pages import SavedPage, UndoInput
from wiki.api.saves import (
    check_conditions,
    conflict_answer,
    etag_of,
    override_sent,
    refusal_answer,
    saved_answer,
)
from wiki.errors import Invalid, NotFound
from wiki.history.blame import keep, traced
from wiki.history.blame_parts import revisions_of
from wiki.history.undo import undo_edit
from wiki.pages.access.access_log import log_read
from wiki.pages.access.label_policy import ShowsRestricted
from wiki.pages.diffs import Beyond, between
from wiki.pages.merging import Text
from wiki.pages.models import Page, Revision
from wiki.pages.queries import look_up
from wiki.pages.revising import text_of
from wiki.pages.revisions import get_revision
from wiki.pages.saving.form_saves import max_bytes
from wiki.pages.saving.prescan import prescan
from wiki.pages.saving.secrets import SecretsFound
from wiki.pages.saving.submit import Conflict, submit
from wiki.rules.access import May
from wiki.rules.labels import Label
from wiki.text.compare.blame import pack, pairs
from wiki.text.compare.diff import Diff
from wiki.text.compare.stretches import Line
from wiki.web.limits.rate_limit import costs
from wiki.web.operations import (
    Answer,
    answer,
    limit_query,
    number_asked,
    number_query,
    operation,
    sent_body,
    with_next,
)
from wiki.web.request import actor, reading, writing

MOST_REVISIONS = 500
MOST_CONTEXT = 1000
MOST_PARTS = 100_000
MOST_RUNS = 5_000


@operation(
    "GET",
    "/pages/{space}/{path}/revisions",
    "List the revisions of a page.",
    {200: Answer("Revisions, newest first.", resources.RevisionList)},
    queries=(
        number_query("before", "Only revisions with a smaller number."),
        limit_query(50, MOST_REVISIONS),
    ),
)
def list_revisions(slug: str, path: str) -> Response:
    """Return revisions, newest first; `next` is the address of the next slice."""
    page = _live(slug, path)
    limit = number_asked("limit")
    before = number_asked("before", page.head + 1)
    found = (
        reading()
        .scalars(
            select(Revision)
            .where(Revision.page_id == page.id, Revision.number < min(before, page.head + 1))
            .order_by(Revision.number.desc())
            .limit(limit)
            .options(joinedload(Revision.author))
        )
        .all()
    )
    following = None
    if found and found[-1].number > 1:
        following = url_for(
            "api.list_revisions", slug=slug, path=path, before=found[-1].number, limit=limit
        )
    lines = [wire.revision_line(revision) for revision in found]
    return with_next(answer(resources.RevisionList(lines, following)), following)


@operation(
    "GET",
    "/pages/{space}/{path}/revisions/{number}",
    "Read one revision of a page.",
    {
        200: Answer("The revision with its text.", resources.RevisionWithText),
        304: Answer("The revision matches the `If-None-Match` header."),
    },
    problems=(410,),
)
def read_revision(slug: str, path: str, number: int) -> Response:
    """Return everything an author wrote in a revision."""
    page = _live(slug, path, number)
    revision = _revision(page, number)
    text = text_of(reading(), revision)
    line = vars(wire.revision_line(revision))
    response = answer(resources.RevisionWithText(**line, body=text.body, fields=text.fields))
    response.set_etag(etag_of(page, number))
    response.make_conditional(request)
    return response


@operation(
    "GET",
    "/pages/{space}/{path}/diff/{old}..{new}",
    "Compare two revisions of a page.",
    {200: Answer("The changes, line by line and word by word.", resources.Diff)},
    queries=(
        number_query(
            "part",
            "The part of a long comparison, as given in `next`: at most 4,000 lines and 400,000 "
            "characters of both texts. `added` and `removed` count all parts.",
            most=MOST_PARTS,
            default=1,
        ),
        number_query(
            "context", "Unchanged lines around each change.", least=0, most=MOST_CONTEXT, default=3
        ),
    ),
    problems=(410, 503),
)
@costs("comparisons")
def compare_revisions(slug: str, path: str, old: int, new: int) -> Response:
    """Return the changes of the text between two revisions, in either order."""
    context = number_asked("context")
    part = number_asked("part")
    page = _live(slug, path, old, new)
    before, after = _revision(page, old), _revision(page, new)
    found = between(reading(), before.content_hash, after.content_hash, context, part)
    if isinstance(found, Beyond):
        raise Invalid(
            f"These texts, of {found.old_bytes} and {found.new_bytes} bytes, are too large or too "
            "different to be compared. Both revisions can be read."
        )
    following = None
    if found.part < found.parts:
        asked: dict[str, Any] = {"slug": slug, "path": path, "old": old, "new": new}
        asked |= {"context": context, "part": found.part + 1}
        following = url_for("api.compare_revisions", **asked)
    shown = resources.Diff(
        old=wire.revision_line(before),
        new=wire.revision_line(after),
        added=found.added,
        removed=found.removed,
        hunks=_hunks(found),
        coarse=found.coarse,
        next=following,
    )
    return with_next(answer(shown), following)


@operation(
    "GET",
    "/pages/{space}/{path}/blame",
    "Return the revision that each line of a page comes from.",
    {200: Answer("The lines of the latest or another revision, in runs.", resources.Blame)},
    queries=(
        number_query("revision", "Number of the revision."),
        number_query("from", "The first line to return, as given in `next`.", default=1),
    ),
    problems=(410, 503),
)
@costs("comparisons")
def blame_page(slug: str, path: str) -> Response:
    """Return the author, revision and time of each line of a page, in at most 5,000 runs of lines
    per answer. While the blame of a long history is still being computed, the answer is 503."""
    place = look_up(reading(), actor(), slug, path)
    if place.page is None:
        raise NotFound
    page = place.page
    number = number_asked("revision", page.head)
    start = number_asked("from")
    log_read(place.seen, page, number)
    found = traced(page, _revision(page, number))
    packed = list(pairs(pack(found.origins[start - 1 :])))
    shown = packed[:MOST_RUNS]
    revisions = revisions_of(reading(), page, [origin for origin, _ in shown])
    runs: list[resources.BlameRun] = []
    first = start
    for origin, count in shown:
        one = revisions[origin]
        author = wire.somebody(one.author)
        runs.append(resources.BlameRun(origin, author, one.created_at, first, count))
        first += count
    following = None
    if len(packed) > len(shown):
        asked: dict[str, Any] = {"slug": slug, "path": path, "revision": number, "from": first}
        following = url_for("api.blame_page", **asked)
    response = with_next(answer(resources.Blame(number, runs, following)), following)
    if found.worth:
        keep(page, found.worth)
    return response


@operation(
    "POST",
    "/pages/{space}/{path}/revisions/{number}/undo",
    "Undo the change of one revision.",
    {
        200: Answer("The page as it is now.", SavedPage),
        409: Answer("Later revisions changed the same lines.", problems.ConflictProblem),
        422: Answer(
            "The text that would come back contains a suspected secret, or content with a higher "
            "label than the page.",
            problems.SecretsProblem | problems.NarrowerProblem | problems.Problem,
        ),
    },
    body=UndoInput,
    writes=True,
    problems=(403, 410, 412, 413, 415),
)
@costs("comparisons")
def undo_revision(slug: str, path: str, number: int) -> Response:
    """The change is taken back as a new revision, and everything saved after it is kept. If later
    revisions changed the same lines, the answer is 409 with the texts, and nothing is saved."""
    sent = sent_body(UndoInput)
    place = look_up(reading(), actor(), slug, path)
    place.seen.require(May.EDIT)
    if place.page is None:
        raise NotFound
    page = place.page
    check_conditions(reading(), page)
    edit = replace(
        undo_edit(reading(), page, number, sent.message),
        override=override_sent(sent),
        raise_to=Label.named(sent.raise_label) if sent.raise_label else None,
        max_bytes=max_bytes(),
    )
    before = edit.text or Text("", "")
    edit = prescan(reading(), place.seen, edit, page, tells=False)
    try:
        with writing() as session:
            if request.if_match:  # the conditions checked above may no longer hold
                check_conditions(session, session.get(Page, page.id))
            saved = submit(session, actor(), edit)
    except Conflict as conflict:
        log_read(place.seen, page, number, conflict.head.number)
        undone = text_of(reading(), get_revision(reading(), page, number))
        return conflict_answer(conflict, undone)
    except (SecretsFound, ShowsRestricted) as refused:
        return refusal_answer(refused, before.body)
    return saved_answer(slug, saved, 200)


def _hunks(found: Diff) -> list[resources.Hunk]:
    """Return the changed sections between folds."""
    hunks: list[list[resources.DiffRow]] = [[]]
    if not found.places:
        return []
    for section in found.sections:
        if section.kind == "fold":
            hunks.append([])
            continue
        hunks[-1] += [
            resources.DiffRow(row.kind, _line(row.old), _line(row.new)) for row in section.rows
        ]
    return [resources.Hunk(rows) for rows in hunks if rows]


def _line(line: Line | None) -> resources.DiffLine | None:
    if line is None:
        return None
    return resources.DiffLine(
        line.number,
        [resources.Piece(span.text, span.changed) for span in line.pieces],
        line.left_out,
    )


def _live(slug: str, path: str, *revisions: int) -> Page:
    """Return the page at a path, and log the reading of these revisions."""
    place = look_up(reading(), actor(), slug, path)
    if place.page is None:
        raise NotFound
    log_read(place.seen, place.page, *revisions)
    return place.page


def _revision(page: Page, number: int) -> Revision:
    if not 1 <= number <= page.head:
        raise NotFound
    return get_revision(reading(), page, number)
