"""Which file is which page, both ways."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wiki.text.paths import PathError, normalise_path
from wiki.transfer.layout import file_of, lay_out, page_of
from wiki.transfer.report import Kind
from wiki.transfer.sources import Entry


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


def test_of_two_files_for_one_page_the_second_is_left_out_and_told():
    layout = lay_out([Entry("a.md", 1), Entry("a/index.md", 1), Entry("A.markdown", 1)])
    assert [page.entry.path for page in layout.pages] == ["a/index.md"]
    assert [(one.kind, one.where) for one in layout.problems] == [
        (Kind.COLLISION, "A.markdown"),
        (Kind.COLLISION, "a.md"),
    ]
    assert "a/index.md" in layout.problems[0].sentence


def test_a_name_that_cannot_be_a_path_is_told():
    layout = lay_out([Entry("a/-.md", 1), Entry("x" * 300 + ".md", 1), Entry("ok.md", 1)])
    assert [page.path for page in layout.pages] == ["ok"]
    assert all(one.sentence.endswith(".") for one in layout.problems)
    assert len(layout.problems) == 2
