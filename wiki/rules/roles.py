"""The roles of users, in order."""

from __future__ import annotations

from enum import IntEnum, StrEnum


class SiteRole(StrEnum):
    """A user's role in the whole wiki."""

    ANONYMOUS = "anonymous"
    GUEST = "guest"
    MEMBER = "member"
    ADMIN = "admin"


class Role(IntEnum):
    """A user's role in one space; each role includes those below it."""

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
        """Return the role of that name.

        :raises KeyError: when there is no such role (``none`` cannot be given to anybody).
        """
        role = cls[word.upper()]
        if role is cls.NONE:
            raise KeyError(word)
        return role


class Visibility(StrEnum):
    """The group of users who may read a space without being members of it."""

    PUBLIC = "public"
    INTERNAL = "internal"
    PRIVATE = "private"
