"""Views of the history of pages: revisions, comparisons, sources, recent changes."""

from __future__ import annotations

import re
from datetime import date
from itertools import groupby
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request
from flask.typing import ResponseReturnValue

from wiki.db import now
from wiki.errors import Invalid, NotFound
from wiki.history.calendar import calendar_of_year, calendar_until, years_of
from wiki.history.change import Change
from wiki.history.comparison import Shown, compare
from wiki.history.queries import history as history_of
from wiki.history.recent import Which, days_beside, recent_changes
from wiki.i18n import gettext as _
from wiki.pages import queries, revisions
from wiki.pages.access.access_log import log_read
from wiki.pages.diffs import CONTEXT
from wiki.pages.page_context import Past, page_frame, past_at
from wiki.pages.revisions import NoSuchRevision, Purged
from wiki.pages.texts.stored import get_text
from wiki.spaces.models import Space
from wiki.spaces.queries import see_space, see_space_by_id
from wiki.text.paths import name_of
from wiki.web.errors import error_page, problem, wants_json
from wiki.web.limits.rate_limit import costs
from wiki.web.paging import Slice
from wiki.web.public import public
from wiki.web.request import actor, positive_number, reading
from wiki.web.response_cache import cached
from wiki.web.urls import verb_of_past

blueprint = Blueprint("history", __name__)

VIEWS = ("side", "unified")


@verb_of_past(blueprint, "history")
@public
@cached
def history(slug: str = "", path: str = "", page_id: int = 0) -> ResponseReturnValue:
    """Show the revisions of a page, to be read, compared and restored."""
    past = past_at(slug, path, page_id)
    found = history_of(reading(), actor(), past.page, before=positive_number("before"))
    return render_template(
        "history/history.html",
        **page_frame(past, past.page),
        entries=found.rows,
        older=found.after,
    )


@verb_of_past(blueprint, "diff", endpoint="choose")
@public
def choose(slug: str = "", path: str = "", page_id: int = 0) -> ResponseReturnValue:
    """Redirect to the comparison of the two revisions chosen in a form, or to the newest change."""
    past = past_at(slug, path, page_id)
    new = positive_number("to") or past.page.head
    old = positive_number("from") or max(new - 1, 0)
    if "to" not in request.args and "from" in request.args:
        new = past.page.head
    old, new = sorted((old, new))
    return redirect(past.url(f"diff/{old}..{new}"), 302)


@verb_of_past(blueprint, "diff/<int:old>..<int:new>")
@public
@cached
@costs("comparisons")
def diff(
    old: int, new: int, slug: str = "", path: str = "", page_id: int = 0
) -> ResponseReturnValue:
    """Show the comparison of two revisions, side by side or one under the other."""
    past = past_at(slug, path, page_id)
    page = past.page
    if new > page.head or old > page.head:
        raise NoSuchRevision(page)
    if old > new:
        query = request.query_string.decode("ascii", "ignore")
        return redirect(past.url(f"diff/{new}..{old}", query), 302)
    view = request.args.get("view", "")
    whole = request.args.get("context") == "all"
    shown = Shown(None if whole else CONTEXT, positive_number("part") or 1)
    comparison = compare(reading(), actor(), page, old, new, shown)
    log_read(past.seen, page, old, new)
    return render_template(
        "history/diff.html",
        **page_frame(past, page),
        comparison=comparison,
        old=old,
        new=new,
        view=view if view in VIEWS else "auto",
        whole=whole,
    )


@verb_of_past(blueprint, "raw")
@public
def raw(slug: str = "", path: str = "", page_id: int = 0) -> ResponseReturnValue:
    """Return the source of a page's text, as it was written."""
    past = past_at(slug, path, page_id)
    page = past.page
    number = positive_number("revision") or page.head
    revision = revisions.get_revision(reading(), page, number)
    log_read(past.seen, page, number)
    response = Response(get_text(reading(), revision.content_hash), mimetype="text/plain")
    response.set_etag(revision.content_hash)
    response.headers.set(
        "Content-Disposition", "inline", filename=f"{name_of(page.path) or past.space.slug}.md"
    )
    return response.make_conditional(request)


