"""The labels that say who may read a page, in order."""

from __future__ import annotations

from enum import IntEnum


class Label(IntEnum):
    """A confidentiality label; higher labels are more restrictive.

    Public content may be read by everybody with access to the space. Higher labels need a role in
    the space that is cleared for them.
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
        """Return the label of that name.

        :raises KeyError: when there is no such label.
        """
        return cls[word.upper()]
