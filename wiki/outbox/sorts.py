"""What sort of event each is: what it is about, whether the audit shows it, whether it may expire.

A test fails for an event that has no place here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from wiki.outbox import events


class Category(StrEnum):
    """What an event is about, as the audit groups it."""

    SIGN_IN = "sign-in"
    ACCOUNT = "account"
    ACCESS = "access"
    CONTENT = "content"
    TRANSFER = "transfer"
    SETTINGS = "settings"
    UPKEEP = "upkeep"


@dataclass(frozen=True)
class Sort:
    """The place of an event.

    ``audited``: the audit shows it. ``passing``: it may be deleted when it is old; whatever a
    page's history, a feed of changes or a proof needs is not.
    """

    category: Category
    audited: bool = True
    passing: bool = True

    @property
    def traced(self) -> bool:
        """Whether it is written down from where it was done."""
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
    # An import makes them by the hundred, and says so itself.
    events.PersonImported: Sort(Category.ACCOUNT, audited=False),
    events.AddressClaimRequested: Sort(Category.ACCOUNT),
    # Proves why events name somebody else now.
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
    # Proves who agreed to what more people can read.
    events.Opened: _lasting(Category.ACCESS),
    events.ApprovalAsked: Sort(Category.ACCESS),
    events.ApprovalDecided: Sort(Category.ACCESS),
    # Proves what was shown to people without an account, and by whom.
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
    # Proves who took what out, and why it is not there.
    events.Redacted: _lasting(Category.CONTENT),
    events.RedactionLifted: _lasting(Category.CONTENT),
    events.FileAdded: _lasting(Category.CONTENT, audited=False),
    events.FileRemoved: _lasting(Category.CONTENT),
    events.ImportRequested: Sort(Category.TRANSFER),
    events.MirrorAdded: Sort(Category.TRANSFER),
    events.MirrorRemoved: Sort(Category.TRANSFER),
    events.AuditExported: Sort(Category.TRANSFER),
    # Proves why events say less than they said.
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
"""By the name that an event is stored under."""

# Of an event that this version does not know nothing is lost, and the audit shows it.
_UNKNOWN = _lasting(Category.UPKEEP)


def sort_of(name: str) -> Sort:
    """The place of the event of that name."""
    return SORTS.get(name, _UNKNOWN)


def names_in(category: Category) -> list[str]:
    """The names of the events of a category."""
    return [name for name, sort in SORTS.items() if sort.category is category]
