"""A scratch wiki full of canaries, in pages and in what the rooms store about them."""

from __future__ import annotations

import io
from collections.abc import Iterable
from datetime import timedelta

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from wiki.attachments.actions import attach_file
from wiki.attachments.models import Attachment
from wiki.attachments.storage import Storage
from wiki.canary import Target, World, absent_like
from wiki.config import Settings
from wiki.db import Database, now
from wiki.groups.actions import set_member
from wiki.outbox.deliver import Deliverer
from wiki.pages import actions
from wiki.pages.access import restrictions
from wiki.pages.access.restrictions import AccessList
from wiki.pages.links import moves
from wiki.pages.links.plans import MoveTo
from wiki.pages.merging import Text
from wiki.pages.models import Page, Revision
from wiki.pages.saving.edit import Edit, NewPage
from wiki.pages.saving.submit import submit
from wiki.people import groups
from wiki.people.actions import Credentials, create_person, disable
from wiki.people.models import LoginSession, Person
from wiki.people.one_time import hash_token
from wiki.people.signin.sign_in import open_session
from wiki.people.tokens import TokenScope, create_token
from wiki.rooms import ROOMS
from wiki.rules.access import Actor, May
from wiki.rules.labels import Label
from wiki.rules.roles import Role, SiteRole, Visibility
from wiki.sharing.actions import Wish, make_link, revoke_link
from wiki.sharing.models import ShareLink
from wiki.spaces.actions import SpaceValues, create_space, give_role
from wiki.spaces.exposure import UNASKED
from wiki.spaces.models import Space
from wiki.subscribers import handlers_by_name

OUTSIDERS = ("nobody", "guest", "member", "revoked", "disabled", "narrow")
"""Accounts that crawl the wiki: a visitor, a guest of another space, a member of another team, a
person whose permissions were removed and a disabled one (both with open browser sessions), and a
token of an insider that is limited to another space."""

SHARED = "drillshared"
"""A word that occurs on hidden pages and on others."""

LINKS = ("link", "ended link", "revoked link")
"""Visitors with a share link to a page and the pages below it; one link works, one has expired, one
was revoked."""

INSIDERS = ("insider", "lead", "admin")
"""Accounts that may know that the canaries exist."""


def lay_out(app: Flask, database: Database, settings: Settings) -> World:
    """Fill an empty wiki with spaces, people, pages and files that contain canaries."""
    world = World(app, database, settings)
    with database.write() as session:
        _people(world, session)
        _secret_space(world, session)
        _open_space(world, session)
        _public_space(world, session)
        _shared_pages(world, session)
        _sign_in(world, session)
        for room in ROOMS:
            for plant in room.canaries:
                plant(world, session)
        _take_rights(world, session)
    Deliverer(database, settings, handlers_by_name()).deliver_all()
    for who, token in world.links.items():
        world.clients[who] = app.test_client()
        world.clients[who].get(f"/-/s/{token}/")
    with database.write() as session:
        _end_links(world, session)
    return world


def _people(world: World, session: Session) -> None:
    site = Actor(None, "", "The drill", SiteRole.ADMIN)
    roles = {"admin": SiteRole.ADMIN, "guest": SiteRole.GUEST}
    for name in ("admin", "lead", "insider", "member", "guest", "revoked", "disabled"):
        person = create_person(
            session,
            site,
            handle=f"drill-{name}",
            name=f"Drill {name}",
            credentials=Credentials(f"{name}@drill.invalid"),
            site_role=roles.get(name, SiteRole.MEMBER),
        )
        world.people[name] = person.actor()
    # A person that guests and visitors must not learn of.
    members = ("admin", "lead", "insider", "member", "revoked")
    colleague = create_person(
        session,
        site,
        handle=world.word("the user name of a colleague", members),
        name=world.word("the name of a colleague", members),
    )
    world.people["colleague"] = colleague.actor()
    team = groups.create_group(
        session,
        world.people["admin"],
        handle=world.word("the short name of a group", members),
        name=world.word("the name of a group", members),
    )
    insider = session.get_one(Person, world.people["insider"].person_id)
    set_member(session, world.people["admin"], team, insider, member=True, consent=UNASKED)
    world.common |= {"group": team.handle, "part": team.handle, "person": "drill-insider"}
    world.targets.append(
        Target(
            "a colleague",
            {"handle": colleague.handle},
            {"handle": absent_like(colleague.handle)},
            frozenset({"nobody", "guest", "disabled"}),
        )
    )


