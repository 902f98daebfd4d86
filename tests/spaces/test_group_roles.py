"""Roles of groups in spaces: given by leads, counted by the gate, and never the end of a lead."""

from __future__ import annotations

import re

import click
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.cast import Scene
from tests.people.test_administration import second_of_two
from wiki.errors import Forbidden, Invalid, NotFound
from wiki.outbox.models import EventRow
from wiki.people.actions import create_person, disable, enable
from wiki.people.groups import actions as groups
from wiki.people.models import Group, Person
from wiki.rules.access import ANONYMOUS
from wiki.rules.roles import Role
from wiki.spaces.actions import set_group_role, set_role
from wiki.spaces.commands import writer
from wiki.spaces.models import GroupRole, Membership, Space
from wiki.spaces.queries import see_space

pytestmark = pytest.mark.every_database


@pytest.fixture
def teams(wiki: Scene) -> Scene:
    """Finance has Cai and Dot; the company has Finance and Ben; nobody is in Empty."""
    with wiki.database.write() as session:
        ada = wiki.actor("ada")
        made = {
            handle: groups.create_group(session, ada, handle=handle, name=handle.capitalize())
            for handle in ("company", "finance", "empty")
        }
        groups.store_part(session, ada, made["company"], made["finance"], inside=True)
        for group, handle in (("finance", "cai"), ("finance", "dot"), ("company", "ben")):
            groups.store_member(session, ada, made[group], person(session, handle), member=True)
    return wiki


def person(session: Session, handle: str) -> Person:
    return session.scalars(select(Person).where(Person.handle == handle)).one()


def group(session: Session, handle: str) -> Group:
    return session.scalars(select(Group).where(Group.handle == handle)).one()


def give(wiki: Scene, space: str, handle: str, role: Role, who: str = "eve") -> None:
    with wiki.database.write() as session:
        seen = see_space(session, wiki.actor(who), space)
        set_group_role(session, seen, group(session, handle), role)


def test_a_lead_gives_changes_and_takes_the_role_of_a_group(teams: Scene) -> None:
    members = "/lab/-/members"
    assert teams.get("dot", "/lab/").status_code == 404
    assert teams.post("eve", members, person="@company", role="reader").status_code == 303
    screen = teams.get("eve", members).text
    assert "Company (3 people) now has the role reader." in screen
    assert "3 people" in screen
    assert 'href="/-/groups/company"' in screen
    assert teams.get("dot", "/lab/").status_code == 200
    assert teams.get("dot", "/lab/-/new").status_code == 403
    teams.post("eve", members, person="company", role="editor")
    assert teams.get("dot", "/lab/-/new").status_code == 200
    teams.post("eve", members, person="Company", role="none")
    assert teams.get("dot", "/lab/").status_code == 404
    with teams.database.read() as session:
        told = session.scalars(select(EventRow).where(EventRow.name == "GroupRoleChanged")).all()
        assert [row.payload["role"] for row in told] == ["reader", "editor", ""]
        assert {row.actor_id for row in told} == {teams.actor("eve").person_id}
        assert session.scalars(select(GroupRole)).all() == []


def test_only_leads_give_roles_to_groups(teams: Scene) -> None:
    for who in ("ben", "cai"):
        refused = teams.post(who, "/lab/-/members", person="@finance", role="lead")
        assert refused.status_code == 403
    for who in ("ada", "dot", "gus"):
        refused = teams.post(who, "/lab/-/members", person="@finance", role="lead")
        assert refused.status_code == 404
    with teams.database.read() as session:
        assert session.scalars(select(GroupRole)).all() == []


