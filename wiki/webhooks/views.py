"""Views of webhooks, for leads: the list, one webhook with the log of its calls, and changes."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from wiki.errors import Invalid
from wiki.i18n import gettext as _
from wiki.pages.page_context import frame
from wiki.people.signin.reauthentication import confirm_first
from wiki.spaces.queries import SpaceAccess, see_space
from wiki.web.errors import flash
from wiki.web.request import actor, reading, settings, writing
from wiki.web.urls import space_url
from wiki.webhooks import actions
from wiki.webhooks.actions import Wish
from wiki.webhooks.composing import most_named
from wiki.webhooks.kinds import FORMATS, STATES, TITLES, Format
from wiki.webhooks.models import Webhook

blueprint = Blueprint("webhooks", __name__)


@blueprint.app_template_global()
def has_webhooks() -> bool:
    """Return whether the settings permit webhooks."""
    return most_named(settings()) is not None


@blueprint.get("/<space:slug>/-/webhooks")
def of_space(slug: str) -> ResponseReturnValue:
    """List the webhooks of a space, with a form to create one."""
    return _list(slug)


@blueprint.post("/<space:slug>/-/webhooks")
@confirm_first
def create(slug: str) -> ResponseReturnValue:
    """Create a webhook; only this response shows its secret."""
    try:
        with writing() as session:
            seen = _seen(session, slug)
            row, secret = actions.create_webhook(session, actor(), settings(), seen.space, _wish())
            webhook_id = row.id
    except Invalid as refused:
        return _list(slug, refused)
    return _one(slug, webhook_id, secret=secret)


@blueprint.get("/<space:slug>/-/webhooks/<int:hook>")
def one(slug: str, hook: int) -> ResponseReturnValue:
    """Show a webhook and its latest calls."""
    return _one(slug, hook)


@blueprint.post("/<space:slug>/-/webhooks/<int:hook>")
@confirm_first
def change(slug: str, hook: int) -> ResponseReturnValue:
    """Change a webhook."""
    try:
        with writing() as session:
            row = actions.get_webhook(session, _seen(session, slug), hook)
            on = "on" in request.form
            actions.change_webhook(session, actor(), settings(), row, _wish(), on=on)
    except Invalid as refused:
        return _one(slug, hook, error=refused)
    flash(_("Webhook saved."), "good")
    return redirect(_url(slug, hook), 303)


@blueprint.post("/<space:slug>/-/webhooks/<int:hook>/secret")
@confirm_first
def renew(slug: str, hook: int) -> ResponseReturnValue:
    """Give a webhook a new secret; only this response shows it."""
    with writing() as session:
        row = actions.get_webhook(session, _seen(session, slug), hook)
        secret = actions.renew_secret(session, actor(), settings(), row)
    return _one(slug, hook, secret=secret)


@blueprint.post("/<space:slug>/-/webhooks/<int:hook>/test")
def test(slug: str, hook: int) -> ResponseReturnValue:
    """Queue a test call."""
    try:
        with writing() as session:
            row = actions.get_webhook(session, _seen(session, slug), hook)
            actions.queue_test(session, row)
    except Invalid as refused:
        return _one(slug, hook, error=refused)
    flash(_("The test is on its way. Reload this screen to see the response."), "good")
    return redirect(_url(slug, hook), 303)


@blueprint.post("/<space:slug>/-/webhooks/<int:hook>/calls/<int:id>")
def repeat(slug: str, hook: int, id: int) -> ResponseReturnValue:
    """Make a call again."""
    try:
        with writing() as session:
            row = actions.get_webhook(session, _seen(session, slug), hook)
            actions.repeat_call(session, row, id)
    except Invalid as refused:
        return _one(slug, hook, error=refused)
    flash(_("The call will be made again."), "good")
    return redirect(_url(slug, hook), 303)


@blueprint.post("/<space:slug>/-/webhooks/<int:hook>/delete")
def delete(slug: str, hook: int) -> ResponseReturnValue:
    """Delete a webhook."""
    with writing() as session:
        row = actions.get_webhook(session, _seen(session, slug), hook)
        actions.delete_webhook(session, actor(), row)
    flash(_("Webhook deleted."), "good")
    return redirect(space_url(slug, "webhooks"), 303)


def _url(slug: str, hook: int) -> str:
    return space_url(slug, f"webhooks/{hook}")


def _seen(session: Session, slug: str) -> SpaceAccess:
    seen = see_space(session, actor(), slug)
    actions.require_lead(seen, settings())
    return seen


def _wish() -> Wish:
    form = request.form
    return Wish(
        form.get("name", ""), form.get("address", ""), form.get("format", ""), form.getlist("kinds")
    )


def _list(slug: str, error: Invalid | None = None) -> ResponseReturnValue:
    seen = _seen(reading(), slug)
    typed = _wish() if error else Wish("", "", Format.JSON, [kind.value for kind in TITLES])
    body = render_template(
        "webhooks/of_space.html",
        **frame(seen, ""),
        hooks=actions.webhooks_of(reading(), seen),
        **_form(typed, error),
    )
    return body, error.status if error else 200


def _one(
    slug: str, hook: int, *, secret: str = "", error: Invalid | None = None
) -> ResponseReturnValue:
    session = reading()
    seen = _seen(session, slug)
    row = actions.get_webhook(session, seen, hook)
    is_form = error is not None and "address" in request.form
    typed = _wish() if is_form else _stored(row)
    body = render_template(
        "webhooks/webhook.html",
        **frame(seen, ""),
        hook=row,
        calls=actions.calls_of(session, row),
        states={state.value: words for state, words in STATES.items()},
        secret=secret,
        overlap=actions.OVERLAP,
        **_form(typed, error),
    )
    headers = {"Cache-Control": "no-store"} if secret else {}
    return Response(body, error.status if error else 200, headers)


def _stored(row: Webhook) -> Wish:
    return Wish(row.name, row.url, row.format, row.kinds)


def _form(typed: Wish, error: Invalid | None) -> dict[str, Any]:
    return {
        "typed": typed,
        "formats": [(one.value, words) for one, words in FORMATS.items()],
        "kinds": [(one.value, words) for one, words in TITLES.items()],
        "kind_titles": {one.value: words for one, words in TITLES.items()},
        "errors": {error.field or "": error.sentence} if error else {},
    }
