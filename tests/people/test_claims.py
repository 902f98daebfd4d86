"""Imported work becomes the work of whoever proves its address, everywhere at once."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update
from werkzeug.test import TestResponse

from tests.cast import Scene, words_of
from tests.people.authors import author_for
from tests.people.test_commands import Run, run
from tests.people.test_placeholders import made, prove
from tests.search.test_searching import found
from wiki.attachments.models import Attachment
from wiki.db import now
from wiki.errors import Invalid
from wiki.outbox.models import EventRow
from wiki.pages.models import Page, Revision
from wiki.people.imported.account_merge import merge_by_hand
from wiki.people.imported.models import AddressClaim
from wiki.people.models import Person

__all__ = ["run"]
ADDRESS = "ben.old@example.org"


@pytest.fixture
def ben_of_old(wiki: Scene) -> Person:
    """A placeholder with work in a space for all, in one for few, and in a deleted page."""
    person = made(wiki, "Ben of old", ADDRESS)
    actor = wiki.people["old"] = person.actor()
    wiki.write("rota", "word", by="eve")
    wiki.write("plans", "word", by="eve", space="fair")
    wiki.write("gone", "word", by="eve")
    wiki.attach("rota/plan.txt", b"Monday: Ben.")
    wiki.post("eve", "/eng/gone/-/delete")
    eve = wiki.actor("eve").person_id
    with wiki.database.write() as session:
        session.execute(update(Revision).values(author_id=actor.person_id))
        session.execute(update(Page).values(created_by_id=actor.person_id))
        session.execute(
            update(Page).where(Page.deleted_by_id == eve).values(deleted_by_id=actor.person_id)
        )
        session.execute(update(Page).values(updated_by_id=actor.person_id))
        session.execute(update(Attachment).values(created_by_id=actor.person_id))
        session.execute(
            update(EventRow).where(EventRow.page_id.is_not(None)).values(actor_id=actor.person_id)
        )
    return person


def ask(wiki: Scene, handle: str, address: str = ADDRESS) -> TestResponse:
    return wiki.post(handle, "/-/me/claims", claim_address=address)


def link(wiki: Scene, handle: str, address: str = ADDRESS) -> str:
    """The path of the link in the newest mail, after asking for one."""
    assert ask(wiki, handle, address).status_code == 303
    letter = wiki.letters()[-1]
    assert letter["To"] == address
    here = re.search(r"http://127\.0\.0\.1:8000(/-/me/claim/\S+)", words_of(letter))
    assert here
    return here[1]


def left_of(wiki: Scene, person: Person) -> list[int]:
    """How many rows of each kind are still theirs."""
    columns = (
        Revision.author_id,
        Page.created_by_id,
        Page.updated_by_id,
        Page.deleted_by_id,
        Attachment.created_by_id,
        EventRow.actor_id,
    )
    with wiki.database.read() as session:
        return [
            session.scalar(select(func.count()).where(column == person.id)) or 0
            for column in columns
        ]


def test_whoever_gets_the_mail_takes_over_all_of_it(wiki: Scene, ben_of_old: Person) -> None:
    assert 0 not in left_of(wiki, ben_of_old)
    here = link(wiki, "ben", "Ben.Old@example.org".lower())
    screen = wiki.get("ben", here)
    assert "Ben of old" in screen.text
    assert "1 revision of 1 page you can read" in screen.text
    assert screen.headers["Cache-Control"] == "no-store"
    assert wiki.post("ben", here).location == "/-/people/ben"
    assert left_of(wiki, ben_of_old) == [0] * 6
    assert "rota" in wiki.get("cai", "/-/people/ben").text
    assert "Ben of old" not in wiki.get("cai", "/eng/rota/-/history").text
    assert wiki.get("cai", "/-/people/~ben-of-old").location == "/-/people/ben"
    assert wiki.get("ben", here).status_code == 410
    assert wiki.post("ben", here).status_code == 410
    assert "ben.old@example.org" in wiki.get("ben", "/-/me").text
    with wiki.database.write() as session:
        person = author_for(session, "Ben", ADDRESS)
        assert person is not None
        assert person.handle == "ben"
        claimed = session.scalars(select(EventRow).where(EventRow.name == "PlaceholderClaimed"))
        assert [(one.actor_id, one.payload) for one in claimed] == [
            (
                person.id,
                {"person_id": person.id, "placeholder_id": ben_of_old.id, "proven": True},
            )
        ]


def test_looking_does_not_use_the_link_up(wiki: Scene, ben_of_old: Person) -> None:
    here = link(wiki, "ben")
    for _ in range(3):
        assert wiki.get("ben", here).status_code == 200
    assert 0 not in left_of(wiki, ben_of_old)


def test_a_link_is_for_the_one_who_asked(wiki: Scene, ben_of_old: Person) -> None:
    here = link(wiki, "ben")
    assert wiki.get("cai", here).status_code == 410
    assert wiki.post("cai", here).status_code == 410
    assert wiki.get("nobody", here).location.startswith("/-/login?next=")
    assert 0 not in left_of(wiki, ben_of_old)


def test_a_link_ends_after_a_day(wiki: Scene, ben_of_old: Person) -> None:
    here = link(wiki, "ben")
    with wiki.database.write() as session:
        session.execute(update(AddressClaim).values(expires_at=now() - timedelta(seconds=1)))
    assert wiki.get("ben", here).status_code == 410
    assert wiki.post("ben", here).status_code == 410


def test_of_two_who_open_the_link_at_once_one_is_told_that_it_was_used(
    wiki: Scene, ben_of_old: Person
) -> None:
    here = link(wiki, "ben")
    browsers = [wiki.new_client("ben") for _ in range(2)]
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda browser: browser.post(here).status_code, browsers))
    assert sorted(answers) == [303, 410]
    assert left_of(wiki, ben_of_old) == [0] * 6


def test_the_answer_is_the_same_whether_anything_is_there(wiki: Scene, ben_of_old: Person) -> None:
    there, absent = ask(wiki, "cai"), ask(wiki, "cai", "nobody.at.all@example.org")
    assert (there.status_code, there.location) == (absent.status_code, absent.location)
    assert ask(wiki, "cai", "dot@example.org").location == there.location
    assert [letter["To"] for letter in wiki.letters()] == [ADDRESS]
    assert "ben.old" not in wiki.get("cai", "/-/me").text
    assert ask(wiki, "cai", "not an address").status_code == 422


def test_asking_is_limited_by_person_and_by_address(wiki: Scene, ben_of_old: Person) -> None:
    assert [ask(wiki, "ben").status_code for _ in range(4)] == [303, 303, 303, 429]
    assert ask(wiki, "cai").status_code == 429
    others = [ask(wiki, "cai", f"{number}@example.org").status_code for number in range(11)]
    assert others == [303] * 10 + [429]


def test_work_under_ones_own_proven_address_needs_no_other_mail(wiki: Scene) -> None:
    person = made(wiki, "Benny", "ben@example.org")
    wiki.write("rota", "word")
    with wiki.database.write() as session:
        session.execute(update(Revision).values(author_id=person.id))
    assert "which is your address" not in wiki.get("ben", "/-/me").text
    assert wiki.get("ben", "/-/me/claim").status_code == 404
    assert wiki.post("ben", "/-/me/claim").status_code == 404
    prove(wiki, "ben")
    assert "which is your address" in wiki.get("ben", "/-/me").text
    assert wiki.get("cai", "/-/me/claim").status_code == 404
    assert "Benny" in wiki.get("ben", "/-/me/claim").text
    assert wiki.post("ben", "/-/me/claim").status_code == 303
    assert "rota" in wiki.get("cai", "/-/people/ben").text
    assert wiki.get("ben", "/-/me/claim").status_code == 404
    assert wiki.letters() == []


def test_a_new_password_by_mail_proves_the_address_and_another_address_is_unproven(
    wiki: Scene,
) -> None:
    made(wiki, "Benny", "ben@example.org")
    wiki.new_client().post("/-/forgot", data={"login": "ben"})
    here = re.search(r"8000(/-/reset/\S+)", words_of(wiki.letters()[-1]))
    assert here
    wiki.new_client().post(here[1], data={"password": "another long password"})
    browser = wiki.new_client("ben")
    assert "which is your address" in browser.get("/-/me").text
    form = {
        "name": "Ben",
        "email": "eve.old@example.org",
    }
    made(wiki, "Eve", "eve.old@example.org")
    assert browser.post("/-/me/profile", data=form).status_code == 303
    assert "which is your address" not in browser.get("/-/me").text


def test_a_link_mailed_to_an_address_does_not_prove_the_next_one(wiki: Scene) -> None:
    wiki.new_client().post("/-/forgot", data={"login": "ben"})
    here = re.search(r"8000(/-/reset/\S+)", words_of(wiki.letters()[-1]))
    assert here
    form = {
        "name": "Ben",
        "email": "eve.old@example.org",
    }
    assert wiki.post("ben", "/-/me/profile", **form).status_code == 303
    done = wiki.new_client().post(here[1], data={"password": "another long password"})
    assert done.status_code == 410


def test_an_admin_says_whose_work_it_is(wiki: Scene, ben_of_old: Person) -> None:
    url = "/-/admin/people/~ben-of-old"
    screen = wiki.get("ada", url).text
    assert ADDRESS in screen
    assert "has no account" in screen
    assert wiki.post("ben", f"{url}/merge", into="ben").status_code == 403
    for wrong in ("", "zed", "~ben-of-old"):
        assert wiki.post("ada", f"{url}/merge", into=wrong).status_code == 422
    assert wiki.post("ada", "/-/admin/people/cai/merge", into="ben").status_code == 422
    assert wiki.post("ada", f"{url}/role", role="admin").status_code == 422
    assert wiki.post("ada", f"{url}/merge", into="ben@example.org").status_code == 303
    assert left_of(wiki, ben_of_old) == [0] * 6
    assert wiki.get("ada", url).location == "/-/admin/people/ben"
    assert f"{ADDRESS} (unproven)" in wiki.get("ada", "/-/admin/people/ben").text
    assert wiki.post("ada", f"{url}/merge", into="cai").status_code == 422


def test_one_placeholder_can_become_another_and_both_an_account(wiki: Scene) -> None:
    first, second = made(wiki, "Jo", "jo@example.org"), made(wiki, "Jo", "jo@example.com")
    ada = wiki.actor("ada")
    with wiki.database.write() as session:
        rows = [session.get_one(Person, one.id) for one in (first, second)]
        merge_by_hand(session, ada, rows[0], rows[1])
        with pytest.raises(Invalid):
            merge_by_hand(session, ada, rows[1], rows[0])
        merge_by_hand(session, ada, rows[1], session.get_one(Person, wiki.actor("ben").person_id))
    for handle in ("~jo", "~jo-2"):
        assert wiki.get("cai", f"/-/people/{handle}").location == "/-/people/ben"


def test_search_by_author_holds_from_the_moment_of_the_claim(
    wiki: Scene, ben_of_old: Person
) -> None:
    wiki.deliver()
    assert found(wiki, "cai", "author:~ben-of-old") == ["rota"]
    assert found(wiki, "cai", 'author:"of old"') == ["rota"]
    assert found(wiki, "cai", "author:dot word") == []
    with wiki.database.write() as session:
        dot = session.get_one(Person, wiki.actor("dot").person_id)
        old = session.get_one(Person, ben_of_old.id)
        merge_by_hand(session, wiki.actor("ada"), old, dot)
    for _ in range(2):
        assert found(wiki, "cai", "author:dot word") == ["rota"]
        assert found(wiki, "dot", "author:me word") == ["rota"]
        assert found(wiki, "cai", "author:~ben-of-old") == ["rota"]
        wiki.write("rota", "word again")  # now the index names Dot
        wiki.deliver()


def test_people_screens_keep_the_two_apart(wiki: Scene, ben_of_old: Person) -> None:
    screen = wiki.get("ada", "/-/admin/people").text
    assert "~ben-of-old" not in screen
    assert "Imported (1)" in screen
    imported = wiki.get("ada", "/-/admin/people?who=imported").text
    assert re.findall(r'href="/-/admin/people/([^"?/]+)" dir', imported) == ["~ben-of-old"]
    assert ADDRESS in imported
    for part in ("OLD", "ben.old@"):
        query = {"who": "imported", "q": part}
        shown = wiki.client("ada").get("/-/admin/people", query_string=query).text
        assert "~ben-of-old" in shown
    profile = wiki.get("cai", "/-/people/~ben-of-old").text
    assert "imported, has no account" in profile
    assert ADDRESS not in profile
    assert "rota" in profile


def test_imported_people_are_listed_and_merged_from_the_shell(
    wiki: Scene, run: Run, ben_of_old: Person
) -> None:
    assert "~ben-of-old" not in run("user", "list").output
    line = f"~ben-of-old\t-\timported\t{ADDRESS}\tBen of old\n"
    assert run("user", "list", "--imported").output == line
    assert run("user", "password", "~ben-of-old").exit_code == 1
    assert run("user", "merge", "~zed", "ben").exit_code == 1
    assert run("user", "merge", "~ben-of-old", "ben").exit_code == 0
    assert run("user", "list", "--imported").output == ""
    again = run("user", "merge", "~ben-of-old", "ben")
    assert again.exit_code == 1
    assert "isn’t a placeholder" in again.stderr
