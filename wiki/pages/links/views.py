"""Views for moving pages and renaming sections, with repairs of the links to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from wiki.errors import Busy, Invalid, NotFound, TooMany
from wiki.pages import queries
from wiki.pages.access.access_log import log_other_read
from wiki.pages.access.label_policy import PlacesShowRestricted, labels_of
from wiki.pages.diffs import Beyond, of_texts
from wiki.pages.links import moves
from wiki.pages.links.moves import Moved
from wiki.pages.links.moving import links_into, links_to_sections, plan_move, plan_renaming
from wiki.pages.links.plans import MoveTo, Plan
from wiki.pages.links.repairing import Repairs, Task
from wiki.pages.models import Page, Revision
from wiki.pages.page_context import live_page, page_frame, place_at
from wiki.pages.rendering.stored import read_rendering
from wiki.pages.saving.edit import Saved
from wiki.pages.texts import get_text
from wiki.pages.unseen import unseen_in_path, unseen_notice
from wiki.rules.access import May
from wiki.rules.labels import Label
from wiki.spaces.models import Space
from wiki.spaces.queries import list_editable_spaces, see_space
from wiki.text.compare.diff import Diff, Section
from wiki.text.markdown.headings import Heading
from wiki.text.rewrite.repair import Repair
from wiki.text.rewrite.sections import Renamed, renamed
from wiki.text.scan.unseen import notice
from wiki.web.errors import flash
from wiki.web.lane import in_lane
from wiki.web.request import actor, reading, writing
from wiki.web.urls import page_url, verb

blueprint = Blueprint("moving", __name__)

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


@verb(blueprint, "move", methods=["GET", "POST"])
def move(slug: str, path: str) -> ResponseReturnValue:
    """Move a page, and the pages below it, to another path or space."""
    place = place_at(slug, path)
    page = live_page(place)
    place.seen.require(May.EDIT)
    error: Invalid | None = None
    preview: Preview | None = None
    if request.method == "POST":
        target = see_space(reading(), actor(), request.form.get("space", slug))
        target.require(May.EDIT)
        try:
            with in_lane("moves"):
                to = _place_sent(target.space)
                plan = _plan(page, to)
                if "preview" not in request.form:
                    old_path = page.path
                    return _moved(_move(page, to, plan.repairs), target.space, old_path)
            preview = _preview(plan)
        except Invalid as refused:
            error = refused
    asked = request.method == "GET"
    body = render_template(
        "pages/move.html",
        **page_frame(place, page),
        spaces=list_editable_spaces(reading(), actor()),
        subtree=queries.subtree_of(reading(), actor(), page),
        around=links_into(reading(), actor(), page),
        preview=preview,
        path=request.form.get("path", page.path),
        with_subtree=asked or "subtree" in request.form,
        repair=asked or "repair" in request.form,
        narrower=error if isinstance(error, PlacesShowRestricted) else None,
        errors={error.field or "": error.sentence} if error else {},
    )
    return body, error.status if error else 200


def _place_sent(space: Space) -> MoveTo:
    return MoveTo(
        request.form.get("path", ""),
        space,
        with_subtree="subtree" in request.form,
        repair="repair" in request.form,
        message=request.form.get("message", ""),
    )


def _plan(page: Page, to: MoveTo) -> Plan:
    path = moves.checked_move(page, to.space or page.space, to.path, to.with_subtree)
    return plan_move(reading(), actor(), page, replace(to, path=path))


def _move(page: Page, to: MoveTo, repairs: Repairs) -> Moved:
    with writing() as session:
        return moves.move_page(session, actor(), page.id, to, repairs=repairs)


def _moved(moved: Moved, space: Space, old_path: str) -> ResponseReturnValue:
    said = f"Moved {len(moved.pages)} pages." if len(moved.pages) > 1 else "Moved."
    if moved.repaired:
        said += f" {_links(moved.links)} in {_pages(len(moved.repaired))} repaired."
    flash(f"{said} Old addresses redirect to the new ones.")
    if moved.unclear:
        names = ", ".join(f"“{page.title}”" for page in moved.unclear[:3])
        more = len(moved.unclear) - 3
        flash(
            f"Some links in {names}{f' and {more} more' if more > 0 else ''} couldn’t be updated "
            "for the new address. Please check them.",
            "warn",
        )
    unseen = notice(unseen_in_path(moved.pages[0].path, old_path))
    if unseen:
        flash(unseen, "note")
    return redirect(page_url(space.slug, moved.pages[0].path), 303)


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
                flash(f"{_links(made.links)} in {_pages(len(made.repaired))} repaired.")
            else:
                flash("No links were changed.", "note")
            return redirect(page_url(slug, page.path), 303)
    body = render_template(
        "pages/repair.html",
        **page_frame(place, page),
        since=since,
        gone=[(one, links) for one, links in gone if links],
        names=names,
        preview=_preview(plan),
        errors={error.field or "": error.sentence} if error else {},
    )
    return body, error.status if error else 200


def _gone(page: Page, since: int) -> list[tuple[Renamed, int]]:
    """Return the headings that a page has lost since a revision, and the number of links to
    each."""
    session = reading()
    old, new = (
        _headings(page, queries.get_revision(session, page, number))
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


def say_unseen(saved: Saved) -> None:
    """Show a notice about invisible characters that a save introduced."""
    told = unseen_notice(reading(), saved)
    if told:
        flash(told, "note")


def say_gone(saved: Saved) -> None:
    """Offer to repair the links to sections that a save has renamed or removed."""
    if not saved.gone:
        return
    page = saved.page
    links = sum(links_to_sections(reading(), actor(), page, saved.gone).values())
    if links:
        home = page_url(page.space.slug, page.path)
        url = f"{home}{'/' if page.path else ''}-/repair?from={saved.revision.number - 1}"
        lead = "leads to a section" if links == 1 else "lead to sections"
        flash(
            Markup('{} {} that this page no longer has. <a href="{}">Repair {}</a>').format(
                _links(links), lead, url, "it" if links == 1 else "them"
            ),
            "warn",
        )


def _preview(plan: Plan) -> Preview:
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


def _links(count: int) -> str:
    return "1 link" if count == 1 else f"{count} links"


def _pages(count: int) -> str:
    return "1 page" if count == 1 else f"{count} pages"
