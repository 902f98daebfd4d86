"""`wiki check`: what is damaged is found, what is derived is put right, and all else left alone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import delete, func, insert, select, update

from tests.attachments import samples
from tests.cast import Scene
from wiki.attachments.models import Picture
from wiki.attachments.storage import Storage
from wiki.cli import main
from wiki.db import now
from wiki.outbox.models import Delivery, EventRow
from wiki.pages.access import restrictions
from wiki.pages.links.models import PageLink
from wiki.pages.models import Content, Folder, Page, Redirect, Revision
from wiki.pages.rendering.models import RenderingRow
from wiki.pages.texts.stored import hash_of
from wiki.people.groups.actions import create_group, store_member, store_part
from wiki.people.models import GroupPerson, Person
from wiki.rules.labels import Label
from wiki.spaces.consent import UNASKED
from wiki.tags.models import PageTag

pytestmark = pytest.mark.every_database

Check = Callable[..., Result]


@pytest.fixture
def check(wiki: Scene, monkeypatch: pytest.MonkeyPatch, nothing_recent: None) -> Check:
    """Run the command on a small wiki in which all is well."""
    monkeypatch.setattr("wiki.commands.check.opened", lambda: (wiki.settings, wiki.database))
    wiki.write("plan/part", "One [plan](../plan.md)")
    wiki.write("plan/part", "Two [plan](../plan.md)")
    wiki.write("rota", "Ben, Eve")
    wiki.attach("notes.txt", b"Some notes")
    wiki.deliver()
    return lambda *options: CliRunner().invoke(main, ["check", *options])


def spoil(wiki: Scene, *statements: object) -> None:
    with wiki.database.write() as session:
        for statement in statements:
            session.execute(statement)  # type: ignore[call-overload]


def test_a_wiki_in_which_all_is_well_is_left_as_it_is(wiki: Scene, check: Check) -> None:
    before = wiki.database.version()
    done = check()
    assert (done.exit_code, done.output) == (0, "No problems found.\n")
    if wiki.database.is_sqlite:
        assert wiki.database.version() == before


def test_a_damaged_text_is_found_and_cannot_be_put_right(wiki: Scene, check: Check) -> None:
    part = hash_of("One [plan](../plan.md)")
    spoil(wiki, update(Content).where(Content.hash == part).values(data=b"nonsense"))
    done = check()
    assert done.exit_code == 1
    page = wiki.page("plan/part")
    assert f"The text of revision 1 of page {page.id} is damaged" in done.output


def test_texts_that_nobody_has_are_forgotten(wiki: Scene, check: Check) -> None:
    lost = {"hash": "0" * 64, "size": 1, "position": 0, "base": None, "data": b""}
    with wiki.database.write() as session:
        session.add(Content(**lost))
    assert "1 stored text belongs to no revision" in check("--dry-run").output
    assert check().exit_code == 0
    assert check().output == "No problems found.\n"


def test_pages_that_differ_from_their_newest_revision_are_put_right(
    wiki: Scene, check: Check
) -> None:
    page = wiki.page("plan/part")
    spoil(
        wiki,
        update(Page)
        .where(Page.id == page.id)
        .values(title="Wrong", head=1, parent_key="elsewhere"),
    )
    done = check()
    assert done.exit_code == 0
    assert "differs from its newest revision in head, parent_key, title. Repaired." in done.output
    assert "Two" in wiki.get("cai", "/eng/plan/part").text
    assert wiki.page("plan/part").title == "part"
    assert check().output == "No problems found.\n"


def test_a_lost_revision_is_said(wiki: Scene, check: Check) -> None:
    page = wiki.page("plan/part")
    spoil(wiki, delete(Revision).where(Revision.page_id == page.id, Revision.number == 1))
    done = check()
    assert done.exit_code == 1
    assert "is missing 1 of its revisions" in done.output


def test_folders_redirects_and_renderings_are_put_right(wiki: Scene, check: Check) -> None:
    rota = wiki.page("rota")
    space = rota.space_id
    spoil(wiki, delete(Folder))
    spoil(wiki, update(RenderingRow).values(html="<p>Forged</p>"))
    with wiki.database.write() as session:
        session.add(Folder(space_id=space, path_key="ghost", parent_key="", path="ghost"))
        session.add(Redirect(space_id=space, path_key="rota", page_id=rota.id))
    done = check()
    assert done.exit_code == 0, done.output
    assert "2 folders of the tree of eng are wrong. Repaired." in done.output
    assert "1 redirect is at the address of a page" in done.output
    assert "2 stored renderings are not what was stored. Repaired." in done.output
    with wiki.database.read() as session:
        assert list(session.scalars(select(Folder.path))) == ["plan"]
        assert session.scalar(select(func.count()).select_from(Redirect)) == 0
    assert "Ben, Eve" in wiki.get("cai", "/eng/rota").text
    assert check().output == "No problems found.\n"


def test_pages_that_were_never_rendered_are(wiki: Scene, check: Check) -> None:
    spoil(wiki, delete(RenderingRow), update(Page).values(rendered=0))
    assert "2 pages are not rendered in the latest revision. Repaired." in check().output
    assert check().output == "No problems found.\n"


def test_pictures_that_were_never_measured_are(wiki: Scene, check: Check) -> None:
    wiki.attach("chart.png", samples.png())
    wiki.deliver()
    assert check().output == "No problems found.\n"
    spoil(wiki, delete(Picture))
    assert "1 picture has not been measured. Repaired." in check().output
    assert check().output == "No problems found.\n"


def test_links_and_tags_are_put_right(wiki: Scene, check: Check) -> None:
    wiki.write("plan", "The plan", tags=("one", "two"))
    wiki.deliver()
    assert check().output == "No problems found.\n"
    spoil(wiki, update(PageLink).values(target_id=wiki.page("rota").id))
    assert "1 link is recorded with a target that doesn’t exist. Repaired." in check().output
    spoil(wiki, update(PageLink).values(path_key="rota"), update(PageTag).values(tag="three"))
    output = check().output
    assert "1 page has recorded links that are not in its text. Repaired." in output
    assert "1 page is listed under tags that it does not have" in output
    assert "plan/part" in wiki.get("cai", "/eng/plan/-/backlinks").text
    assert check().output == "No problems found.\n"


def test_who_is_in_a_group_is_put_right(wiki: Scene, check: Check) -> None:
    ada = wiki.actor("ada")
    with wiki.database.write() as session:
        company = create_group(session, ada, handle="company", name="Company")
        finance = create_group(session, ada, handle="finance", name="Finance")
        store_part(session, ada, company, finance, inside=True)
        ben = session.get_one(Person, wiki.actor("ben").person_id)
        store_member(session, ada, finance, ben, member=True)
    assert check().output == "No problems found.\n"
    dot = wiki.actor("dot").person_id
    spoil(
        wiki,
        delete(GroupPerson).where(GroupPerson.group_id == company.id),
        insert(GroupPerson).values(group_id=finance.id, person_id=dot),
    )
    wrong = "2 groups are said to have other people in them than were put in."
    assert wrong in check("--dry-run").output
    assert f"{wrong} Repaired." in check().output
    assert 'href="/-/people/ben"' in wiki.get("cai", "/-/groups/company").text
    assert 'href="/-/people/dot"' not in wiki.get("cai", "/-/groups/finance").text
    assert check().output == "No problems found.\n"


def test_a_file_whose_bytes_changed_is_said(wiki: Scene, check: Check) -> None:
    storage = Storage(wiki.settings.data_dir)
    file = next(path for path in storage.folder.glob("??/*") if path.is_file())
    file.chmod(0o600)
    file.write_bytes(b"Some nodes")
    done = check()
    assert done.exit_code == 1
    assert "notes.txt: The file" in done.output
    assert "has changed since it was stored" in done.output


def test_the_index_gets_what_it_lacks(wiki: Scene, check: Check) -> None:
    wiki.write("new", "zebra")
    spoil(wiki, delete(Delivery))
    assert "1 page is missing or stale, 0 should be gone. Repaired." in check().output
    assert "/eng/new" in wiki.get("cai", "/-/search?q=zebra").text


def test_a_delivery_that_was_given_up_is_tried_again(wiki: Scene, check: Check) -> None:
    with wiki.database.write() as session:
        event = session.scalars(select(EventRow).where(EventRow.name == "PageSaved")).first()
        assert event is not None
        row = Delivery(event_id=event.id, subscriber="search.index_pages", error="Oh")
        row.gave_up_at = now()
        session.add(row)
    assert "was given up (Oh); it can be tried again. Repaired." in check().output
    assert wiki.deliver() == 1
    assert check().output == "No problems found.\n"


def test_a_row_that_refers_to_nothing_is_said(wiki: Scene, check: Check) -> None:
    if not wiki.database.is_sqlite:
        return  # PostgreSQL lets nobody do this
    with wiki.database.writer.connect() as connection:
        raw = connection.connection.driver_connection
        assert raw is not None
        raw.commit()
        raw.execute("PRAGMA foreign_keys = OFF")
        raw.execute("UPDATE redirects SET page_id = 999")
        raw.execute("INSERT INTO redirects VALUES (1, 'lost', 999, '2020-01-01')")
        raw.commit()
        raw.execute("PRAGMA foreign_keys = ON")
    done = check()
    assert done.exit_code == 1
    assert "of redirects refers to a row of pages that doesn't exist" in done.output


def test_a_page_in_the_wrong_scope_is_put_into_the_right_one(wiki: Scene, check: Check) -> None:
    with wiki.database.write() as session:
        page = wiki.page("plan/part")
        eve = wiki.actor("eve")
        restrictions.set_label(session, eve, page.id, Label.RESTRICTED, consent=UNASKED)
    spoil(wiki, update(Page).values(scope_id=None))
    assert wiki.get("ben", "/eng/plan/part").status_code == 200
    done = check()
    assert "1 page has a scope that doesn’t match its labels and restrictions." in done.output
    assert wiki.get("ben", "/eng/plan/part").status_code == 404
    assert check().exit_code == 0


def test_a_changed_event_is_told(wiki: Scene, check: Check) -> None:
    event = select(func.max(EventRow.id)).scalar_subquery()
    spoil(wiki, update(EventRow).where(EventRow.id == event).values(actor_id=None))
    done = check()
    assert done.exit_code == 1
    assert "Events: Event " in done.output
    assert "was changed" in done.output
