"""Importing a zip in the browser: the form, the worker's part, and the page that tells of it."""

import io
import re

import pytest
from sqlalchemy import update

from tests.cast import Scene
from tests.transfer.test_archive import TEXT, made
from tests.transfer.trees import TREE, zipped
from wiki.outbox.deliver import Deliverer
from wiki.rules.roles import Role
from wiki.spaces.models import Membership
from wiki.subscribers import handlers_by_name
from wiki.transfer import handlers
from wiki.transfer.models import Import


def send(wiki: Scene, tree=TREE, who="eve", space="eng", name="docs.zip", **form):
    data = zipped(tree) if isinstance(tree, dict) else io.BytesIO(tree)
    return wiki.client(who).post(
        f"/{space}/-/import",
        data={"file": (data, name), **form},
        content_type="multipart/form-data",
    )


def waiting(wiki: Scene) -> list[str]:
    folder = wiki.settings.data_dir / "imports"
    return [path.name for path in folder.iterdir()] if folder.exists() else []


def test_a_lead_imports_a_zip_and_is_told_how_it_went(wiki):
    sent = send(wiki)
    assert sent.status_code == 303
    status = sent.headers["Location"]
    before = wiki.get("eve", status).text
    assert "data-progress" in before
    assert f'href="{status}"' in before  # to look again without scripts
    assert "The import will start in a moment" in before
    wiki.deliver()
    after = wiki.get("eve", status).text
    assert "data-progress" not in after
    assert "8 pages new" in after
    assert "setup/nowhere: no page" in after
    assert wiki.page("setup/tools").title == "Tools"
    assert waiting(wiki) == []
    assert "done" in wiki.get("eve", "/eng/-/import").text


def test_a_long_import_lets_others_have_their_turn_and_goes_on(wiki, monkeypatch):
    monkeypatch.setattr(handlers, "SLICE_SECONDS", 0)
    tree = {f"p{number:03}.md": f"# Page {number}\n" for number in range(60)}
    status = send(wiki, tree).headers["Location"]
    positions = []
    deliverer = Deliverer(
        wiki.database, wiki.settings, {"transfer.import_more": handlers.import_more}
    )
    while deliverer.deliver_due():
        with wiki.database.read() as session:
            positions.append(session.query(Import).one().position)
        assert (
            f"{positions[-1]} of 60" in (page := wiki.get("eve", status).text) or "60 pages" in page
        )
    assert positions == [24, 48, 60]


def test_an_import_whose_worker_died_goes_on_where_it_was(wiki, monkeypatch):
    monkeypatch.setattr(handlers, "SLICE_SECONDS", 0)
    send(wiki, {f"p{number:03}.md": f"# Page {number}\n" for number in range(60)})

    def die(*_: object) -> None:
        raise SystemExit

    monkeypatch.setattr(handlers, "deliver_again", die)
    with pytest.raises(SystemExit):
        wiki.deliver()
    monkeypatch.undo()
    Deliverer(wiki.database, wiki.settings, handlers_by_name()).release_all()
    wiki.deliver()
    with wiki.database.read() as session:
        row = session.query(Import).one()
        assert (row.position, row.failure) == (60, "")
        assert row.report["created"] == 60


@pytest.mark.parametrize(("who", "status"), [("ben", 403), ("cai", 403), ("nobody", 401)])
def test_only_leads_import(wiki, who, status):
    assert wiki.get(who, "/eng/-/import").status_code in (status, 302, 303)
    assert send(wiki, who=who).status_code in (status, 302, 303)
    assert waiting(wiki) == []
    assert "Import" not in re.sub(r"<[^>]*>", " ", wiki.get("ben", "/eng/").text)


def test_who_may_not_see_the_space_learns_nothing(wiki):
    send(wiki, space="lab")
    for url in ("/lab/-/import", "/lab/-/import/1"):
        hidden, absent = wiki.get("dot", url), wiki.get("dot", url.replace("lab", "none"))
        assert (hidden.status_code, hidden.text) == (404, absent.text.replace("/none/", "/lab/"))


def test_the_status_of_another_space_is_not_found(wiki):
    status = send(wiki).headers["Location"]
    assert wiki.get("eve", status.replace("/eng/", "/open/")).status_code == 404


@pytest.mark.parametrize(
    ("tree", "sentence"),
    [
        (b"", "This isn’t a zip file"),
        (b"not a zip at all", "This isn’t a zip file"),
        ({"a.txt": "x"}, "This zip file contains no Markdown files."),
    ],
)
def test_what_cannot_be_imported_is_refused_in_the_form(wiki, tree, sentence):
    answer = send(wiki, tree)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert waiting(wiki) == []


def test_a_form_without_a_file_says_so(wiki):
    answer = wiki.client("eve").post("/eng/-/import", data={})
    assert answer.status_code == 422
    assert "Choose a zip file." in answer.text


def test_a_lead_who_lost_the_role_meanwhile_imports_nothing(wiki):
    status = send(wiki).headers["Location"]
    with wiki.database.write() as session:
        membership = (
            session.query(Membership)
            .filter_by(person_id=wiki.actor("eve").person_id)
            .order_by(Membership.space_id)
            .all()[1]
        )
        membership.role = int(Role.READER)
    wiki.deliver()
    with wiki.database.read() as session:
        row = session.query(Import).one()
        assert "Eve is a reader in Eng; this needs a lead." in row.failure
    assert wiki.get("ben", "/eng/setup").status_code == 404
    assert waiting(wiki) == []
    assert status


def test_an_import_of_an_account_that_is_gone_stops_with_a_sentence(wiki):
    status = send(wiki).headers["Location"]
    with wiki.database.write() as session:
        session.execute(update(Import).values(person_id=None))  # as the deletion of the account
    wiki.deliver()
    assert "account that started the import no longer exists" in wiki.get("eve", status).text
    assert "failed" in wiki.get("eve", "/eng/-/import").text
    assert wiki.get("ben", "/eng/setup").status_code == 404
    assert waiting(wiki) == []


def test_a_mistake_of_ours_stops_the_import_with_a_sentence(wiki, monkeypatch):
    status = send(wiki).headers["Location"]

    def fail(*_: object, **__: object) -> None:
        raise KeyError("a mistake")

    monkeypatch.setattr(handlers, "TreeImport", fail)
    wiki.deliver()
    assert "The error is on our side" in wiki.get("eve", status).text


def test_the_folder_around_everything_is_left_out_unless_kept(wiki):
    tree = {"docs-main/index.md": "# Docs\n", "docs-main/a.md": "# A\n"}
    send(wiki, tree)
    wiki.deliver()
    assert wiki.page("a").title == "A"
    send(wiki, tree, keep_outer="1")
    wiki.deliver()
    assert wiki.page("docs-main/a").title == "A"


def test_a_damaged_zip_is_imported_as_far_as_it_can_be_read(wiki):
    members = [("docs\\bad.md", TEXT), ("docs\\fine.md", b"# Fine\n"), ("", b"x")]
    broken = bytearray(made(members, 14))
    broken[60:70] = b"\xff" * 10
    status = send(wiki, bytes(broken)).headers["Location"]
    wiki.deliver()
    assert wiki.page("fine").title == "Fine"
    told = wiki.get("eve", status).text
    assert "It is damaged inside the zip" in told
    assert "Its name is empty." in told
    cut = send(wiki, bytes(broken)[:-10])
    assert cut.status_code == 422
    assert "cut off or damaged" in cut.text
