"""The events: immutable facts that refer to rows by id, so that handlers reread current rows."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Event:
    """A fact in the log of events. Fields are JSON values; ``space_id`` and ``page_id`` are
    indexed."""

    def payload(self) -> dict[str, Any]:
        """Return the fields as a JSON object."""
        return asdict(self)


@dataclass(frozen=True)
class SpaceCreated(Event):
    """The creation of a space."""

    space_id: int


@dataclass(frozen=True)
class SpaceChanged(Event):
    """A change of a space's title, description, visibility or member role."""

    space_id: int
    changes: dict[str, Any]


@dataclass(frozen=True)
class MemberChanged(Event):
    """A change of a person's role in a space (``role`` is empty if it was removed)."""

    space_id: int
    person_id: int
    role: str


@dataclass(frozen=True)
class LeadTaken(Event):
    """The takeover of the lead role in a space by an administrator who was not given it."""

    space_id: int
    person_id: int


@dataclass(frozen=True)
class GroupRoleChanged(Event):
    """A change of a group's role in a space (``role`` is empty if it was removed)."""

    space_id: int
    group_id: int
    role: str


@dataclass(frozen=True)
class PageSaved(Event):
    """A new revision by creating, editing, merging, restoring or importing."""

    space_id: int
    page_id: int
    revision: int
    action: str


@dataclass(frozen=True)
class SecretsAllowed(Event):
    """A revision saved although it contains likely secrets, with their kinds and number."""

    space_id: int
    page_id: int
    revision: int
    kinds: list[str]
    count: int


@dataclass(frozen=True)
class ScanningChanged(Event):
    """A change of the kinds of secrets that a space looks for."""

    space_id: int
    kinds: list[str]


@dataclass(frozen=True)
class PageMoved(Event):
    """A move of a page to another path or space; ``space_id`` is its present space. ``kept`` is
    True if labels or restrictions applied to it at its former place, ``imported`` if it moved in an
    imported history."""

    space_id: int
    page_id: int
    revision: int
    old_space_id: int
    old_path: str
    new_path: str
    kept: bool = False
    imported: bool = False


@dataclass(frozen=True)
class PageDeleted(Event):
    """The deletion of a page; its revisions are kept. ``imported`` as in :class:`PageMoved`."""

    space_id: int
    page_id: int
    path: str
    imported: bool = False


@dataclass(frozen=True)
class PageRestored(Event):
    """The restoration of a deleted page. ``imported`` as in :class:`PageMoved`."""

    space_id: int
    page_id: int
    path: str
    imported: bool = False


@dataclass(frozen=True)
class PageLabelled(Event):
    """A change of a page's own label; ``was`` is the previous one."""

    space_id: int
    page_id: int
    label: str
    was: str


@dataclass(frozen=True)
class PageRestricted(Event):
    """A restriction of reading (or editing) a page to these people and groups, by id. With
    ``lifted`` the restriction was removed."""

    space_id: int
    page_id: int
    may: str
    people: list[int]
    groups: list[int]
    lifted: bool = False


@dataclass(frozen=True)
class Opened(Event):
    """The consent to a change that lets more people read something. ``digest`` identifies the
    change; ``second`` is the person who approved it besides its author."""

    space_id: int | None
    kind: str
    digest: str
    second: int | None


@dataclass(frozen=True)
class ApprovalAsked(Event):
    """A change that waits for the approval of a second person."""

    space_id: int | None
    approval_id: int


@dataclass(frozen=True)
class ApprovalDecided(Event):
    """The approval or rejection of a change by a second person."""

    space_id: int | None
    approval_id: int
    approved: bool


@dataclass(frozen=True)
class PagePurged(Event):
    """The permanent removal of a page; only this event is left of it.

    ``files`` are the contents that only this page had; it is emptied when their bytes are deleted.
    """

    space_id: int
    page_id: int
    path: str
    revisions: int
    files: list[str]


@dataclass(frozen=True)
class RevisionPurged(Event):
    """The permanent removal of a revision's content; the page remains."""

    space_id: int
    page_id: int
    revision: int
    path: str


@dataclass(frozen=True)
class Redacted(Event):
    """A redaction in a page (None: of a file of the space), applied everywhere at once.

    ``kind`` is a span, a title, a revision or a file; ``words`` is the number of redacted words.
    """

    space_id: int
    page_id: int | None
    redaction_id: int
    kind: str
    words: int
    reason: str


