"""The form for a new space, and the page that a new space starts with."""

from __future__ import annotations

from dataclasses import replace

from flask import Blueprint, redirect, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from wiki.errors import Invalid, require_allowed
from wiki.i18n import gettext as _
from wiki.pages.merging import Text
from wiki.pages.saving.edit import Edit, NewPage
from wiki.pages.saving.submit import submit
from wiki.resources import TEMPLATES
from wiki.rules.access import Actor, may_create_spaces
from wiki.rules.labels import Label
from wiki.spaces.actions import create_space, slug_from
from wiki.spaces.models import Space
from wiki.spaces.views import form_screen, values_asked
from wiki.web.errors import flash
from wiki.web.request import actor, settings, writing
from wiki.web.urls import page_url

blueprint = Blueprint("new_space", __name__)


@blueprint.route("/-/spaces/new", methods=["GET", "POST"])
def new_space() -> ResponseReturnValue:
    """Create a space, with a home page that explains it if the form asks for one."""
    require_allowed(may_create_spaces(actor()))
    error: Invalid | None = None
    if request.method == "POST":
        try:
            with writing() as session:
                label = Label.named(settings().space_label)
                values = replace(values_asked(), label=label)
                slug = request.form.get("slug") or slug_from(values.title)
                space = create_space(session, actor(), slug, values)
                if request.form.get("home_page"):
                    write_home_page(session, actor(), space)
        except Invalid as refused:
            error = refused
        else:
            flash(_("Created the space %(title)s.", title=space.title))
            return redirect(page_url(space.slug, ""), 303)
    return form_screen("spaces/new.html", error)


def write_home_page(session: Session, actor: Actor, space: Space) -> None:
    """Create the home page of a new space as its creator: an ordinary page, which explains the
    space and its first steps."""
    body = (TEMPLATES / "spaces/home_page.md").read_text(encoding="utf-8")
    submit(session, actor, Edit(NewPage(space, ""), Text(space.title, body)))
