"""Purging a page, or one revision: who may, what goes, what stays, what is said."""

from __future__ import annotations

import re

import pytest
from click.testing import CliRunner
from sqlalchemy import func, select, update

from tests.cast import Scene
from tests.search.test_searching import found
from wiki.attachments.storage import Storage
from wiki.cli import main
from wiki.outbox.models import Delivery, EventRow
from wiki.pages.links.moves import move_page
from wiki.pages.links.plans import MoveTo
from wiki.pages.models import Content, Folder, Page, Redirect, Revision
from wiki.pages.rendering.models import RenderingRow
from wiki.transfer.models import Import


def salaries(wiki: Scene, *, space: str = "eng") -> Page:
    """A page of four revisions, of which the second says too much, and the third still does."""
    wiki.write("salaries", "Ask Eve.\n", space=space)
    wiki.write("salaries", "Ben has 4321.\n", space=space, title="Salary of Ben", message="Oops")
    wiki.write("salaries", "Ben has 4321.\n", space=space, title="Salaries", tags=("pay",))
    return wiki.write("salaries", "Ask Eve or Ada.\n", space=space)


def purge(wiki: Scene, page: Page, who: str = "ada", **form: object):
    form = {"name": "Salaries", "head": page.head, **form}
    return wiki.post(who, f"/-/p/{page.id}/purge", **form)


def count(wiki: Scene, table: type) -> int:
    with wiki.database.read() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def events(wiki: Scene, name: str = "") -> list[dict[str, object]]:
    with wiki.database.read() as session:
        rows = session.scalars(select(EventRow).order_by(EventRow.id))
        return [row.payload for row in rows if not name or row.name == name]


# -- a page ----------------------------------------------------------------------------------------


def test_a_purged_page_is_gone_and_a_tombstone_stays(wiki: Scene) -> None:
    page = salaries(wiki)
    before = count(wiki, Content)
    done = purge(wiki, page)
    assert (done.status_code, done.location) == (303, "/eng/")
    assert wiki.get("eve", "/eng/salaries").status_code == 404
    assert wiki.get("eve", f"/-/p/{page.id}").status_code == 404
    assert (count(wiki, Page), count(wiki, Revision), count(wiki, RenderingRow)) == (0, 0, 0)
    assert count(wiki, Content) == before - 3
    wiki.deliver()
    assert events(wiki, "PagePurged") == [
        {
            "space_id": page.space_id,
            "page_id": page.id,
            "path": "salaries",
            "revisions": 4,
            "files": [],
        }
    ]
    listed = wiki.get("ada", "/-/admin/purged").text
    assert "/eng/salaries" in listed
    assert "of 4 revisions" in listed
    assert "Ada" in listed


def test_the_form_shows_what_goes_and_wants_the_name(wiki: Scene) -> None:
    page = salaries(wiki)
    wiki.attach("salaries/list.txt", b"x" * 2048)
    wiki.write("other", "[pay](salaries.md)", title="Linking page")
    asked = wiki.get("ada", f"/-/p/{page.id}/purge").text
    for words in ("All 4 revisions", "One file", "2.0 KiB", "Linking page"):
        assert words in asked
    for name in ("", "salary", "other"):
        refused = purge(wiki, page, name=name)
        assert refused.status_code == 422
        assert "Nothing was purged" in refused.text
    assert wiki.page("salaries").head == 4
    assert purge(wiki, page, name=" sALaries ").status_code == 303


@pytest.mark.parametrize("who", ["ben", "eve", "cai", "gus"])
def test_only_an_admin_purges(wiki: Scene, who: str) -> None:
    page = salaries(wiki)
    status = 404 if who == "gus" else 403
    for query in ("", "?revision=2"):
        assert wiki.get(who, f"/-/p/{page.id}/purge{query}").status_code == status
    assert purge(wiki, page, who).status_code == status
    assert purge(wiki, page, who, revision=2).status_code == status
    assert "purge" not in wiki.get(who, "/eng/salaries/-/history").text
    assert wiki.page("salaries").head == 4