def _space(world: World, session: Session, slug: str, title: str, visibility: Visibility) -> Space:
    space = create_space(
        session,
        world.people["lead"],
        slug,
        SpaceValues(title, visibility=visibility, member_role=Role.READER),
    )
    for name in ("insider", "revoked", "disabled"):
        give_role(session, world.people["lead"], space, world.people[name].person_id or 0, _EDITOR)
    return space


_EDITOR = Role.EDITOR
_IN = ("insider", "lead")


def _page(
    world: World,
    session: Session,
    space: Space,
    allowed: tuple[str, ...],
    *,
    above: str = "",
    by_link: bool = False,
) -> Page:
    """Create a page with an older revision, every part of which is a canary.

    :param by_link: True if visitors with the share link may read its newest revision, but nothing
        around it.
    """
    lead = world.people["lead"]
    readers = (*allowed, "link") if by_link else allowed

    def text(which: str, readers: tuple[str, ...]) -> Text:
        return Text(
            world.word(f"the title of {which}", readers),
            f"# {world.word(f'a heading of {which}', readers)}\n\n"
            f"{world.word(f'the text of {which}', readers)} {SHARED}\n",
            (world.word(f"a tag of {which}", allowed),),
            world.word(f"the description of {which}", readers),
        )

    path = world.word("the path of a page", readers if above else allowed)
    where = f"{above}/{path}" if above else path
    before = text("an older revision", allowed)
    page = submit(
        session,
        lead,
        Edit(
            NewPage(space, where),
            before,
            message=world.word("the message of an older revision", allowed),
        ),
    ).page
    newest = text("a page", readers)
    submit(
        session,
        world.people["insider"],
        Edit(page.id, newest, base=1, message=world.word("the message of a page", allowed)),
    )
    name = f"{world.word('the name of a file', readers)}.txt"
    data = world.word("the bytes of a file", readers).encode()
    stored = Storage(world.settings.data_dir).put(io.BytesIO(data), max_bytes=1 << 20)
    attach_file(session, lead, space, f"{where}/{name}", stored)
    return page


def _target(
    world: World,
    session: Session,
    what: str,
    page: Page,
    hidden_from: Iterable[str],
    *,
    beside_links: bool = False,
) -> Target:
    """Add a target for a page, with all arguments that addresses can need."""
    slug = session.scalar(select(Space.slug).where(Space.id == page.space_id)) or ""
    file = session.scalars(select(Attachment).where(Attachment.page_id == page.id)).one()
    head = session.scalars(
        select(Revision).where(Revision.page_id == page.id).order_by(Revision.number.desc())
    ).first()
    tag = head.tags[0] if head else ""
    values: dict[str, str | int] = {
        "slug": slug,
        "path": page.path,
        "page_id": page.id,
        "file_id": file.id,
        "name": file.name,
        "file": f"{page.path}/{file.name}",
        "tag": tag,
        "word": page.title,
    }
    # The path as visitors with a share link to the page above see it.
    values["below"] = page.path.split("/", 1)[-1] if slug == "drill-shared" else page.path
    parts = page.path.split("/")
    absent = values | {
        "path": "/".join([*parts[:-1], absent_like(parts[-1])]),
        "page_id": page.id + 1_000_000,
        "file_id": file.id + 1_000_000,
        "tag": absent_like(tag),
        "word": absent_like(page.title),
    }
    absent["name"] = f"{absent_like(file.name[:-4])}.txt"
    absent["file"] = f"{absent['path']}/{absent['name']}"
    absent["below"] = absent_like(parts[-1])
    target = Target(what, values, absent, frozenset(hidden_from), beside_links)
    world.targets.append(target)
    return target


def _secret_space(world: World, session: Session) -> None:
    """Create a private space; even its name is hidden from others."""
    slug = world.word("the address of a private space", (*_IN, "admin"))
    title = world.word("the name of a private space", (*_IN, "admin"))
    space = _space(world, session, slug, title, Visibility.PRIVATE)
    page = _page(world, session, space, _IN)
    target = _target(world, session, "a page of a private space", page, OUTSIDERS)
    target.absent["slug"] = absent_like(slug)


