"""Events of changes of the site's synonyms."""

from __future__ import annotations

from dataclasses import dataclass

from wiki.i18n import lazy_gettext
from wiki.outbox.event import Category, Event, Policy

_POLICY = Policy(Category.SETTINGS, expires=True)


@dataclass(frozen=True)
class SynonymsAdded(Event):
    """A new group of synonyms."""

    policy = _POLICY
    title = lazy_gettext("Synonyms added")
    sentence = lazy_gettext("added the synonyms {words}")

    words: str


@dataclass(frozen=True)
class SynonymsChanged(Event):
    """A changed group of synonyms; ``before`` is what it was."""

    policy = _POLICY
    title = lazy_gettext("Synonyms changed")
    sentence = lazy_gettext("changed the synonyms {before} to {words}")

    words: str
    before: str


@dataclass(frozen=True)
class SynonymsRemoved(Event):
    """A removed group of synonyms."""

    policy = _POLICY
    title = lazy_gettext("Synonyms removed")
    sentence = lazy_gettext("removed the synonyms {words}")

    words: str


@dataclass(frozen=True)
class BuiltInSynonymsSwitchedOff(Event):
    """A built-in group of synonyms that searches no longer use."""

    policy = _POLICY
    title = lazy_gettext("Built-in synonyms switched off")
    sentence = lazy_gettext("switched off the built-in synonyms {words}")

    words: str


@dataclass(frozen=True)
class BuiltInSynonymsSwitchedOn(Event):
    """A built-in group of synonyms that searches use again."""

    policy = _POLICY
    title = lazy_gettext("Built-in synonyms switched on")
    sentence = lazy_gettext("switched on the built-in synonyms {words}")

    words: str
