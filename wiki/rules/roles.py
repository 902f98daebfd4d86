"""The roles people hold, in order."""

from __future__ import annotations

from enum import IntEnum, StrEnum


class SiteRole(StrEnum):
    """What somebody is to the whole wiki."""

    ANONYMOUS = "anonymous"
    GUEST = "guest"
    MEMBER = "member"
    ADMIN = "admin"


class Role(IntEnum):
    """What somebody may do in one space; each role includes those below it."""

    NONE = 0
    READER = 1
    COMMENTER = 2
    EDITOR = 3
    LEAD = 4

    @property
    def word(self) -> str:
        """The role as it is written on screens, in the API and in commands."""
        return self.name.lower()

    @classmethod
    def named(cls, word: str) -> Role:
        """The role of that name.

        :raises KeyError: when there is no such role (``none`` is not one that can be given).
        """
        role = cls[word.upper()]
        if role is cls.NONE:
            raise KeyError(word)
        return role


class Visibility(StrEnum):
    """Who may read a space without being a member of it."""

    PUBLIC = "public"
    INTERNAL = "internal"
    PRIVATE = "private"
