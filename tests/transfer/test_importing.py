"""A tree becomes pages and files, again and again; interrupted or edited, nothing is lost."""

import json
import os
from pathlib import Path

import pytest

from tests.cast import Scene
from tests.transfer.trees import PNG, TREE, write_tree
from wiki.attachments.queries import files_of_space, place_of
from wiki.attachments.storage import Storage
from wiki.errors import Forbidden, NotFound
from wiki.pages.access.restrictions import set_label
from wiki.pages.links.moves import move_page
from wiki.pages.links.plans import MoveTo
from wiki.pages.merging import Text
from wiki.pages.models import Action, Page, Revision
from wiki.pages.revising import text_of
from wiki.pages.revisions import head_of
from wiki.pages.saving.edit import Edit
from wiki.pages.saving.submit import submit
from wiki.pages.tree import children_of
from wiki.rules.labels import Label
from wiki.spaces.queries import see_space
from wiki.transfer import importing
from wiki.transfer.exporting import export_space
from wiki.transfer.importing import TreeImport
from wiki.transfer.kept_order import ORDER_FILE
from wiki.transfer.kept_space import SPACE_FILE
from wiki.transfer.models import ImportedFile, ImportedHistory
from wiki.transfer.report import Kind, Report
from wiki.transfer.sources.source import FolderSource, limits_of


def begin(wiki: Scene, folder: Path, space: str = "eng", by: str = "ben") -> TreeImport:
    with wiki.database.read() as session:
        space_id = see_space(session, wiki.actor("eve"), space).space.id
    source = FolderSource(folder, limits_of(wiki.settings))
    return TreeImport(wiki.database, wiki.settings, wiki.actor(by), space_id, source)


def bring_in(wiki: Scene, folder: Path, space: str = "eng", by: str = "ben") -> Report:
    tree = begin(wiki, folder, space, by)
    assert tree.run() == tree.total
    return tree.finish()


def text(wiki: Scene, path: str, space: str = "eng") -> Text:
    page = wiki.page(path, space=space)
    with wiki.database.read() as session:
        return text_of(session, head_of(session, page))


def actions(wiki: Scene, path: str) -> list[str]:
    page = wiki.page(path)
    with wiki.database.read() as session:
        rows = session.query(Revision).filter_by(page_id=page.id).order_by(Revision.number)
        return [row.action for row in rows]


def said(report: Report, kind: Kind) -> dict[str, str]:
    return {one.where: one.sentence for one in report.problems if one.kind is kind}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return write_tree(tmp_path / "tree", TREE)


def test_a_tree_becomes_pages_with_their_places_titles_and_front_matter(wiki, tree):
    report = bring_in(wiki, tree)
    assert (report.created, report.files_added) == (8, 2)
    assert wiki.page("").title == "The guide"
    assert wiki.page("").folder
    assert wiki.page("setup").title == "Setting up"
    assert wiki.page("setup/tools").title == "Tools"
    assert not wiki.page("setup/tools").folder
    assert wiki.page("notes").title == "Notes"
    assert wiki.page("notes/On-Call").title == "On Call"
    assert wiki.page("日本/ページ").title == "見出し"
    assert wiki.page("empty").title == "Empty"
    assert text(wiki, "team") == Text(
        "Our team",
        "We are few. ![Us](images/us.png) and [the plan](files/plan.pdf).\n",
        ("people", "org"),
        "Who we are",
        {"owner": "eve"},
    )
    assert actions(wiki, "team") == [Action.IMPORT]


def test_links_and_pictures_lead_to_what_was_imported(wiki, tree):
    bring_in(wiki, tree)
    home = wiki.get("ben", "/eng/").text
    assert 'href="/eng/setup"' in home
    assert "missing" not in home.partition("<main")[2]
    page = wiki.get("ben", "/eng/team").text
    assert 'src="/eng/images/-/files/us.png"' in page
    assert wiki.get("cai", "/eng/images/-/files/us.png").data == PNG
    assert wiki.get("cai", "/eng/files/-/files/plan.pdf").status_code == 200
    assert wiki.get("nobody", "/eng/images/-/files/us.png").status_code in (401, 404)


