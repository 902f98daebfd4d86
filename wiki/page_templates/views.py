"""Views that start a new page from a template."""

from __future__ import annotations

from dataclasses import dataclass, replace

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from wiki.db import now
from wiki.errors import Invalid, NotFound
from wiki.page_templates import queries
from wiki.page_templates.fields import LONGEST_VALUE, Field, checked, fields_in, fill
from wiki.pages import revising
from wiki.pages.access.access_log import log_read
from wiki.pages.forms import form_of
from wiki.pages.merging import Text
from wiki.pages.models import Page
from wiki.pages.page_context import frame, live_page, place_at
from wiki.pages.queries import get_page, see_page
from wiki.pages.revisions import head_of
from wiki.pages.saving.checks import MAX_TITLE
from wiki.pages.saving.duplicating import readdressed
from wiki.pages.views import new_screen
from wiki.rules.access import May
from wiki.spaces.queries import SpaceAccess, see_space
from wiki.text.paths import join, slugify
from wiki.web.request import actor, reading
from wiki.web.urls import verb

blueprint = Blueprint("page_templates", __name__)


@dataclass(frozen=True)
class Chosen:
    """The template that a request names: its text, and the page that contains it, if it is one."""

    key: str
    label: str
    text: Text
    page: Page | None = None

    @property
    def fields(self) -> list[Field]:
        """The fields to ask for."""
        return fields_in((self.text.title, self.text.description, self.text.body))


@blueprint.get("/<space:slug>/-/templates")
def gallery(slug: str) -> ResponseReturnValue:
    """Show the templates to choose from."""
    seen = _seen(slug)
    return render_template(
        "page_templates/gallery.html",
        **frame(seen, _under()),
        built_in=queries.BUILT_IN,
        own=queries.list_own(reading(), actor(), seen.space),
        folder=queries.FOLDER,
        under=_under(),
    )


@blueprint.route("/<space:slug>/-/templates/<key>", methods=["GET", "POST"])
def use(slug: str, key: str) -> ResponseReturnValue:
    """Ask for the fields of a template, by its name or the id of its page, and show the form for a
    new page with their values."""
    seen = _seen(slug)
    chosen = _chosen(seen, key)
    fields = chosen.fields
    error: Invalid | None = None
    if request.method == "POST" or not fields:
        try:
            return _editor(seen, chosen, checked(fields, request.form))
        except Invalid as refused:
            error = refused
    body = render_template(
        "page_templates/fields.html",
        **frame(seen, _under()),
        chosen=chosen,
        fields=fields,
        longest=LONGEST_VALUE,
        under=_under(),
        sent=request.form,
        today=now().date().isoformat(),
        errors={error.field or "": error.sentence} if error else {},
    )
    return body, error.status if error else 200


@verb(blueprint, "as-template")
def as_template(slug: str, path: str) -> ResponseReturnValue:
    """Show the form for a new template, filled in with the text of a page."""
    place = place_at(slug, path)
    page = live_page(place)
    place.seen.require(May.EDIT)
    text = revising.text_of(reading(), head_of(reading(), page))
    there = join(queries.FOLDER, slugify(text.title))
    text = replace(text, body=readdressed(text.body, page, slug, there))
    log_read(place.seen, page, page.head)
    sent = {"under": queries.FOLDER, "draft": f"template:{page.id}"}
    return new_screen(place.seen, form_of(text, 0), sent=sent)


def _editor(seen: SpaceAccess, chosen: Chosen, values: dict[str, str]) -> ResponseReturnValue:
    """Show the form for a new page with the text of a template and these values."""
    text, fields = chosen.text, chosen.fields
    title = " ".join(fill(text.title, fields, values).split())[:MAX_TITLE]
    body, description = fill(text.body, fields, values), fill(text.description, fields, values)
    if chosen.page is not None:
        body = readdressed(body, chosen.page, seen.space.slug, join(_under(), slugify(title)))
        log_read(see_page(reading(), actor(), chosen.page), chosen.page, chosen.page.head)
    form = form_of(replace(text, title=title, body=body, description=description), 0)
    sent = {"under": _under(), "draft": f"from:{chosen.key}"}
    return new_screen(seen, form, sent=sent)


def _chosen(seen: SpaceAccess, key: str) -> Chosen:
    if not (key.isascii() and key.isdigit() and len(key) < 10):
        template = queries.built_in(key)
        return Chosen(key, template.label, Text(template.title, template.body))
    page = get_page(reading(), actor(), int(key))
    if page.space_id != seen.space.id or page.deleted_at is not None:
        raise NotFound
    text = revising.text_of(reading(), head_of(reading(), page))
    return Chosen(key, page.title, text, page)


def _seen(slug: str) -> SpaceAccess:
    seen = see_space(reading(), actor(), slug)
    seen.require(May.EDIT)
    return seen


def _under() -> str:
    """Return the path of the page to create the new one below."""
    return request.values.get("under", "")
