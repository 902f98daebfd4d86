"""The cast of every test, and the spaces they meet in.

Ada administers, Ben edits, Cai reads, Dot is an outsider, Eve leads, Gus is a guest.

==========  ==========  ===================================================================
space       visibility  who
==========  ==========  ===================================================================
``open``    public      Eve leads, Ben edits, other members and all the world read
``eng``     internal    Eve leads, Ben edits, other members read
``lab``     private     Eve leads, Ben edits, Cai reads
``fair``    private     Eve leads, Gus comments
==========  ==========  ===================================================================
"""

from __future__ import annotations

import email.parser
import email.policy
import io
import itertools
import re
from collections.abc import Mapping
from datetime import timedelta
from email.message import EmailMessage

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, update
from werkzeug.test import TestResponse

from wiki.attachments.actions import attach_file
from wiki.attachments.storage import Storage
from wiki.config import Settings
from wiki.db import Database, now
from wiki.outbox.deliver import Deliverer
from wiki.pages.merging import Text
from wiki.pages.models import Page
from wiki.pages.queries import look_up
from wiki.pages.saving.edit import Edit, NewPage
from wiki.pages.saving.submit import submit
from wiki.people.models import LoginSession, Person
from wiki.people.signin.sign_in import open_session
from wiki.rules.access import ANONYMOUS, Actor
from wiki.rules.roles import Role, SiteRole, Visibility
from wiki.spaces.models import Membership, Space
from wiki.spaces.queries import see_space
from wiki.subscribers import handlers_by_name

PASSWORD = "correct horse battery"