@dataclass(frozen=True)
class RedactionLifted(Event):
    """The end of a redaction: its content may be written again, but is not restored."""

    space_id: int
    page_id: int | None
    redaction_id: int


@dataclass(frozen=True)
class FileAdded(Event):
    """A file attached to a page (``page_id`` None: to the space).

    ``version`` counts the files at its place. Above 1 it is a new version, or the file was attached
    again after its removal. ``restored`` is the number of the earlier version that was restored, if
    any.
    """

    space_id: int
    page_id: int | None
    attachment_id: int
    name: str
    version: int = 1
    restored: int | None = None


@dataclass(frozen=True)
class FileRemoved(Event):
    """The removal of a file from its page; its content is kept."""

    space_id: int
    page_id: int | None
    attachment_id: int
    name: str


@dataclass(frozen=True)
class PersonCreated(Event):
    """The creation of an account."""

    person_id: int


@dataclass(frozen=True)
class PersonChanged(Event):
    """A change of an account's name, address, site role, password or state."""

    person_id: int
    changes: dict[str, Any]


@dataclass(frozen=True)
class GroupCreated(Event):
    """The creation of a group."""

    group_id: int


@dataclass(frozen=True)
class GroupChanged(Event):
    """A change of a group's name or description."""

    group_id: int
    changes: dict[str, Any]


@dataclass(frozen=True)
class GroupDeleted(Event):
    """The deletion of a group."""

    group_id: int
    name: str


@dataclass(frozen=True)
class GroupMemberChanged(Event):
    """The addition of a person or a group to a group or (not ``inside``) their removal."""

    group_id: int
    person_id: int | None
    part_id: int | None
    inside: bool


@dataclass(frozen=True)
class PersonImported(Event):
    """The creation of a placeholder for an author of an imported Git history."""

    person_id: int


@dataclass(frozen=True)
class AddressClaimRequested(Event):
    """A claim to an address; the row has the person and the address."""

    claim_id: int


@dataclass(frozen=True)
class PlaceholderClaimed(Event):
    """The merge of a placeholder into a person, who proved its address or was assigned it by an
    administrator."""

    person_id: int
    placeholder_id: int
    proven: bool


@dataclass(frozen=True)
class PasswordResetRequested(Event):
    """A request for a link to a new password; the row has what was typed."""

    reset_id: int


@dataclass(frozen=True)
class SignedIn(Event):
    """A sign-in by password alone, or with (or by) a ``code``, a ``recovery code`` or a
    ``passkey``."""

    person_id: int
    by: str = "password"


@dataclass(frozen=True)
class SignInFailed(Event):
    """A failed sign-in: the first one, or the one (of ``tries``) after which the name has to wait.
    ``person_id`` is None for an unknown name, which is not stored."""

    person_id: int | None
    tries: int


@dataclass(frozen=True)
class FactorAdded(Event):
    """A new second factor of a person: an ``authenticator`` or a ``passkey``."""

    person_id: int
    kind: str
    factor_id: int


@dataclass(frozen=True)
class FactorRenamed(Event):
    """The renaming of a second factor."""

    person_id: int
    kind: str
    factor_id: int


@dataclass(frozen=True)
class FactorRemoved(Event):
    """The removal of a second factor by its owner."""

    person_id: int
    kind: str
    factor_id: int


@dataclass(frozen=True)
class FactorsCleared(Event):
    """The removal of all second factors of a person by an administrator or from the shell."""

    person_id: int
    count: int


@dataclass(frozen=True)
class FactorRefused(Event):
    """A correct password with a wrong second factor."""

    person_id: int


@dataclass(frozen=True)
class RecoveryCodesMade(Event):
    """New recovery codes of a person; earlier ones no longer work."""

    person_id: int


@dataclass(frozen=True)
class RecoveryCodeUsed(Event):
    """The use of a recovery code; ``left`` are unused."""

    person_id: int
    left: int


@dataclass(frozen=True)
class GroupFactorChanged(Event):
    """A change of whether members of a group must have a second factor."""

    group_id: int
    required: bool


