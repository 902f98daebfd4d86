"""Administration views of the audit log, deliveries, the leak drill and the use of disk space."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import Blueprint, Response, redirect, render_template, request
from flask.typing import ResponseReturnValue

from wiki.audit import drills, jobs, queries, storage
from wiki.audit import filters as log_filters
from wiki.audit.actions import ask_for_check, begin_export
from wiki.audit.exporting import Format, write_audit
from wiki.audit.reads import cursor_of, list_reads
from wiki.db import now
from wiki.errors import Invalid, require_allowed
from wiki.i18n import gettext as _
from wiki.i18n import ngettext
from wiki.outbox import deliveries
from wiki.outbox.event import Category
from wiki.rules.access import may_administer
from wiki.web.errors import flash
from wiki.web.request import actor, parts, reading, settings, writing

blueprint = Blueprint("audit", __name__, url_prefix="/-/admin")


@blueprint.before_request
def admins_only() -> None:
    """Refuse requests of other accounts. The actions check again."""
    require_allowed(may_administer(actor()))


@blueprint.get("/audit")
def audit() -> ResponseReturnValue:
    """Show the log of events, newest first."""
    filters = log_filters.filters_of(request.args)
    found = queries.find(reading(), actor(), filters)
    before = _number("before")
    listed = queries.list_audit(reading(), actor(), found, before=before)
    done, asked = queries.last_checks(reading(), actor())
    body = render_template(
        "audit/audit.html",
        filters=filters,
        these=urlencode(filters.given()),
        errors=found.errors,
        found=listed,
        before=before,
        categories=list(Category),
        kinds=log_filters.kinds(),
        done=done,
        asked=asked,
        settings=settings(),
    )
    return body, Invalid.status if found.errors else 200


@blueprint.post("/audit/export")
def export() -> ResponseReturnValue:
    """Send all filtered events as a file."""
    try:
        format = Format(request.form.get("format", ""))
    except ValueError:
        raise Invalid(_("There is no such format."), field="format") from None
    who = actor()
    with writing() as session:
        found = queries.find(session, who, log_filters.filters_of(request.form))
        last = begin_export(session, who, found, format)
    lines = write_audit(parts().database, who, found, format, before=last)
    answer = Response(lines, mimetype=format.content_type)
    name = f"audit-{now():%Y-%m-%d}.{format.value}"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


@blueprint.post("/audit/check")
def check() -> ResponseReturnValue:
    """Request a verification of the chain of events."""
    with writing() as session:
        ask_for_check(session, actor())
    flash(_("The worker is verifying the event chain. Refresh this page in a moment."))
    return redirect("/-/admin/audit", 303)


@blueprint.get("/reads")
def show_reads() -> ResponseReturnValue:
    """Show the log of reads."""
    who, page = _name(request.args.get("who", "")), _name(request.args.get("page", ""))
    before = cursor_of(request.args.get("before", ""))
    found, errors = list_reads(reading(), actor(), who=who, page=page, before=before)
    body = render_template(
        "audit/reads.html",
        found=found,
        errors=errors,
        who=who,
        page_asked=page,
        these=urlencode({name: value for name, value in (("who", who), ("page", page)) if value}),
        before=before,
        settings=settings(),
    )
    return body, Invalid.status if errors else 200


@blueprint.get("/jobs")
def show_jobs() -> ResponseReturnValue:
    """Show waiting and failed deliveries, and the workers."""
    subscriber, before = _name(request.args.get("subscriber", "")), _number("before")
    return render_template(
        "audit/jobs.html",
        workers=jobs.workers(reading(), actor()),
        queues=jobs.queues(reading(), actor()),
        found=jobs.failures(reading(), actor(), subscriber=subscriber, before=before),
        subscriber=subscriber,
        before=before,
    )


@blueprint.post("/jobs/<int:delivery_id>/retry")
def retry(delivery_id: int) -> ResponseReturnValue:
    """Retry a delivery."""
    with writing() as session:
        deliveries.retry(session, actor(), delivery_id)
    flash(_("The job will be retried."), "good")
    return _to_jobs()


@blueprint.post("/jobs/<int:delivery_id>/give-up")
def give_up(delivery_id: int) -> ResponseReturnValue:
    """Give up on a delivery."""
    with writing() as session:
        deliveries.give_up(session, actor(), delivery_id)
    flash(_("The job won’t be retried."), "good")
    return _to_jobs()


@blueprint.post("/jobs/retry-all")
def retry_all() -> ResponseReturnValue:
    """Retry all failed deliveries of a subscriber."""
    with writing() as session:
        count = deliveries.retry_all(session, actor(), _name(request.form.get("subscriber", "")))
    flash(ngettext("The job will be retried.", "All %(num)s jobs will be retried.", count), "good")
    return _to_jobs()


@blueprint.get("/security/drill")
def show_drill() -> ResponseReturnValue:
    """Show the findings of the last leak drill, or the progress of a running one."""
    runs = drills.list_drills(reading(), actor())
    return render_template(
        "audit/drill.html",
        runs=runs,
        under_way=next((run for run in runs if run.done_at is None), None),
        last=next((run for run in runs if run.done_at is not None), None),
        worker_here=any(
            not worker.lost and worker.row.stopped_at is None
            for worker in jobs.workers(reading(), actor())
        ),
    )


@blueprint.post("/security/drill")
def run_drill() -> ResponseReturnValue:
    """Request a run of the leak drill."""
    with writing() as session:
        drills.ask_for_drill(session, actor())
    return redirect("/-/admin/security/drill", 303)


@blueprint.get("/storage")
def show_storage() -> ResponseReturnValue:
    """Show the use of disk space."""
    return render_template(
        "audit/storage.html",
        sizes=storage.sizes(reading(), actor(), settings()),
        spaces=storage.largest_spaces(reading(), actor()),
        pages=storage.largest_pages(reading(), actor()),
        on_postgres=not parts().database.is_sqlite,
    )


def _to_jobs() -> ResponseReturnValue:
    subscriber = request.form.get("of", "")
    query = f"?{urlencode({'subscriber': subscriber})}" if subscriber else ""
    return redirect(f"/-/admin/jobs{query}", 303)


def _name(typed: str) -> str:
    """Return what could be a name or an address: printable characters only, at most 80."""
    return "".join(each for each in typed if each.isprintable()).strip()[:80]


def _number(name: str) -> int | None:
    found = request.args.get(name, type=int)
    return found if found is not None and 0 <= found <= 2**53 else None
