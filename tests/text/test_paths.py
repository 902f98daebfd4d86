"""Page paths: one normal form, one key, and no name that could be mistaken for something else."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from wiki.text.paths import (
    MAX_PATH,
    MAX_SEGMENT,
    MAX_SEGMENT_BYTES,
    PathError,
    ancestors_of,
    join,
    name_of,
    normalise_path,
    parent_of,
    path_key,
    resolve,
    slugify,
    title_from,
)

anything = st.text(max_size=200)
paths = st.text(max_size=60).filter(lambda raw: normal(raw) is not None).map(normalise_path)


def normal(raw: str) -> str | None:
    try:
        return normalise_path(raw)
    except PathError:
        return None


@pytest.mark.parametrize(
    ("raw", "path"),
    [
        ("", ""),
        ("/", ""),
        ("  ", ""),
        ("eng/on call", "eng/on-call"),
        ("/eng/on-call/", "eng/on-call"),
        ("eng / on \t call", "eng/on-call"),
        ("Caf\u0065\u0301", "Caf\u00e9"),
        ("日本語/ページ", "日本語/ページ"),
        ("zero\u200bwidth", "zerowidth"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("a--b", "a--b"),
        ("a\U0001fabf", "a\U0001fabf"),
    ],
)
def test_a_path_has_one_normal_form(raw, path):
    assert normalise_path(raw) == path


@pytest.mark.parametrize(
    "raw",
    [
        "a//b",
        "a/ /b",
        "-",
        "a/-/edit",
        "..",
        "a/../b",
        "a/./b",
        "a/－/b",
        "a/․․/b",
        "a\x00b",
        "a\x1bb",
        "a\u202eb",
        "a\ud800b",
        "a／b",
        "℀",
        "a\\b",
        ".hidden",
        "a/.b",
        "\u200d",
        "\uffff",
        "x" * (MAX_SEGMENT + 1),
        "界" * MAX_SEGMENT,
        "/".join(["x" * 100] * 6),
        "x/" * 100_000,
    ],
)
def test_a_path_that_would_mislead_is_refused_with_a_sentence(raw):
    with pytest.raises(PathError) as refusal:
        normalise_path(raw)
    assert str(refusal.value).endswith(".")
    assert str(refusal.value)[0] in "AE“"


@given(anything)
@example("\u1e9b\u0323")
@example("¨")
def test_normalising_twice_changes_nothing_more(raw):
    path = normal(raw)
    if path is not None:
        assert normalise_path(path) == path
        assert len(path) <= MAX_PATH
        for segment in path.split("/") if path else []:
            assert segment not in ("", "-", ".", "..")
            assert len(segment.encode()) <= MAX_SEGMENT_BYTES
            assert not any(character.isspace() for character in segment)


@given(paths)
def test_a_key_is_its_own_key(path):
    assert path_key(path_key(path)) == path_key(path)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Onboarding", "onboarding"),
        ("STRASSE", "straße"),
        ("ﬁle", "file"),
        ("Caf\u00e9", "CAFE\u0301"),
        ("a\u200db", "ab"),
    ],
)
def test_paths_that_look_the_same_have_the_same_key(one, other):
    assert path_key(normalise_path(one)) == path_key(normalise_path(other))


def test_different_paths_have_different_keys():
    assert len({path_key(path) for path in ("", "a", "b", "a/b", "ab", "a-b", "a_b")}) == 7


@given(anything)
@example("İ")
@example("x" * 500)
@example("界" * 500)
@example("-.-")
@example("a.md.md!")
@example("a" * 119 + ".b")
def test_a_slug_is_always_a_normal_path_of_one_segment(title):
    slug = slugify(title)
    assert slug
    assert "/" not in slug
    assert normalise_path(slug) == slug
    assert slugify(slug) == slug


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("Getting started", "getting-started"),
        ("Q&A: what’s new in v1.2?", "q-a-whats-new-in-v1.2"),
        ("Don't panic", "dont-panic"),
        ("Über uns", "über-uns"),
        ("日本語 の ページ", "日本語-の-ページ"),
        ("हिन्दी", "हिन्दी"),
        ("snake_case", "snake_case"),
        ("notes.md", "notes"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("!!!", "untitled"),
        ("", "untitled"),
        ("..", "untitled"),
    ],
)
def test_a_title_becomes_a_slug_people_can_read(title, slug):
    assert slugify(title) == slug


def test_a_long_slug_is_cut_between_words():
    assert slugify("word " * 60) == "-".join(["word"] * 24)


@given(paths)
def test_a_path_is_its_parent_and_its_name(path):
    parent = parent_of(path)
    if parent is None:
        assert path == ""
    else:
        assert join(parent, name_of(path)) == path
        assert ancestors_of(path)[-1] == parent
    assert ancestors_of("a/b/c") == ["", "a", "a/b"]
    assert ancestors_of("") == []


def test_relative_paths_resolve_and_never_leave_the_space():
    assert resolve("a/b", "c") == "a/b/c"
    assert resolve("a/b", "../c") == "a/c"
    assert resolve("a/b", "./c//d/") == "a/b/c/d"
    assert resolve("a", "..") == ""
    assert resolve("a", "../..") is None
    assert resolve("", "../c") is None


def test_a_folder_without_a_page_has_a_readable_title():
    assert title_from("eng/on-call_rota") == "On call rota"
    assert title_from("") == ""