@blueprint.get("/-/changes")
@public
@cached
def changes() -> ResponseReturnValue:
    """Show the recent changes in all spaces that the actor may read."""
    return render_template("history/changes.html", **_changes(None))


@blueprint.get("/<space:slug>/-/changes")
@public
@cached
def changes_of_space(slug: str) -> ResponseReturnValue:
    """Show the recent changes in one space."""
    seen = see_space(reading(), actor(), slug)
    picture = None
    if _day("on") is None and positive_number("before") is None and _run() is None:
        picture = calendar_until(reading(), actor(), seen.space, now().date())
    return render_template(
        "history/changes_of_space.html",
        space=seen.space,
        seen=seen,
        picture=picture,
        **_changes(seen.space),
    )


@blueprint.get("/<space:slug>/-/calendar")
@public
@cached
@costs("comparisons")
def calendar(slug: str) -> ResponseReturnValue:
    """Show the number of revisions in a space on each day of a year."""
    seen = see_space(reading(), actor(), slug)
    years = years_of(reading(), actor(), seen.space)
    year = positive_number("year") or (years[1] if years else now().year)
    if "year" in request.args and (positive_number("year") is None or year > date.max.year):
        raise NotFound
    return render_template(
        "history/calendar.html",
        space=seen.space,
        seen=seen,
        year=year,
        years=years,
        calendar=calendar_of_year(reading(), actor(), seen.space, year),
    )


def _changes(space: Space | None) -> dict[str, Any]:
    """Return the template variables of lists of changes: those of a day, or the latest ones."""
    session, on = reading(), _day("on")
    run = _run()
    found = recent_changes(
        session, actor(), Which(space, on, run), before=positive_number("before")
    )
    nearest = days_beside(session, actor(), on, space=space) if on else (None, None)
    return {
        "days": _by_day(found),
        "older": found.after,
        "on": on,
        "nearest": nearest,
        "run": f"{run[0]}-{run[1]}" if run else "",
    }


def _run() -> tuple[int, int] | None:
    """Return the first and last event of the requested group of changes, if the request names
    one."""
    found = re.fullmatch(r"([0-9]{1,15})-([0-9]{1,15})", request.args.get("run", ""))
    return (int(found[1]), int(found[2])) if found else None


@blueprint.app_template_filter()
def ends_of_move(message: str) -> tuple[str, str, int] | None:
    """Return the old path ("" for the home page), the new path and the number of updated links from
    the message of a moved page, which is stored in English; None if its author wrote another."""
    found = re.fullmatch(
        r"Moved from (?:the home page|(\S+)) to (\S+?)(?:; updated (\d+) links? in it)?", message
    )
    return (found[1] or "", found[2], int(found[3] or 0)) if found else None


def _day(name: str) -> date | None:
    """Return the date in a parameter of the request, if there is one.

    :raises Invalid: when it is not a date.
    """
    raw = request.args.get(name, "").strip()
    try:
        return date.fromisoformat(raw) if raw else None
    except ValueError:
        raise Invalid(
            _("“%(text)s” isn’t a valid date. Use the form 2026-01-31.", text=raw[:40]), field=name
        ) from None


def _by_day(found: Slice[Change]) -> list[tuple[Change, list[Change]]]:
    """Return the changes of each day, each with the newest one first, as the key of the day."""
    days = [list(day) for _at, day in groupby(found.rows, key=lambda change: change.at.date())]
    return [(day[0], day) for day in days]


@blueprint.app_errorhandler(Purged)
@blueprint.app_errorhandler(NoSuchRevision)
def no_revision(error: Purged | NoSuchRevision) -> ResponseReturnValue:
    """Show that a revision was purged or never existed, with links to the others."""
    # Of a form that was sent, the text is handed back.
    if wants_json() or request.method == "POST":
        answer = problem if wants_json() else error_page
        return answer(error.status, error.title, error.sentence)
    page = queries.get_page(reading(), actor(), error.page_id)
    past = Past(see_space_by_id(reading(), actor(), page.space_id), page)
    template = "pages/purged.html" if isinstance(error, Purged) else "pages/no_revision.html"
    return render_template(template, **page_frame(past, page), error=error), error.status
