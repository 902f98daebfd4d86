"""A scratch wiki full of canaries, in pages and in what the rooms store about them."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from wiki.canary import Target, World, absent_like
from wiki.config import Settings
from wiki.db import Database, now
from wiki.drill.canary_pages import IN, SHARED, open_space, target_of, write_page
from wiki.drill.canary_people import OUTSIDERS, create_people, open_sessions, remove_rights
from wiki.outbox.deliver import Deliverer
from wiki.pages import actions
from wiki.pages.access import restrictions
from wiki.pages.access.restrictions import AccessList
from wiki.pages.links import moves
from wiki.pages.links.plans import MoveTo
from wiki.pages.merging import Text
from wiki.pages.models import Page
from wiki.pages.saving.edit import Edit, NewPage
from wiki.pages.saving.submit import submit
from wiki.people.one_time import hash_token
from wiki.rooms import ROOMS
from wiki.rules.access import May
from wiki.rules.labels import Label
from wiki.rules.roles import Role, Visibility
from wiki.sharing.actions import Wish, make_link, revoke_link
from wiki.sharing.models import ShareLink
from wiki.spaces.actions import SpaceValues, create_space, give_role
from wiki.spaces.consent import UNASKED
from wiki.spaces.models import Space
from wiki.subscribers import handlers_by_name

LINKS = ("link", "ended link", "revoked link")
"""Visitors with a share link to a page and the pages below it; one link works, one has expired, one
was revoked."""


def lay_out(app: Flask, database: Database, settings: Settings) -> World:
    """Fill an empty wiki with spaces, people, pages and files that contain canaries."""
    world = World(app, database, settings)
    with database.write() as session:
        create_people(world, session)
        _secret_space(world, session)
        _open_space(world, session)
        _public_space(world, session)
        _shared_pages(world, session)
        open_sessions(world, session)
        for room in ROOMS:
            for plant in room.canaries:
                plant(world, session)
        remove_rights(world, session)
    Deliverer(database, settings, handlers_by_name()).deliver_all()
    for who, token in world.links.items():
        world.clients[who] = app.test_client()
        world.clients[who].get(f"/-/s/{token}/")
    with database.write() as session:
        _end_links(world, session)
    return world


def _secret_space(world: World, session: Session) -> None:
    """Create a private space; even its name is hidden from others."""
    slug = world.word("the address of a private space", (*IN, "admin"))
    title = world.word("the name of a private space", (*IN, "admin"))
    space = open_space(world, session, slug, title, Visibility.PRIVATE)
    page = write_page(world, session, space, IN)
    target = target_of(world, session, "a page of a private space", page, OUTSIDERS)
    target.absent["slug"] = absent_like(slug)


def _open_space(world: World, session: Session) -> None:
    """Create an internal space in which some pages are restricted."""
    lead = world.people["lead"]
    space = open_space(world, session, "drill-open", "Drill open", Visibility.INTERNAL)
    kept = write_page(world, session, space, IN)
    below = write_page(world, session, space, IN, above=kept.path)
    folder = write_page(world, session, space, IN, above=world.word("a folder", IN))
    labelled = write_page(world, session, space, IN)
    gone = write_page(world, session, space, IN)
    moved = write_page(world, session, space, IN)
    former = moved.path
    listed = [world.people[name].person_id or 0 for name in ("insider", "revoked", "disabled")]
    for page, people in ((kept, listed), (folder, listed), (moved, listed), (gone, listed[:1])):
        restrictions.restrict(session, lead, page.id, AccessList(May.READ, people), consent=UNASKED)
    restrictions.set_label(session, lead, labelled.id, Label.CONFIDENTIAL, consent=UNASKED)
    new = world.word("the new path of a page", IN)
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
        target_of(world, session, what, page, OUTSIDERS)
    at_former = target_of(world, session, "the former path of a restricted page", moved, OUTSIDERS)
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
        body = f"{world.word(f'the text {what}', IN)} {SHARED}\n\n## Part\n\n{SHARED}"
        page = submit(
            session,
            lead,
            Edit(NewPage(space, f"drill-{name}"), Text(world.word(f"the title {what}", IN), body)),
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
    space = open_space(world, session, "drill-public", "Drill public", Visibility.PUBLIC)
    hello = Text("Hello", "Hello, world.\n\n![[drill-inside]]")
    page = submit(session, lead, Edit(NewPage(space, "hello"), hello)).page
    _includer(world, "a public page that includes an internal one", space, page)
    members = (*IN, "admin", "member", "revoked")
    word = world.word("the text of an included internal page", members)
    shown = submit(session, lead, Edit(NewPage(space, "drill-inside"), Text("Inside", word))).page
    restrictions.set_label(session, lead, shown.id, Label.INTERNAL, consent=UNASKED)
    inside = write_page(world, session, space, (*IN, "admin", "member", "revoked"))
    restrictions.set_label(session, lead, inside.id, Label.INTERNAL, consent=UNASKED)
    target_of(
        world, session, "an internal page of a public space", inside,
        ("nobody", "guest", "disabled"),
    )  # fmt: skip


def _shared_pages(world: World, session: Session) -> None:
    """Create a private space in which a page and some of the pages below it can be read by a share
    link; the others, and the pages beside it, cannot."""
    lead, insider = world.people["lead"], world.people["insider"].person_id or 0
    space = open_space(world, session, "drill-shared", "Drill shared", Visibility.PRIVATE)
    root = write_page(world, session, space, IN, by_link=True)
    below = write_page(world, session, space, IN, above=root.path, by_link=True)
    labelled, kept, gone = (
        write_page(world, session, space, IN, above=root.path) for _ in range(3)
    )
    beside = write_page(world, session, space, IN)
    restrictions.set_label(session, lead, labelled.id, Label.CONFIDENTIAL, consent=UNASKED)
    restrictions.restrict(session, lead, kept.id, AccessList(May.READ, [insider]), consent=UNASKED)
    actions.delete_page(session, lead, gone.id)
    for who in LINKS:
        link, url = make_link(session, lead, world.settings, root.id, Wish(subtree=True))
        world.links[who] = url.rstrip("/").rpartition("/")[2]
    others = (*OUTSIDERS, *LINKS[1:])
    shown = target_of(world, session, "a page with a link", root, others)
    shown.values["share_id"] = link.id
    shown.absent["share_id"] = link.id + 1_000_000
    target_of(world, session, "a page below one with a link", below, others, beside_links=True)
    for what, page in (
        ("a confidential page below one with a link", labelled),
        ("a restricted page below one with a link", kept),
        ("a deleted page below one with a link", gone),
        ("a page beside one with a link", beside),
    ):
        target_of(world, session, what, page, (*OUTSIDERS, *LINKS), beside_links=True)


def _end_links(world: World, session: Session) -> None:
    """End two links that browsers have opened."""
    for who in LINKS[1:]:
        wanted = ShareLink.token_hash == hash_token(world.links[who])
        link = session.scalars(select(ShareLink).where(wanted)).one()
        if who == "ended link":
            link.expires_at = now() - timedelta(days=1)
        else:
            revoke_link(session, world.people["lead"], world.settings, link.id)
