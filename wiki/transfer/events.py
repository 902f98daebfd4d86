"""Events of imports and mirrors."""

from __future__ import annotations

from dataclasses import dataclass

from wiki.i18n import lazy_gettext
from wiki.outbox.event import Category, Event, Policy


@dataclass(frozen=True)
class ImportRequested(Event):
    """An uploaded tree to be imported into a space."""

    policy = Policy(Category.TRANSFER, expires=True)
    title = lazy_gettext("Import requested")
    sentence = lazy_gettext("started an import into {space}")

    space_id: int
    import_id: int


@dataclass(frozen=True)
class MirrorAdded(Event):
    """A new mirror: changes of a space are committed to a Git repository from now on."""

    policy = Policy(Category.TRANSFER, expires=True)
    title = lazy_gettext("Mirror added")
    sentence = lazy_gettext("started mirroring {space} to a Git repository")

    space_id: int


@dataclass(frozen=True)
class MirrorRemoved(Event):
    """The removal of a mirror; the repository stays."""

    policy = Policy(Category.TRANSFER, expires=True)
    title = lazy_gettext("Mirror removed")
    sentence = lazy_gettext("stopped mirroring {space}")

    space_id: int