def test_a_private_space_is_closed_to_an_admin_who_was_not_let_in(wiki: Scene) -> None:
    page = salaries(wiki, space="lab")
    hidden = wiki.get("ada", f"/-/p/{page.id}/purge")
    absent = wiki.get("ada", "/-/p/999/purge")
    assert hidden.status_code == 404
    assert hidden.text == absent.text
    assert purge(wiki, page).status_code == 404
    wiki.post("ada", "/-/admin/spaces/lab/lead")
    assert purge(wiki, page).status_code == 303
    assert wiki.get("eve", "/lab/salaries").status_code == 404


def test_a_deleted_page_can_be_purged(wiki: Scene) -> None:
    page = salaries(wiki)
    wiki.post("eve", "/eng/salaries/-/delete")
    wiki.agree("eve", wiki.post("eve", "/eng/-/members", person="ada", role="lead"))
    asked = wiki.get("ada", f"/-/p/{page.id}/history").text
    assert f"/-/p/{page.id}/purge" in asked
    assert purge(wiki, page).status_code == 303
    assert "was here until" not in wiki.get("eve", "/eng/salaries").text


def test_a_save_meanwhile_is_shown_before_anything_goes(wiki: Scene) -> None:
    page = salaries(wiki)
    wiki.write("salaries", "Somebody goes on writing.\n")
    for form in ({}, {"revision": 2}):
        again = purge(wiki, page, **form)
        assert again.status_code == 409
        assert "Someone has saved" in again.text
        assert 'name="head" value="5"' in again.text
    assert wiki.page("salaries").head == 5


def test_former_addresses_go_and_links_become_red(wiki: Scene) -> None:
    page = salaries(wiki)
    wiki.write("other", "[pay](pay.md)")
    with wiki.database.write() as session:
        move_page(session, wiki.actor("eve"), page.id, MoveTo("pay"))
    page = wiki.page("pay")
    assert 'class="missing"' not in wiki.get("cai", "/eng/other").text
    assert count(wiki, Redirect) == 1
    assert purge(wiki, page).status_code == 303
    assert count(wiki, Redirect) == 0
    assert wiki.get("eve", "/eng/salaries").status_code == 404
    assert re.search(r'class="[^"]*missing', wiki.get("cai", "/eng/other").text)


def test_pages_below_stay_and_their_folder_is_shown(wiki: Scene) -> None:
    page = salaries(wiki)
    wiki.write("salaries/bonus", "None.\n")
    assert count(wiki, Folder) == 0
    purge(wiki, page)
    assert count(wiki, Folder) == 1
    assert wiki.get("cai", "/eng/salaries/bonus").status_code == 200


def test_files_go_with_their_bytes_unless_somebody_else_has_them(wiki: Scene) -> None:
    page = salaries(wiki)
    storage = Storage(wiki.settings.data_dir)
    wiki.write("other", "words")
    for data in (b"only here", b"also elsewhere"):
        wiki.attach("salaries/list.txt", data)  # the second is another version of the first
    kept = wiki.attach("other/copy.txt", b"also elsewhere")
    assert len([one for one in storage.folder.rglob("*") if one.is_file()]) == 2
    purge(wiki, page)
    wiki.deliver()
    assert len([one for one in storage.folder.rglob("*") if one.is_file()]) == 1
    assert wiki.get("cai", f"/-/f/{kept}").data == b"also elsewhere"
    assert events(wiki, "PagePurged")[0]["files"] == []


def test_a_text_that_another_page_has_stays_there(wiki: Scene) -> None:
    page = salaries(wiki)
    wiki.write("copy", "Ben has 4321.\n")
    assert "The same text in 2 revisions" not in wiki.get("ada", f"/-/p/{page.id}/purge").text
    assert "The same text in a revision" in wiki.get("ada", f"/-/p/{page.id}/purge").text
    purge(wiki, page)
    assert "4321" in wiki.get("cai", "/eng/copy").text
    assert "4321" in wiki.get("cai", "/eng/copy/-/raw").text
    assert count(wiki, RenderingRow) == 1