def test_a_guest_who_leads_knows_no_groups(teams: Scene) -> None:
    teams.post("eve", "/fair/-/members", person="gus", role="lead")
    give(teams, "fair", "finance", Role.EDITOR)
    screen = teams.get("gus", "/fair/-/members").text
    everyone = teams.get("gus", "/fair/-/members?show=everyone").text
    for words in (screen, everyone):
        assert "finance" not in words.lower()
    assert "colleagues who were added as a group" in screen
    assert "in a group" in everyone
    assert 'href="/-/people/dot"' in everyone
    for typed in ("@finance", "finance", "@nothing", "nothing"):
        refused = teams.post("gus", "/fair/-/members", person=typed, role="reader")
        assert refused.status_code == 422
        assert "There is no one with this name" in refused.text
    with teams.database.write() as session:
        seen = see_space(session, teams.actor("gus"), "fair")
        with pytest.raises(Forbidden):
            set_group_role(session, seen, group(session, "finance"), Role.NONE)


def test_a_space_needs_a_lead_who_can_sign_in_by_themselves_or_by_a_group(teams: Scene) -> None:
    members = "/lab/-/members"

    def refused(**form: str) -> bool:
        answer = teams.post("eve", members, **form)
        if answer.status_code == 422:
            assert "A space needs a lead" in answer.text
        return answer.status_code == 422

    give(teams, "lab", "empty", Role.LEAD)  # nobody is in it
    assert refused(person="eve", role="reader")
    give(teams, "lab", "finance", Role.LEAD)
    assert not refused(person="eve", role="none")  # Cai and Dot lead
    assert teams.get("eve", "/lab/").status_code == 404
    taken = teams.post("cai", members, person="@finance", role="editor")
    assert taken.status_code == 422
    assert "A space needs a lead" in taken.text
    assert teams.post("cai", members, person="eve", role="lead").status_code == 303
    with teams.database.write() as session:
        for handle in ("cai", "dot"):
            disable(session, teams.actor("ada"), person(session, handle))
    assert refused(person="eve", role="none")
    assert not refused(person="@finance", role="none")
    give(teams, "lab", "finance", Role.LEAD)
    with teams.database.write() as session:
        enable(session, teams.actor("ada"), person(session, "dot"))
    assert not refused(person="eve", role="editor")


def test_a_lead_who_is_disabled_can_be_removed_while_another_leads(teams: Scene) -> None:
    teams.post("eve", "/lab/-/members", person="ben", role="lead")
    with teams.database.write() as session:
        disable(session, teams.actor("ada"), person(session, "ben"))
    assert teams.post("eve", "/lab/-/members", person="ben", role="none").status_code == 303
    assert teams.post("eve", "/lab/-/members", person="eve", role="none").status_code == 422


def test_a_group_that_is_the_last_lead_stays_and_so_do_its_last_people(teams: Scene) -> None:
    give(teams, "lab", "finance", Role.LEAD)
    teams.post("cai", "/lab/-/members", person="eve", role="none")
    left = teams.post("cai", "/-/groups/finance/leave")
    assert left.status_code == 303, "Dot still leads"
    for refused in (
        teams.post("dot", "/-/groups/finance/leave"),
        teams.post("ada", "/-/groups/finance/take", who="dot"),
        teams.post("ada", "/-/groups/finance/delete"),
    ):
        assert refused.status_code == 422
        assert "No one would lead “Lab” any more" in refused.text
    give(teams, "lab", "company", Role.LEAD, who="dot")
    give(teams, "lab", "finance", Role.NONE, who="dot")
    with teams.database.write() as session:
        groups.store_member(
            session, teams.actor("ada"), group(session, "company"), person(session, "ben"),
            member=False,
        )  # fmt: skip
    refused = teams.post("ada", "/-/groups/company/take", who="@finance")
    assert refused.status_code == 422, "its part is how anybody leads"
    teams.post("dot", "/lab/-/members", person="eve", role="lead")
    assert teams.post("dot", "/-/groups/finance/leave").status_code == 303
    assert teams.post("ada", "/-/groups/finance/delete").status_code == 303