@dataclass(frozen=True)
class SiteSettingChanged(Event):
    """A change of a setting of the whole site by an administrator."""

    key: str
    value: Any


@dataclass(frozen=True)
class SignedOut(Event):
    """The end of a sign-in, by its owner or by an administrator."""

    person_id: int


@dataclass(frozen=True)
class InvitationCreated(Event):
    """An invitation, perhaps into a space."""

    invitation_id: int
    space_id: int | None


@dataclass(frozen=True)
class InvitationRevoked(Event):
    """The revocation of an unused invitation."""

    invitation_id: int
    space_id: int | None


@dataclass(frozen=True)
class InvitationAccepted(Event):
    """The acceptance of an invitation by a person."""

    invitation_id: int
    space_id: int | None
    person_id: int


@dataclass(frozen=True)
class ShareMade(Event):
    """A new share link: a page (with ``subtree`` also the pages below it) can be read without an
    account."""

    space_id: int
    page_id: int
    share_id: int
    subtree: bool


@dataclass(frozen=True)
class ShareRevoked(Event):
    """The revocation of a share link."""

    space_id: int
    page_id: int
    share_id: int


@dataclass(frozen=True)
class ShareSuspended(Event):
    """The suspension of a share link that was opened too often (``visits``) or with too many wrong
    passwords (``guesses``)."""

    space_id: int
    page_id: int
    share_id: int
    cause: str


@dataclass(frozen=True)
class ShareResumed(Event):
    """The end of the suspension of a share link."""

    space_id: int
    page_id: int
    share_id: int


@dataclass(frozen=True)
class TokenCreated(Event):
    """A new API token of a person."""

    person_id: int
    token_id: int


@dataclass(frozen=True)
class TokenRevoked(Event):
    """The revocation of an API token of a person."""

    person_id: int
    token_id: int


@dataclass(frozen=True)
class IdentityLinked(Event):
    """The link of an account to an identity of the OpenID provider, for signing in."""

    person_id: int


@dataclass(frozen=True)
class IdentityUnlinked(Event):
    """The removal of one of an account's identities of the OpenID provider."""

    person_id: int


@dataclass(frozen=True)
class MailRequested(Event):
    """A mail to be sent; the row has its text."""

    mail_id: int


@dataclass(frozen=True)
class MirrorAdded(Event):
    """A new mirror: changes of a space are committed to a Git repository from now on."""

    space_id: int


@dataclass(frozen=True)
class MirrorRemoved(Event):
    """The removal of a mirror; the repository stays."""

    space_id: int


@dataclass(frozen=True)
class ImportRequested(Event):
    """An uploaded tree to be imported into a space."""

    space_id: int
    import_id: int


@dataclass(frozen=True)
class EventsScrubbed(Event):
    """The removal of content from the payloads of a page's events. ``proof`` is the hash of the
    present payloads."""

    space_id: int
    page_id: int
    count: int
    proof: str


@dataclass(frozen=True)
class EventsExpired(Event):
    """The deletion of old events: ``count`` of them up to the id ``until``, all older than
    ``before``."""

    count: int
    until: int
    before: str


@dataclass(frozen=True)
class ChainSealed(Event):
    """A new signature of the ends of the chains of events, with the wiki's present key. ``fault``
    is the fault of the chains at that time."""

    count: int
    fault: str = ""


@dataclass(frozen=True)
class ChainCheckRequested(Event):
    """A request for a verification of the chain of events."""

    check_id: int


@dataclass(frozen=True)
class DrillRequested(Event):
    """A request for a run of the leak drill."""

    run_id: int


@dataclass(frozen=True)
class DrillFinished(Event):
    """The end of a run of the leak drill: ``clean``, with ``leaks``, ``failed`` or ``interrupted``.
    ``found`` is the number of findings."""

    run_id: int
    outcome: str
    found: int


@dataclass(frozen=True)
class AuditExported(Event):
    """An export of events as a file; ``filters`` describe which."""

    format: str
    filters: dict[str, str]


@dataclass(frozen=True)
class DeliveriesRetried(Event):
    """A retry of failed deliveries to a subscriber."""

    subscriber: str
    count: int


@dataclass(frozen=True)
class DeliveriesGivenUp(Event):
    """The end of attempts at deliveries to a subscriber that had failed."""

    subscriber: str
    count: int
