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
class GroupRoleChanged(Event):
    """A group's role in a space was given, changed or taken (``role`` is then empty)."""

    space_id: int
    group_id: int
    role: str


@dataclass(frozen=True)
class PageSaved(Event):
    """A revision was added by creating, editing, merging, restoring or importing."""

    space_id: int
    page_id: int
    revision: int
    action: str


@dataclass(frozen=True)
class SecretsAllowed(Event):
    """A revision was saved although it holds what looks like secrets: of which kinds, how many."""

    space_id: int
    page_id: int
    revision: int
    kinds: list[str]
    count: int


@dataclass(frozen=True)
class ScanningChanged(Event):
    """A space looks for these kinds of secrets from now on."""

    space_id: int
    kinds: list[str]


@dataclass(frozen=True)
class PageMoved(Event):
    """A page got another path or space; it is in ``space_id`` now. ``kept`` says that labels or
    restrictions held for it where it was, ``imported`` that it moved in a history from elsewhere.
    """

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
    """A page was deleted; its revisions are kept. ``imported`` as in :class:`PageMoved`."""

    space_id: int
    page_id: int
    path: str
    imported: bool = False


@dataclass(frozen=True)
class PageRestored(Event):
    """A deleted page is back. ``imported`` as in :class:`PageMoved`."""

    space_id: int
    page_id: int
    path: str
    imported: bool = False


@dataclass(frozen=True)
class PageLabelled(Event):
    """A page was given another label of its own; ``was`` is the one before."""

    space_id: int
    page_id: int
    label: str
    was: str


@dataclass(frozen=True)
class PageRestricted(Event):
    """Who may read (or edit) a page was restricted to these people and groups, by id; or, with
    ``lifted``, no longer is."""

    space_id: int
    page_id: int
    may: str
    people: list[int]
    groups: list[int]
    lifted: bool = False


@dataclass(frozen=True)
class Opened(Event):
    """A change that let more people read something was agreed to; ``digest`` says to what,
    ``second`` who agreed beside who made it."""

    space_id: int | None
    kind: str
    digest: str
    second: int | None


@dataclass(frozen=True)
class ApprovalAsked(Event):
    """A change waits for a second person."""

    space_id: int | None
    approval_id: int


@dataclass(frozen=True)
class ApprovalDecided(Event):
    """A second person agreed to a change, or refused it."""

    space_id: int | None
    approval_id: int
    approved: bool


@dataclass(frozen=True)
class PagePurged(Event):
    """A page was removed for good: this is what stays of it.

    ``files`` are the contents that it alone had, until their bytes are gone.
    """

    space_id: int
    page_id: int
    path: str
    revisions: int
    files: list[str]


@dataclass(frozen=True)
class RevisionPurged(Event):
    """What a revision said was removed for good; the page goes on."""

    space_id: int
    page_id: int
    revision: int
    path: str


@dataclass(frozen=True)
class Redacted(Event):
    """Something was taken out of a page (None: a file out of the space), everywhere at once.

    ``kind`` says whether it was a span, a title, a revision or a file; ``words`` how much.
    """

    space_id: int
    page_id: int | None
    redaction_id: int
    kind: str
    words: int
    reason: str


@dataclass(frozen=True)
class RedactionLifted(Event):
    """What a redaction took out may be written again; it does not come back by it."""

    space_id: int
    page_id: int | None
    redaction_id: int


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
class GroupCreated(Event):
    """A group was made."""

    group_id: int


@dataclass(frozen=True)
class GroupChanged(Event):
    """A group's name or description was changed."""

    group_id: int
    changes: dict[str, Any]


@dataclass(frozen=True)
class GroupDeleted(Event):
    """A group was removed."""

    group_id: int
    name: str


@dataclass(frozen=True)
class GroupMemberChanged(Event):
    """Somebody, or another group, was put into a group or (not ``inside``) taken out of it."""

    group_id: int
    person_id: int | None
    part_id: int | None
    inside: bool


@dataclass(frozen=True)
class PersonImported(Event):
    """A placeholder was made for somebody whose work came with a Git history."""

    person_id: int


@dataclass(frozen=True)
class AddressClaimRequested(Event):
    """Somebody said that an address is theirs; the row has who and which."""

    claim_id: int


@dataclass(frozen=True)
class PlaceholderClaimed(Event):
    """All that was a placeholder's is this person's now: they proved its address, or an admin
    said so."""

    person_id: int
    placeholder_id: int
    proven: bool


@dataclass(frozen=True)
class PasswordResetRequested(Event):
    """Somebody asked for a link to a new password; the row has what they typed."""

    reset_id: int


@dataclass(frozen=True)
class SignedIn(Event):
    """Somebody signed in, by a password alone, or with (or by) a ``code``, a ``recovery code`` or a
    ``passkey``."""

    person_id: int
    by: str = "password"