def test_the_report_tells_what_could_not_be_resolved(wiki, tree):
    (tree / "latin.md").write_bytes("caf\xe9".encode("latin-1"))
    (tree / "utf16.md").write_bytes("# Wide\n".encode("utf-16"))
    (tree / "utf32.md").write_bytes("# Wider\n".encode("utf-32"))
    (tree / "binary.md").write_bytes(b"a\0b")
    (tree / "cut.md").write_bytes(b"\xff\xfea")
    (tree / "bad.md").write_text("---\na: [\n---\n\nx [x](ftp://host/) and [dir](images/)\n")
    (tree / "notes.md").write_text("second")
    (tree / "deep.md").write_text("> " * 500 + "x")
    report = bring_in(wiki, tree)
    assert wiki.page("utf16").title == "Wide"
    assert wiki.page("utf32").title == "Wider"
    assert said(report, Kind.UNREADABLE) == {
        "latin.md": "Its text isn’t UTF-8. Save it as UTF-8 and import it again.",
        "binary.md": "It contains null characters, as binary files do, so it isn’t text.",
        "cut.md": "Its text isn’t UTF-16. Save it as UTF-8 and import it again.",
    }
    assert set(said(report, Kind.FRONT_MATTER)) == {"bad.md"}
    assert said(report, Kind.BESIDE) == {
        "notes.md": "It is kept at notes-2, because notes/README.md has the same page name."
    }
    assert said(report, Kind.LEFT_OUT) == {"files/unused.bin": "No page shows it or links to it."}
    assert said(report, Kind.FILE) == {"notes/README.md": "“Gone” leads to notes/gone.png."}
    assert said(report, Kind.LINK) == {
        "setup/tools.md": "“Nothing” leads to setup/nowhere: no page.",
        "bad.md": "“dir” leads to images: no page.",
    }
    assert said(report, Kind.ADDRESS) == {"bad.md": "“x”: links to ftp: are not allowed."}
    assert set(said(report, Kind.SOURCE)) == {"deep.md"}
    assert text(wiki, "bad").front_matter == "---\na: [\n---\n\n"
    assert Report.from_json(report.to_json()) == report


def test_a_second_run_changes_nothing(wiki, tree):
    wiki.alone()
    bring_in(wiki, tree)
    before = wiki.database.version()
    report = bring_in(wiki, tree)
    assert wiki.database.version() == before
    assert (report.created, report.changed, report.files_added) == (0, 0, 0)
    assert (report.unchanged, report.files_unchanged) == (8, 2)


def test_only_what_changed_gets_a_new_revision(wiki, tree):
    bring_in(wiki, tree)
    (tree / "setup/tools.md").write_text("# Tools\n\nOther ones.\n")
    (tree / "images/us.png").write_bytes(PNG + b" newer")
    report = bring_in(wiki, tree)
    assert (report.created, report.changed, report.files_added) == (0, 1, 1)
    assert wiki.page("setup/tools").head == 2
    assert wiki.get("ben", "/eng/images/-/files/us.png").data == PNG + b" newer"


def test_an_interrupted_import_is_finished_by_the_next(wiki, tree, monkeypatch):
    monkeypatch.setattr(importing, "CHUNK", 2)
    first = begin(wiki, tree)
    assert first.run(seconds=0) == 2
    report = bring_in(wiki, tree)
    assert (report.created, report.unchanged) == (6, 2)
    again = begin(wiki, tree)
    assert again.run(2) == again.total
    assert again.report.unchanged == 6


def test_edits_made_here_stay_when_the_tree_has_not_changed(wiki, tree):
    bring_in(wiki, tree)
    wiki.write("setup/tools", "Mine.", title="Tools")
    report = bring_in(wiki, tree)
    assert (report.changed, text(wiki, "setup/tools").body) == (0, "Mine.")


