"""Events as sentences, with links and without names that the reader may not know."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from string import Formatter

from wiki.i18n import gettext as _
from wiki.outbox.event import EVENTS, policy_of
from wiki.outbox.models import EventRow
from wiki.outbox.sentences import Part, Sentence
from wiki.pages.models import Page
from wiki.people.models import Group, Person
from wiki.spaces.models import Invitation, Space
from wiki.web.urls import page_url


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
        """Return a person's name with a link, or "someone"."""
        found = self.people.get(id) if isinstance(id, int) else None
        if found is None:
            return Part(_("someone"))
        return Part(found.name, f"/-/admin/people/{found.handle}", name=True)

    def group(self, id: object) -> Part:
        """Return a group's name; "a group" if it is deleted."""
        found = self.groups.get(id) if isinstance(id, int) else None
        return (
            Part(_("group %(name)s", name=found.name), name=True) if found else Part(_("a group"))
        )

    def space(self, id: object) -> Part:
        """Return a space's title, which administrators may know in any case; a link only if it is
        readable."""
        found = self.spaces.get(id) if isinstance(id, int) else None
        if found is None:
            return Part(_("a space"))
        url = page_url(found.slug, "") if found.id in self.readable else ""
        return Part(found.title, url, name=True)

    def page(self, row: EventRow) -> Sentence:
        """Return a page's title with a link or, if it is not readable, only its space."""
        found = self.pages.get(row.page_id or 0)
        if found is not None:
            url = f"/-/p/{found.id}{'/history' if found.deleted_at else ''}"
            return (Part(f"“{found.title}”", url, name=True),)
        before, _place, after = _("a page of {space}").partition("{space}")
        parts = (Part(before), self.space(row.space_id), Part(after))
        return tuple(part for part in parts if part.text)

    def place(self, row: EventRow) -> Sentence:
        """Return the page of an event, or its space if it has no page."""
        return self.page(row) if row.page_id else (self.space(row.space_id),)

    def path(self, space_id: object, path: object) -> str:
        """Return the address of a place in a space, as it is written."""
        found = self.spaces.get(space_id) if isinstance(space_id, int) else None
        return f"/{found.slug if found else '…'}/{path}"

    def invited_as(self, invitation_id: object) -> str:
        """Return the site role that an invitation gives; empty if it is unknown."""
        found = self.invitations.get(invitation_id) if isinstance(invitation_id, int) else None
        return found.site_role if found else ""

    def may_read(self, row: EventRow) -> bool:
        """Return whether the page of an event is readable or, if it has no page, its space."""
        return row.page_id in self.pages if row.page_id else self.may_read_space(row.space_id)

    def may_read_space(self, id: object) -> bool:
        """Return whether a space is readable."""
        return id in self.readable


def who_did(row: EventRow, known: Known) -> Part:
    """Return the subject of the sentence about an event."""
    if row.actor_id is not None:
        return known.person(row.actor_id)
    if row.address is not None:
        return Part(_("Someone not signed in"))
    return Part(_("The wiki") if policy_of(row.name).automatic else _("The server’s shell"))


def sentence(row: EventRow, known: Known) -> Sentence:
    """Return the sentence about an event, without its subject."""
    event = EVENTS.get(row.name)
    if event is None:
        return (Part("".join(f" {one.lower()}" if one.isupper() else one for one in row.name)),)
    wording = event.sentence
    worded = wording(row, known) if callable(wording) else wording
    return tuple(_filled(worded, row, known) if isinstance(worded, str) else worded)


def plain(parts: Iterable[Part]) -> str:
    """Return a sentence without its links."""
    return "".join(part.text for part in parts)


def _filled(template: str, row: EventRow, known: Known) -> Iterable[Part]:
    payload = row.payload
    for text, name, _spec, _conversion in Formatter().parse(str(template)):
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
                yield Part(_("a change"), f"/-/approvals/{payload.get('approval_id', 0)}")
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
