"""Actions of demo people at moments of the past."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy.orm import Session

from wiki.attachments.actions import attach_file
from wiki.attachments.storage import Storage
from wiki.comments.access import see_message
from wiki.comments.actions import open_thread, react, reply, set_state
from wiki.comments.composing import compose
from wiki.comments.locating import Quoted, locate
from wiki.db import at
from wiki.groups.actions import set_member, set_part
from wiki.pages.actions import delete_page
from wiki.pages.links.moves import move_page
from wiki.pages.links.plans import MoveTo
from wiki.pages.merging import Text
from wiki.pages.models import Action, Page
from wiki.pages.queries import look_up
from wiki.pages.revising import text_of
from wiki.pages.revisions import get_revision
from wiki.pages.saving.edit import Edit, NewPage
from wiki.pages.saving.submit import submit
from wiki.people.actions import Credentials, create_person
from wiki.people.groups.actions import create_group, find_group, see_group
from wiki.people.models import Person
from wiki.rules.access import Actor
from wiki.rules.roles import Role, SiteRole, Visibility
from wiki.spaces.actions import SpaceValues, create_space, give_role, set_group_role
from wiki.spaces.consent import UNASKED
from wiki.spaces.models import Space
from wiki.spaces.queries import see_space

PAGES = Path(__file__).parent / "pages"


class Stage:
    """A transaction that creates a fictional history. Actions happen at the moment set by
    :meth:`on`.

    :param end: the moment at which the history ends.
    """

    def __init__(
        self, session: Session, storage: Storage, shell: Actor, *, end: datetime, password_hash: str
    ) -> None:
        self.session = session
        self.storage = storage
        self.shell = shell
        self.end = end
        self.password_hash = password_hash
        self.people: dict[str, Actor] = {}
        self.spaces: dict[str, Space] = {}

    @contextmanager
    def on(self, days_ago: int, clock: str) -> Iterator[None]:
        """Set the clock to some days before the end, at a time such as ``09:40`` (UTC)."""
        hour, minute = map(int, clock.split(":"))
        day = self.end - timedelta(days=days_ago)
        with at(day.replace(hour=hour, minute=minute, second=0, microsecond=0)):
            yield

    def joins(self, handle: str, name: str, role: SiteRole = SiteRole.MEMBER) -> None:
        """Create an account."""
        person = create_person(
            self.session,
            self.shell,
            handle=handle,
            name=name,
            credentials=Credentials(f"{handle}@saddlebag.example", self.password_hash),
            site_role=role,
        )
        self.people[handle] = person.actor()

    def opens(
        self,
        who: str,
        slug: str,
        title: str,
        description: str,
        visibility: Visibility,
        member_role: Role = Role.EDITOR,
    ) -> None:
        """Create a space, led by its creator."""
        self.spaces[slug] = create_space(
            self.session,
            self.people[who],
            slug,
            SpaceValues(
                title, description=description, visibility=visibility, member_role=member_role
            ),
        )

    def invites(self, who: str, slug: str, **roles: Role) -> None:
        """Give people roles in a space."""
        for handle, role in roles.items():
            person_id = self.people[handle].person_id or 0
            give_role(self.session, self.people[who], self.spaces[slug], person_id, role)

    def gathers(self, who: str, handle: str, name: str, about: str, *inside: str) -> None:
        """Create a group of these people and groups."""
        group = create_group(
            self.session, self.people[who], handle=handle, name=name, description=about
        )
        for one in inside:
            part = find_group(self.session, one)
            if part is not None:
                set_part(self.session, self.people[who], group, part, inside=True, consent=UNASKED)
            else:
                self.puts_in(who, handle, one)

    def puts_in(self, who: str, group: str, handle: str) -> None:
        """Add a person to a group."""
        actor = self.people[who]
        person = self.session.get_one(Person, self.people[handle].person_id)
        into = see_group(self.session, actor, group)
        set_member(self.session, actor, into, person, member=True, consent=UNASKED)

    def trusts(self, who: str, slug: str, **roles: Role) -> None:
        """Give groups roles in a space."""
        for handle, role in roles.items():
            seen = see_space(self.session, self.people[who], slug)
            set_group_role(
                self.session, seen, see_group(self.session, self.people[who], handle), role
            )

    def writes(self, who: str, place: str, message: str = "") -> None:
        """Create the page at a place such as ``eng/on-call`` from its file."""
        slug, _, path = place.partition("/")
        source = (PAGES / slug / f"{path or 'home'}.md").read_text()
        submit(
            self.session,
            self.people[who],
            Edit(NewPage(self.spaces[slug], path), Text(title=path, body=source), message=message),
        )

    def changes(
        self, who: str, place: str, *edits: tuple[str, str], message: str = "", base: int = 0
    ) -> None:
        """Replace words of a page; with ``base``, starting from an older revision than the head."""
        page = self._page(place)
        text = text_of(self.session, get_revision(self.session, page, base or page.head))
        body = text.body
        for old, new in edits:
            if body.count(old) != 1:
                raise ValueError(f"“{old}” is not once in {place}.")
            body = body.replace(old, new)
        submit(
            self.session,
            self.people[who],
            Edit(
                page.id,
                Text(text.title, body, text.tags, text.description, text.fields),
                base=base or page.head,
                message=message,
            ),
        )

    def brings_back(self, who: str, place: str, number: int, message: str) -> None:
        """Restore an older revision."""
        page = self._page(place)
        submit(
            self.session,
            self.people[who],
            Edit(page.id, base=number, action=Action.REVERT, message=message, render_later=True),
        )

    def moves(self, who: str, place: str, path: str, message: str) -> None:
        """Move a page to another path."""
        move_page(
            self.session, self.people[who], self._page(place).id, MoveTo(path, message=message)
        )

    def deletes(self, who: str, place: str) -> None:
        """Delete a page."""
        delete_page(self.session, self.people[who], self._page(place).id)

    def attaches(self, who: str, place: str, data: bytes) -> None:
        """Attach a file."""
        slug, _, path = place.partition("/")
        stored = self.storage.put(io.BytesIO(data), max_bytes=1 << 20)
        attach_file(self.session, self.people[who], self.spaces[slug], path, stored)

    def comments(self, who: str, place: str, text: str) -> int:
        """Open a discussion on a page, and return the id of its message."""
        slug, _, path = place.partition("/")
        composed = compose(text, slug, self._page(place))
        return open_thread(self.session, self.people[who], slug, path, composed).id

    def suggests(self, who: str, place: str, text: str, passage: str, instead: str) -> int:
        """Suggest another text for a passage of a page, and return the id of the comment."""
        slug, _, path = place.partition("/")
        page = self._page(place)
        located = locate(self.session, page, slug, Quoted(passage))
        composed = replace(compose(text, slug, page), passage=located, suggested=instead)
        return open_thread(self.session, self.people[who], slug, path, composed).id

    def answers(self, who: str, message_id: int, text: str, *, at: int = 0) -> int:
        """Reply in the discussion of a message, to its message number ``at``; return the id of the
        reply."""
        actor = self.people[who]
        _, found = see_message(self.session, actor, message_id)
        composed = compose(text, found.seen.space.slug, found.page)
        return reply(self.session, actor, found.thread.id, composed, at).id

    def reacts(self, message_id: int, sign: str, *handles: str) -> None:
        """React to a message as each of these people."""
        for handle in handles:
            react(self.session, self.people[handle], message_id, sign, on=True)

    def resolves(self, who: str, message_id: int, reason: str) -> None:
        """Resolve the discussion of a message."""
        actor = self.people[who]
        _, found = see_message(self.session, actor, message_id)
        set_state(self.session, actor, found.thread.id, resolved=True, reason=reason)

    def _page(self, place: str) -> Page:
        slug, _, path = place.partition("/")
        page = look_up(self.session, self.people["eve"], slug, path).page
        if page is None:
            raise ValueError(f"There is no page at {place}.")
        return page
