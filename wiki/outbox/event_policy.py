"""Classification of events: their category, whether they are audited, whether they may expire.

A test fails for an event that is not classified here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from wiki.outbox import events


class Category(StrEnum):
    """The category of an event in the audit log."""

    SIGN_IN = "sign-in"
    ACCOUNT = "account"
    ACCESS = "access"
    CONTENT = "content"
    TRANSFER = "transfer"
    SETTINGS = "settings"
    UPKEEP = "upkeep"


@dataclass(frozen=True)
class Sort:
    """The classification of an event.

    ``audited``: the audit log shows it. ``passing``: it may be deleted when it is old. Events that
    a page's history, a feed of changes or a proof needs are not passing.
    """

    category: Category
    audited: bool = True
    passing: bool = True

    @property
    def traced(self) -> bool:
        """True if its address of origin is stored."""
        return self.audited and self.category is not Category.CONTENT


def _lasting(category: Category, *, audited: bool = True) -> Sort:
    return Sort(category, audited, passing=False)


_SORTS: Mapping[type[events.Event], Sort] = {
    events.SignedIn: Sort(Category.SIGN_IN),
    events.SignInFailed: Sort(Category.SIGN_IN),
    events.SignedOut: Sort(Category.SIGN_IN),
    events.PasswordResetRequested: Sort(Category.SIGN_IN),
    events.FactorRefused: Sort(Category.SIGN_IN),
    events.RecoveryCodeUsed: Sort(Category.SIGN_IN),
    events.FactorAdded: Sort(Category.ACCOUNT),
    events.FactorRenamed: Sort(Category.ACCOUNT),
    events.FactorRemoved: Sort(Category.ACCOUNT),
    events.FactorsCleared: Sort(Category.ACCOUNT),
    events.RecoveryCodesMade: Sort(Category.ACCOUNT),
    events.PersonCreated: Sort(Category.ACCOUNT),
    events.PersonChanged: Sort(Category.ACCOUNT),
    # An import creates hundreds of them, and reports them itself.
    events.PersonImported: Sort(Category.ACCOUNT, audited=False),
    events.AddressClaimRequested: Sort(Category.ACCOUNT),
    # Proves why events have another actor now.
    events.PlaceholderClaimed: _lasting(Category.ACCOUNT),
    events.TokenCreated: Sort(Category.ACCOUNT),
    events.TokenRevoked: Sort(Category.ACCOUNT),
    events.IdentityLinked: Sort(Category.ACCOUNT),
    events.IdentityUnlinked: Sort(Category.ACCOUNT),
    events.MailRequested: Sort(Category.ACCOUNT, audited=False),
    events.GroupCreated: Sort(Category.ACCESS),
    events.GroupChanged: Sort(Category.ACCESS),
    events.GroupDeleted: Sort(Category.ACCESS),
    events.GroupMemberChanged: Sort(Category.ACCESS),
    events.MemberChanged: Sort(Category.ACCESS),
    events.GroupRoleChanged: Sort(Category.ACCESS),
    events.LeadTaken: _lasting(Category.ACCESS),
    events.InvitationCreated: Sort(Category.ACCESS),
    events.InvitationRevoked: Sort(Category.ACCESS),
    events.InvitationAccepted: Sort(Category.ACCESS),
    events.PageLabelled: _lasting(Category.ACCESS),
    events.PageRestricted: _lasting(Category.ACCESS),
    # Proves who agreed to let more people read something.
    events.Opened: _lasting(Category.ACCESS),
    events.ApprovalAsked: Sort(Category.ACCESS),
    events.ApprovalDecided: Sort(Category.ACCESS),
    # Proves what was shared with people without an account, and by whom.
    events.ShareMade: _lasting(Category.ACCESS),
    events.ShareRevoked: _lasting(Category.ACCESS),
    events.ShareSuspended: _lasting(Category.ACCESS),
    events.ShareResumed: _lasting(Category.ACCESS),
    events.SecretsAllowed: _lasting(Category.ACCESS),
    events.GroupFactorChanged: Sort(Category.ACCESS),
    events.SiteSettingChanged: Sort(Category.SETTINGS),
    events.ScanningChanged: Sort(Category.SETTINGS),
    events.SpaceCreated: _lasting(Category.SETTINGS),
    events.SpaceChanged: _lasting(Category.SETTINGS),
    events.PageSaved: _lasting(Category.CONTENT, audited=False),
    events.PageMoved: _lasting(Category.CONTENT),
    events.PageDeleted: _lasting(Category.CONTENT),
    events.PageRestored: _lasting(Category.CONTENT),
    events.PagePurged: _lasting(Category.CONTENT),
    events.RevisionPurged: _lasting(Category.CONTENT),
    # Proves who redacted something, and the reason.
    events.Redacted: _lasting(Category.CONTENT),
    events.RedactionLifted: _lasting(Category.CONTENT),
    events.FileAdded: _lasting(Category.CONTENT, audited=False),
    events.FileRemoved: _lasting(Category.CONTENT),
    events.ImportRequested: Sort(Category.TRANSFER),
    events.MirrorAdded: Sort(Category.TRANSFER),
    events.MirrorRemoved: Sort(Category.TRANSFER),
    events.AuditExported: Sort(Category.TRANSFER),
    # Proves why payloads of events were reduced.
    events.EventsScrubbed: _lasting(Category.UPKEEP),
    events.EventsExpired: _lasting(Category.UPKEEP),
    events.ChainSealed: _lasting(Category.UPKEEP),
    events.ChainCheckRequested: Sort(Category.UPKEEP),
    events.DrillRequested: Sort(Category.UPKEEP),
    events.DrillFinished: Sort(Category.UPKEEP),
    events.DeliveriesRetried: Sort(Category.UPKEEP),
    events.DeliveriesGivenUp: Sort(Category.UPKEEP),
}
SORTS: Mapping[str, Sort] = {event.__name__: sort for event, sort in _SORTS.items()}
"""The classification of events by the name that they are stored under."""

# Events unknown to this version are kept, and the audit log shows them.
_UNKNOWN = _lasting(Category.UPKEEP)


def sort_of(name: str) -> Sort:
    """Return the classification of an event by name."""
    return SORTS.get(name, _UNKNOWN)


def names_in(category: Category) -> list[str]:
    """Return the names of the events of a category."""
    return [name for name, sort in SORTS.items() if sort.category is category]
