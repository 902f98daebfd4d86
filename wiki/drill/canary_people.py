"""The people of the scratch wiki: those with access, those without, and their sessions."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from wiki.canary import Target, World, absent_like
from wiki.groups.actions import set_member
from wiki.pages.access import restrictions
from wiki.pages.access.restrictions import AccessList
from wiki.pages.models import Page
from wiki.people.actions import Credentials, create_person, disable
from wiki.people.groups import actions as groups
from wiki.people.models import LoginSession, Person
from wiki.people.signin.sign_in import open_session
from wiki.people.tokens import TokenScope, create_token
from wiki.rules.access import Actor
from wiki.rules.roles import Role, SiteRole
from wiki.spaces.actions import give_role
from wiki.spaces.consent import UNASKED
from wiki.spaces.models import Space

OUTSIDERS = ("nobody", "guest", "member", "revoked", "disabled", "narrow")
"""Accounts that crawl the wiki: a visitor, a guest of another space, a member of another team, a
person whose permissions were removed and a disabled one (both with open browser sessions), and a
token of an insider that is limited to another space."""
INSIDERS = ("insider", "lead", "admin")
"""Accounts that may know that the canaries exist."""


def create_people(world: World, session: Session) -> None:
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


def open_sessions(world: World, session: Session) -> None:
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


def remove_rights(world: World, session: Session) -> None:
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
