"""The site's own screens: home, health, and a few files with well-known names."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, jsonify, redirect, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import text

from wiki.db import now
from wiki.errors import Invalid, NotFound
from wiki.home import checklist, queries
from wiki.home.starts import starts_in
from wiki.i18n import gettext as _
from wiki.people.signin.sign_in import current_or_none
from wiki.resources import TEMPLATES
from wiki.search.completion.pages import remembered_pages
from wiki.spaces.queries import list_spaces
from wiki.text.markdown.context import RenderContext
from wiki.text.markdown.markup import Marks, mark, render
from wiki.web.errors import flash
from wiki.web.public import public
from wiki.web.request import actor, reading, settings, writing
from wiki.web.response_cache import cached

blueprint = Blueprint("home", __name__)


@blueprint.get("/")
@public
@cached
def index() -> ResponseReturnValue:
    """Show pages to go on with or spaces to start from, what is new, and the spaces that the actor
    may read."""
    session = reading()
    spaces = list_spaces(session, actor())
    edited = queries.pages_edited_by(session, actor())
    return render_template(
        "home.html",
        spaces=spaces,
        starts=() if edited else starts_in(session, actor(), spaces),
        edited=edited,
        news=queries.news_for(session, actor(), current_or_none()),
        checklist=checklist.checklist_for(session, settings(), actor()),
    )


@blueprint.get("/-/recent")
@public
def recently_read() -> ResponseReturnValue:
    """Return a fragment with the pages of these ids (`pages`), which only the reader's browser
    remembers."""
    read = remembered_pages(reading(), actor(), request.args.get("pages", ""))
    return render_template("home_recent.html", pages=read)


@blueprint.post("/-/checklist/dismiss")
def dismiss_checklist() -> ResponseReturnValue:
    """Dismiss the checklist of first steps."""
    with writing() as session:
        checklist.dismiss(session, actor())
    return redirect("/", 303)


@blueprint.post("/-/checklist/test-email")
def send_test_email() -> ResponseReturnValue:
    """Send a test email to the user."""
    try:
        with writing() as session:
            address = checklist.send_test(session, settings(), actor())
    except Invalid as refused:
        flash(str(refused), "problem")
    else:
        flash(_("A test email is on its way to %(address)s.", address=address))
    return redirect("/", 303)


@blueprint.get("/-/health")
@public
def health() -> ResponseReturnValue:
    """Return 200 if the wiki answers and reaches its database."""
    reading().execute(text("SELECT 1"))
    return jsonify({"status": "ok"})


@blueprint.get("/robots.txt")
@public
def robots() -> ResponseReturnValue:
    """Return the rules for search engines, which may read public pages but not the screens behind
    ``/-/``.

    Shared pages may be requested too, because only their responses tell search engines not to list
    them.
    """
    return Response(
        "User-agent: *\nAllow: /-/s/\nDisallow: /-/\nDisallow: /*/-/\n", mimetype="text/plain"
    )


@blueprint.get("/favicon.ico")
@public
def favicon() -> ResponseReturnValue:
    """Redirect to the icon, for clients that do not read its address from the page."""
    return redirect(current_app.jinja_env.globals["asset"]("mark.svg"))  # type: ignore[operator]


@blueprint.get("/-/styles")
@public
def styles() -> ResponseReturnValue:
    """Show the style guide, in development only."""
    if not current_app.debug:
        raise NotFound
    sample = (TEMPLATES / "ui/styles.md").read_text()
    rendering = render(sample, RenderContext("styles", "styles", False, "Styles"))
    html = mark(rendering.html, Marks([link.ordinal for link in rendering.links]))
    return render_template("ui/styles.html", prose=html, now=now())
