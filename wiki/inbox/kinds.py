"""Kinds, states and reasons of notices."""

from __future__ import annotations

from enum import IntEnum, StrEnum

from wiki.watching.levels import Level


class Kind(StrEnum):
    """The kind of event of a notice."""

    MENTION = "mention"
    EDIT = "edit"
    COMMENT = "comment"
    STATE = "state"
    REQUEST = "request"
    MATCH = "match"


NEEDED = {
    Kind.EDIT: Level.CHANGES,
    Kind.COMMENT: Level.EVERYTHING,
    Kind.STATE: Level.DECISIONS,
    Kind.MATCH: Level.CHANGES,
}
"""The lowest level of a watcher who is told."""


class State(IntEnum):
    """The state of a notice, as its reader left it."""

    UNREAD = 0
    READ = 1
    DONE = 2


class MailChanges(StrEnum):
    """The frequency of mails of changes, comments and decisions."""

    SOON = "soon"
    DIGEST = "digest"
    NEVER = "never"


class Because(StrEnum):
    """Why a person is told."""

    WATCH = "watch"
    NAME = "name"
    GROUP = "group"
    SPACE = "space"
    LEAD = "lead"
