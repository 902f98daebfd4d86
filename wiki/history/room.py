"""Past revisions: comparison, blame, calendar and recent changes: what the room declares."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from wiki.history import blame_views, reverting_views, views
from wiki.history.recent import Which, recent_changes, recent_pages
from wiki.i18n import lazy_gettext
from wiki.room import (
    Block,
    Link,
    Place,
    Probe,
    Rate,
    Room,
    Screen,
    Shortcut,
    Slot,
    Suggestion,
    none_because,
)
from wiki.rules.limits import Pace

_NEW = 8
"""Number of changes beside the home page of a space."""


def _at_revision(verb: str) -> Callable[[Screen], str]:
    """Return the function that makes the address of a verb, at the revision that is shown."""
    return lambda on: on.shown.url(verb, f"revision={on.old}" if on.old else "") if on.shown else ""


def _new_in_space(session: Session, on: Screen) -> Mapping[str, Any]:
    """Return the latest changes; imported history from before the space existed is not new."""
    if on.space is None:
        return {"changes": (), "has_past": False}
    made = on.space.created_at - timedelta(seconds=1)
    which = Which(space=on.space, since=made)
    changes = recent_changes(session, on.actor, which, limit=_NEW).rows
    past = () if changes else recent_changes(session, on.actor, Which(on.space), limit=1).rows
    return {"changes": changes, "has_past": bool(past)}


ROOM = Room(
    name="history",
    blueprints=(views.blueprint, blame_views.blueprint, reverting_views.blueprint),
    operations=none_because("its operations are in the API's own room"),
    commands=none_because("it is read in the browser and over the API"),
    links=(
        Link(Place.SITE, 20, lazy_gettext("Changes"), "-/changes", icon="history"),
        Link(
            Place.SPACE,
            10,
            lazy_gettext("Changes"),
            "changes",
            icon="history",
            section=lazy_gettext("Pages"),
            here=("calendar",),
        ),
        Link(Place.PAGE, 30, lazy_gettext("Blame"), _at_revision("blame"), icon="user-pen"),
        Link(Place.PAGE, 40, lazy_gettext("Source"), _at_revision("raw"), icon="code"),
    ),
    blocks=(Block(Slot.SPACE_HOME, 10, "history/new_in_space.html", load=_new_in_space),),
    shortcuts=(
        Shortcut(30, lazy_gettext("History of this page"), "h"),
        Shortcut(50, lazy_gettext("Next or previous change in a comparison"), "n p"),
        Shortcut(70, lazy_gettext("Recent changes"), "g then c"),
    ),
    suggestions=(Suggestion(20, recent_pages),),
    text_columns=none_because("it stores no words of its own"),
    rates=(Rate("comparisons", Pace(200, 5.0)),),
    guards=none_because("it refuses no edit"),
    checks=none_because("its blame is stored for speed and is never relied on"),
    probes=(
        Probe("history.raw", ("", "revision=1")),
        Probe("blame.blame", ("", "revision=1")),
        Probe("reverting.restore", ("revision=1",)),
        Probe("history.calendar", ("",)),
        Probe("reverting.undo", ("revision=2",)),
    ),
    canaries=none_because("it stores nothing of its own"),
)