def _open_space(world: World, session: Session) -> None:
    """Create an internal space in which some pages are restricted."""
    lead = world.people["lead"]
    space = _space(world, session, "drill-open", "Drill open", Visibility.INTERNAL)
    kept = _page(world, session, space, _IN)
    below = _page(world, session, space, _IN, above=kept.path)
    folder = _page(world, session, space, _IN, above=world.word("a folder", _IN))
    labelled = _page(world, session, space, _IN)
    gone = _page(world, session, space, _IN)
    moved = _page(world, session, space, _IN)
    former = moved.path
    listed = [world.people[name].person_id or 0 for name in ("insider", "revoked", "disabled")]
    for page, people in ((kept, listed), (folder, listed), (moved, listed), (gone, listed[:1])):
        restrictions.restrict(session, lead, page.id, AccessList(May.READ, people), consent=UNASKED)
    restrictions.set_label(session, lead, labelled.id, Label.CONFIDENTIAL, consent=UNASKED)
    new = world.word("the new path of a page", _IN)
    moves.move_page(session, lead, moved.id, MoveTo(new), consent=UNASKED)
    actions.delete_page(session, lead, gone.id)
    submit(session, lead, Edit(NewPage(space, "hello"), Text("Hello", f"Hello {SHARED}.")))
    for what, page in (
        ("a restricted page", kept),
        ("a page below a restricted one", below),
        ("a restricted page in a folder", folder),
        ("a confidential page", labelled),
        ("a deleted page", gone),
        ("a restricted page that has moved", moved),
    ):
        _target(world, session, what, page, OUTSIDERS)
    at_former = _target(world, session, "the former path of a restricted page", moved, OUTSIDERS)
    at_former.values["path"] = former
    at_former.values["file"] = f"{former}/{at_former.values['name']}"
    _included(world, session, space)
    here = _elsewhere(world, session)
    world.common["here"] = here.slug


def _included(world: World, session: Session, space: Space) -> None:
    """Create pages that everybody in the space can read and that include restricted ones."""
    lead = world.people["lead"]
    shown = ("drill-kept", "drill-kept#part", "drill-labelled", "drill-below", "drill-gone")
    text = "\n\n".join(f"![[{one}]]" for one in shown)
    outer = submit(session, lead, Edit(NewPage(space, "drill-shows"), Text("Shows", text))).page
    submit(session, lead, Edit(NewPage(space, "drill-below"), Text("Below", "![[drill-kept]]")))
    for name in ("kept", "labelled", "gone"):
        what = f"of an included page ({name})"
        body = f"{world.word(f'the text {what}', _IN)} {SHARED}\n\n## Part\n\n{SHARED}"
        page = submit(
            session,
            lead,
            Edit(NewPage(space, f"drill-{name}"), Text(world.word(f"the title {what}", _IN), body)),
        ).page
        if name == "labelled":
            restrictions.set_label(session, lead, page.id, Label.CONFIDENTIAL, consent=UNASKED)
        else:
            people = [world.people["insider"].person_id or 0]
            restrictions.restrict(
                session, lead, page.id, AccessList(May.READ, people), consent=UNASKED
            )
        if name == "gone":
            moves.move_page(
                session, lead, page.id, MoveTo("drill-moved", repair=False), consent=UNASKED
            )
    _includer(world, "a page that includes hidden ones", space, outer)


def _includer(world: World, what: str, space: Space, page: Page) -> None:
    values: dict[str, str | int] = {
        "slug": space.slug, "path": page.path, "page_id": page.id, "word": page.title
    }  # fmt: skip
    world.targets.append(Target(what, values, values, frozenset()))


def _elsewhere(world: World, session: Session) -> Space:
    """Create a private space in which the guest and the member of another team have roles."""
    lead = world.people["lead"]
    space = create_space(
        session,
        lead,
        "drill-elsewhere",
        SpaceValues("Drill elsewhere", visibility=Visibility.PRIVATE),
    )
    mine = (("guest", Role.COMMENTER), ("member", Role.EDITOR), ("insider", Role.EDITOR))
    for name, role in mine:
        give_role(session, lead, space, world.people[name].person_id or 0, role)
    submit(session, lead, Edit(NewPage(space, "start"), Text("Start", "Hello.")))
    return space


def _public_space(world: World, session: Session) -> None:
    """Create a public space with an internal page."""
    lead = world.people["lead"]
    space = _space(world, session, "drill-public", "Drill public", Visibility.PUBLIC)
    hello = Text("Hello", "Hello, world.\n\n![[drill-inside]]")
    page = submit(session, lead, Edit(NewPage(space, "hello"), hello)).page
    _includer(world, "a public page that includes an internal one", space, page)
    members = (*_IN, "admin", "member", "revoked")
    word = world.word("the text of an included internal page", members)
    shown = submit(session, lead, Edit(NewPage(space, "drill-inside"), Text("Inside", word))).page
    restrictions.set_label(session, lead, shown.id, Label.INTERNAL, consent=UNASKED)
    inside = _page(world, session, space, (*_IN, "admin", "member", "revoked"))
    restrictions.set_label(session, lead, inside.id, Label.INTERNAL, consent=UNASKED)
    _target(
        world, session, "an internal page of a public space", inside,
        ("nobody", "guest", "disabled"),
    )  # fmt: skip


