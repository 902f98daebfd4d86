"""`wiki import` and `wiki export`, as they are typed."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select

from tests.transfer.trees import TREE, write_tree, zipped
from wiki.app import open_database
from wiki.cli import main
from wiki.config.environment import load
from wiki.spaces.members import leads_of
from wiki.spaces.models import Space
from wiki.transfer.importing import TreeImport


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("WIKI_DATA_DIR", str(tmp_path / "data"))

    def invoke(*arguments: object, stdin: str | None = None) -> Result:
        return CliRunner().invoke(main, [str(one) for one in arguments], input=stdin)

    assert invoke("space", "add", "guide", "--title", "Guide").exit_code == 0
    return invoke


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return write_tree(tmp_path / "tree", TREE)


def test_a_folder_goes_in_and_comes_out_searchable(run, tree, tmp_path):
    done = run("import", tree, "--space", "guide", "--report", tmp_path / "report.txt")
    assert done.exit_code == 0, done.output
    assert "8 pages new, 0 changed, 2 files added" in done.output
    assert "setup/nowhere: no page" in (tmp_path / "report.txt").read_text()
    again = run("import", tree, "--space", "guide")
    assert "0 pages new, 0 changed, 0 files added, 10 unchanged." in again.output
    out = run("export", tmp_path / "out", "--space", "guide")
    assert out.output == f"8 pages and 2 files exported to {tmp_path / 'out'}.\n"
    assert (tmp_path / "out/setup/tools.md").read_bytes() == (tree / "setup/tools.md").read_bytes()
    assert "0 pages new, 0 changed" in run("import", tmp_path / "out", "--space", "guide").output


def test_a_zip_goes_in(run, tmp_path):
    file = tmp_path / "docs.zip"
    file.write_bytes(zipped({"docs/index.md": "# Docs\n", "docs/a.md": "# A\n"}).read())
    assert "2 pages new" in run("import", file, "--space", "guide").output
    kept = run("import", file, "--space", "guide", "--keep-folder")
    assert "2 pages new" in kept.output


def test_a_private_space_is_written_as_its_lead_or_as_whom_one_names(run, tree, tmp_path):
    for name in ("eve", "dot"):
        added = run("user", "add", name, "--password-stdin", stdin="correct horse battery\n")
        assert added.exit_code == 0, added.output
    assert run("space", "add", "lab", "--title", "Lab", "--private").exit_code == 0
    assert "lab has no lead" in run("import", tree, "--space", "lab").output
    run("space", "add", "den", "--title", "Den", "--private", "--lead", "eve")
    assert "8 pages new" in run("import", tree, "--space", "den").output
    refused = run("import", tree, "--space", "den", "--as", "dot")
    assert (refused.exit_code, "There is nothing here" in refused.output) == (1, True)
    assert (
        "There is no user xyz"
        in run("export", tmp_path / "o", "--space", "den", "--as", "xyz").output
    )


def test_a_refusal_is_about_the_person_named_and_not_about_the_one_at_the_keyboard(run, tree):
    run("space", "add", "town", "--title", "Town", "--public")
    added = run(
        "user", "add", "gus", "--guest", "--password-stdin", stdin="correct horse battery\n"
    )
    assert added.exit_code == 0, added.output
    refused = run("import", tree, "--space", "town", "--as", "gus")
    assert (refused.exit_code, "gus is a reader in Town" in refused.output) == (1, True)
    assert "You" not in refused.output


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("import", "{tree}", "--space", "none"), "There is no space none"),
        (("import", "{tree}/index.md", "--space", "guide"), "This isn’t a zip file"),
        (("export", "{tree}", "--space", "guide"), "isn’t empty"),
    ],
)
def test_what_cannot_be_done_is_one_line(run, tree, arguments, sentence):
    done = run(*(one.format(tree=tree) for one in arguments))
    assert done.exit_code == 1
    assert done.output.startswith("Error: ")
    assert sentence in done.output
    assert done.output.count("\n") == 1


def test_an_interrupted_import_says_how_to_go_on(run, tree, monkeypatch):
    def interrupt(*_: object, **__: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(TreeImport, "run", interrupt)
    done = run("import", tree, "--space", "guide")
    assert done.exit_code == 1
    assert "run the same command to continue" in done.output


def people(run, **roles: str) -> None:
    for name, role in roles.items():
        options = {"admin": ["--admin"], "service": ["--service"]}.get(role, [])
        if role != "service":
            options = [*options, "--password-stdin"]
        added = run("user", "add", name, *options, stdin="correct horse battery\n")
        assert added.exit_code == 0, added.output


def leads(slug: str) -> tuple[list[str], str, str]:
    """The lead, the visibility and the title of a space."""
    database = open_database(load())
    with database.read() as session:
        space = session.scalars(select(Space).where(Space.slug == slug)).one()
        found = leads_of(session, [space.id]).get(space.id, [])
        return [one.handle for one in found], space.visibility, space.title


def test_an_import_makes_its_space_and_the_only_administrator_leads_it(run, tree):
    assert "or with `wiki import" in run("import", tree, "--space", "hand-book").output
    people(run, ada="admin", ben="member", bot="service")
    created = run("import", tree, "--space", "Hand-book", "--create", "--private")
    assert "8 pages new" in created.output
    assert leads("hand-book") == (["ada"], "private", "Hand book")
    again = run("import", tree, "--space", "hand-book", "--create", "--public", "--title", "Other")
    assert "0 pages new" in again.output
    assert leads("hand-book") == (["ada"], "private", "Hand book")
    titled = ("--title", "Ours", "--lead", "ben", "--public")
    assert run("import", tree, "--space", "ours", "--create", *titled).exit_code == 0
    assert leads("ours") == (["ben"], "public", "Ours")
    assert run("import", tree, "--space", "bens", "--create", "--as", "ben").exit_code == 0
    assert leads("bens")[0] == ["ben"]


def test_a_space_that_cannot_be_made_is_refused_before_anything_is_imported(run, tree, tmp_path):
    people(run, ada="admin", eve="admin", bot="service")
    several = run("import", tree, "--space", "new", "--create")
    assert "This wiki has several admins (ada, eve). Choose the lead" in several.output
    assert "several admins" in run("space", "add", "new", "--title", "New").output
    for wrong, words in (
        (("--lead", "nobody"), "There is no user nobody"),
        (("--lead", "bot"), "bot can't sign in"),
        (("--lead", "ada", "--private", "--public"), "both private and public"),
    ):
        done = run("import", tree, "--space", "new", "--create", *wrong)
        assert (done.exit_code > 0, words in done.output) == (True, True)
    assert "need --create" in run("import", tree, "--space", "guide", "--public").output
    (tmp_path / "no.zip").write_bytes(b"no zip")
    broken = run("import", tmp_path / "no.zip", "--space", "new", "--create", "--lead", "ada")
    assert broken.exit_code == 1
    assert "There is no space new" in run("import", tree, "--space", "new").output


def test_a_space_made_before_there_is_an_administrator_says_so_and_how_it_gets_a_lead(run, tree):
    sentence = "has no lead yet. Create an admin (`wiki user add NAME --admin`)"
    added = run("space", "add", "first", "--title", "First")
    assert f"first {sentence}" in added.output
    imported = run("import", tree, "--space", "second", "--create")
    assert (imported.exit_code, f"second {sentence}" in imported.output) == (0, True)
    assert "has no lead" not in run("import", tree, "--space", "second", "--create").output
    private = run("import", tree, "--space", "third", "--create", "--private")
    assert (private.exit_code, "third has no lead" in private.output) == (1, True)
    assert "There is no space third" in run("import", tree, "--space", "third").output