@dataclass(frozen=True)
class SignInFailed(Event):
    """A name and a password did not go together, for the first time or (``tries``) so often that
    the name has to wait; ``person_id`` is None for a name that nobody has, which is not noted."""

    person_id: int | None
    tries: int


@dataclass(frozen=True)
class FactorAdded(Event):
    """Somebody has a new second factor: an ``authenticator`` or a ``passkey``."""

    person_id: int
    kind: str
    factor_id: int


@dataclass(frozen=True)
class FactorRenamed(Event):
    """A second factor is called otherwise now."""

    person_id: int
    kind: str
    factor_id: int


@dataclass(frozen=True)
class FactorRemoved(Event):
    """A second factor of this person was removed, by themselves."""

    person_id: int
    kind: str
    factor_id: int


@dataclass(frozen=True)
class FactorsCleared(Event):
    """All second factors of this person were removed by an admin, or from the shell."""

    person_id: int
    count: int


@dataclass(frozen=True)
class FactorRefused(Event):
    """The password was right and what was given as the second factor was not."""

    person_id: int


@dataclass(frozen=True)
class RecoveryCodesMade(Event):
    """This person has new recovery codes; those before no longer work."""

    person_id: int


@dataclass(frozen=True)
class RecoveryCodeUsed(Event):
    """A recovery code of this person was used; ``left`` are still good."""

    person_id: int
    left: int


@dataclass(frozen=True)
class GroupFactorChanged(Event):
    """The people of a group must have a second factor, or no longer because of it."""

    group_id: int
    required: bool


@dataclass(frozen=True)
class SiteSettingChanged(Event):
    """An admin set something for the whole site."""

    key: str
    value: Any


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
class ShareMade(Event):
    """Somebody made a link by which a page, or all that is below it too, is read without an
    account."""

    space_id: int
    page_id: int
    share_id: int
    subtree: bool


@dataclass(frozen=True)
class ShareRevoked(Event):
    """Such a link was taken back."""

    space_id: int
    page_id: int
    share_id: int


@dataclass(frozen=True)
class ShareSuspended(Event):
    """Such a link rests, because it was opened too often (``visits``) or with too many wrong
    passwords (``guesses``)."""

    space_id: int
    page_id: int
    share_id: int
    cause: str


@dataclass(frozen=True)
class ShareResumed(Event):
    """Such a link, which rested, works again."""

    space_id: int
    page_id: int
    share_id: int


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
class IdentityLinked(Event):
    """Somebody can sign in by the OpenID provider from now on."""

    person_id: int


@dataclass(frozen=True)
class IdentityUnlinked(Event):
    """They cannot any more, or not as one of those that they are there."""

    person_id: int


@dataclass(frozen=True)
class MailRequested(Event):
    """A mail is to be sent; the row has its text."""

    mail_id: int


@dataclass(frozen=True)
class MirrorAdded(Event):
    """From here on what happens in a space is committed to a Git repository."""

    space_id: int


@dataclass(frozen=True)
class MirrorRemoved(Event):
    """It is not any more; the repository stays."""

    space_id: int


@dataclass(frozen=True)
class ImportRequested(Event):
    """An uploaded tree is to be imported into a space."""

    space_id: int
    import_id: int


@dataclass(frozen=True)
class EventsScrubbed(Event):
    """What events of a page said was taken out of them. ``proof`` is the hash of what they say
    since then."""

    space_id: int
    page_id: int
    count: int
    proof: str


@dataclass(frozen=True)
class EventsExpired(Event):
    """Old events were deleted: ``count`` of them, the last with the id ``until``, all from before
    the moment ``before``."""

    count: int
    until: int
    before: str


@dataclass(frozen=True)
class ChainSealed(Event):
    """The end of the chain of events was signed anew, with the key that the wiki has now;
    ``fault`` says what was wrong with the chain then."""

    count: int
    fault: str = ""


@dataclass(frozen=True)
class ChainCheckRequested(Event):
    """Somebody asked for the chain of events to be verified."""

    check_id: int


@dataclass(frozen=True)
class DrillRequested(Event):
    """Somebody asked for the leak drill to be run."""

    run_id: int


@dataclass(frozen=True)
class DrillFinished(Event):
    """A run of the leak drill is over: ``clean``, with ``leaks``, ``failed`` or ``interrupted``;
    ``found`` counts what it found."""

    run_id: int
    outcome: str
    found: int


@dataclass(frozen=True)
class AuditExported(Event):
    """Events were handed out as a file; ``filters`` say which."""

    format: str
    filters: dict[str, str]


@dataclass(frozen=True)
class DeliveriesRetried(Event):
    """Deliveries to a subscriber that had failed are tried again."""

    subscriber: str
    count: int


@dataclass(frozen=True)
class DeliveriesGivenUp(Event):
    """Deliveries to a subscriber were ended before it heard of their events."""

    subscriber: str
    count: int
