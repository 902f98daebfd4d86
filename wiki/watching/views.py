"""Views of watching: the screen of one subject, and the list of all that the user watches."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from wiki.errors import Invalid, NotFound
from wiki.i18n import gettext as _
from wiki.pages.page_context import Past, frame, page_frame
from wiki.rules.access import May, may_see_groups
from wiki.watching import actions, queries
from wiki.watching.levels import HINTS, TITLES, Level
from wiki.watching.models import Watch
from wiki.watching.subjects import SeenSubject, see_place, see_tag, see_thread
from wiki.web.errors import flash
from wiki.web.request import actor, reading, writing
from wiki.web.response_cache import cached
from wiki.web.urls import space_url, tag_url, verb, verb_url

blueprint = Blueprint("watching", __name__)

LIST = "/-/watching"
Finder = Callable[[Session], SeenSubject]


@verb(blueprint, "watch", endpoint="place")
@cached
def place(slug: str, path: str) -> ResponseReturnValue:
    """Show what the user is told about a page, or about a space."""
    return _screen(see_place(reading(), actor(), slug, path))


@verb(blueprint, "watch", methods=["POST"], endpoint="set_place")
def set_place(slug: str, path: str) -> ResponseReturnValue:
    """Set the level of the user, or of a group, for a page or a space."""
    return _set(lambda session: see_place(session, actor(), slug, path))


@blueprint.get("/-/threads/<int:thread_id>/watch")
@cached
def thread(thread_id: int) -> ResponseReturnValue:
    """Show what the user is told about a discussion."""
    return _screen(see_thread(reading(), actor(), thread_id))


@blueprint.post("/-/threads/<int:thread_id>/watch")
def set_thread(thread_id: int) -> ResponseReturnValue:
    """Set the user's level for a discussion."""
    return _set(lambda session: see_thread(session, actor(), thread_id))


@blueprint.get(LIST)
@cached
def watching() -> ResponseReturnValue:
    """List what the user watches."""
    return _list_screen()


@blueprint.post(LIST)
def watch_tag() -> ResponseReturnValue:
    """Set the user's level for a tag."""
    try:
        seen = see_tag(request.form.get("tag", ""))
        level = actions.level_named(request.form.get("level", ""))
        with writing() as session:
            actions.watch(session, actor(), seen, level)
    except Invalid as error:
        return _list_screen(error)
    return redirect(LIST, 303)


@blueprint.post("/-/watching/<int:watch_id>")
def change(watch_id: int) -> ResponseReturnValue:
    """Change or remove one of the watches in the list."""
    with writing() as session:
        actions.change_level(session, actor(), watch_id, _level())
    return redirect(LIST, 303)


@blueprint.post("/-/watching/preferences")
def preferences() -> ResponseReturnValue:
    """Set what the user watches without choosing it each time."""
    with writing() as session:
        actions.set_preference(
            session,
            actor(),
            written="written" in request.form,
            commented="commented" in request.form,
        )
    flash(_("Preferences saved."))
    return redirect(LIST, 303)


def _level() -> Level | None:
    """Return the level of the form; None if the watch is to be removed.

    :raises Invalid: for anything else.
    """
    if "remove" in request.form:
        return None
    return actions.level_named(request.form.get("level", ""))


def _set(find: Finder) -> ResponseReturnValue:
    group = request.form.get("group")
    try:
        with writing() as session:
            seen = find(session)
            if group is None:
                actions.watch(session, actor(), seen, _level())
            else:
                actions.watch_for_group(session, actor(), seen, group, _level())
    except Invalid as error:
        return _screen(find(reading()), error)
    flash(_("Saved."))
    return redirect(request.path, 303)


def _screen(seen: SeenSubject, error: Invalid | None = None) -> ResponseReturnValue:
    session, subject = reading(), seen.subject
    if seen.seen is None:
        raise NotFound
    if subject.space_id is None and seen.page is not None:
        around = page_frame(Past(seen.seen, seen.page), seen.page)
    else:
        around = frame(seen.seen, "")
    groups = queries.groups_watching(session, subject) if may_see_groups(actor()) else ()
    body = render_template(
        "watching/subject.html",
        **around,
        subject=subject,
        own=queries.own_watch(session, actor(), subject),
        standing=queries.standing_of(session, actor(), seen),
        beyond=queries.standing_of(session, actor(), seen, own=False),
        groups=groups,
        may_choose_groups=bool(
            subject.thread_id is None and may_see_groups(actor()) and seen.seen.may(May.MANAGE)
        ),
        **_words(error),
    )
    return body, error.status if error else 200


def _list_screen(error: Invalid | None = None) -> ResponseReturnValue:
    found = queries.list_watches(reading(), actor(), after=request.args.get("after"))
    searches = queries.searches_of(reading(), actor(), found.rows)
    body = render_template(
        "watching/list.html",
        watches=found.rows,
        searches=searches,
        after=found.after,
        preference=queries.preference_of(reading(), actor().person_id),
        tag=request.values.get("tag", ""),
        **_words(error),
    )
    return body, error.status if error else 200


def _words(error: Invalid | None) -> dict[str, object]:
    return {
        "levels": [(one.word, TITLES[one], HINTS[one]) for one in reversed(Level)],
        "level_words": {int(one): one.word for one in Level},
        "titles": {int(one): title for one, title in TITLES.items()},
        "errors": {error.field or "": error.sentence} if error else {},
        "watch_url": url_of,
    }


def url_of(watch: Watch) -> str:
    """Return the address of the screen of what is watched."""
    if watch.thread_id is not None:
        return f"/-/threads/{watch.thread_id}/watch"
    if watch.page is not None:
        return verb_url(watch.page.space.slug, watch.page.path, "watch")
    if watch.space is not None:
        return space_url(watch.space.slug, "watch")
    return tag_url("", watch.tag or "")
