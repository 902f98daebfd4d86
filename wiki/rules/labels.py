"""The labels that say how far what a page says may go, in order."""

from __future__ import annotations

from enum import IntEnum


class Label(IntEnum):
    """How narrow something is; each label is narrower than those below it.

    What is public may be read by all whom its space lets in; higher labels only by roles in the
    space that are cleared for them.
    """

    PUBLIC = 0
    INTERNAL = 1
    CONFIDENTIAL = 2
    RESTRICTED = 3

    @property
    def word(self) -> str:
        """The label as it is written on screens, in the API and in commands."""
        return self.name.lower()

    @classmethod
    def named(cls, word: str) -> Label:
        """The label of that name.

        :raises KeyError: when there is no such label.
        """
        return cls[word.upper()]
