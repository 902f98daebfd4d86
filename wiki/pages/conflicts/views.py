"""Views for concurrent edits of a page: merge notices, and the form that resolves conflicts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue
from markupsafe import Markup, escape

from wiki.errors import Invalid, NotFound, TooLarge
from wiki.i18n import gettext as _
from wiki.i18n import listed
from wiki.kind_registry import kind_named
from wiki.pages import queries, revising, revisions
from wiki.pages.access.access_log import log_read
from wiki.pages.access.label_policy import ShowsRestricted
from wiki.pages.authors import authors_between
from wiki.pages.conflicts.resolving import Unanswered, answered, questions, seal, settled
from wiki.pages.forms import PageForm, edit_from, form_of, page_form, shown_in, suspects, text_from
from wiki.pages.merging import merge_texts
from wiki.pages.models import Action, Page
from wiki.pages.page_context import page_frame, place_at
from wiki.pages.saving import checks
from wiki.pages.saving.edit import Saved
from wiki.pages.saving.form_saves import max_bytes, save_form, show_saved
from wiki.pages.saving.secrets import SecretsFound
from wiki.pages.saving.submit import Conflict
from wiki.rules.access import May
from wiki.web.errors import flash
from wiki.web.reauth_form import keeps_text
from wiki.web.request import reading
from wiki.web.urls import page_url, verb

blueprint = Blueprint("conflicts", __name__)


def _resolve_again(sent: Mapping[str, str], *, slug: str, path: str) -> ResponseReturnValue:
    place = place_at(slug, path)
    if place.page is None:
        raise NotFound
    place.seen.require(May.EDIT)
    form = page_form(sent, kind_named(place.page.kind))
    conflict = _conflict(place.page, form, sent)
    return conflict_screen(place, place.page, form, conflict, sent)


@verb(blueprint, "resolve", methods=["GET", "POST"])
@keeps_text(_resolve_again)
def resolve(slug: str, path: str) -> ResponseReturnValue:
    """Save the decisions about two conflicting edits, or continue editing the decided text."""
    place = place_at(slug, path)
    page = place.page
    if page is None:
        raise NotFound
    place.seen.require(May.EDIT)
    if request.method == "GET":
        return redirect(page_url(slug, page.path, "edit"), 302)
    form = page_form(request.form, kind_named(page.kind))
    try:
        conflict = _conflict(page, form, request.form)
        text = checks.checked(answered(conflict.merge, request.form), max_bytes())
    except Unanswered:
        return conflict_screen(place, page, form, conflict, request.form)
    except (Invalid, TooLarge) as error:
        return edit_screen(place, page, form, error)
    decided = form_of(text, conflict.head.number, form.message)
    if "more" in request.form:
        log_read(place.seen, page, conflict.head.number)
        return edit_screen(place, page, decided)
    edit = edit_from(decided, page.id, max_bytes())
    try:
        edit = replace(edit, text=text, action=Action.MERGE, checked=True)
        saved = save_form(place.seen, edit, page)
    except Conflict as again:
        return conflict_screen(place_at(slug, path), page, decided, again)
    except (SecretsFound, ShowsRestricted) as found:
        return edit_screen(place_at(slug, path), page, decided, refused=found)
    except (Invalid, TooLarge) as error:
        return edit_screen(place_at(slug, path), page, decided, error)
    if saved.merged:
        say_merged(saved, decided.base)
    elif saved.changed:
        flash(_("Saved."))
    else:
        flash(_("The page already matches your choices, so nothing was saved."))
    return show_saved(saved)


def _conflict(page: Page, form: PageForm, sent: Mapping[str, str]) -> Conflict:
    """Compute the conflict that the form is about again, from its fields.

    :raises NotFound: when the form names revisions that do not exist.
    """
    session = reading()
    head = revisions.get_revision(session, page, _number(sent.get("theirs", "")))
    origin = revising.text_of(session, revisions.get_revision(session, page, form.base))
    mine = checks.checked(text_from(form), max_bytes())
    merge = merge_texts(origin, mine, revising.text_of(session, head))
    return Conflict(form.base, head, merge)


def _number(raw: str) -> int:
    return int(raw) if raw.isascii() and raw.isdigit() and len(raw) < 10 else 0


def conflict_screen(
    place: queries.Place,
    page: Page,
    form: PageForm,
    conflict: Conflict,
    sent: Mapping[str, str] | None = None,
    undone: int = 0,
) -> ResponseReturnValue:
    """Show both texts and their common base, with a choice for each conflict.

    :param sent: the answers so far, some of which are missing.
    :param undone: the number of the revision that is being undone, if the text is its reverse.
    """
    authors = authors_between(reading(), page, conflict.base, conflict.head.number)
    log_read(place.seen, page, conflict.base, conflict.head.number)
    body = render_template(
        "pages/conflict.html",
        **page_frame(place, page),
        form=form,
        conflict=conflict,
        questions=questions(conflict.merge, sent or {}),
        settled=settled(conflict.merge),
        seal=seal(conflict.merge),
        authors=authors,
        unanswered=sent is not None,
        undone=undone or _number((sent or {}).get("undone", "")),
    )
    return body, 409


def edit_screen(
    place: queries.Place,
    page: Page,
    form: PageForm,
    error: Invalid | TooLarge | None = None,
    preview: str | None = None,
    refused: SecretsFound | ShowsRestricted | None = None,
) -> ResponseReturnValue:
    """Show the editor with the author's text."""
    status = error.status if error else refused.status if refused else 200
    body = render_template(
        "pages/edit.html",
        preview=preview,
        **page_frame(place, page),
        form=form,
        errors={error.field or "": error.sentence} if error else {},
        **refusal_shown(refused, form.body),
    )
    return body, status


def refusal_shown(refused: SecretsFound | ShowsRestricted | None, body: str) -> dict[str, Any]:
    """Return the template variables for a text that was refused for likely secrets or for narrower
    content. They include the author's answer to the other kind of refusal, if one came before."""
    if refused is None:
        return {}
    sent = request.form
    if isinstance(refused, ShowsRestricted):
        said = {"allow": sent.get("allow", ""), "seen": sent.get("seen", "")}
        return {"narrower": refused, "shown": shown_in(refused, body), "said": said}
    seen = ",".join(one.key for one in refused.secrets)
    said = {"raise": sent.get("raise", "")}
    return {"suspects": suspects(refused.secrets, body), "seen_secrets": seen, "said": said}


def say_merged(saved: Saved, base: int) -> None:
    """Show a notice that another edit was merged with the author's own."""
    page, number = saved.page, saved.revision.number
    authors = authors_between(reading(), page, base, number - 1)
    names = [author.person.name for author in authors if author.person] or [_("Someone")]
    home = page_url(page.space.slug, page.path)
    url = f"{home}{'/' if page.path else ''}-/diff/{base}..{number - 1}"
    flash(
        Markup(  # noqa: S704 -- the values are escaped
            _(
                "Saved. %(who)s also edited this page while you were editing; both edits are "
                'included. <a href="%(url)s">View the other edit</a>',
                who=escape(listed(names)),
                url=escape(url),
            )
        )
    )
