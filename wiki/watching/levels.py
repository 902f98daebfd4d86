"""Levels of watching, and how a watch came about."""

from __future__ import annotations

from enum import IntEnum, StrEnum

from wiki.i18n import lazy_gettext


class Level(IntEnum):
    """The amount that a watcher is told; each level includes those below it."""

    MUTE = 0
    MENTIONS = 1
    DECISIONS = 2
    CHANGES = 3
    EVERYTHING = 4

    @property
    def word(self) -> str:
        """The name in forms and in the API."""
        return self.name.lower()

    @classmethod
    def named(cls, word: str) -> Level | None:
        """Return the level with this name; None if there is none."""
        return next((one for one in cls if one.word == word), None)


DEFAULT = Level.MENTIONS
"""The level of those who watch nothing."""

TITLES = {
    Level.EVERYTHING: lazy_gettext("Everything"),
    Level.CHANGES: lazy_gettext("Changes"),
    Level.DECISIONS: lazy_gettext("Decisions"),
    Level.MENTIONS: lazy_gettext("Mentions only"),
    Level.MUTE: lazy_gettext("Mute"),
}
HINTS = {
    Level.EVERYTHING: lazy_gettext("Changes to pages, and every comment."),
    Level.CHANGES: lazy_gettext("New and changed pages, and resolved discussions."),
    Level.DECISIONS: lazy_gettext("Resolved discussions."),
    Level.MENTIONS: lazy_gettext("When you or one of your groups are mentioned."),
    Level.MUTE: lazy_gettext("Only when you are mentioned by your own name."),
}


class Reason(StrEnum):
    """The origin of a watch."""

    CHOSEN = "chosen"
    WROTE = "wrote"
    COMMENTED = "commented"
