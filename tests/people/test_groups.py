"""Groups: who is in them at any depth, what cannot be, and two who change them at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from tests.cast import PASSWORD, Scene
from tests.people.authors import author_for
from tests.people.test_administration import Change, second_of_two
from tests.surroundings import examples
from wiki.errors import Forbidden, Invalid, NotFound
from wiki.outbox.models import EventRow
from wiki.people.actions import create_person, disable
from wiki.people.groups import actions as groups
from wiki.people.groups import members as group_members
from wiki.people.models import Group, GroupMember, GroupPart, GroupPerson, Person
from wiki.rules.access import ANONYMOUS, Actor
from wiki.rules.roles import Role
from wiki.spaces.invitations import suggested_handle
from wiki.spaces.models import GroupRole, Space

pytestmark = pytest.mark.every_database


def make(session: Session, wiki: Scene, *handles: str) -> list[Group]:
    return [
        groups.create_group(session, wiki.actor("ada"), handle=handle, name=handle.capitalize())
        for handle in handles
    ]


def someone(session: Session, handle: str) -> Person:
    return session.scalars(select(Person).where(Person.handle == handle)).one()


def put(session: Session, wiki: Scene, group: Group, *inside: Group | str) -> None:
    """Put people, by handle, and groups into a group."""
    for one in inside:
        if isinstance(one, Group):
            groups.store_part(session, wiki.actor("ada"), group, one, inside=True)
        else:
            person = someone(session, one)
            groups.store_member(session, wiki.actor("ada"), group, person, member=True)


def people_of(session: Session, group: Group) -> list[str]:
    """The handles of all who are in a group, as the screens show them and as the gate counts."""
    shown = [row.person.handle for row in group_members.people_within(session, group).rows]
    counted = session.scalars(
        select(Person.handle)
        .join(GroupPerson, GroupPerson.person_id == Person.id)
        .where(GroupPerson.group_id == group.id)
        .order_by(Person.handle)
    ).all()
    assert shown == counted
    return shown


def test_people_of_a_part_are_in_the_whole_at_any_depth(wiki: Scene) -> None:
    with wiki.database.write() as session:
        chain = make(session, wiki, *(f"g{number}" for number in range(30)))
        for whole, part in pairwise(chain):
            put(session, wiki, whole, part)
        put(session, wiki, chain[-1], "cai")
        put(session, wiki, chain[3], "ben")
        assert people_of(session, chain[0]) == ["ben", "cai"]
        assert people_of(session, chain[4]) == ["cai"]
        (ben, cai) = group_members.people_within(session, chain[0]).rows
        assert [one.handle for one in cai.through] == ["g29"]
        assert (ben.alone, cai.alone) == (False, False)
        groups.drop_group(session, wiki.actor("ada"), chain[10])
        assert people_of(session, chain[0]) == ["ben"]
        assert people_of(session, chain[11]) == ["cai"]
        assert group_members.check_groups(session) == []


def test_a_group_cannot_be_inside_itself_at_any_depth(wiki: Scene) -> None:
    with wiki.database.write() as session:
        chain = make(session, wiki, *(f"g{number}" for number in range(12)))
        for whole, part in pairwise(chain):
            put(session, wiki, whole, part)
        for part in chain:
            with pytest.raises(Invalid, match="can’t contain itself"):
                put(session, wiki, chain[-1], part)
        put(session, wiki, chain[0], chain[5])  # a shortcut is no circle
        put(session, wiki, chain[5], chain[6])  # nor is what is there already
        assert len(groups.parts_of(session, chain[0])) == 2
        assert [one.group.handle for one in groups.wholes_of(session, chain[5])] == ["g0", "g4"]


def test_who_is_in_by_two_ways_stays_until_both_are_gone(wiki: Scene) -> None:
    with wiki.database.write() as session:
        top, left, right, bottom = make(session, wiki, "top", "left", "right", "bottom")
        put(session, wiki, top, left, right)
        put(session, wiki, left, bottom)
        put(session, wiki, right, bottom)
        put(session, wiki, bottom, "dot")
        ada = wiki.actor("ada")
        assert people_of(session, top) == ["dot"]
        groups.store_part(session, ada, left, bottom, inside=False)
        assert people_of(session, left) == []
        assert people_of(session, top) == ["dot"]
        groups.drop_group(session, ada, right)
        assert people_of(session, top) == []
        put(session, wiki, top, bottom, "dot")
        groups.store_member(session, ada, bottom, someone(session, "dot"), member=False)
        assert people_of(session, top) == ["dot"]


class Undo(Exception):
    """Ends an example without a trace."""


def closure(members: Mapping[int, set[int]], parts: Mapping[int, set[int]]) -> set[tuple[int, int]]:
    """Who is in what, from scratch."""

    def inside(group: int) -> set[int]:
        found, waiting = set(), [group]
        while waiting:
            one = waiting.pop()
            if one not in found:
                found.add(one)
                waiting += parts.get(one, ())
        return found

    return {
        (group, person)
        for group in members
        for one in inside(group)
        for person in members.get(one, ())
    }


NUMBERS = st.integers(0, 5)
STEPS = st.one_of(
    st.tuples(st.sampled_from(["put", "put", "take"]), NUMBERS, NUMBERS),
    st.tuples(st.sampled_from(["nest", "nest", "part"]), NUMBERS, NUMBERS),
    st.tuples(st.just("delete"), NUMBERS, NUMBERS),
)


@pytest.mark.property_test
def test_derived_people_are_what_members_and_parts_say_whatever_happened(wiki: Scene) -> None:
    ada = wiki.actor("ada")

    def play(session: Session, steps: Iterable[tuple[str, int, int]]) -> None:
        everybody = session.scalars(select(Person).order_by(Person.id)).all()
        there = dict(enumerate(make(session, wiki, *(f"g{number}" for number in range(6)))))
        members: dict[int, set[int]] = {group.id: set() for group in there.values()}
        parts: dict[int, set[int]] = {group.id: set() for group in there.values()}
        for verb, first, second in steps:
            group = there.get(first)
            if group is None:
                continue
            if verb in ("put", "take"):
                person = everybody[second]
                groups.store_member(session, ada, group, person, member=verb == "put")
                (members[group.id].add if verb == "put" else members[group.id].discard)(person.id)
            elif verb == "delete":
                groups.drop_group(session, ada, there.pop(first))
                members.pop(group.id)
                parts.pop(group.id)
                for inside in parts.values():
                    inside.discard(group.id)
            elif second in there:
                part = there[second]
                before = parts[group.id].copy()
                (parts[group.id].add if verb == "nest" else parts[group.id].discard)(part.id)
                if _has_circle(parts):
                    parts[group.id] = before
                    with pytest.raises(Invalid):
                        groups.store_part(session, ada, group, part, inside=True)
                else:
                    groups.store_part(session, ada, group, part, inside=verb == "nest")
            rows = session.execute(select(GroupPerson.group_id, GroupPerson.person_id))
            assert {tuple(row) for row in rows} == closure(members, parts)
        assert group_members.check_groups(session) == []

    @settings(max_examples=examples(80))
    @given(st.lists(STEPS, max_size=25))
    def holds(steps: list[tuple[str, int, int]]) -> None:
        with pytest.raises(Undo), wiki.database.write() as session:
            play(session, steps)
            raise Undo

    holds()


def _has_circle(parts: Mapping[int, set[int]]) -> bool:
    left = {group: set(inside) for group, inside in parts.items()}
    while leaves := [group for group, inside in left.items() if not inside & left.keys()]:
        for group in leaves:
            del left[group]
    return bool(left)


def test_one_name_means_a_group_or_somebody_never_both(wiki: Scene) -> None:
    with wiki.database.write() as session:
        for taken in ("ben", " BEN "):
            with pytest.raises(Invalid, match="“ben” is taken"):
                make(session, wiki, taken)
        make(session, wiki, "finance")
        with pytest.raises(Invalid, match="“finance” is taken"):
            make(session, wiki, "finance")
        with pytest.raises(Invalid, match="“finance” is taken"):
            create_person(session, ANONYMOUS, handle="Finance", name="Fin")
        assert suggested_handle(session, "finance@example.org") == "finance2"
    link = "/-/admin/invitations"
    shown = wiki.post("ada", link, site_role="member").text
    path = shown.partition("http://127.0.0.1:8000")[2].partition("<")[0]
    form = {"name": "Fin", "handle": "finance", "email": "f@example.org", "password": PASSWORD}
    assert wiki.new_client().post(path, data=form).status_code == 422


@pytest.mark.parametrize("handle", ["", "Ä", "a b", "-x", "a" * 61, "~ada", "a/b", "a\0b", "@a"])
def test_a_short_name_that_cannot_be_one_is_refused(wiki: Scene, handle: str) -> None:
    with wiki.database.write() as session, pytest.raises(Invalid, match="for the short name"):
        groups.create_group(session, wiki.actor("ada"), handle=handle, name="X")
    with wiki.database.read() as session, pytest.raises(NotFound):
        groups.see_group(session, wiki.actor("ben"), handle)


def test_names_and_descriptions_have_bounds(wiki: Scene) -> None:
    ada = wiki.actor("ada")
    with wiki.database.write() as session:
        (group,) = make(session, wiki, "finance")
        for name in ("", " \n\t ", "x" * 201):
            with pytest.raises(Invalid, match="name"):
                groups.change_group(session, ada, group, name=name, description="")
        with pytest.raises(Invalid, match="2000"):
            groups.change_group(session, ada, group, name="F", description="x" * 2001)
        groups.change_group(
            session, ada, group, name="Fi\u202enance \n Team", description=" Money "
        )
        assert (group.name, group.description) == ("Fi nance Team", "Money")


def test_only_admins_change_groups_but_who_is_in_one_may_leave(wiki: Scene) -> None:
    ben = wiki.actor("ben")
    with wiki.database.write() as session:
        group, other = make(session, wiki, "finance", "sales")
        put(session, wiki, group, "ben", "cai")
        person = someone(session, "ben")
        for refused in (
            lambda: groups.create_group(session, ben, handle="x", name="X"),
            lambda: groups.change_group(session, ben, group, name="X", description=""),
            lambda: groups.drop_group(session, ben, group),
            lambda: groups.store_member(session, ben, other, person, member=True),
            lambda: groups.store_member(session, ben, group, someone(session, "cai"), member=False),
            lambda: groups.store_part(session, ben, group, other, inside=True),
        ):
            with pytest.raises(Forbidden):
                refused()
        groups.store_member(session, ben, group, person, member=False)
        assert people_of(session, group) == ["cai"]


def test_a_group_takes_only_those_who_have_an_account_that_can_be_used(wiki: Scene) -> None:
    with wiki.database.write() as session:
        (group,) = make(session, wiki, "finance")
        old = author_for(session, "Old Hand", "old@example.org")
        assert old is not None
        with pytest.raises(Invalid, match="Old Hand has no active account"):
            groups.store_member(session, wiki.actor("ada"), group, old, member=True)
        put(session, wiki, group, "ben", "cai")
        disable(session, wiki.actor("ada"), someone(session, "ben"))
        disable(session, wiki.actor("ada"), someone(session, "dot"))
        with pytest.raises(Invalid, match="Dot has no active account"):
            put(session, wiki, group, "dot")
        assert people_of(session, group) == ["ben", "cai"]  # they may be let in again
        groups.store_member(
            session, wiki.actor("ada"), group, someone(session, "ben"), member=False
        )
        assert people_of(session, group) == ["cai"]


def test_what_happened_is_written_down_once(wiki: Scene) -> None:
    ada = wiki.actor("ada")
    with wiki.database.write() as session:
        whole, part = make(session, wiki, "company", "finance")
        ids = whole.id, part.id
        put(session, wiki, part, "ben", "ben")
        put(session, wiki, whole, part, part)
        groups.store_part(session, ada, part, whole, inside=False)
        groups.change_group(session, ada, part, name="Finance", description="")
        groups.drop_group(session, ada, part)
    with wiki.database.read() as session:
        rows = session.scalars(
            select(EventRow).where(EventRow.name.startswith("Group")).order_by(EventRow.id)
        ).all()
    ben = wiki.actor("ben").person_id
    member = {"group_id": ids[1], "person_id": ben, "part_id": None, "inside": True}
    inside = {"group_id": ids[0], "person_id": None, "part_id": ids[1], "inside": True}
    assert [(row.name, row.payload) for row in rows] == [
        ("GroupCreated", {"group_id": ids[0]}),
        ("GroupCreated", {"group_id": ids[1]}),
        ("GroupMemberChanged", member),
        ("GroupMemberChanged", inside),
        ("GroupDeleted", {"group_id": ids[1], "name": "Finance"}),
    ]


def test_no_group_ever_gets_the_number_of_a_removed_one(wiki: Scene) -> None:
    with wiki.database.write() as session:
        [old] = make(session, wiki, "layoffs")
        number = old.id
        put(session, wiki, old, "ben")
        groups.drop_group(session, wiki.actor("ada"), old)
        assert make(session, wiki, "sales")[0].id > number
    told = wiki.get("ada", "/-/admin/audit?category=access").text
    assert "added Ben to a group" in re.sub(r"<[^>]*>", "", told)


def test_groups_and_people_are_listed_in_slices_that_miss_nobody(wiki: Scene) -> None:
    with wiki.database.write() as session:
        make(session, wiki, *(f"g{number:02}" for number in range(23)))
        groups.create_group(session, wiki.actor("ada"), handle="x", name="ÉQUIPE")
        groups.create_group(session, wiki.actor("ada"), handle="y", name="équipe")
        (everyone,) = make(session, wiki, "everyone")
        for number in range(23):
            name = "Same Name" if number % 2 else f"näme {number}"
            create_person(session, ANONYMOUS, handle=f"p{number:02}", name=name)
            put(session, wiki, everyone, f"p{number:02}")
    ben = wiki.actor("ben")
    with wiki.database.read() as session:
        found: list[int] = []
        after = None
        for _ in range(9):
            listed = groups.list_groups(session, ben, after=after, limit=4)
            found += [row.group.id for row in listed.rows]
            after = listed.after
            if after is None:
                break
        assert after is None
        assert len(found) == len(set(found)) == 26
        assert found == [row.group.id for row in groups.list_groups(session, ben).rows]
        people: list[str] = []
        for _ in range(9):
            within = group_members.people_within(session, everyone, after=after, limit=4)
            people += [row.person.handle for row in within.rows]
            after = within.after
            if after is None:
                break
        assert after is None
        assert sorted(people) == [f"p{number:02}" for number in range(23)]
        for query, handles in (("équ", ["x", "y"]), ("EVERY", ["everyone"]), ("%", []), ("\0", 26)):
            rows = groups.list_groups(session, ben, query=query).rows
            told = [row.group.handle for row in rows]
            assert (len(told) if isinstance(handles, int) else told) == handles


def named(session: Session, handle: str) -> Group:
    return session.scalars(select(Group).where(Group.handle == handle)).one()


def test_of_two_who_close_a_circle_at_once_one_is_refused(wiki: Scene) -> None:
    ada = wiki.actor("ada")
    with wiki.database.write() as session:
        make(session, wiki, "a", "b")

    def nests(whole: str, part: str) -> Change:
        return lambda session: groups.store_part(
            session, ada, named(session, whole), named(session, part), inside=True
        )

    second = second_of_two(wiki.database, nests("a", "b"), nests("b", "a"))
    assert isinstance(second.exception(), Invalid)


def test_who_is_put_in_while_groups_are_nested_is_in_both(wiki: Scene) -> None:
    ada = wiki.actor("ada")
    with wiki.database.write() as session:
        make(session, wiki, "a", "b")
    second = second_of_two(
        wiki.database,
        lambda session: put(session, wiki, named(session, "b"), "cai"),
        lambda session: groups.store_part(
            session, ada, named(session, "a"), named(session, "b"), inside=True
        ),
    )
    assert second.exception() is None
    with wiki.database.read() as session:
        assert people_of(session, named(session, "a")) == ["cai"]
        assert group_members.check_groups(session) == []


@pytest.mark.parametrize("late", ["put", "nest", "change", "delete"])
def test_what_is_done_to_a_group_that_is_just_deleted_finds_nothing(wiki: Scene, late: str) -> None:
    ada = wiki.actor("ada")
    with wiki.database.write() as session:
        make(session, wiki, "a", "b")

    def deletes(session: Session) -> None:
        groups.drop_group(session, ada, named(session, "a"))

    changes: dict[str, Callable[[Session, Group], object]] = {
        "put": lambda session, group: put(session, wiki, group, "cai"),
        "nest": lambda session, group: put(session, wiki, named(session, "b"), group),
        "change": lambda session, group: groups.change_group(
            session, ada, group, name="New", description=""
        ),
        "delete": lambda session, group: groups.drop_group(session, ada, group),
    }

    def changes_it(session: Session) -> None:
        group = session.scalar(select(Group).where(Group.handle == "a"))
        if group is None:  # on SQLite the second begins when the first is done
            raise NotFound
        changes[late](session, group)

    second = second_of_two(wiki.database, deletes, changes_it)
    assert isinstance(second.exception(), NotFound)


def test_of_somebody_and_a_group_that_take_one_name_at_once_one_gets_it(wiki: Scene) -> None:
    second = second_of_two(
        wiki.database,
        lambda session: make(session, wiki, "fin"),
        lambda session: create_person(session, ANONYMOUS, handle="fin", name="Fin"),
    )
    assert isinstance(second.exception(), Invalid)
    second = second_of_two(
        wiki.database,
        lambda session: create_person(session, ANONYMOUS, handle="sal", name="Sal"),
        lambda session: make(session, wiki, "sal"),
    )
    assert isinstance(second.exception(), Invalid)


def test_a_right_by_group_begins_and_ends_with_being_in_it(wiki: Scene) -> None:
    wiki.write("plans", "secret words", space="lab")
    ada = wiki.actor("ada")

    def answers(who: str) -> tuple[int, int]:
        edit = wiki.get(who, "/lab/plans/-/edit").status_code
        return wiki.get(who, "/lab/plans").status_code, edit

    with wiki.database.write() as session:
        company, finance = make(session, wiki, "company", "finance")
        put(session, wiki, company, finance)
        lab = session.scalars(select(Space.id).where(Space.slug == "lab")).one()
        session.add(GroupRole(space_id=lab, group_id=company.id, role=int(Role.EDITOR)))
    assert answers("dot") == (404, 404)
    with wiki.database.write() as session:
        put(session, wiki, named(session, "finance"), "dot")
    assert answers("dot") == (200, 200)
    with wiki.database.write() as session:
        groups.store_part(
            session, ada, named(session, "company"), named(session, "finance"), inside=False
        )
    assert answers("dot") == (404, 404)
    with wiki.database.write() as session:
        put(session, wiki, named(session, "company"), "dot")
    assert answers("dot") == (200, 200)
    with wiki.database.write() as session:
        groups.drop_group(session, ada, named(session, "company"))
    assert answers("dot") == (404, 404)


def test_derived_people_that_are_wrong_are_found_and_settled(wiki: Scene) -> None:
    with wiki.database.write() as session:
        company, finance, other = make(session, wiki, "company", "finance", "other")
        put(session, wiki, company, finance)
        put(session, wiki, finance, "ben")
        put(session, wiki, other, "cai")
        ids = company.id, finance.id, other.id
        dot = wiki.actor("dot").person_id
        session.execute(delete(GroupPerson).where(GroupPerson.group_id == ids[0]))
        session.execute(insert(GroupPerson).values(group_id=ids[1], person_id=dot))
    with wiki.database.write() as session:
        wrong = group_members.check_groups(session)
        assert wrong == [ids[0], ids[1]]
        group_members.settle_groups(session, wrong)
        assert group_members.check_groups(session) == []
        assert people_of(session, named(session, "company")) == ["ben"]
        assert people_of(session, named(session, "finance")) == ["ben"]


def test_a_circle_that_only_damage_can_have_made_ends_nothing(wiki: Scene) -> None:
    with wiki.database.write() as session:
        one, two = make(session, wiki, "one", "two")
        put(session, wiki, one, two, "ben")
        session.add(GroupPart(group_id=two.id, part_id=one.id))
        session.flush()
        group_members.settle_groups(session, group_members.check_groups(session))
        assert people_of(session, two) == ["ben"]
        groups.store_part(session, wiki.actor("ada"), two, one, inside=False)
        assert people_of(session, two) == []


def test_members_know_groups_and_nobody_else_does(wiki: Scene) -> None:
    with wiki.database.write() as session:
        make(session, wiki, "finance")
        put(session, wiki, named(session, "finance"), "gus")
        assert session.scalar(select(GroupMember.added_by_id)) == wiki.actor("ada").person_id

    def asks(actor: Actor) -> None:
        with wiki.database.read() as session:
            groups.list_groups(session, actor)
            groups.see_group(session, actor, "FINANCE")

    asks(wiki.actor("ben"))
    for handle in ("gus", "nobody"):
        with pytest.raises(NotFound):
            asks(wiki.actor(handle))