def test_edits_here_and_in_the_tree_are_merged_where_they_do_not_touch(wiki, tree):
    (tree / "long.md").write_text("# Long\n\none\n\ntwo\n\nthree\n")
    bring_in(wiki, tree)
    wiki.write("long", "# Long\n\none here\n\ntwo\n\nthree\n", title="Long")
    (tree / "long.md").write_text("# Long\n\none\n\ntwo\n\nthree there\n")
    assert bring_in(wiki, tree).changed == 1
    assert text(wiki, "long").body == "# Long\n\none here\n\ntwo\n\nthree there\n"
    assert actions(wiki, "long") == ["import", "edit", "merge"]
    head = wiki.page("long").head
    bring_in(wiki, tree)
    assert wiki.page("long").head == head


def test_edits_of_the_same_lines_are_left_and_told(wiki, tree):
    (tree / "short.md").write_text("one\n")
    bring_in(wiki, tree)
    wiki.write("short", "mine\n", title="Short")
    (tree / "short.md").write_text("theirs\n")
    (tree / "team.md").write_text("New text\n")
    report = bring_in(wiki, tree)
    assert set(said(report, Kind.CONFLICT)) == {"short.md"}
    assert text(wiki, "short").body == "mine\n"
    assert text(wiki, "team").body == "New text\n"  # of the same chunk
    assert report.changed == 1


def test_a_page_written_here_before_is_replaced_and_told(wiki, tree):
    wiki.write("team", "Written here", title="Team")
    report = bring_in(wiki, tree)
    assert set(said(report, Kind.REPLACED)) == {"team.md"}
    assert actions(wiki, "team") == ["create", "import"]
    assert said(bring_in(wiki, tree), Kind.REPLACED) == {}


def test_a_page_that_was_moved_here_is_found_at_its_new_place(wiki, tree):
    bring_in(wiki, tree)
    with wiki.database.write() as session:
        move_page(session, wiki.actor("ben"), wiki.page("team").id, MoveTo("people"))
    report = bring_in(wiki, tree)
    assert report.created == 0
    (tree / "team.md").write_text("---\ntitle: Our team\n---\n\nMore.\n")
    bring_in(wiki, tree)
    assert text(wiki, "people").body == "More.\n"


def test_who_may_not_edit_may_not_import(wiki, tree):
    with pytest.raises(Forbidden):
        begin(wiki, tree, by="cai")
    with pytest.raises(NotFound):
        begin(wiki, tree, space="lab", by="dot")


def test_nothing_beside_the_folder_is_read(wiki, tmp_path, tree):
    write_tree(tmp_path / "beside", {"secret.md": "secret"})
    (tree / "link.md").symlink_to(tmp_path / "beside/secret.md")
    (tree / "up").symlink_to(tmp_path / "beside", target_is_directory=True)
    report = bring_in(wiki, tree)
    assert {"link.md", "up"} <= set(said(report, Kind.REFUSED))
    assert wiki.get("ben", "/eng/link").status_code == 404


def export(wiki: Scene, folder: Path, space: str = "eng", by: str = "ben") -> Path:
    with wiki.database.read() as session:
        actor = wiki.actor(by)
        found = see_space(session, actor, space).space
        export_space(session, actor, found, folder, Storage(wiki.settings.data_dir))
    return folder


def everything(wiki: Scene, space: str) -> dict[str, object]:
    """All pages and files of a space as they would be compared by hand."""
    with wiki.database.read() as session:
        actor = wiki.actor("eve")
        found = see_space(session, actor, space).space
        pages = {
            page.path: (page.folder, text_of(session, head_of(session, page)))
            for page in session.query(Page).filter_by(space_id=found.id)
        }
        files = {place_of(file): file.sha256 for file in files_of_space(session, actor, found)}
    return {"pages": pages, "files": files}


