"""What an event causes: the one table of who hears what.

Each subscriber is a room's handler, known to its deliveries as ``room.function``. The names are
stored with deliveries, so renaming a handler loses those under way: keep the old name here as long
as some may wait.
"""

from __future__ import annotations

from collections.abc import Mapping

from wiki.outbox import events
from wiki.outbox.deliver import Handler
from wiki.pages.handlers import render_moved

SUBSCRIBERS: Mapping[type[events.Event], tuple[Handler, ...]] = {
    events.PageMoved: (render_moved,),
}


def name_of(handler: Handler) -> str:
    """The name under which deliveries to this handler are stored."""
    module = str(handler.__module__).removeprefix("wiki.").removesuffix(".handlers")
    return f"{module}.{getattr(handler, '__name__', '')}"


def names_by_event() -> dict[str, tuple[str, ...]]:
    """Event name -> names of its subscribers, as the outbox wants it."""
    return {
        event.__name__: tuple(name_of(handler) for handler in handlers)
        for event, handlers in SUBSCRIBERS.items()
    }


def handlers_by_name() -> dict[str, Handler]:
    """Subscriber name -> handler, as the deliverer wants it."""
    return {name_of(handler): handler for all in SUBSCRIBERS.values() for handler in all}