def test_a_deleted_group_s_roles_are_taken_on_record(teams: Scene) -> None:
    give(teams, "lab", "finance", Role.EDITOR)
    give(teams, "eng", "finance", Role.READER)
    teams.post("ada", "/-/groups/finance/delete")
    with teams.database.read() as session:
        rows = session.scalars(
            select(EventRow).where(EventRow.name == "GroupRoleChanged").order_by(EventRow.id)
        ).all()
        slugs = dict(session.execute(select(Space.id, Space.slug)).all())
    taken = [slugs[row.space_id] for row in rows if row.payload["role"] == ""]
    assert sorted(taken) == ["eng", "lab"]


def test_disabling_the_last_lead_says_where_nobody_leads(teams: Scene) -> None:
    screen = teams.get("ada", "/-/admin/people/eve").text
    assert "No one else leads Eng, Fair, Lab and Open" in screen
    assert "No one else leads" not in teams.get("ada", "/-/admin/people/ben").text
    assert teams.post("ada", "/-/admin/people/eve/disable").status_code == 303
    assert "No one leads Eng, Fair, Lab and Open any more" in (
        teams.get("ada", "/-/admin/people/eve").text
    )


def test_of_two_who_end_both_ways_of_leading_at_once_one_is_refused(teams: Scene) -> None:
    give(teams, "lab", "finance", Role.LEAD)

    def leaves(session: Session) -> None:
        seen = see_space(session, teams.actor("eve"), "lab")
        set_role(session, seen, person(session, "eve"), Role.READER)

    def takes(session: Session) -> None:
        seen = see_space(session, teams.actor("cai"), "lab")
        set_group_role(session, seen, group(session, "finance"), Role.NONE)

    assert isinstance(second_of_two(teams.database, leaves, takes).exception(), Invalid)


def test_a_role_for_a_group_that_is_just_deleted_finds_nothing(teams: Scene) -> None:
    def deletes(session: Session) -> None:
        groups.drop_group(session, teams.actor("ada"), group(session, "finance"))

    def gives(session: Session) -> None:
        found = session.scalar(select(Group).where(Group.handle == "finance"))
        if found is None:  # on SQLite the second begins when the first is done
            raise NotFound
        set_group_role(session, see_space(session, teams.actor("eve"), "lab"), found, Role.READER)

    assert isinstance(second_of_two(teams.database, deletes, gives).exception(), NotFound)


