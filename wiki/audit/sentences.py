"""Events as sentences, with links and without names that the reader may not know."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from string import Formatter

from wiki.outbox.models import EventRow
from wiki.pages.models import Page
from wiki.people.models import Group, Person
from wiki.rules.labels import Label
from wiki.rules.roles import SiteRole
from wiki.spaces.models import Invitation, Space
from wiki.web.urls import page_url

MOST_NAMED = 4


@dataclass(frozen=True)
class Part:
    """A part of a sentence. ``url`` is the target of its link; ``name`` is True if a user chose the
    text."""

    text: str
    url: str = ""
    name: bool = False


Sentence = tuple[Part, ...]


@dataclass(frozen=True)
class Known:
    """The rows that events name, limited to what the reader may know: ``pages`` has only readable
    pages, and ``readable`` has the ids of readable spaces."""

    people: Mapping[int, Person] = field(default_factory=dict)
    groups: Mapping[int, Group] = field(default_factory=dict)
    spaces: Mapping[int, Space] = field(default_factory=dict)
    readable: frozenset[int] = frozenset()
    pages: Mapping[int, Page] = field(default_factory=dict)
    invitations: Mapping[int, Invitation] = field(default_factory=dict)

    def person(self, id: object) -> Part:
        """Return a person's name with a link, or "somebody"."""
        found = self.people.get(id) if isinstance(id, int) else None
        if found is None:
            return Part("somebody")
        return Part(found.name, f"/-/admin/people/{found.handle}", name=True)

    def group(self, id: object) -> Part:
        """Return a group's name; "a group" if it is deleted."""
        found = self.groups.get(id) if isinstance(id, int) else None
        return Part(f"group {found.name}", name=True) if found else Part("a group")

    def space(self, id: object) -> Part:
        """Return a space's title, which administrators may know in any case; a link only if it is
        readable."""
        found = self.spaces.get(id) if isinstance(id, int) else None
        if found is None:
            return Part("a space")
        url = page_url(found.slug, "") if found.id in self.readable else ""
        return Part(found.title, url, name=True)

    def page(self, row: EventRow) -> Sentence:
        """Return a page's title with a link or, if it is not readable, only its space."""
        found = self.pages.get(row.page_id or 0)
        if found is not None:
            url = f"/-/p/{found.id}{'/history' if found.deleted_at else ''}"
            return (Part(f"“{found.title}”", url, name=True),)
        return (Part("a page of "), self.space(row.space_id))

    def path(self, space_id: object, path: object) -> str:
        """Return the address of a place in a space, as it is written."""
        found = self.spaces.get(space_id) if isinstance(space_id, int) else None
        return f"/{found.slug if found else '…'}/{path}"


def who_did(row: EventRow, known: Known) -> Part:
    """Return the subject of the sentence about an event."""
    if row.actor_id is not None:
        return known.person(row.actor_id)
    if row.address is not None:
        return Part("Somebody who was not signed in")
    return Part("The wiki" if row.name in _BY_ITSELF else "The machine’s shell")


def sentence(row: EventRow, known: Known) -> Sentence:
    """Return the sentence about an event, without its subject."""
    written = _SENTENCES.get(row.name)
    if written is None:
        return (Part("".join(f" {one.lower()}" if one.isupper() else one for one in row.name)),)
    said = written(row, known) if callable(written) else written
    if not isinstance(said, str):
        return tuple(said)
    return tuple(_filled(said, row, known))


def plain(parts: Iterable[Part]) -> str:
    """Return a sentence without its links."""
    return "".join(part.text for part in parts)


