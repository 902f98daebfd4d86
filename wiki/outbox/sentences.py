"""The parts of sentences about events, and what several rooms build theirs from.

An event declares a template or a function. In a template, ``{person}``, ``{group}``, ``{space}``,
``{page}`` and a few others (see ``audit/sentences.py``) are replaced with names that the reader may
know; ``{anything_else}`` with that field of the payload. A function returns a template, or the
parts. It is called with stored events, whose payloads may be older than the class or scrubbed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from string import Formatter
from typing import Protocol

from wiki.i18n import gettext as _
from wiki.i18n import listed
from wiki.outbox.models import EventRow


@dataclass(frozen=True)
class Part:
    """A part of a sentence. ``url`` is the target of its link; ``name`` is True if a user chose the
    text."""

    text: str
    url: str = ""
    name: bool = False


DEEDS: dict[str, str] = {}
"""Changes that people consented to in words, to follow “by”; the keys are their kinds."""

Sentence = tuple[Part, ...]


class Names(Protocol):
    """A resolver of the ids in events to names, limited to what the reader may know."""

    def person(self, id: object) -> Part:
        """Return a person's name."""

    def group(self, id: object) -> Part:
        """Return a group's name."""

    def space(self, id: object) -> Part:
        """Return a space's title."""

    def page(self, row: EventRow) -> Sentence:
        """Return the title of an event's page or, if it is not readable, only its space."""

    def place(self, row: EventRow) -> Sentence:
        """Return the page of an event, or its space if it has no page."""

    def path(self, space_id: object, path: object) -> str:
        """Return the address of a place in a space."""

    def invited_as(self, invitation_id: object) -> str:
        """Return the site role that an invitation gives; empty if it is unknown."""

    def may_read(self, row: EventRow) -> bool:
        """Return whether the page of an event is readable or, if it has no page, its space."""

    def may_read_space(self, id: object) -> bool:
        """Return whether a space is readable."""


Wording = str | Callable[[EventRow, Names], str | Iterable[Part]]


def filled(template: str, values: Mapping[str, Iterable[Part]]) -> Iterator[Part]:
    """Yield the parts of a sentence: the text of the template, and ``values`` in place of their
    names in braces."""
    for text, name, _spec, _conversion in Formatter().parse(str(template)):
        if text:
            yield Part(text)
        if name is not None:
            yield from values[name]


def is_own(row: EventRow) -> bool:
    """Return whether the actor of an event is also the person that it is about."""
    return row.actor_id is not None and row.actor_id == row.payload.get("person_id")


def own_or_other(own: str, other: str) -> Wording:
    """Return ``own`` for people who do it to themselves, else ``other``."""
    return lambda row, _names: own if is_own(row) else other


def one_or_many(one: str, many: str) -> Wording:
    """Return ``one`` if the field ``count`` is 1, else ``many``."""
    return lambda row, _names: one if row.payload.get("count") == 1 else many


def changed_fields(row: EventRow, words: Mapping[str, str]) -> str:
    """Return the names of the changed fields as a list in words."""
    changes = row.payload.get("changes")
    names = list(changes) if isinstance(changes, dict) else []
    something = _("something")
    return listed([str(words.get(name, something)) for name in names] or [something])
