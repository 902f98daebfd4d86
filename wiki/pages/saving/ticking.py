"""Boxes of task lists that are ticked on the page itself: each tick is a revision."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from wiki.errors import Invalid
from wiki.i18n import gettext as _
from wiki.pages import revising, revisions
from wiki.pages.page_context import live_page, place_at
from wiki.pages.rendering.stored import ensure_head
from wiki.pages.saving.edit import Edit
from wiki.pages.saving.form_saves import max_bytes, save_form
from wiki.pages.saving.own_messages import own_message
from wiki.rules.access import May
from wiki.text.sandbox.parent import tick_safely
from wiki.web.limits.rate_limit import requester
from wiki.web.request import afterwards, parts, reading
from wiki.web.urls import verb

blueprint = Blueprint("ticking", __name__)


@verb(blueprint, "tick", methods=["POST"])
def tick(slug: str, path: str) -> ResponseReturnValue:
    """Tick or clear a box, as a change of the revision that the reader saw. It is saved and merged
    like every edit. The answer has the number of the new revision."""
    place = place_at(slug, path)
    page = live_page(place)
    place.seen.require(May.EDIT)
    sent = {name: request.form.get(name, 0, type=int) for name in ("revision", "box", "boxes")}
    done = request.form.get("done") == "1"
    session = reading()
    revision = revisions.get_revision(session, page, sent["revision"])
    text = revising.text_of(session, revision)
    ticked = tick_safely(text.body, sent["box"], sent["boxes"], done)
    if ticked is None:
        raise Invalid(
            _("This box can’t be ticked here. Nothing was changed. Edit the page instead.")
        )
    edit = Edit(
        page.id,
        replace(text, body=ticked.text),
        base=revision.number,
        message=own_message("ticked" if done else "cleared", item=ticked.words),
        max_bytes=max_bytes(),
        checked=True,
    )
    saved = save_form(place.seen, edit, page)
    answer = jsonify({"revision": saved.revision.number, "merged": saved.merged})
    afterwards(answer, partial(ensure_head, parts().database, page.id, requester()))
    return answer