def test_the_events_of_a_purged_page_keep_who_and_when_and_no_names(wiki: Scene) -> None:
    page = salaries(wiki)
    wiki.attach("salaries/secret-list.txt", b"x")
    wiki.post("eve", "/eng/salaries/-/move", path="pay", space="eng")
    wiki.post("eve", "/eng/pay/-/delete")
    wiki.post("eve", f"/-/p/{page.id}/restore")
    before = len(events(wiki))
    purge(wiki, wiki.page("pay"))
    left = events(wiki)
    assert len(left) == before + 2  # that words were taken out of events, and the purge
    assert not re.search("salaries|secret-list|pay", str(left[:-1]))
    assert all(one["page_id"] == page.id for one in left[-8:])
    with wiki.database.read() as session:
        waiting = set(
            session.scalars(select(EventRow.name).join(Delivery, Delivery.event_id == EventRow.id))
        )
    assert waiting == {"PagePurged"}
    assert wiki.get("cai", "/eng/-/changes").status_code == 200
    wiki.deliver()


def test_the_report_of_an_import_forgets_the_page(wiki: Scene) -> None:
    page = salaries(wiki)

    def problem(where: str, sentence: str) -> dict[str, str]:
        return {"kind": "Not imported", "where": where, "sentence": sentence}

    with wiki.database.write() as session:
        session.add(
            Import(
                space_id=page.space_id,
                name="a zip",
                file="x.zip",
                keep_outer=False,
                report={
                    "problems": [
                        problem("a.md", "The page “Salary of Ben” was here before."),
                        problem("b/salaries.md", "It is too long."),
                        problem("c.md", "It is too long."),
                    ]
                },
            )
        )
    purge(wiki, page)
    with wiki.database.read() as session:
        report = session.scalar(select(Import.report))
    assert report == {"problems": [problem("c.md", "It is too long.")]}


def test_nobody_finds_a_purged_page_even_before_the_index_hears_of_it(wiki: Scene) -> None:
    page = wiki.write("salaries", "Ask Eve.", title="Salaries", tags=("hush",))
    wiki.write("other", "Ask Ben.", title="Other")
    wiki.deliver()
    assert sorted(found(wiki, "cai", "ask")) == ["Other", "Salaries"]
    assert "hush" in wiki.get("cai", "/-/search?q=ask").text
    purge(wiki, page)
    shown = wiki.get("cai", "/-/search?q=ask").text
    assert "Salaries" not in shown
    assert "hush" not in shown
    wiki.deliver()
    assert found(wiki, "cai", "ask") == ["Other"]


def test_no_page_ever_gets_the_number_of_a_purged_one(wiki: Scene) -> None:
    page = salaries(wiki)
    purge(wiki, page)
    assert wiki.write("new", "words").id > page.id


# -- one revision ----------------------------------------------------------------------------------


def test_a_purged_revision_is_gone_even_if_no_newer_one_was_rendered(wiki: Scene) -> None:
    page = salaries(wiki)
    with wiki.database.write() as session:
        session.execute(update(RenderingRow).values(number=3, key="3", text="Ben has 4321."))
        session.execute(update(Page).values(rendered=3))
    purge(wiki, page, revision=3)
    assert count(wiki, RenderingRow) == 0
    assert "Ask Eve or Ada." in wiki.get("cai", "/eng/salaries").text
    assert count(wiki, RenderingRow) == 1


def test_a_purged_revision_leaves_a_tombstone_in_the_history(wiki: Scene) -> None:
    page = salaries(wiki)
    asked = wiki.get("ada", f"/-/p/{page.id}/purge?revision=2").text
    assert "Purge revision 3 of this page too" in asked
    done = purge(wiki, page, revision=2, same=1)
    assert (done.status_code, done.location) == (303, "/eng/salaries/-/history")
    shown = wiki.get("cai", "/eng/salaries/-/history").text
    told = re.sub(r"<[^>]+>", "", shown)
    assert "Revision 2 was purged by Ada on" in told
    assert "Revision 3 was purged by Ada on" in told
    assert "Salary of Ben" not in shown
    assert "Oops" not in shown
    assert "pay" not in shown
    assert "/eng/salaries/-/diff/1..4" in shown
    assert events(wiki, "RevisionPurged") == [
        {
            "space_id": page.space_id,
            "page_id": page.id,
            "revision": number,
            "path": "salaries",
        }
        for number in (2, 3)
    ]
    with wiki.database.read() as session:
        bodies = session.scalars(select(RenderingRow.text)).all()
        row = session.scalars(select(Revision).where(Revision.number == 2)).one()
    assert not any("4321" in body for body in bodies)
    assert (row.title, row.message, row.tags, row.fields, row.description) == ("", "", [], {}, "")
    assert row.purged_by_id == wiki.actor("ada").person_id
    assert row.author_id == wiki.actor("eve").person_id
    assert "Revision 2" in wiki.get("ada", "/-/admin/purged").text


