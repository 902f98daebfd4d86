"""The events: frozen facts with ids only, so that a handler rereads what is true when it runs."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Event:
    """Something that happened. Fields are JSON values; ``space_id`` and ``page_id`` are indexed."""

    def payload(self) -> dict[str, Any]:
        """The fields as a JSON object."""
        return asdict(self)


@dataclass(frozen=True)
class SpaceCreated(Event):
    """A space was made."""

    space_id: int


@dataclass(frozen=True)
class SpaceChanged(Event):
    """A space's title, description, visibility or member role was changed."""

    space_id: int
    changes: dict[str, Any]


@dataclass(frozen=True)
class MemberChanged(Event):
    """Somebody's role in a space was given, changed or taken (``role`` is then empty)."""

    space_id: int
    person_id: int
    role: str


@dataclass(frozen=True)
class LeadTaken(Event):
    """An admin took the lead role in a space without being given it."""

    space_id: int
    person_id: int


@dataclass(frozen=True)
class PageSaved(Event):
    """A revision was added by creating, editing, merging, restoring or importing."""

    space_id: int
    page_id: int
    revision: int
    action: str


@dataclass(frozen=True)
class PageMoved(Event):
    """A page got another path or space; it is in ``space_id`` now."""

    space_id: int
    page_id: int
    revision: int
    old_space_id: int
    old_path: str
    new_path: str


@dataclass(frozen=True)
class PageDeleted(Event):
    """A page was deleted; its revisions are kept."""

    space_id: int
    page_id: int
    path: str


@dataclass(frozen=True)
class PageRestored(Event):
    """A deleted page is back."""

    space_id: int
    page_id: int
    path: str


@dataclass(frozen=True)
class FileAdded(Event):
    """A file was attached (``page_id`` None: to the space).

    ``version`` counts the files at its place: above 1 it is a new version, or back after it was
    removed. ``restored`` is the number of the earlier version that it brought back, if it did.
    """

    space_id: int
    page_id: int | None
    attachment_id: int
    name: str
    version: int = 1
    restored: int | None = None


@dataclass(frozen=True)
class FileRemoved(Event):
    """A file was taken off its page; its bytes are kept."""

    space_id: int
    page_id: int | None
    attachment_id: int
    name: str


@dataclass(frozen=True)
class PersonCreated(Event):
    """An account was made."""

    person_id: int


@dataclass(frozen=True)
class PersonChanged(Event):
    """An account's name, address, site role, password or state was changed."""

    person_id: int
    changes: dict[str, Any]


@dataclass(frozen=True)
class PasswordResetRequested(Event):
    """Somebody asked for a link to a new password; the row has what they typed."""

    reset_id: int


@dataclass(frozen=True)
class SignedIn(Event):
    """Somebody signed in."""

    person_id: int


@dataclass(frozen=True)
class SignedOut(Event):
    """A sign-in was ended, by its owner or by an admin."""

    person_id: int


@dataclass(frozen=True)
class InvitationCreated(Event):
    """Somebody was invited, perhaps into a space."""

    invitation_id: int
    space_id: int | None


@dataclass(frozen=True)
class InvitationRevoked(Event):
    """An invitation was taken back before anybody used it."""

    invitation_id: int
    space_id: int | None


@dataclass(frozen=True)
class InvitationAccepted(Event):
    """An invitation was used by this person."""

    invitation_id: int
    space_id: int | None
    person_id: int


@dataclass(frozen=True)
class TokenCreated(Event):
    """An API token was made for this person."""

    person_id: int
    token_id: int


@dataclass(frozen=True)
class TokenRevoked(Event):
    """An API token of this person was ended."""

    person_id: int
    token_id: int


@dataclass(frozen=True)
class MailRequested(Event):
    """A mail is to be sent; the row has its text."""

    mail_id: int


@dataclass(frozen=True)
class ImportRequested(Event):
    """An uploaded tree is to be imported into a space."""

    space_id: int
    import_id: int
