"""Which file is which page, both ways."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wiki.text.paths import PathError, normalise_path, path_key
from wiki.transfer.layout import file_of, lay_out, page_of
from wiki.transfer.report import Kind
from wiki.transfer.sources.source import Entry


def laid_out(*names: str) -> dict[str, tuple[str, bool]]:
    layout = lay_out([Entry(name, 1) for name in names])
    assert not layout.files
    return {page.entry.path: (page.path, page.folder) for page in layout.pages}


@pytest.mark.parametrize(
    ("file", "page"),
    [
        ("index.md", ("", True)),
        ("README.md", ("", True)),
        ("a/Index.MD", ("a", True)),
        ("a/b.md", ("a/b", False)),
        ("a/b.markdown", ("a/b", False)),
        ("a/index.page.md", ("a/index", False)),
        ("a/b.page.page.md", ("a/b.page", False)),
    ],
)
def test_a_file_is_the_page_of_its_name(file, page):
    assert page_of(file) == page


NAMES = st.sampled_from(["index", "readme", "Index", "a", "a.page", "b c", "v1.2", "日本", "x.md"])


@given(st.lists(NAMES, max_size=3).map("/".join), st.booleans())
def test_every_page_has_a_file_that_leads_back_to_it(raw, folder):
    try:
        path = normalise_path(raw)
    except PathError:
        return
    folder = folder or not path
    assert page_of(file_of(path, folder)) == (path, folder)


def test_blanks_and_case_follow_the_one_rule_for_paths():
    assert laid_out("My Team/On Call.md") == {"My Team/On Call.md": ("My-Team/On-Call", False)}


def test_a_readme_beside_an_index_is_a_page_itself():
    assert laid_out("a/README.md", "a/index.md") == {
        "a/index.md": ("a", True),
        "a/README.md": ("a/readme", False),
    }


def test_of_two_files_for_one_page_the_second_is_kept_beside_and_told():
    layout = lay_out([Entry("a.md", 1), Entry("a/index.md", 1), Entry("A.markdown", 1)])
    assert {page.entry.path: (page.path, page.folder) for page in layout.pages} == {
        "a/index.md": ("a", True),
        "A.markdown": ("A-2", False),
        "a.md": ("a-3", False),
    }
    assert [(one.kind, one.where) for one in layout.problems] == [
        (Kind.BESIDE, "A.markdown"),
        (Kind.BESIDE, "a.md"),
    ]
    assert layout.problems[1].sentence == (
        "It is kept at a-3, because a/index.md has the same page name."
    )


@pytest.mark.parametrize(
    ("files", "places"),
    [
        (("teams.md", "teams/README.md"), ("teams-2", "teams")),
        (("Page.md", "page.md"), ("Page", "page-2")),
        (("a b.md", "a-b.md", "a-b-2.md"), ("a-b", "a-b-3", "a-b-2")),
        (("e\u0301.md", "\xe9.md"), ("\xe9", "\xe9-2")),
        (("t/index.md", "t/README.md", "T/readme.md"), ("t", "t/readme-2", "T/readme")),
        (("index.md", "index.mdx", "Index.md"), ("index", "index-2", "")),
        (("x" * 120 + ".md", "X" * 120 + ".md"), ("x" * 118 + "-2", "X" * 120)),
    ],
)
def test_each_file_has_a_page_of_its_own(files, places):
    found = laid_out(*files)
    assert [found[file][0] for file in files] == list(places)


def test_other_files_of_one_place_are_kept_beside_as_well():
    layout = lay_out([Entry(name, 1) for name in ("i/Logo.png", "i/logo.png", "i/a b", "i/a-b")])
    assert {file.entry.path: file.path for file in layout.files} == {
        "i/Logo.png": "i/Logo.png",
        "i/logo.png": "i/logo-2.png",
        "i/a b": "i/a-b",
        "i/a-b": "i/a-b-2",
    }
    assert [one.kind for one in layout.problems] == [Kind.BESIDE] * 2


def test_a_free_place_is_not_one_where_another_page_is():
    entries = [Entry("teams.md", 1), Entry("teams/README.md", 1)]
    layout = lay_out(entries, occupied={"teams", "teams-2"})
    assert [page.path for page in layout.pages] == ["teams-3", "teams"]


FILES = st.lists(
    st.sampled_from(["a", "A", "b", "index", "README", "a-2", "x y", "x-y"]),
    min_size=1,
    max_size=3,
).map(lambda names: "/".join(names) + ".md")


@given(st.lists(FILES, unique=True), st.lists(FILES, unique=True))
def test_no_two_files_are_one_page_and_each_stays_the_page_that_it_became(first, more):
    before = laid_out(*first)
    assert len({path_key(path) for path, _ in before.values()}) == len(first)
    entries = [Entry(name, 1) for name in {*first, *more}]
    after = lay_out(entries, before)
    assert len({path_key(page.path) for page in after.pages}) == len(entries)
    places = {page.entry.path: (page.path, page.folder) for page in after.pages}
    assert {file: places[file] for file in first} == before


def test_a_name_that_cannot_be_a_path_is_told():
    layout = lay_out([Entry("a/-.md", 1), Entry("x" * 300 + ".md", 1), Entry("ok.md", 1)])
    assert [page.path for page in layout.pages] == ["ok"]
    assert all(one.sentence.endswith(".") for one in layout.problems)
    assert len(layout.problems) == 2
