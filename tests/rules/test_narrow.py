"""A token for some spaces only: rule and SQL agree that no other space exists."""

import itertools

import pytest
from sqlalchemy import select

from tests.cast import Scene
from wiki.pages import queries as pages
from wiki.pages.models import Page
from wiki.people.models import Person
from wiki.rules.access import May, decide
from wiki.rules.roles import Role
from wiki.spaces import queries as spaces
from wiki.spaces.models import Membership, Space

pytestmark = pytest.mark.every_database

WHO = ("ada", "ben", "cai", "dot", "eve", "gus")


@pytest.mark.parametrize("handle", WHO)
def test_within_some_spaces_one_may_what_one_may_and_elsewhere_nothing(
    wiki: Scene, handle: str
) -> None:
    for slug in ("open", "eng", "lab", "fair"):
        wiki.write("p", "x", space=slug)
    with wiki.database.read() as session:
        person = session.get_one(Person, wiki.actor(handle).person_id)
        every = {space.id: space for space in session.scalars(select(Space))}
        for count in range(len(every) + 1):
            for chosen in itertools.combinations(every, count):
                narrow, wide = person.actor(frozenset(chosen)), person.actor()
                readable = set(session.scalars(select(Space.id).where(spaces.readable_by(narrow))))
                editable = set(session.scalars(select(Space.id).where(spaces.editable_by(narrow))))
                shown = session.scalars(select(Page.space_id).where(pages.live_for(narrow)))
                assert set(shown) == readable
                for id, space in every.items():
                    membership = session.get(Membership, (id, person.id))
                    role = Role(membership.role) if membership else Role.NONE
                    facts = space.facts(role, narrow.within)
                    for may, listed in ((May.READ, readable), (May.EDIT, editable)):
                        allowed = bool(decide(may, narrow, facts))
                        assert allowed == (id in listed)
                        wanted = id in chosen and bool(decide(may, wide, space.facts(role)))
                        assert allowed == wanted