@pytest.mark.parametrize(
    "verb",
    ["?revision=2", "/-/diff/1..2", "/-/diff/2..4", "/-/raw?revision=2", "/-/blame?revision=2"],
)
def test_whoever_asks_for_a_purged_revision_is_told(wiki: Scene, verb: str) -> None:
    page = salaries(wiki)
    purge(wiki, page, revision=2, same=1)
    told = wiki.get("cai", f"/eng/salaries{verb}")
    assert told.status_code == 410
    assert "Revision 2 was purged on" in told.text
    assert "/eng/salaries/-/history" in told.text
    assert wiki.get("gus", f"/eng/salaries{verb}").status_code == 404


def test_a_purged_revision_cannot_be_restored_nor_purged_again(wiki: Scene) -> None:
    page = salaries(wiki)
    purge(wiki, page, revision=2)
    assert wiki.get("ben", "/eng/salaries/-/restore?revision=2").status_code == 410
    assert wiki.post("ben", "/eng/salaries/-/restore", revision=2, head=4).status_code == 410
    assert wiki.get("ada", f"/-/p/{page.id}/purge?revision=2").status_code == 410
    assert purge(wiki, page, revision=2).status_code in (410, 422)
    assert "-/restore?revision=2" not in wiki.get("ben", "/eng/salaries/-/history").text
    assert wiki.page("salaries").head == 4


def test_an_edit_begun_on_a_purged_revision_is_handed_back(wiki: Scene) -> None:
    page = salaries(wiki)
    purge(wiki, page, revision=2)
    form = {"title": "Salaries", "body": "My careful words.", "base": "2"}
    refused = wiki.post("ben", "/eng/salaries/-/edit", **form)
    assert refused.status_code == 410
    assert "My careful words." in refused.text


def test_the_newest_revision_cannot_be_purged(wiki: Scene) -> None:
    page = salaries(wiki)
    asked = wiki.get("ada", f"/-/p/{page.id}/purge?revision=4").text
    assert "This is the latest revision" in asked
    refused = purge(wiki, page, revision=4)
    assert refused.status_code == 422
    assert wiki.get("cai", "/eng/salaries").status_code == 200
    for number in (0, 5, "x"):
        assert wiki.get("ada", f"/-/p/{page.id}/purge?revision={number}").status_code == 404


def test_who_else_has_the_text_is_said_before(wiki: Scene) -> None:
    page = salaries(wiki)
    wiki.write("copy", "Ben has 4321.\n", title="A copy")
    wiki.write("hidden", "Ben has 4321.\n", space="lab", title="A hidden copy")
    wiki.post("eve", "/eng/salaries/-/restore", revision=2, head=4)
    asked = wiki.get("ada", f"/-/p/{page.id}/purge?revision=2").text
    assert "The latest revision has exactly the same text" in asked
    assert "A copy" in asked
    assert "A hidden copy" not in asked
    assert "1 you can’t read" in asked


