"""The view that repairs links to renamed sections, and previews of repairs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue

from wiki.errors import Busy, Invalid, NotFound, TooMany
from wiki.i18n import gettext as _
from wiki.pages import revisions
from wiki.pages.access.access_log import log_other_read
from wiki.pages.access.label_sources import labels_of
from wiki.pages.diffs import Beyond, of_texts
from wiki.pages.links import moves
from wiki.pages.links.around import links_to_sections
from wiki.pages.links.moving import plan_renaming
from wiki.pages.links.plans import Plan
from wiki.pages.links.repairing import Task
from wiki.pages.models import Page, Revision
from wiki.pages.page_context import live_page, page_frame, place_at
from wiki.pages.rendering.reading import read_rendering
from wiki.pages.texts.stored import get_text
from wiki.rules.access import May
from wiki.rules.labels import Label
from wiki.text.compare.diff import Diff, Section
from wiki.text.counts import counted
from wiki.text.markdown.headings import Heading
from wiki.text.rewrite.repair import Repair
from wiki.text.rewrite.sections import Renamed, renamed
from wiki.web.errors import flash
from wiki.web.limits.lane import in_lane
from wiki.web.request import actor, reading, writing
from wiki.web.urls import page_url, verb

blueprint = Blueprint("repairing", __name__)

SHOWN = 20
"""Maximum number of pages of which a preview shows the changed lines."""

LINES = 200
"""Maximum number of changed lines shown of each page."""


@dataclass(frozen=True)
class Changed:
    """A page in a preview: the number of links that change, and the lines that contain them; None
    where computing the lines takes too much time."""

    page: Page
    links: int
    sections: tuple[Section, ...] | None
    more: int = 0


@dataclass(frozen=True)
class Preview:
    """A preview of repairs, in pages that stay and in pages that move."""

    plan: Plan
    others: list[Changed]
    own: list[Changed]


@verb(blueprint, "repair", methods=["GET", "POST"])
def repair(slug: str, path: str) -> ResponseReturnValue:
    """Repair links to renamed sections of a page."""
    place = place_at(slug, path)
    page = live_page(place)
    place.seen.require(May.EDIT)
    since = request.values.get("from", type=int) or 0
    if not 1 <= since <= page.head:
        raise NotFound
    gone = _gone(page, since)
    names = _chosen(gone) if request.method == "POST" else _proposed(gone)
    with in_lane("moves"):
        plan = plan_renaming(reading(), actor(), page, names)
    error: Invalid | None = None
    if request.method == "POST" and "preview" not in request.form:
        try:
            with writing() as session:
                made = moves.rename_sections(session, actor(), page.id, names, repairs=plan.repairs)
        except Invalid as refused:
            error = refused
        else:
            if made.repaired:
                pages = counted(len(made.repaired), "page")
                flash(f"{counted(made.links, 'link')} in {pages} repaired.")
            else:
                flash(_("No links were changed."), "note")
            return redirect(page_url(slug, page.path), 303)
    body = render_template(
        "pages/repair.html",
        **page_frame(place, page),
        since=since,
        gone=[(one, links) for one, links in gone if links],
        names=names,
        preview=preview_of(plan),
        errors={error.field or "": error.sentence} if error else {},
    )
    return body, error.status if error else 200


def _gone(page: Page, since: int) -> list[tuple[Renamed, int]]:
    """Return the headings that a page has lost since a revision, and the number of links to
    each."""
    session = reading()
    old, new = (
        _headings(page, revisions.get_revision(session, page, number))
        for number in (since, page.head)
    )
    gone = renamed(old, new)
    links = links_to_sections(session, actor(), page, [one.old.id for one in gone])
    return [(one, links.get(one.old.id, 0)) for one in gone]


def _headings(page: Page, revision: Revision) -> list[Heading]:
    shown = read_rendering(reading(), page.space.slug, revision)
    return [Heading(one["level"], one["id"], one["text"]) for one in shown.headings]


def _proposed(gone: Sequence[tuple[Renamed, int]]) -> dict[str, str]:
    return {one.old.id: one.proposed.id for one, links in gone if links and one.proposed}


def _chosen(gone: Sequence[tuple[Renamed, int]]) -> dict[str, str]:
    """Return the names chosen in the form, limited to the offered choices."""
    names = {}
    for one, links in gone:
        new = request.form.get(f"to-{one.old.id}", "")
        if links and new in {choice.id for choice in one.choices}:
            names[one.old.id] = new
    return names


def preview_of(plan: Plan) -> Preview:
    """Return what a plan changes in pages, for the screen that shows it first."""
    others, own = plan.changed, plan.own_changed
    room = max(SHOWN - len(others), 5)
    return Preview(plan, _changed(others, SHOWN), _changed(own, room))


def _changed(repairs: Sequence[tuple[Task, Repair]], shown: int) -> list[Changed]:
    found = []
    labels = labels_of(reading(), {task.page.id for task, _ in repairs[:shown]})
    for task, made in repairs[:shown]:
        old = get_text(reading(), task.revision.content_hash)
        try:
            text: Diff | Beyond | None = of_texts(old, made.text, 0)
        except (Busy, TooMany):
            text = None
        if text is None or isinstance(text, Beyond):
            found.append(Changed(task.page, made.changed, None))
            continue
        kept, room = [], LINES
        for section in text.changes:
            if room > 0:
                kept.append(section)
                room -= len(section.rows)
        log_other_read(task.page.id, task.revision.number, Label(labels[task.page.id]))
        found.append(Changed(task.page, made.changed, tuple(kept), text.places - len(kept)))
    return found