def _shared_pages(world: World, session: Session) -> None:
    """Create a private space in which a page and some of the pages below it can be read by a share
    link; the others, and the pages beside it, cannot."""
    lead, insider = world.people["lead"], world.people["insider"].person_id or 0
    space = _space(world, session, "drill-shared", "Drill shared", Visibility.PRIVATE)
    root = _page(world, session, space, _IN, by_link=True)
    below = _page(world, session, space, _IN, above=root.path, by_link=True)
    labelled, kept, gone = (_page(world, session, space, _IN, above=root.path) for _ in range(3))
    beside = _page(world, session, space, _IN)
    restrictions.set_label(session, lead, labelled.id, Label.CONFIDENTIAL, consent=UNASKED)
    restrictions.restrict(session, lead, kept.id, AccessList(May.READ, [insider]), consent=UNASKED)
    actions.delete_page(session, lead, gone.id)
    for who in LINKS:
        link, url = make_link(session, lead, world.settings, root.id, Wish(subtree=True))
        world.links[who] = url.rstrip("/").rpartition("/")[2]
    others = (*OUTSIDERS, *LINKS[1:])
    shown = _target(world, session, "a page with a link", root, others)
    shown.values["share_id"] = link.id
    shown.absent["share_id"] = link.id + 1_000_000
    _target(world, session, "a page below one with a link", below, others, beside_links=True)
    for what, page in (
        ("a confidential page below one with a link", labelled),
        ("a restricted page below one with a link", kept),
        ("a deleted page below one with a link", gone),
        ("a page beside one with a link", beside),
    ):
        _target(world, session, what, page, (*OUTSIDERS, *LINKS), beside_links=True)


def _end_links(world: World, session: Session) -> None:
    """End two links that browsers have opened."""
    for who in LINKS[1:]:
        wanted = ShareLink.token_hash == hash_token(world.links[who])
        link = session.scalars(select(ShareLink).where(wanted)).one()
        if who == "ended link":
            link.expires_at = now() - timedelta(days=1)
        else:
            revoke_link(session, world.people["lead"], world.settings, link.id)


def _sign_in(world: World, session: Session) -> None:
    elsewhere = select(Space.id).where(Space.slug == world.common["here"])
    insider = session.get_one(Person, world.people["insider"].person_id)
    world.tokens["narrow"] = create_token(
        session,
        insider.actor(),
        insider,
        TokenScope(True, session.scalars(elsewhere).all()),
        name="drill",
    )[1]
    for name in (*OUTSIDERS, *INSIDERS):
        if name == "narrow":  # a narrow token has no browser session
            continue
        client = world.app.test_client()
        world.clients[name] = client
        if name == "nobody":
            continue
        person = session.get_one(Person, world.people[name].person_id)
        signed_in = open_session(session, person, days=1)
        with client.session_transaction() as cookie:
            cookie["_user_id"] = signed_in.get_id()
            cookie["_fresh"] = True
        world.tokens[name] = create_token(
            session, world.people[name], person, TokenScope(True), name="drill"
        )[1]
    mine = select(LoginSession.id).where(
        LoginSession.person_id == world.people["insider"].person_id
    )
    world.common["session_id"] = session.scalars(mine).one()


def _take_rights(world: World, session: Session) -> None:
    """Remove the permissions of one account and disable another, with open browser sessions."""
    lead, admin = world.people["lead"], world.people["admin"]
    revoked = world.people["revoked"].person_id or 0
    for space in session.scalars(select(Space)):
        give_role(session, lead, space, revoked, Role.NONE)
    for target in world.targets:
        page = session.get(Page, target.values.get("page_id", 0))
        if page is None or page.deleted_at is not None:
            continue
        for held in restrictions.own_restrictions(session, page):
            people = [one.id for one in held.people if one.id != revoked]
            restrictions.restrict(
                session,
                lead,
                page.id,
                AccessList(held.may, people),
                restriction_id=held.id,
                consent=UNASKED,
            )
    disabled = session.get_one(Person, world.people["disabled"].person_id)
    disable(session, admin, disabled)