def test_an_exported_space_imports_to_the_same_pages(wiki, tree, tmp_path):
    bring_in(wiki, tree)
    for path, title in (
        ("notes/index", "Index of notes"),
        ("readme", "READ ME"),
        ("a.page", "Dots"),
        ("team/ü & ö?", "Signs: & #1"),
        ("plain", "Another title"),
        ("rule", "---"),
    ):
        wiki.write(path, f"---\nnot: front matter\n---\n\n{title}\n", title=title, tags=("x y",))
    with wiki.database.write() as session:
        page = wiki.page("plain")
        odd = Text("Another title", "---\nkept: as text\n---\n", (), "", {"when": None})
        submit(session, wiki.actor("ben"), Edit(page.id, odd, base=page.head))
    folder = export(wiki, tmp_path / "out")
    report = bring_in(wiki, folder, "lab")
    assert not [one for one in report.problems if one.kind in (Kind.REFUSED, Kind.BESIDE)]
    assert everything(wiki, "lab") == everything(wiki, "eng")


def test_an_imported_tree_exports_to_the_same_bytes(wiki, tmp_path):
    tree = write_tree(
        tmp_path / "tree",
        {name: TREE[name] for name in ("index.md", "setup/index.md", "setup/tools.md")},
    )
    bring_in(wiki, tree)
    folder = export(wiki, tmp_path / "out")
    for path in tree.rglob("*.md"):
        assert (folder / path.relative_to(tree)).read_bytes() == path.read_bytes()


def order_of(wiki: Scene, space: str, under: str = "") -> list[str]:
    with wiki.database.read() as session:
        seen = see_space(session, wiki.actor("eve"), space)
        return [node.path for node in children_of(session, seen, [under])[under].nodes]


def test_the_order_of_pages_goes_along_and_is_a_file_only_if_there_is_one(wiki, tmp_path):
    for path in ("a", "b", "c", "a/x", "a/y"):
        wiki.write(path, f"# {path}\n")
    assert not (export(wiki, tmp_path / "plain") / ORDER_FILE).exists()
    page = wiki.page("c")
    wiki.post("ben", "/eng/c/-/move", parent="", name="c", position="first")
    wiki.post("ben", "/eng/a/y/-/move", parent="a", name="y", position="first")
    folder = export(wiki, tmp_path / "out")
    assert json.loads((folder / ORDER_FILE).read_text()) == {"": ["c"], "a": ["y"]}
    assert bring_in(wiki, folder, "lab").hidden == 0
    assert order_of(wiki, "lab") == ["c", "a", "b"]
    assert order_of(wiki, "lab", "a") == ["a/y", "a/x"]
    assert (export(wiki, tmp_path / "again", "lab") / ORDER_FILE).read_bytes() == (
        folder / ORDER_FILE
    ).read_bytes()
    (folder / ORDER_FILE).write_text(json.dumps({"": ["b", "c", "nowhere", "../x", 3], "x": {}}))
    bring_in(wiki, folder)
    assert order_of(wiki, "eng") == ["b", "c", "a"]
    assert wiki.page("c").id == page.id
    assert "changed the position of" in wiki.get("cai", "/eng/-/changes").text
    (folder / ORDER_FILE).write_text("[")
    bring_in(wiki, folder)
    assert order_of(wiki, "eng") == ["b", "c", "a"]


def test_the_name_and_look_of_a_space_go_along_and_replace_nothing_chosen(wiki, tmp_path):
    values = {"visibility": "internal", "member_role": "reader", "description": "How we work."}
    look = {"title": "Ship yard", "icon": "rocket", "color": "teal"}
    wiki.write("a", "x")
    wiki.post("eve", "/eng/-/settings", **values, **look)
    folder = export(wiki, tmp_path / "out")
    kept = json.loads((folder / SPACE_FILE).read_text())
    assert kept == {**look, "description": "How we work."}
    wiki.post("eve", "/-/spaces/new", slug="yard", title="Yard", color="red", **values)
    (folder / SPACE_FILE).write_text(json.dumps({**kept, "icon": "nonsense", "slug": 3}))
    assert bring_in(wiki, folder, "yard", by="eve").hidden == 0
    with wiki.database.read() as session:
        space = see_space(session, wiki.actor("eve"), "yard").space
        assert (space.title, space.icon, space.colour) == ("Ship yard", "", "red")
    for broken in ("[", "[3]", '{"icon": 3}'):
        (folder / SPACE_FILE).write_text(broken)
        bring_in(wiki, folder, "yard", by="eve")