def csrf_token(html: str) -> str:
    """The token of the first form in a page."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', html)
    assert found, "no form with a token"
    return found[1]


def words_of(letter: EmailMessage) -> str:
    """The text of a mail."""
    part = letter.get_body(("plain",))
    return str(part.get_content()) if part is not None else ""


def without_tokens(html: str) -> str:
    """A page without the CSRF tokens of its forms, which differ from session to session."""
    return re.sub(r'(name="csrf_token" value=)"[^"]*"', r'\1""', html)


SITE_ROLES = {
    "ada": SiteRole.ADMIN,
    "ben": SiteRole.MEMBER,
    "cai": SiteRole.MEMBER,
    "dot": SiteRole.MEMBER,
    "eve": SiteRole.MEMBER,
    "gus": SiteRole.GUEST,
}
SPACES = {
    "open": (Visibility.PUBLIC, {"eve": Role.LEAD, "ben": Role.EDITOR}),
    "eng": (Visibility.INTERNAL, {"eve": Role.LEAD, "ben": Role.EDITOR}),
    "lab": (Visibility.PRIVATE, {"eve": Role.LEAD, "ben": Role.EDITOR, "cai": Role.READER}),
    "fair": (Visibility.PRIVATE, {"eve": Role.LEAD, "gus": Role.COMMENTER}),
}


def move_in(database: Database, password_hash: str) -> dict[str, Actor]:
    """Store the cast and their spaces in an empty database, and return them by their handles."""
    rows = {}
    with database.write() as session:
        for handle, role in SITE_ROLES.items():
            rows[handle] = Person(
                handle=handle,
                name=handle.capitalize(),
                email=f"{handle}@example.org",
                password_hash=password_hash,
                site_role=role.value,
            )
            session.add(rows[handle])
        session.flush()
        for slug, (visibility, members) in SPACES.items():
            space = Space(
                slug=slug,
                title=slug.capitalize(),
                visibility=visibility.value,
                member_role=int(Role.READER),
            )
            session.add(space)
            session.flush()
            for handle, granted in members.items():
                session.add(
                    Membership(space_id=space.id, person_id=rows[handle].id, role=int(granted))
                )
        return {handle: person.actor() for handle, person in rows.items()}


class Scene:
    """The app on a database with the cast, and what tests do with it again and again."""

    def __init__(
        self, app: Flask, settings: Settings, database: Database, people: Mapping[str, Actor]
    ) -> None:
        self.app = app
        self.settings = settings
        self.database = database
        self.people: dict[str, Actor] = {"nobody": ANONYMOUS, **people}
        self.names: Mapping[str, object] = {}
        """Values for the names in braces in lists of screens."""
        self._clients: dict[str, FlaskClient] = {}

    def actor(self, handle: str) -> Actor:
        """Somebody of the cast, or ``nobody``, as the gate knows them."""
        return self.people[handle]

    def client(self, handle: str = "nobody") -> FlaskClient:
        """A browser in which they are signed in; the same one each time."""
        if handle not in self._clients:
            self._clients[handle] = self.new_client(handle)
        return self._clients[handle]

    def new_client(self, handle: str = "nobody") -> FlaskClient:
        """Another browser in which they are signed in."""
        client = self.app.test_client()
        if handle in self.people and handle != "nobody":
            with self.database.write() as session:
                person = session.get_one(Person, self.people[handle].person_id)
                signed_in = open_session(session, person, days=1)
            with client.session_transaction() as cookie:
                cookie["_user_id"] = signed_in.get_id()
                cookie["_fresh"] = True
        return client

    def get(self, handle: str, url: str, **options: object) -> TestResponse:
        """Open ``url`` as somebody."""
        return self.client(handle).get(url, **options)  # type: ignore[arg-type]

    def post(self, handle: str, url: str, **form: object) -> TestResponse:
        """Send a form as somebody."""
        return self.client(handle).post(url, data=form)

    def agree(self, handle: str, shown: TestResponse, **more: object) -> TestResponse:
        """Go on with a change that was answered with what it exposes; any other answer as it is."""
        if shown.status_code != 409 or 'name="digest"' not in shown.text:
            return shown
        form = dict(re.findall(r'name="(change|digest|back)" value="([^"]*)"', shown.text))
        return self.post(handle, "/-/exposures", **form, **more)

    def write(
        self,
        path: str,
        body: str = "",
        *,
        space: str = "eng",
        by: str = "eve",
        title: str = "",
        tags: tuple[str, ...] = (),
        message: str = "",
    ) -> Page:
        """Make the page ``path``, or save a new revision of it."""
        actor = self.actor(by)
        with self.database.write() as session:
            place = look_up(session, actor, space, path)
            name = title or (place.page.title if place.page else path.rpartition("/")[2] or space)
            text = Text(name, body, tags)
            if place.page is None:
                seen = see_space(session, actor, space)
                saved = submit(
                    session, actor, Edit(NewPage(seen.space, path), text, message=message)
                )
            else:
                saved = submit(
                    session, actor, Edit(place.page.id, text, base=place.page.head, message=message)
                )
            return saved.page

    def attach(self, path: str, data: bytes, *, space: str = "eng", by: str = "eve") -> int:
        """Attach a file at a place of the tree, as an import does; its id."""
        stored = Storage(self.settings.data_dir).put(io.BytesIO(data), max_bytes=1 << 20)
        with self.database.write() as session:
            seen = see_space(session, self.actor(by), space)
            return attach_file(session, self.actor(by), seen.space, path, stored).file.id

    def unconfirm(self, handle: str) -> None:
        """Let a quarter of an hour pass since they last showed who they are."""
        with self.database.write() as session:
            session.execute(
                update(LoginSession)
                .where(LoginSession.person_id == self.people[handle].person_id)
                .values(confirmed_at=now() - timedelta(minutes=16))
            )

    def page(self, path: str, *, space: str = "eng") -> Page:
        """The live page at a path."""
        with self.database.read() as session:
            page = look_up(session, self.actor("eve"), space, path).page
            assert page is not None, f"no page at /{space}/{path}"
            return page

    def alone(self) -> None:
        """Let only this test's commits count as changes of the database.

        PostgreSQL's snapshot changes with every transaction on the server, also of other tests.
        """
        commits = itertools.count(1)
        latest = [0]

        @event.listens_for(self.database.writer, "commit")
        def note(_connection: object) -> None:
            latest[0] = next(commits)

        self.database.version = lambda: latest[0]  # type: ignore[method-assign]

    def among_others(self) -> None:
        """Let commits of every process count as changes of the database, as in use."""
        vars(self.database).pop("version", None)

    def letters(self) -> list[EmailMessage]:
        """Do what the worker would do now, and read all mails that were sent, oldest first."""
        self.deliver()
        folder = self.settings.data_dir / "mail"
        read = email.parser.BytesParser(policy=email.policy.default)
        found = [read.parsebytes(path.read_bytes()) for path in sorted(folder.glob("*.eml"))]
        return [letter for letter in found if isinstance(letter, EmailMessage)]

    def deliver(self) -> int:
        """Do what the worker would do now."""
        return Deliverer(self.database, self.settings, handlers_by_name()).deliver_all()
