"""The events that webhooks can be called about, the formats of calls, and their states."""

from __future__ import annotations

from enum import StrEnum

from wiki.comments.events import CommentPosted, ThreadStateChanged
from wiki.i18n import lazy_gettext
from wiki.outbox.event import Event
from wiki.pages.events import PageDeleted, PageMoved, PageRestored, PageSaved


class Kind(StrEnum):
    """The subject of a call. ``TEST`` is no event."""

    SAVED = "page.saved"
    MOVED = "page.moved"
    DELETED = "page.deleted"
    RESTORED = "page.restored"
    COMMENT = "comment.posted"
    THREAD = "thread.changed"
    TEST = "webhook.test"


OF_EVENT: dict[type[Event], Kind] = {
    PageSaved: Kind.SAVED,
    PageMoved: Kind.MOVED,
    PageDeleted: Kind.DELETED,
    PageRestored: Kind.RESTORED,
    CommentPosted: Kind.COMMENT,
    ThreadStateChanged: Kind.THREAD,
}
TITLES = {
    Kind.SAVED: lazy_gettext("Pages created and edited"),
    Kind.MOVED: lazy_gettext("Pages moved"),
    Kind.DELETED: lazy_gettext("Pages deleted"),
    Kind.RESTORED: lazy_gettext("Pages restored"),
    Kind.COMMENT: lazy_gettext("Comments"),
    Kind.THREAD: lazy_gettext("Discussions resolved and reopened"),
}
"""The kinds that leads choose from."""


class Format(StrEnum):
    """The format of the body of a call."""

    JSON = "json"
    SLACK = "slack"
    TEAMS = "teams"
    MATTERMOST = "mattermost"


FORMATS = {
    Format.JSON: "JSON",
    Format.SLACK: "Slack",
    Format.TEAMS: "Teams",
    Format.MATTERMOST: "Mattermost",
}


class State(StrEnum):
    """The state of a call. Nothing is sent of what the members of the space may not all read."""

    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"
    WITHHELD = "withheld"


STATES = {
    State.WAITING: lazy_gettext("waiting"),
    State.SENT: lazy_gettext("sent"),
    State.FAILED: lazy_gettext("failed"),
    State.WITHHELD: lazy_gettext("not sent: members of the space can’t all read it"),
}