def test_who_else_has_the_text_is_counted_beyond_those_that_are_listed(
    wiki: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wiki.purging.queries.MOST_LISTED", 2)
    page = salaries(wiki)
    url = f"/-/p/{page.id}/purge?revision=2"
    for number in range(2):
        wiki.write(f"copy-{number}", "Ben has 4321.\n", title=f"Copy {number}")
        wiki.write(f"hidden-{number}", "Ben has 4321.\n", space="lab")
    asked = wiki.get("ada", url).text
    assert "Copy 1" in asked
    assert "(revision 1)</a> and 2 you can’t read." in asked
    wiki.write("copy-2", "Ben has 4321.\n", title="Copy 2")
    assert "</a> and 1 more and 2 you can’t read." in wiki.get("ada", url).text


def test_the_text_stays_as_long_as_a_revision_has_it(wiki: Scene) -> None:
    page = salaries(wiki)
    purge(wiki, page, revision=2)
    assert "4321" in wiki.get("cai", "/eng/salaries/-/raw?revision=3").text
    assert "4321" in wiki.get("cai", "/eng/salaries?revision=3").text
    assert "The same text" not in wiki.get("ada", f"/-/p/{page.id}/purge?revision=3").text
    purge(wiki, page, revision=3)
    with wiki.database.read() as session:
        sizes = session.scalars(select(Content.size).order_by(Content.size)).all()
    assert sizes == [0, len("Ask Eve.\n"), len("Ask Eve or Ada.\n")]


def test_lines_of_a_purged_revision_go_to_the_next(wiki: Scene) -> None:
    page = salaries(wiki)
    shown = wiki.get("cai", "/eng/salaries/-/blame?revision=3").text
    assert "Changes in revision 2<" in shown
    purge(wiki, page, revision=2)
    shown = wiki.get("cai", "/eng/salaries/-/blame?revision=3").text
    assert "Changes in revision 3<" in shown


def test_the_api_says_what_was_purged(wiki: Scene) -> None:
    page = salaries(wiki)
    purge(wiki, page, revision=2)
    purge(wiki, page, revision=3)
    base = "/-/api/v1/pages/open/public"
    assert wiki.get("nobody", base).status_code == 404
    wiki.write("public", "one\n", space="open")
    wiki.write("public", "two\n", space="open")
    head = wiki.write("public", "three\n", space="open")
    purge(wiki, head, name="public", revision=2)
    client = wiki.client("nobody")
    listed = client.get(f"{base}/revisions").json["revisions"]
    assert [bool(one["purged_at"]) for one in listed] == [False, True, False]
    gone = client.get(f"{base}/revisions/2")
    assert (gone.status_code, gone.mimetype) == (410, "application/problem+json")
    assert client.get(f"{base}/diff/1..2").status_code == 410
    assert client.get(f"{base}/blame?revision=2").status_code == 410
    runs = client.get(f"{base}/blame").json
    assert runs["runs"][0]["revision"] == 3
    changes = client.get("/-/api/v1/changes?after=0").json["changes"]
    assert changes[-1]["type"] == "revision_purged"
    assert changes[-1]["revision"] == 2


# -- the shell -------------------------------------------------------------------------------------


@pytest.fixture
def shell(wiki: Scene, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("WIKI_DATA_DIR", str(wiki.settings.data_dir))
    if not wiki.database.is_sqlite:
        monkeypatch.setenv("WIKI_DATABASE_URL", wiki.settings.database_url)

    def run(*arguments: object, stdin: str | None = None):
        return CliRunner().invoke(main, [str(one) for one in arguments], input=stdin)

    return run


def test_the_shell_purges_anywhere(wiki: Scene, shell) -> None:
    page = salaries(wiki, space="lab")
    asked = shell("purge", "lab/salaries", "--revision", 2, stdin="n\n")
    assert asked.exit_code == 1
    assert "Nothing was purged" in asked.output
    assert shell("purge", "lab/Salaries", "--revision", 2, "--yes").exit_code == 0
    assert "was purged by an administrator" in wiki.get("eve", "/lab/salaries/-/history").text
    assert shell("purge", page.id, stdin="y\n").exit_code == 0
    assert wiki.get("eve", "/lab/salaries").status_code == 404


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["lab/nothing"], "There is no page lab/nothing."),
        (["nospace"], "There is no page nospace."),
        (["999"], "There is no page 999."),
        (["eng/salaries", "--revision", "4"], "The latest revision can’t be purged"),
        (["eng/salaries", "--revision", "9"], "This revision doesn’t exist"),
        (["eng/a//\x00"], "path"),
    ],
)
def test_the_shell_says_why_not(wiki: Scene, shell, arguments: list[str], sentence: str) -> None:
    salaries(wiki)
    refused = shell("purge", *arguments, "--yes")
    assert refused.exit_code == 1
    assert sentence in refused.output
    assert refused.output.count("\n") == 1
    assert wiki.page("salaries").head == 4
