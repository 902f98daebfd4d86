"""Groups on screens: members see them, admins change them, to all others there are none."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from tests.cast import Scene, without_tokens
from tests.pages.test_query_counts import counted
from wiki.people.actions import create_person
from wiki.people.groups import actions as groups
from wiki.people.models import Group, Person
from wiki.rules.access import ANONYMOUS
from wiki.rules.roles import Role
from wiki.spaces.actions import set_group_role
from wiki.spaces.models import RestrictedGroup, RestrictionRow
from wiki.spaces.queries import see_space


@pytest.fixture
def finance(wiki: Scene) -> Scene:
    """Finance, with Ben in it, is a part of the whole company."""
    assert make(wiki, "company").status_code == 303
    assert make(wiki, "finance", description="Money, and where it went.").status_code == 303
    assert wiki.post("ada", "/-/groups/company/put", who="@finance").status_code == 303
    assert wiki.post("ada", "/-/groups/finance/put", who="ben").status_code == 303
    return wiki


def make(wiki: Scene, handle: str, *, by: str = "ada", **more: str) -> TestResponse:
    form = {"handle": handle, "name": handle.capitalize()} | more
    return wiki.client(by).post("/-/admin/groups", data=form)


def give(wiki: Scene, space: str, handle: str, role: Role, who: str = "eve") -> None:
    with wiki.database.write() as session:
        group = session.scalars(select(Group).where(Group.handle == handle)).one()
        set_group_role(session, see_space(session, wiki.actor(who), space), group, role)


def test_members_see_who_is_in_a_group_and_by_what(finance: Scene) -> None:
    assert "Company" in finance.get("cai", "/-/groups").text
    screen = finance.get("cai", "/-/groups/finance").text
    assert "Money, and where it went." in screen
    assert 'href="/-/people/ben"' in screen
    assert 'href="/-/groups/company"' in screen
    whole = finance.get("cai", "/-/groups/company").text
    assert re.search(r'@ben · in <a href="/-/groups/finance">Finance</a>', whole)
    for words in ("Person or group", "/take", "/edit", "/delete", "/leave"):
        assert words not in screen
    assert "/leave" in finance.get("ben", "/-/groups/finance").text
    assert "/leave" not in finance.get("ben", "/-/groups/company").text
    assert finance.get("cai", "/-/groups/Finance").location == "/-/groups/finance"


def test_to_guests_and_strangers_there_are_no_groups(finance: Scene) -> None:
    finance.post("ada", "/-/groups/finance/put", who="gus")
    for who in ("gus", "nobody"):
        assert finance.get(who, "/-/groups").status_code == 404
        for address in ("/-/groups/finance", "/-/groups/finance?after=x"):
            hidden = finance.get(who, address)
            absent = finance.get(who, address.replace("finance", "nothing"))
            assert hidden.status_code == absent.status_code == 404
            same = hidden.text.replace("groups/finance", "groups/nothing")
            assert without_tokens(same) == without_tokens(absent.text)
    for verb in ("edit", "delete", "leave"):
        assert finance.get("gus", f"/-/groups/finance/{verb}").status_code == 404
    for verb in ("edit", "delete", "leave", "put", "take"):
        assert finance.post("gus", f"/-/groups/finance/{verb}", who="ben").status_code == 404
    assert finance.get("gus", "/-/people/finance").status_code == 404
    assert "groups" not in finance.get("gus", "/-/people/gus").text
    assert "/-/groups" not in finance.get("gus", "/").text
    assert "finance" not in finance.get("gus", "/-/who?q=fin").text


def test_only_admins_change_groups(finance: Scene) -> None:
    for who in ("cai", "eve", "ben"):
        assert finance.get(who, "/-/admin/groups").status_code == 403
        assert make(finance, "x", by=who).status_code == 403
        for verb in ("edit", "delete"):
            assert finance.get(who, f"/-/groups/finance/{verb}").status_code == 403
        for verb in ("edit", "delete", "put", "take"):
            refused = finance.post(who, f"/-/groups/finance/{verb}", who="ben", name="X")
            assert refused.status_code == 403
    assert finance.post("cai", "/-/groups/finance/leave").location == "/-/groups/finance"
    assert 'href="/-/people/ben"' in finance.get("cai", "/-/groups/finance").text


def test_a_group_is_made_changed_and_deleted(finance: Scene) -> None:
    form = {"name": "Money", "description": "<b>All</b> of it"}
    assert finance.post("ada", "/-/groups/finance/edit", **form).status_code == 303
    screen = finance.get("cai", "/-/groups/finance").text
    assert "&lt;b&gt;All&lt;/b&gt; of it" in screen
    assert "Money" in screen
    assert finance.post("ada", "/-/groups/finance/delete").location == "/-/groups"
    assert "The accounts of its people aren’t affected" in finance.get("ada", "/-/groups").text
    assert finance.get("cai", "/-/groups/finance").status_code == 404
    assert "No one in this group yet" in finance.get("cai", "/-/groups/company").text


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"handle": "ben", "name": "B"}, "is taken"),
        ({"handle": "finance", "name": "F"}, "is taken"),
        ({"handle": "", "name": "F"}, "short name"),
        ({"handle": "a b", "name": "F"}, "short name"),
        ({"handle": "x", "name": "n" * 201}, "at most 200"),
        ({"handle": "x", "name": "X", "description": "d" * 2001}, "at most 2000"),
    ],
)
def test_what_cannot_be_a_group_is_refused_with_what_was_typed(
    finance: Scene, form: dict[str, str], words: str
) -> None:
    refused = make(finance, **form)
    assert refused.status_code == (409 if words == "is taken" else 422)
    assert words in refused.text
    assert f'value="{form["name"]}"' in refused.text


@pytest.mark.parametrize(
    ("who", "words"),
    [
        ("", "Enter a user name"),
        ("@", "Enter a user name"),
        ("nobody at all", "No person or group"),
        ("@Ben Smith", "No person or group"),
        ("x" * 5000, "No person or group"),
        ("\0", "No person or group"),
        ("finance", "can’t contain itself"),
        ("company", "can’t contain itself"),
        ("dot", "no active account"),
    ],
)
def test_who_cannot_be_put_in_is_said_in_a_sentence(finance: Scene, who: str, words: str) -> None:
    finance.post("ada", "/-/admin/people/dot/disable")
    refused = finance.post("ada", "/-/groups/finance/put", who=who)
    assert refused.status_code == 422
    assert words in refused.text


@pytest.mark.parametrize("typed", ["cai", "@CAI", " cai@example.org ", "Cai", "@cai"])
def test_who_is_meant_is_understood_by_name_user_name_or_address(
    finance: Scene, typed: str
) -> None:
    assert finance.post("ada", "/-/groups/finance/put", who=typed).status_code == 303
    assert 'href="/-/people/cai"' in finance.get("ben", "/-/groups/company").text
    assert finance.post("ada", "/-/groups/finance/take", who=typed).status_code == 303
    assert 'href="/-/people/cai"' not in finance.get("ben", "/-/groups/company").text


def test_a_name_that_two_have_is_asked_about(finance: Scene) -> None:
    with finance.database.write() as session:
        for number in (1, 2):
            create_person(session, ANONYMOUS, handle=f"kim{number}", name="Kim Lee")
    refused = finance.post("ada", "/-/groups/finance/put", who="kim lee")
    assert refused.status_code == 422
    assert "Choose one of @kim1, @kim2" in refused.text
    finance.post("ada", "/-/admin/people/kim1/disable")
    assert finance.post("ada", "/-/groups/finance/put", who="kim lee").status_code == 303


def test_one_leaves_a_group_oneself_and_cannot_come_back(finance: Scene) -> None:
    give(finance, "eng", "finance", Role.EDITOR)
    screen = finance.get("ben", "/-/groups/finance/leave").text
    assert "editor in" in screen
    assert "Company" in screen
    assert finance.post("ben", "/-/groups/finance/leave").status_code == 303
    assert "No one in this group yet" in finance.get("ben", "/-/groups/company").text
    assert finance.post("ben", "/-/groups/finance/put", who="ben").status_code == 403
    assert finance.get("ben", "/-/groups/finance/leave").status_code == 303


def test_roles_are_shown_only_of_spaces_that_the_asker_may_read(finance: Scene) -> None:
    give(finance, "eng", "finance", Role.EDITOR)
    give(finance, "lab", "finance", Role.READER)
    seen = finance.get("cai", "/-/groups/finance").text
    assert 'href="/lab/"' in seen
    for who in ("dot", "ada"):
        screen = finance.get(who, "/-/groups/finance").text
        assert 'href="/eng/"' in screen
        assert "lab" not in screen.lower().replace("available", "").replace("label", "")


def test_before_a_deletion_all_that_it_means_is_said(finance: Scene) -> None:
    finance.write("open-plan", "x")
    finance.write("secret-plan", "x", space="lab")
    give(finance, "lab", "finance", Role.LEAD)
    give(finance, "eng", "company", Role.EDITOR)
    with finance.database.write() as session:
        group = session.scalars(select(Group).where(Group.handle == "finance")).one()
        for page in (finance.page("open-plan"), finance.page("secret-plan", space="lab")):
            row = RestrictionRow(page_id=page.id, may="edit")
            session.add(row)
            session.flush()
            session.add(RestrictedGroup(restriction_id=row.id, group_id=group.id))
    screen = finance.get("ada", "/-/groups/finance/delete").text
    assert 'lead in <span dir="auto">Lab</span>' in screen
    assert "open-plan" in screen
    assert "secret-plan" not in screen
    assert "1 page you can’t read" in screen
    assert "No one would lead" not in screen
    finance.post("ben", "/lab/-/members", person="eve", role="none")
    finance.post("ben", "/lab/-/members", person="ben", role="none")
    assert "No one would lead Lab" in finance.get("ada", "/-/groups/finance/delete").text
    refused = finance.post("ada", "/-/groups/finance/delete")
    assert refused.status_code == 422
    assert "No one would lead “Lab” any more" in refused.text
    finance.post("ada", "/-/admin/spaces/lab/lead")
    assert finance.post("ada", "/-/groups/finance/delete").status_code == 303


def test_a_profile_names_the_groups_for_members(finance: Scene) -> None:
    screen = finance.get("cai", "/-/people/ben").text
    assert 'href="/-/groups/finance"' in screen
    assert 'href="/-/groups/company"' in screen
    assert "through a group in it" in screen
    assert "Groups</h2>" not in finance.get("cai", "/-/people/cai").text
    finance.write("p", "x", space="fair", by="eve")
    finance.post("ada", "/-/groups/finance/put", who="eve")
    assert "finance" not in finance.get("gus", "/-/people/eve").text


def test_a_mention_leads_to_the_group_for_those_who_may_know_it(finance: Scene) -> None:
    finance.write("note", "Ask @finance, or @Ben.", space="fair")
    assert 'href="/-/people/finance">@finance</a>' in finance.get("eve", "/fair/note").text
    assert "Ask @finance, or" in finance.get("gus", "/fair/note").text
    assert finance.get("eve", "/-/people/finance").location == "/-/groups/finance"
    hidden, absent = finance.get("gus", "/-/people/finance"), finance.get("gus", "/-/people/no-one")
    assert hidden.status_code == absent.status_code == 404
    assert without_tokens(hidden.text) == without_tokens(absent.text)


def test_a_guest_knows_those_they_share_a_space_with_by_a_group(finance: Scene) -> None:
    assert finance.get("gus", "/-/people/ben").status_code == 404
    give(finance, "fair", "company", Role.READER)
    assert finance.get("gus", "/-/people/ben").status_code == 200
    assert finance.get("gus", "/-/people/cai").status_code == 404
    finance.post("ada", "/-/groups/finance/put", who="gus")
    give(finance, "lab", "finance", Role.READER)
    assert finance.get("gus", "/-/people/cai").status_code == 200
    assert finance.get("gus", "/-/people/dot").status_code == 404


def test_whom_one_may_know_is_suggested_as_one_types(finance: Scene) -> None:
    with finance.database.write() as session:
        create_person(session, ANONYMOUS, handle="zoe", name="Fiona O’Neil Bennett")
        create_person(session, ANONYMOUS, handle="old", name="Benedict")
        finance.actor("ada")
        session.scalars(select(Person).where(Person.handle == "old")).one().site_role = "guest"

    def suggested(who: str, typed: str) -> list[str]:
        answer = finance.client(who).get("/-/who", query_string={"q": typed})
        assert answer.status_code == 200
        return re.findall(r'value="@([^"]+)"', answer.text)

    assert suggested("cai", "ben") == ["ben", "old", "zoe"]
    assert suggested("cai", "@FI") == ["finance", "zoe"]
    assert suggested("cai", "o’neil") == ["zoe"]
    assert suggested("gus", "e") == ["eve"]
    assert suggested("gus", "fin") == []
    for hidden in ("ben", "cai", "dot", "ada", "zoe"):  # Gus shares a space with Eve alone
        assert suggested("gus", hidden) == []
    for nothing in ("", " ", "%", "_", "@", "\0", "x" * 5000):
        assert suggested("cai", nothing) == []
    finance.post("ada", "/-/admin/people/zoe/disable")
    assert suggested("cai", "zoe") == []
    assert finance.get("nobody", "/-/who?q=ben").status_code == 302


def test_people_of_a_group_are_listed_in_slices_that_miss_nobody(finance: Scene) -> None:
    with finance.database.write() as session:
        group = groups.see_group(session, finance.actor("ada"), "finance")
        for number in range(110):
            person = create_person(session, ANONYMOUS, handle=f"p{number:03}", name=f"N {number}")
            groups.store_member(session, finance.actor("ada"), group, person, member=True)
    seen: list[str] = []
    url = "/-/groups/company"
    for _ in range(5):
        screen = finance.get("cai", url).text
        seen += re.findall(r'class="row-title" href="/-/people/([^"?/]+)"', screen)
        older = re.search(r'rel="next" href="([^"]+)"', screen)
        if older is None:
            break
        url = older[1].replace("&amp;", "&")
    assert sorted(seen) == ["ben", *(f"p{number:03}" for number in range(110))]
    assert "You’ve reached the end of the list" in finance.get("cai", f"{url}x").text or seen


def test_no_screen_of_groups_asks_more_often_because_there_are_more(finance: Scene) -> None:
    urls = ("/-/groups", "/-/groups/company", "/-/admin/groups", "/-/people/ben", "/eng/-/members")
    urls += ("/eng/-/members?show=everyone", "/-/groups/company/leave", "/-/who?q=g")

    def add(*numbers: int) -> None:
        with finance.database.write() as session:
            ada, company = (
                finance.actor("ada"),
                groups.see_group(session, finance.actor("ada"), "company"),
            )
            ben = session.scalars(select(Person).where(Person.handle == "ben")).one()
            for number in numbers:
                group = groups.create_group(session, ada, handle=f"g{number}", name=f"G {number}")
                groups.store_part(session, ada, company, group, inside=True)
                groups.store_member(session, ada, group, ben, member=True)
                person = create_person(session, ANONYMOUS, handle=f"g{number}p", name="P")
                groups.store_member(session, ada, company, person, member=True)
                seen = see_space(session, finance.actor("eve"), "eng")
                set_group_role(session, seen, group, Role.READER)

    def counts() -> list[int]:
        found = []
        for url in urls:
            who = "eve" if url.startswith("/eng") else "ada"
            finance.get(who, "/")
            with counted(finance) as statements:
                assert finance.get(who, url).status_code in (200, 303)
            found.append(len(statements))
        return found

    finance.alone()
    add(0)
    before = counts()
    add(1, 2, 3, 4)
    assert counts() == before
    assert max(before) < 16
