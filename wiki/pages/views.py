"""Views for reading and writing pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Blueprint, jsonify, redirect, render_template, request
from flask.typing import ResponseReturnValue

from wiki.errors import Invalid, TooLarge
from wiki.i18n import gettext as _
from wiki.i18n import ngettext
from wiki.kind import DEFAULT
from wiki.kind_registry import kind_named, registered_kinds, require_kind
from wiki.pages import actions, below, queries, revising, revisions
from wiki.pages.access.access_log import log_read
from wiki.pages.access.label_policy import ShowsRestricted
from wiki.pages.conflicts.views import conflict_screen, edit_screen, refusal_shown, say_merged
from wiki.pages.forms import PageForm, edit_from, form_of, lines_above, page_form
from wiki.pages.links.backlinks import backlinks as pages_linking_to
from wiki.pages.links.marking import marks_for, marks_of
from wiki.pages.merging import Text
from wiki.pages.models import Page
from wiki.pages.new_addresses import address_for
from wiki.pages.ordering.parents import Choice, parents_in
from wiki.pages.page_context import (
    Past,
    frame,
    live_page,
    page_frame,
    past_at,
    place_at,
    preview_of,
    shown_tree,
    space_tree,
    with_includes,
    with_mentions,
)
from wiki.pages.rendering.including import without_includes
from wiki.pages.rendering.reading import RENDERING, read_links, read_rendering, rendering_in
from wiki.pages.rendering.stored import ensure_head, prepare
from wiki.pages.saving import checks
from wiki.pages.saving.duplicating import copy_of
from wiki.pages.saving.edit import Edit, NewPage
from wiki.pages.saving.form_saves import max_bytes, save_form, show_saved
from wiki.pages.saving.own_messages import message_in_words
from wiki.pages.saving.prescan import context_of_new
from wiki.pages.saving.secrets import SecretsFound
from wiki.pages.saving.section_edits import fragment_of, narrowed, widened
from wiki.pages.saving.submit import Conflict
from wiki.pages.tree import children_of
from wiki.rules.access import May
from wiki.spaces.models import Space
from wiki.spaces.queries import see_space
from wiki.text.markdown.context import RenderContext
from wiki.text.markdown.fragments import with_section_links
from wiki.text.markdown.markup import mark
from wiki.text.own_texts import in_words, sentence_of
from wiki.text.paths import parent_of, path_key, slugify, title_from
from wiki.web.errors import flash
from wiki.web.limits.rate_limit import costs
from wiki.web.public import public
from wiki.web.reauth_form import keeps_text
from wiki.web.request import actor, finish_reading, parts, reading, writing
from wiki.web.response_cache import cached
from wiki.web.screens.slots import page_columns
from wiki.web.urls import page_url, verb

blueprint = Blueprint("pages", __name__)
blueprint.add_app_template_global(space_tree)
blueprint.add_app_template_filter(with_section_links)
blueprint.add_app_template_filter(message_in_words)


@blueprint.app_template_global()
def possible_parents(space: Space) -> Sequence[Choice]:
    """Return pages of a space under which the actor may put one."""
    return parents_in(reading(), actor(), space)


@blueprint.get("/<space:slug>/", defaults={"path": ""})
@blueprint.get("/<space:slug>/<page:path>")
@public
@cached
def read(slug: str, path: str) -> ResponseReturnValue:
    """Show a page, or what is known about a path without one."""
    place = place_at(slug, path)
    if place.page is None:
        return _nothing_here(place)
    if place.page.path != path:
        return redirect(page_url(slug, place.page.path, **request.args.to_dict()))
    return _read_screen(Past(place.seen, place.page))


def _read_screen(past: Past) -> ResponseReturnValue:
    """Show a page, or the revision of it that the address names."""
    page = past.page
    number = request.args.get("revision", type=int)
    if "revision" in request.args and (number is None or not 1 <= number <= page.head):
        raise revisions.NoSuchRevision(page)
    session = reading()
    is_head = (number or page.head) == page.head
    live = page.deleted_at is None
    blocks = page_columns(parts().rooms) if live and is_head and actor().person_id else ()
    revision, columns = revisions.get_revision_with(
        session,
        page,
        number or page.head,
        (*RENDERING, *blocks),
        person_id=actor().person_id,
    )
    log_read(past.seen, page, revision.number)
    rendering = rendering_in(columns, session, past.space.slug, revision)
    if live and is_head and not (rendering.kept and page.rendered == page.head):
        finish_reading()
        ensure_head(parts().database, page.id)  # first read: store the rendering for later requests
        session = reading()
    html = rendering.html
    if is_head:
        html = mark(html, marks_of(session, actor(), page))
        html = with_includes(html, page=page)
    else:
        links = read_links(session, past.space.slug, revision)
        html = mark(html, marks_for(session, actor(), past.space.slug, revision.path, links))
        html = with_mentions(without_includes(html))
    return render_template(
        "pages/read.html",
        **page_frame(past, page, columns),
        kind=kind_named(page.kind),
        revision=revision,
        is_old=not is_head,
        html=html,
        rendering=rendering,
    )


def _nothing_here(place: queries.Place) -> ResponseReturnValue:
    if place.moved_to is not None:
        target = place.moved_to
        query = request.query_string.decode("ascii", "ignore")
        url = page_url(target.space.slug, target.path)
        return redirect(f"{url}?{query}" if query else url, 302)
    session = reading()
    key = path_key(place.path)
    below = shown_tree(place.seen, children_of(session, place.seen, [key]), key)
    if not place.path:
        return render_template(
            "pages/empty_space.html",
            **frame(place.seen, ""),
            below=below,
            deleted=place.deleted,
            can_edit=bool(place.seen.may(May.EDIT)),
        )
    body = render_template(
        "pages/missing.html",
        **frame(place.seen, place.path, title_from(place.path)),
        path=place.path,
        title=title_from(place.path),
        below=below,
        deleted=place.deleted,
        can_edit=bool(place.seen.may(May.EDIT)),
    )
    return body, 200 if below.nodes else 404


@blueprint.get("/-/p/<int:page_id>")
@public
def permalink(page_id: int) -> ResponseReturnValue:
    """Redirect to the present address of a page by its id; show a deleted page here."""
    return _read_screen(past_at("", "", page_id))


def _new_again(sent: Mapping[str, str], *, slug: str) -> ResponseReturnValue:
    seen = see_space(reading(), actor(), slug)
    seen.require(May.EDIT)
    return new_screen(seen, page_form(sent), sent=sent)


@blueprint.route("/<space:slug>/-/new", methods=["GET", "POST"])
@keeps_text(_new_again)
def new(slug: str) -> ResponseReturnValue:
    """Create a page."""
    seen = see_space(reading(), actor(), slug)
    seen.require(May.EDIT)
    kind = require_kind(request.values.get("kind", DEFAULT))
    form = page_form(request.values, kind)
    if request.method == "GET":
        if form.path and not form.title:
            form.title = title_from(form.path)
        return new_screen(seen, form)
    try:
        place = NewPage(seen.space, _new_path(seen.space, form))
        edit = edit_from(form, place, max_bytes()).normalised()
        if "preview" in request.form:
            html = _preview_of(edit, context_of_new(edit))
            return new_screen(seen, form, preview=html)
        saved = save_form(seen, edit)
    except (Invalid, TooLarge) as error:
        return new_screen(seen, form, error)
    except (SecretsFound, ShowsRestricted) as found:
        return new_screen(seen, form, refused=found)
    return show_saved(saved, attach=request.form.get("then") == "edit")


def _new_path(space: Space, form: PageForm) -> str:
    """Return the path for the new page of a form: a typed one, or one made from the title."""
    if request.form.get("home") or form.path:
        return "" if request.form.get("home") else form.path
    under = checks.checked_path(request.form.get("under", ""))
    return address_for(reading(), actor(), space, under, form.title)[0]


def _preview_of(edit: Edit, context: RenderContext, page: Page | None = None) -> str:
    text = edit.text or Text("", "")
    rendering = prepare(checks.content_hash_of(text), text.body, context)
    return preview_of(rendering, context.space, context.path, page)


def new_screen(
    seen: Any,
    form: PageForm,
    error: Invalid | TooLarge | None = None,
    preview: str | None = None,
    sent: Mapping[str, str] | None = None,
    refused: SecretsFound | ShowsRestricted | None = None,
) -> ResponseReturnValue:
    """Show the form for a new page.

    :param sent: the fields of the form that are not the page's: the path of the page to create it
        below (``under``), and the name under which the browser keeps the draft (``draft``).
    """
    status = error.status if error else refused.status if refused else 200
    sent = request.values if sent is None else sent
    under = sent.get("under") or parent_of(form.path) or ""
    body = render_template(
        "pages/new.html",
        **frame(seen, form.path or under),
        form=form,
        kinds=[kind for kind in registered_kinds() if not form.body and seen.may(kind.create)],
        under=under,
        home=bool(sent.get("home")),
        draft=sent.get("draft", ""),
        preview=preview,
        errors={error.field or "": error.sentence} if error else {},
        **refusal_shown(refused, form.body),
    )
    return body, status


@verb(blueprint, "duplicate")
def duplicate(slug: str, path: str) -> ResponseReturnValue:
    """Show the form for a new page, filled in with a copy of a page."""
    place = place_at(slug, path)
    page = live_page(place)
    place.seen.require(May.EDIT)
    form, under = copy_of(reading(), actor(), place, page)
    log_read(place.seen, page, page.head)
    return new_screen(place.seen, form, sent={"under": under, "draft": f"copy:{page.id}"})


def _edit_again(sent: Mapping[str, str], *, slug: str, path: str) -> ResponseReturnValue:
    place = place_at(slug, path)
    page = live_page(place)
    place.seen.require(May.EDIT)
    return edit_screen(place, page, _sent_form(page, sent))


def _sent_form(page: Page, sent: Mapping[str, str]) -> PageForm:
    """Return the form of a page, or of one of its sections, that was sent."""
    form = page_form(sent, kind_named(page.kind))
    form.section, form.section_title = sent.get("section", ""), sent.get("section_title", "")
    return form


@verb(blueprint, "edit", methods=["GET", "POST"])
@keeps_text(_edit_again)
def edit(slug: str, path: str) -> ResponseReturnValue:
    """Edit a page or, with ``section``, one of its sections. The form carries the number of the
    revision that the edit started from."""
    place = place_at(slug, path)
    page = live_page(place)
    place.seen.require(May.EDIT)
    if request.method == "GET":
        return _open_editor(place, page)
    form = whole = _sent_form(page, request.form)
    try:
        whole = widened(reading(), page, form)
        if "preview" in request.form:
            edit = edit_from(form, page.id, max_bytes()).normalised()
            title = edit.text.title if edit.text else ""
            context = RenderContext(slug, page.path, page.folder, title, routes=page.routes)
            return edit_screen(place, page, form, preview=_preview_of(edit, context, page))
        saved = save_form(place.seen, edit_from(whole, page.id, max_bytes()).normalised(), page)
    except Conflict as conflict:
        return conflict_screen(place, page, whole, conflict)
    except (SecretsFound, ShowsRestricted) as found:
        return edit_screen(place, page, whole, refused=found)
    except (Invalid, TooLarge) as error:
        return edit_screen(place, page, form, error)
    if saved.merged:
        say_merged(saved, form.base)
    elif not saved.changed:
        flash(_("Nothing was changed, so nothing was saved."), "note")
    return show_saved(saved, fragment_of(form))


def _open_editor(place: queries.Place, page: Page) -> ResponseReturnValue:
    """Show the editor with the text of a page, or of the section that the address names."""
    form = form_of(revising.text_of(reading(), revisions.head_of(reading(), page)), page.head)
    log_read(place.seen, page, page.head)
    section = request.args.get("section", "")
    narrow = narrowed(form, section) if section else None
    if section and narrow is None:
        flash(_("This section can’t be edited on its own, so this is the whole page."), "note")
    return edit_screen(place, page, narrow or form)


@blueprint.post("/<space:slug>/-/preview")
@costs("previews")
def preview(slug: str) -> ResponseReturnValue:
    """Return the preview of the text in the editor, as a fragment of HTML in JSON. Its blocks have
    the numbers of their lines, not counting the ``above`` lines of front matter."""
    seen = see_space(reading(), actor(), slug)
    seen.require(May.EDIT)
    form = page_form(request.form)
    checked = checks.checked(Text(form.title or "Untitled", form.body, (), "", {}), max_bytes())
    is_page = form.path or form.base  # a new one has no base, and its path may follow its title
    path = checks.checked_path(form.path) if is_page else slugify(checked.title)
    page = queries.look_up(reading(), actor(), slug, path).page if is_page else None
    routes = page.routes if page else ()
    context = RenderContext(slug, path, form.folder, checked.title, routes=routes, lines=True)
    rendering = prepare(checks.content_hash_of(checked), checked.body, context)
    html = preview_of(rendering, slug, path)
    above = lines_above(form.body, checked.body)
    reason = sentence_of(rendering.source_shown)
    return jsonify({"html": in_words(html), "source_shown": reason, "above": above})


@verb(blueprint, "delete", methods=["GET", "POST"])
def delete(slug: str, path: str) -> ResponseReturnValue:
    """Delete a page, after confirmation."""
    place = place_at(slug, path)
    page = live_page(place)
    place.seen.require(May.EDIT)
    if request.method == "POST":
        with writing() as session:
            gone = actions.delete_page(
                session, actor(), page.id, with_subtree="subtree" in request.form
            )
        flash(
            ngettext(
                "Deleted. It can be restored.",
                "Deleted %(num)s pages. They can be restored.",
                len(gone),
            )
        )
        return redirect(page_url(slug, page.path), 303)
    return render_template(
        "pages/delete.html",
        **page_frame(place, page),
        subtree=below.subtree_of(reading(), actor(), page),
        linking=pages_linking_to(reading(), actor(), page),
    )


@blueprint.route("/-/p/<int:page_id>/restore", methods=["GET", "POST"])
def undelete(page_id: int) -> ResponseReturnValue:
    """Restore a deleted page."""
    page = queries.get_page(reading(), actor(), page_id)
    seen = see_space(reading(), actor(), page.space.slug)
    seen.require(May.EDIT)
    seen_page = queries.see_page(reading(), actor(), page)
    if page.deleted_at is None:
        return redirect(page_url(page.space.slug, page.path), 302)
    error: Invalid | None = None
    if request.method == "POST":
        try:
            with writing() as session:
                back = actions.restore_page(
                    session, actor(), page_id, raw_path=request.form.get("path")
                )
        except Invalid as refused:
            error = refused
            page = queries.get_page(reading(), actor(), page_id)
        else:
            flash(_("Page restored."))
            return redirect(page_url(page.space.slug, back.path), 303)
    revision = revisions.head_of(reading(), page)
    log_read(seen_page, page, page.head)
    rendering = read_rendering(reading(), page.space.slug, revision)
    body = render_template(
        "pages/undelete.html",
        **page_frame(Past(seen_page, page), page),
        revision=revision,
        html=with_mentions(without_includes(rendering.html)),
        path=request.form.get("path", page.path),
        errors={error.field or "": error.sentence} if error else {},
    )
    return body, error.status if error else 200


@verb(blueprint, "backlinks")
@public
def backlinks(slug: str, path: str) -> ResponseReturnValue:
    """Show the pages that link to a page."""
    place = place_at(slug, path)
    page = live_page(place)
    return render_template(
        "pages/backlinks.html",
        **page_frame(place, page),
        linking=pages_linking_to(reading(), actor(), page),
    )