def _filled(template: str, row: EventRow, known: Known) -> Iterable[Part]:
    payload = row.payload
    for text, name, _, _ in Formatter().parse(template):
        if text:
            yield Part(text)
        match name:
            case None:
                continue
            case "person":
                yield known.person(payload.get("person_id"))
            case "placeholder":
                yield known.person(payload.get("placeholder_id"))
            case "second":
                yield known.person(payload.get("second"))
            case "approval":
                yield Part("a change", f"/-/approvals/{payload.get('approval_id', 0)}")
            case "group":
                yield known.group(payload.get("group_id"))
            case "part":
                yield known.group(payload.get("part_id"))
            case "space":
                yield known.space(row.space_id)
            case "page":
                yield from known.page(row)
            case _:
                yield Part(str(payload.get(name, "")), name=True)


def _own(row: EventRow) -> bool:
    return row.actor_id is not None and row.actor_id == row.payload.get("person_id")


def _listed(words: Sequence[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if words[1:] else words)


def _fields(row: EventRow, words: Mapping[str, str]) -> str:
    changes = row.payload.get("changes")
    names = list(changes) if isinstance(changes, dict) else []
    return _listed([words.get(name, "something") for name in names]) or "something"


def _sign_in_failed(row: EventRow, _known: Known) -> str:
    tries = int(row.payload.get("tries", 1))
    known = row.payload.get("person_id") is not None
    if tries == 1:
        return "failed to sign in as {person}" if known else "tried an unknown user name"
    whose = "failed to sign in as {person}" if known else "tried an unknown user name"
    return f"{whose} {tries} times and has to wait before the next try"


def _signed_out(row: EventRow, _known: Known) -> str:
    return "signed out" if _own(row) else "ended a session of {person}"


def _person_changed(row: EventRow, _known: Known) -> str:
    changes = row.payload.get("changes", {})
    match changes:
        case {"disabled": True}:
            return "disabled the account of {person}"
        case {"disabled": False}:
            return "enabled the account of {person} again"
        case {"site_role": role}:
            article = "an" if role == SiteRole.ADMIN else "a"
            return f"made {{person}} {article} {role if role in _SITE_ROLES else 'member'}"
    what = _fields(row, _OF_PEOPLE)
    return f"changed their own {what}" if _own(row) else f"changed the {what} of {{person}}"


def _claimed(row: EventRow, _known: Known) -> str:
    how = "after" if row.payload.get("proven") else "without"
    if _own(row):
        return f"claimed the work of {{placeholder}} {how} verifying its address"
    return f"assigned the work of {{placeholder}} to {{person}} {how} verifying its address"


def _member(row: EventRow, _known: Known) -> str:
    if row.payload.get("role"):
        return "gave {person} the role {role} in {space}"
    return "left {space}" if _own(row) else "removed {person} from {space}"


def _group_role(row: EventRow, _known: Known) -> str:
    if row.payload.get("role"):
        return "gave {group} the role {role} in {space}"
    return "removed {group} from {space}"


def _group_member(row: EventRow, _known: Known) -> str:
    who = "{person}" if row.payload.get("person_id") else "{part}"
    return (
        f"added {who} to {{group}}"
        if row.payload.get("inside")
        else f"removed {who} from {{group}}"
    )


def _invited(row: EventRow, known: Known) -> str:
    found = known.invitations.get(row.payload.get("invitation_id", 0))
    as_role = f" as {found.site_role}" if found else ""
    return f"invited somebody{as_role}{_into(row)}"


def _into(row: EventRow) -> str:
    return " to {space}" if row.space_id is not None else ""


def _labelled(row: EventRow, _known: Known) -> str:
    words, none = {str(label.word) for label in Label}, Label.PUBLIC.word
    is_now, was = row.payload.get("label"), row.payload.get("was")
    if is_now not in words:
        return "changed the label of {page}"
    if was not in words or was == none:
        return f"labelled {{page}} {is_now}"
    if is_now == none:
        return f"removed the label {was} from {{page}}"
    return f"changed the label of {{page}} from {was} to {is_now}"


def _restricted(row: EventRow, known: Known) -> Iterable[Part]:
    payload = row.payload
    doing = "editing" if payload.get("may") == "edit" else "reading"
    if payload.get("lifted"):
        yield Part(f"lifted the restriction on {doing} ")
        yield from known.page(row)
        return
    yield Part(f"restricted {doing} ")
    yield from known.page(row)
    listed = [known.group(id) for id in payload.get("groups") or ()]
    listed += [known.person(id) for id in payload.get("people") or ()]
    yield Part(" to " if listed else " to those who lead the space")
    for position, part in enumerate(listed[:MOST_NAMED]):
        yield from ([Part(", ")] if position else [])
        yield part
    if len(listed) > MOST_NAMED:
        yield Part(f" and {len(listed) - MOST_NAMED} more")


def _opened(row: EventRow, _known: Known) -> str:
    what = _OPENED.get(row.payload.get("kind", ""), "a change")
    second = ", approved by {second}" if row.payload.get("second") else ""
    return f"gave more people access{_in(row)} by {what}{second}"


def _approval_asked(row: EventRow, _known: Known) -> str:
    return f"asked for approval of {{approval}}{_in(row)}"


def _approval_decided(row: EventRow, _known: Known) -> str:
    verb = "approved" if row.payload.get("approved") else "rejected"
    return f"{verb} {{approval}}{_in(row)}"


def _in(row: EventRow) -> str:
    return " in {space}" if row.space_id is not None else ""


def _secrets_allowed(row: EventRow, _known: Known) -> str:
    count = row.payload.get("count")
    what = "a possible secret" if count == 1 else "{count} possible secrets"
    return f"saved revision {{revision}} of {{page}} with {what} in it"


def _scanning(row: EventRow, _known: Known) -> str:
    if row.payload.get("kinds"):
        return "changed the kinds of secrets that are looked for in {space}"
    return "turned off the search for secrets in {space}"


def _space_changed(row: EventRow, _known: Known) -> str:
    changes = row.payload.get("changes")
    seen = changes.get("visibility") if isinstance(changes, dict) else None
    tail = f" and made it {seen}" if seen in ("public", "internal", "private") else ""
    if tail and isinstance(changes, dict) and len(changes) == 1:
        return f"made {{space}} {seen}"
    return f"changed {_fields(row, _OF_SPACES)} of {{space}}{tail}"


def _moved(row: EventRow, known: Known) -> Iterable[Part]:
    payload = row.payload
    yield Part("moved ")
    yield from known.page(row)
    # Places in a space are told only to readers of both the page and its former space.
    if row.page_id in known.pages and payload.get("old_space_id") in known.readable:
        old = known.path(payload.get("old_space_id"), payload.get("old_path"))
        new = known.path(row.space_id, payload.get("new_path"))
        yield Part(" from ")
        yield Part(old, name=True)
        yield Part(" to ")
        yield Part(new, name=True)
    elif payload.get("old_space_id") != row.space_id:
        yield Part(" out of ")
        yield known.space(payload.get("old_space_id"))


def _purged(row: EventRow, known: Known) -> Iterable[Part]:
    revisions = row.payload.get("revisions") or 0
    yield Part(f"purged a page with {revisions} revision{'s' if revisions != 1 else ''} ")
    if row.space_id in known.readable and row.payload.get("path"):
        yield Part("at ")
        yield Part(known.path(row.space_id, row.payload["path"]), name=True)
    else:
        yield Part("in ")
        yield known.space(row.space_id)


def _redacted(row: EventRow, known: Known) -> Iterable[Part]:
    payload = row.payload
    words = payload.get("words") or 0
    what = {
        "revision": "a revision",
        "file": "a file",
        "title": "a title",
    }.get(str(payload.get("kind")), "one word" if words == 1 else f"{words} words")
    yield Part(f"redacted {what} of ")
    yield from known.page(row) if row.page_id else [known.space(row.space_id)]
    may_know = row.page_id in known.pages if row.page_id else row.space_id in known.readable
    if payload.get("reason") and may_know:
        yield Part(": ")
        yield Part(str(payload["reason"]), name=True)


def _file(verb: str, preposition: str) -> Callable[[EventRow, Known], Iterable[Part]]:
    def said(row: EventRow, known: Known) -> Iterable[Part]:
        may_know = row.page_id in known.pages if row.page_id else row.space_id in known.readable
        yield Part(f"{verb} ")
        yield Part(str(row.payload.get("name")), name=True) if may_know else Part("a file")
        yield Part(f" {preposition} ")
        yield from known.page(row) if row.page_id else [known.space(row.space_id)]

    return said


def _for_other(own: str, other: str) -> Callable[[EventRow, Known], str]:
    return lambda row, _known: own if _own(row) else other


def _factor(row: EventRow) -> str:
    kind = row.payload.get("kind")
    return {"passkey": "a passkey", "authenticator": "an authenticator app"}.get(
        str(kind), "a second factor"
    )


def _exported(row: EventRow, _known: Known) -> Iterable[Part]:
    filters = row.payload.get("filters") or {}
    kind = "CSV" if row.payload.get("format") == "csv" else "JSON lines"
    yield Part(f"exported {'part of ' if filters else ''}the audit log as {kind}")
    if filters:
        words = ", ".join(f"{name}: {value}" for name, value in filters.items())
        yield Part(f" ({words})", name=True)


def _count(one: str, many: str) -> Callable[[EventRow, Known], str]:
    return lambda row, _known: one if row.payload.get("count") == 1 else many


def _drilled(row: EventRow, _known: Known) -> str:
    match row.payload.get("outcome"):
        case "clean":
            return "finished the leak drill and found no leak"
        case "leaks":
            found = int(row.payload.get("found", 0))
            return f"finished the leak drill and found {found} {'leak' if found == 1 else 'leaks'}"
        case "interrupted":
            return "noticed that a leak drill was interrupted"
    return "could not finish the leak drill"


def _sealed(row: EventRow, _known: Known) -> str:
    fault = " despite a fault: {fault}" if row.payload.get("fault") else ""
    return f"signed the chain of {{count}} events again{fault}"


Written = str | Callable[[EventRow, Known], str | Iterable[Part]]

_SITE_ROLES = frozenset(SiteRole)
_OF_PEOPLE = {"name": "name", "email": "e-mail address", "password": "password"}
_OF_GROUPS = {"name": "name", "description": "description", "handle": "short name"}
_OF_SPACES = {
    "title": "the title",
    "description": "the description",
    "visibility": "the visibility",
    "member_role": "the role of members",
    "label": "the label",
    "reader_clearance": "the clearance of readers",
    "commenter_clearance": "the clearance of commenters",
    "editor_clearance": "the clearance of editors",
}
_OPENED = {
    "label": "changing the label of a page",
    "restrict": "changing the list of a restriction",
    "lift": "lifting a restriction",
    "move": "moving a page",
    "space": "changing the settings of the space",
    "role": "changing somebody’s role",
    "group_role": "changing the role of a group",
    "group_member": "adding somebody to a group",
    "group_part": "adding a group to a group",
    "invite": "an invitation",
}
_BY_ITSELF = frozenset(
    {"DrillFinished", "EventsExpired", "PersonImported", "PasswordResetRequested"}
)
_SENTENCES: Mapping[str, Written] = {
    "SignedIn": "signed in",
    "SignedOut": _signed_out,
    "PasswordResetRequested": "asked for a link to a new password",
    "SignInFailed": _sign_in_failed,
    "FactorRefused": "failed the second factor of {person} after the right password",
    "RecoveryCodeUsed": "used a recovery code",
    "FactorAdded": lambda row, _: f"added {_factor(row)}",
    "FactorRenamed": lambda row, _: f"renamed {_factor(row)}",
    "FactorRemoved": lambda row, _: f"removed {_factor(row)}",
    "FactorsCleared": "removed all second factors of {person}",
    "RecoveryCodesMade": "created new recovery codes",
    "GroupFactorChanged": lambda row, _: (
        f"{'required' if row.payload.get('required') else 'stopped requiring'} "
        "a second factor in {group}"
    ),
    "SiteSettingChanged": "changed the site setting {key}",
    "PersonCreated": _for_other("created their account", "created the account of {person}"),
    "PersonChanged": _person_changed,
    "PersonImported": "recorded {person} as an author of imported pages",
    "AddressClaimRequested": "claimed an address of imported work",
    "PlaceholderClaimed": _claimed,
    "TokenCreated": _for_other("created an API token", "created an API token for {person}"),
    "TokenRevoked": _for_other("revoked an API token", "revoked an API token of {person}"),
    "IdentityLinked": _for_other(
        "linked an account of the provider", "linked {person} to an account of the provider"
    ),
    "IdentityUnlinked": _for_other(
        "unlinked an account of the provider", "unlinked {person} from an account of the provider"
    ),
    "MailRequested": "sent a mail",
    "GroupCreated": "created {group}",
    "GroupChanged": lambda row, _: f"changed the {_fields(row, _OF_GROUPS)} of {{group}}",
    "GroupDeleted": "deleted the group {name}",
    "GroupMemberChanged": _group_member,
    "MemberChanged": _member,
    "GroupRoleChanged": _group_role,
    "LeadTaken": "took the lead role in {space} as an admin",
    "InvitationCreated": _invited,
    "InvitationRevoked": lambda row, _: f"revoked an invitation{_into(row)}",
    "InvitationAccepted": lambda row, _: f"accepted an invitation{_into(row)}",
    "ShareMade": lambda row, _: (
        "created a share link to {page}"
        f"{' and the pages below it' if row.payload.get('subtree') else ''}"
    ),
    "ShareRevoked": "revoked a share link to {page}",
    "ShareSuspended": lambda row, _: (
        "caused a share link to {page} to be paused by "
        f"{'wrong passwords' if row.payload.get('cause') == 'guesses' else 'opening it too often'}"
    ),
    "ShareResumed": "resumed a share link to {page}",
    "PageLabelled": _labelled,
    "PageRestricted": _restricted,
    "Opened": _opened,
    "ApprovalAsked": _approval_asked,
    "ApprovalDecided": _approval_decided,
    "SecretsAllowed": _secrets_allowed,
    "ScanningChanged": _scanning,
    "SpaceCreated": "created the space {space}",
    "SpaceChanged": _space_changed,
    "PageSaved": "saved revision {revision} of {page}",
    "PageMoved": _moved,
    "PageDeleted": "deleted {page}",
    "PageRestored": "restored {page}",
    "PagePurged": _purged,
    "RevisionPurged": "purged revision {revision} of {page}",
    "Redacted": _redacted,
    "RedactionLifted": "lifted a redaction on {page}",
    "FileAdded": _file("attached", "to"),
    "FileRemoved": _file("removed", "from"),
    "ImportRequested": "started an import into {space}",
    "MirrorAdded": "started mirroring {space} to a Git repository",
    "MirrorRemoved": "stopped mirroring {space}",
    "AuditExported": _exported,
    "EventsScrubbed": _count(
        "removed the words from an event of {page}",
        "removed the words from {count} events of {page}",
    ),
    "EventsExpired": _count("deleted an event that had expired", "deleted {count} expired events"),
    "ChainSealed": _sealed,
    "ChainCheckRequested": "started a verification of the chain of events",
    "DrillRequested": "started the leak drill",
    "DrillFinished": _drilled,
    "DeliveriesRetried": _count(
        "retried a delivery to {subscriber}", "retried {count} deliveries to {subscriber}"
    ),
    "DeliveriesGivenUp": _count(
        "gave up on a delivery to {subscriber}", "gave up on {count} deliveries to {subscriber}"
    ),
}
WRITTEN = frozenset(_SENTENCES)
"""The names of the events that have sentences."""
