"""Past revisions: comparison, blame, calendar and recent changes: what the room declares."""

from __future__ import annotations

from collections.abc import Callable

from wiki.history import blame_views, undo_views, views
from wiki.history.recent import recent_pages
from wiki.room import Link, Place, Probe, Rate, Room, Screen, Shortcut, Suggestion, none_because
from wiki.rules.limits import Pace


def _at_revision(verb: str) -> Callable[[Screen], str]:
    """Return the function that makes the address of a verb, at the revision that is shown."""
    return lambda on: on.shown.url(verb, f"revision={on.old}" if on.old else "") if on.shown else ""


ROOM = Room(
    name="history",
    blueprints=(views.blueprint, blame_views.blueprint, undo_views.blueprint),
    operations=none_because("its operations are in the API's own room"),
    commands=none_because("it is read in the browser and over the API"),
    links=(
        Link(Place.SITE, 20, "Changes", "-/changes", icon="history"),
        Link(Place.SPACE, 10, "Changes", "changes", icon="history", here=("calendar",)),
        Link(Place.PAGE, 30, "Blame", _at_revision("blame"), icon="user-pen"),
        Link(Place.PAGE, 40, "Source", _at_revision("raw"), icon="code"),
    ),
    blocks=none_because("what it shows is on screens of its own"),
    shortcuts=(
        Shortcut(30, "History of this page", "h"),
        Shortcut(50, "Next or previous change in a comparison", "n p"),
        Shortcut(70, "Recent changes", "g then c"),
    ),
    suggestions=(Suggestion(20, recent_pages),),
    text_columns=none_because("it stores no words of its own"),
    rates=(Rate("comparisons", Pace(200, 5.0)),),
    guards=none_because("it refuses no edit"),
    checks=none_because("its blame is stored for speed and is never relied on"),
    probes=(
        Probe("history.raw", ("", "revision=1")),
        Probe("blame.blame", ("", "revision=1")),
        Probe("history.restore", ("revision=1",)),
        Probe("history.calendar", ("",)),
        Probe("undo.undo", ("revision=2",)),
    ),
    canaries=none_because("it stores nothing of its own"),
)