def plain(html: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", html).split())


def everybody(wiki: Scene, who: str = "eve") -> dict[str, str]:
    """What the list of everybody in Engineering says of their roles, without tags."""
    screen = wiki.get(who, "/eng/-/members?show=everyone").text
    row = r'href="/-/people/(\w+)".*?<p class="row-text">@\w+ · (.*?)</p>.*?row-side">(\w+)</p>'
    return {
        handle: f"{role} {plain(why)}" for handle, why, role in re.findall(row, screen, re.DOTALL)
    }


def test_leads_see_what_everybody_may_do_and_by_what(teams: Scene) -> None:
    teams.post("eve", "/eng/-/members", person="dot", role="lead")
    give(teams, "eng", "finance", Role.COMMENTER)
    give(teams, "eng", "company", Role.EDITOR)
    assert everybody(teams) == {
        "ben": "editor added directly, and by group Company",
        "cai": "editor by group Company",
        "dot": "lead added directly",
        "eve": "lead added directly",
    }
    give(teams, "eng", "finance", Role.EDITOR)
    found = everybody(teams)
    assert found["cai"] == "editor by groups Company and Finance"
    give(teams, "eng", "finance", Role.LEAD)
    teams.post("eve", "/eng/-/members", person="cai", role="reader")
    assert "lead by group Finance" in plain(teams.get("eve", "/eng/-/members").text)
    give(teams, "eng", "company", Role.NONE)
    give(teams, "eng", "finance", Role.READER)
    teams.post("eve", "/eng/-/members", person="cai", role="none")
    teams.post("eve", "/eng/-/settings", title="E", visibility="internal", member_role="commenter")
    found = everybody(teams)
    assert found["cai"] == "commenter as every member"


def test_others_see_which_groups_are_there_but_not_everybody(teams: Scene) -> None:
    give(teams, "lab", "finance", Role.READER)
    screen = teams.get("cai", "/lab/-/members?show=everyone").text
    assert "added directly" not in screen
    assert "Finance" in screen
    assert "2 people" in screen
    assert "Remove" not in screen


@pytest.mark.thorough
def test_everybody_is_listed_in_slices_that_miss_nobody(teams: Scene) -> None:
    with teams.database.write() as session:
        finance = group(session, "finance")
        for number in range(110):
            one = create_person(session, ANONYMOUS, handle=f"p{number:03}", name=f"N {number}")
            groups.store_member(session, teams.actor("ada"), finance, one, member=True)
    give(teams, "lab", "finance", Role.READER)
    seen: list[str] = []
    url = "/lab/-/members?show=everyone"
    for _ in range(5):
        screen = teams.get("eve", url).text
        seen += re.findall(r'class="row-title" href="/-/people/(\w+)"', screen)
        older = re.search(r'rel="next" href="([^"]+)"', screen)
        if older is None:
            break
        url = older[1].replace("&amp;", "&")
    assert sorted(seen) == ["ben", "cai", "dot", "eve", *(f"p{n:03}" for n in range(110))]


def test_an_invitation_of_somebody_who_leads_by_a_group_holds(teams: Scene) -> None:
    give(teams, "lab", "finance", Role.LEAD)
    teams.post("eve", "/lab/-/members", person="cai", role="none")
    made = teams.post("cai", "/lab/-/invitations", role="reader")
    link = re.search(r"http://127\.0\.0\.1:8000(/-/invite/[\w-]+)", made.text)
    assert link
    assert teams.new_client().get(link[1]).status_code == 200
    give(teams, "lab", "finance", Role.READER)
    assert teams.new_client().get(link[1]).status_code == 410


def test_who_leads_by_a_group_counts_wherever_a_lead_is_asked_for(teams: Scene) -> None:
    give(teams, "lab", "finance", Role.LEAD)
    for handle in ("cai", "ben", "eve"):
        teams.post("cai", "/lab/-/members", person=handle, role="none")
    with teams.database.read() as session:
        lab = session.scalars(select(Space.id).where(Space.slug == "lab")).one()
        assert session.scalars(select(Membership).where(Membership.space_id == lab)).all() == []
        assert writer(session, "lab", None).handle == "cai"
    screen = teams.get("ada", "/-/admin/spaces").text
    assert screen.count("no lead") == 0
    assert "0 people and 1 group added" in screen
    with teams.database.write() as session:
        for number in range(9):
            one = create_person(session, ANONYMOUS, handle=f"a{number}", name=f"A {number}")
            groups.store_member(
                session, teams.actor("ada"), group(session, "finance"), one, member=True
            )
        disable(session, teams.actor("ada"), one)
    screen = teams.get("ada", "/-/admin/spaces").text
    assert "A 4</a> and others" in screen
    assert "A 5" not in screen
    with teams.database.write() as session:
        groups.drop_group(session, teams.actor("ada"), group(session, "finance"))
    assert teams.get("ada", "/-/admin/spaces").text.count("no lead") == 1
    with (
        teams.database.read() as session,
        pytest.raises(click.ClickException, match="has no lead"),
    ):
        writer(session, "lab", None)


@pytest.mark.parametrize("change", ["role", "who"])
def test_hostile_fields_are_answered_with_a_sentence(teams: Scene, change: str) -> None:
    for typed in ("", "\0", "@", "x" * 10_000, "@" * 300, "‮", "Robert'); --"):
        form = {"person": "@finance", "role": "reader"}
        form["role" if change == "role" else "person"] = typed
        if change == "role" and typed == "":
            continue  # means none
        refused = teams.post("eve", "/lab/-/members", **form)
        assert refused.status_code == 422, typed[:20]