def test_an_export_goes_only_into_an_empty_folder(wiki, tree, tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full/x").write_text("mine")
    with pytest.raises(Exception, match="isn’t empty"):
        export(wiki, tmp_path / "full")
    assert os.listdir(tmp_path / "full") == ["x"]  # noqa: PTH208


def test_an_export_holds_only_what_its_reader_may_read(wiki, tmp_path):
    wiki.write("secret", "x", space="lab")
    with pytest.raises(NotFound):
        export(wiki, tmp_path / "out", "lab", by="dot")


@pytest.mark.thorough
@pytest.mark.corpus
def test_the_handbook_goes_in_and_out_and_in_again_unchanged(wiki, corpus, tmp_path):
    report = bring_in(wiki, corpus)
    assert (report.created, report.files_added) == (883, 77)
    assert len([one for one in report.problems if one.kind is Kind.SOURCE]) == 0
    folder = export(wiki, tmp_path / "out")
    bring_in(wiki, folder, "lab")
    assert everything(wiki, "lab") == everything(wiki, "eng")


def test_what_a_page_shows_that_is_narrower_is_imported_and_named_with_its_line(
    wiki: Scene, tree: Path
) -> None:
    wiki.write("figures", "wolpertinger", title="Figures")
    with wiki.database.write() as session:
        page = wiki.page("figures")
        set_label(session, wiki.actor("eve"), page.id, Label.CONFIDENTIAL)
    (tree / "team.md").write_text("# Team\n\n![[figures]]\n")
    report = bring_in(wiki, tree)
    sentence = "Line 3 of the text shows the page “Figures”, which is confidential."
    assert said(report, Kind.NARROWER) == {"team.md": sentence}
    assert "![[figures]]" in text(wiki, "team").body


def test_what_looks_like_a_secret_is_imported_and_named_in_the_report(
    wiki: Scene, tree: Path
) -> None:
    key, card = "AKIA" + "Y34FZKBOKMUTVV7Q", "4111 1111 1111 1111"
    (tree / "team.md").write_text(f"---\ntitle: Team\n---\n\nThe key is {key}.\n")
    report = bring_in(wiki, tree)
    assert said(report, Kind.SECRET) == {"team.md": "Line 5: AWS access key AKIA…7Q"}
    assert key in text(wiki, "team").body
    (tree / "team.md").write_text(f"---\ntitle: Team\n---\n\nThe key is {key} or {card}.\n")
    report = bring_in(wiki, tree)
    assert said(report, Kind.SECRET) == {"team.md": "Line 5: payment card number 4111…11"}
    assert key not in str(report.to_json())
    assert "No secrets saved" in wiki.get("eve", "/eng/-/findings").text


TWICE: dict[str, str | bytes] = {
    "teams.md": "# Team list\n",
    "teams/README.md": "# How teams work\n",
    "Page.md": "# Upper\n",
    "page.md": "# Lower\n",
    "a b.md": "# Blank\n",
    "a-b.md": "# Hyphen\n",
    "i/README.md": "# Read me\n",
    "i/index.md": "# Index\n![upper](Logo.png) ![lower](logo.png)\n",
    "i/Logo.png": PNG + b" upper",
    "i/logo.png": PNG + b" lower",
}
TITLES = ["Blank", "How teams work", "Hyphen", "Index", "Lower", "Read me", "Team list", "Upper"]


def titles(wiki: Scene, space: str = "eng") -> dict[str, str]:
    with wiki.database.read() as session:
        found = see_space(session, wiki.actor("eve"), space).space
        rows = session.query(Page).filter_by(space_id=found.id, deleted_at=None)
        return {row.path: row.title for row in rows}


def test_files_that_are_one_page_by_their_names_are_pages_each_and_stay_what_they_are(
    wiki, tmp_path
):
    tree = write_tree(tmp_path / "tree", TWICE)
    report = bring_in(wiki, tree)
    assert report.created == 8
    assert set(said(report, Kind.BESIDE)) == {
        *("teams.md", "page.md", "a-b.md", "i/README.md", "i/logo.png")
    }
    before = titles(wiki)
    assert sorted(before.values()) == TITLES
    again = bring_in(wiki, tree)
    assert (again.created, again.changed, again.unchanged) == (0, 0, 8)
    assert said(again, Kind.BESIDE) == said(report, Kind.BESIDE)
    for name in TWICE:
        if name.endswith(".md"):
            with (tree / name).open("a") as file:
                file.write(f"\nFrom {name}.\n")
    assert bring_in(wiki, tree).changed == 8
    assert titles(wiki) == before
    for path, title in before.items():
        name = next(one for one, has in TWICE.items() if str(has).startswith(f"# {title}\n"))
        assert f"From {name}." in text(wiki, path).body
    folder = export(wiki, tmp_path / "out")
    assert bring_in(wiki, folder, "lab").created == 8
    assert sorted(titles(wiki, "lab").values()) == TITLES


def test_a_file_that_comes_later_takes_no_page_from_another(wiki, tmp_path):
    tree = write_tree(tmp_path / "tree", {"teams.md": "# Team list\n"})
    bring_in(wiki, tree)
    wiki.write("teams/readme", "By hand", title="By hand")
    write_tree(tree, {"teams/README.md": "# How teams work\n"})
    bring_in(wiki, tree)
    assert titles(wiki) == {
        "teams": "Team list",
        "teams/readme": "By hand",
        "teams/readme-2": "How teams work",
    }
    with wiki.database.write() as session:
        move_page(session, wiki.actor("eve"), wiki.page("teams").id, MoveTo("list"))
    write_tree(tree, {"teams.md": "# All teams\n", "list.md": "# A list\n"})
    bring_in(wiki, tree)
    assert titles(wiki)["list"] == "All teams"
    assert titles(wiki)["list-2"] == "A list"


def test_an_import_that_stops_between_files_of_one_page_goes_on_with_the_same(
    wiki, tmp_path, monkeypatch
):
    monkeypatch.setattr(importing, "CHUNK", 1)
    tree = write_tree(tmp_path / "tree", TWICE)
    position = 0
    while position < (step := begin(wiki, tree)).total:
        position = step.run(position, seconds=0)
    report = step.finish()
    assert sorted(titles(wiki).values()) == TITLES
    assert len(said(report, Kind.BESIDE)) == 5


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_file_reads_the_same_whatever_ends_its_lines(wiki, tmp_path, end):
    words = "---\ntags: [a]\n---\n\n# Title here\npara\n\n## Part\n"
    folder = write_tree(tmp_path / "tree", {"x.md": words.replace("\n", end).encode()})
    bring_in(wiki, folder)
    found = text(wiki, "x")
    assert (found.title, found.tags) == ("Title here", ("a",))
    assert found.body == "# Title here\npara\n\n## Part\n"


def test_a_page_that_two_imports_made_of_different_files_is_only_one_of_them(wiki, tmp_path):
    tree = write_tree(tmp_path / "tree", {"a.md": "# A\n"})
    bring_in(wiki, tree)
    with wiki.database.write() as session:
        space = see_space(session, wiki.actor("eve"), "eng").space
        history = ImportedHistory(space_id=space.id, root="1" * 40)
        session.add(history)
        session.flush()
        page_id = wiki.page("a").id
        session.add(
            ImportedFile(history_id=history.id, page_id=page_id, file="b.md", blob="2" * 40)
        )
    bring_in(wiki, write_tree(tree, {"b.md": "# B\n"}))
    assert titles(wiki) == {"a": "A", "b": "B"}
