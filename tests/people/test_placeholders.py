"""People who came with a Git history: made once, kept apart from accounts, found by address."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from tests.cast import PASSWORD, Scene
from tests.pages.test_query_counts import counted
from tests.people.authors import author_for
from wiki.db import Base, now
from wiki.errors import Invalid
from wiki.outbox.models import EventRow
from wiki.people import actions
from wiki.people.actions import find_person
from wiki.people.imported.account_merge import references
from wiki.people.imported.models import PersonAddress
from wiki.people.imported.placeholders import NOBODY, authors_for, users_domain
from wiki.people.models import Person


def made(wiki: Scene, name: str, address: str) -> Person:
    with wiki.database.write() as session:
        person = author_for(session, name, address)
        assert person is not None
        return person


def prove(wiki: Scene, handle: str) -> None:
    with wiki.database.write() as session:
        session.execute(update(Person).where(Person.handle == handle).values(email_proven_at=now()))


def test_an_author_is_made_once_however_the_address_is_written(wiki: Scene) -> None:
    first = made(wiki, "Zoë  Quill", " Zoe@Example.ORG")
    assert first.handle == "~zoe-quill"
    assert first.name == "Zoë Quill"
    assert first.email is None
    assert made(wiki, "zoe", "zoe@example.org").id == first.id


def test_two_of_one_name_get_handles_of_their_own(wiki: Scene) -> None:
    handles = [made(wiki, "Jo Doe", f"jo{number}@example.org").handle for number in range(3)]
    assert handles == ["~jo-doe", "~jo-doe-2", "~jo-doe-3"]


@pytest.mark.parametrize(
    ("name", "address", "handle", "shown"),
    [
        ("", "pat@example.org", "~pat", "pat"),
        ("山田 太郎", "taro@example.org", "~taro", "山田 太郎"),
        ("山田", "山田@example.org", "~somebody", "山田"),
        ("", "", "~somebody", "Somebody"),
        ("\u202eada\x00\n<b>", "x@example.org", "~ada-b", "ada <b>"),
        ("ada", "not-an-address", "~ada", "ada"),
        ("\udcff\udcfe", "bytes\udcff@example.org", "~bytes", "bytes"),
        ("x" * 5000, "y" * 5000, "~" + "x" * 48, "x" * 200),
    ],
)
def test_whatever_stands_in_a_history_becomes_somebody(
    wiki: Scene, name: str, address: str, handle: str, shown: str
) -> None:
    person = made(wiki, name, address)
    assert (person.handle, person.name) == (handle, shown)
    assert made(wiki, name, address).id == person.id


def test_authors_without_an_address_are_told_apart_by_name(wiki: Scene) -> None:
    assert made(wiki, "One", "").id != made(wiki, "Two", "").id
    assert made(wiki, "one", "").id == made(wiki, "One", "").id


def test_the_later_name_of_an_address_goes(wiki: Scene) -> None:
    pairs = [("sid", "sid@example.org"), ("Sid S.", "sid@example.org")]
    with wiki.database.write() as session:
        authors_for(session, pairs)
        assert session.scalars(select(Person.name).where(Person.handle == "~sid-s")).all()


def test_nobody_is_nobody(wiki: Scene) -> None:
    with wiki.database.write() as session:
        assert authors_for(session, [("Nobody", NOBODY)]) == {NOBODY: None}
        assert author_for(session, "Nobody", NOBODY) is None


def test_an_account_is_an_author_only_by_an_address_that_is_proven(wiki: Scene) -> None:
    ben = wiki.actor("ben").person_id
    placeholder = made(wiki, "Ben", "ben@example.org")
    assert placeholder.id != ben
    prove(wiki, "ben")
    assert made(wiki, "Ben", "Ben@example.org").id == ben


def test_an_account_keeps_an_address_that_signed_its_work(wiki: Scene) -> None:
    prove(wiki, "ben")
    assert made(wiki, "Ben", "ben@example.org").id == wiki.actor("ben").person_id
    wiki.post("ben", "/-/me/profile", name="Ben", email="new@example.org")
    assert made(wiki, "Ben", "ben@example.org").id == wiki.actor("ben").person_id
    assert made(wiki, "Ben", "new@example.org").id != wiki.actor("ben").person_id


def test_accounts_are_known_by_the_addresses_that_stand_for_them_in_exports(wiki: Scene) -> None:
    domain = users_domain(wiki.settings)
    pairs = [("Ben", f"ben@{domain}"), ("Zed", f"zed@{domain}"), ("Ben", "ben@users.other.invalid")]
    with wiki.database.write() as session:
        found = authors_for(session, pairs, domain=domain)
    assert found[f"ben@{domain}"] == wiki.actor("ben").person_id
    assert found[f"zed@{domain}"] != found["ben@users.other.invalid"]
    assert wiki.actor("ben").person_id not in list(found.values())[1:]


def test_many_authors_cost_few_queries(wiki: Scene) -> None:
    pairs = [(f"Person {number}", f"p{number}@example.org") for number in range(431)]
    with wiki.database.write() as session:
        authors_for(session, pairs)
    with counted(wiki) as statements, wiki.database.write() as session:
        found = authors_for(session, pairs)
    assert len(set(found.values())) == 431
    assert len(statements) < 12


def test_two_imports_at_once_make_an_author_once(wiki: Scene) -> None:
    def run(number: int) -> dict[str, int | None]:
        with wiki.database.write() as session:
            return authors_for(session, [("Jo", "jo@example.org"), ("Jo", f"{number}@example.org")])

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(run, range(4)))
    assert len({one["jo@example.org"] for one in found}) == 1
    with wiki.database.read() as session:
        assert session.scalar(select(func.count()).select_from(PersonAddress)) == 5


def test_a_placeholder_cannot_come_in_and_is_nobody_to_add_or_change(wiki: Scene) -> None:
    person = made(wiki, "Zoe", "zoe@example.org")
    form = {"login": person.handle, "password": PASSWORD}
    assert wiki.new_client().post("/-/login", data=form).status_code == 422
    for typed in ("~zoe", "zoe@example.org"):
        wiki.new_client().post("/-/forgot", data={"login": typed})
        refused = wiki.post("eve", "/eng/-/members", person=typed, role="reader")
        assert refused.status_code == 422
        with wiki.database.read() as session:
            assert find_person(session, typed) is None
    assert wiki.letters() == []
    with wiki.database.write() as session:
        row = session.get_one(Person, person.id)
        for change in (
            lambda: actions.set_site_role(session, wiki.actor("ada"), row, actions.SiteRole.ADMIN),
            lambda: actions.disable(session, wiki.actor("ada"), row),
        ):
            with pytest.raises(Invalid):
                change()


def test_a_placeholder_takes_no_name_and_no_address_from_those_who_come_later(
    wiki: Scene,
) -> None:
    made(wiki, "zoe", "zoe@example.org")
    with wiki.database.write() as session:
        person = actions.create_person(
            session,
            wiki.actor("ada"),
            handle="zoe",
            name="Zoe",
            credentials=actions.Credentials("zoe@example.org"),
        )
    assert person.handle == "zoe"
    with wiki.database.write() as session, pytest.raises(Invalid):
        actions.create_person(session, wiki.actor("ada"), handle="~zoe", name="Zoe")


def columns_that_name_people() -> set[tuple[str, str]]:
    """By name, also without a foreign key."""
    return {
        (table.name, column.name)
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if any(word in column.name for word in ("person", "people", "author", "actor", "_by_id"))
    }


def test_every_column_that_names_somebody_goes_over_with_a_merge() -> None:
    handled = {(table.name, name) for table, name in references()}
    # What says who was merged must not be rewritten by the merge.
    assert columns_that_name_people() - handled == {("merged_people", "person_id")}


def test_a_reference_that_must_be_unique_is_one_that_placeholders_cannot_have() -> None:
    """Two rows of two people would become two of one. Whoever adds such a table says here why a
    placeholder never has a row in it, or makes the merge handle it."""
    unique = set()
    for table, name in references():
        sets = [table.primary_key.columns]
        sets += [index.columns for index in table.indexes if index.unique]
        sets += [
            constraint.columns
            for constraint in table.constraints
            if type(constraint).__name__ == "UniqueConstraint"
        ]
        if any(name in columns for columns in sets):
            unique.add((table.name, name))
    # Only those found by find_person are added to these, and the fourth follows from the second;
    # the rest are made by signing in, by adding a factor and by reading, starring, reacting,
    # sending a photo, asking for access, watching, searching, saving a search or dismissing first
    # steps once signed in.
    assert unique == {
        ("memberships", "person_id"),
        ("group_members", "person_id"),
        ("restricted_people", "person_id"),
        ("group_people", "person_id"),
        ("known_browsers", "person_id"),
        ("recovery_codes", "person_id"),
        ("asked_searches", "person_id"),
        ("page_reads", "person_id"),
        ("bookmarks", "person_id"),
        ("reactions", "person_id"),
        ("photos", "person_id"),
        ("access_requests", "person_id"),
        ("dismissals", "person_id"),
        ("notices", "person_id"),
        ("mail_preferences", "person_id"),
        ("page_mentions", "person_id"),
        ("message_mentions", "person_id"),
        ("watches", "person_id"),
        ("saved_searches", "person_id"),
        ("watch_preferences", "person_id"),
    }


def test_an_import_of_authors_is_on_record(wiki: Scene) -> None:
    person = made(wiki, "Zoe", "zoe@example.org")

    def imported(session: Session) -> list[int]:
        rows = session.scalars(select(EventRow).where(EventRow.name == "PersonImported"))
        return [row.payload["person_id"] for row in rows]

    with wiki.database.read() as session:
        assert imported(session) == [person.id]
