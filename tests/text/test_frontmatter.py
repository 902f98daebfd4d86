"""Front matter: known keys are understood, others kept, and what is broken stays in the text."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wiki.text.frontmatter import FrontMatter, join, split

words = st.text(
    st.characters(min_codepoint=32, max_codepoint=0x24F, exclude_characters="\x7f\x85\xa0"),
    min_size=1,
    max_size=30,
).filter(lambda word: word.strip() == word)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=8,
)
OWN = ("title", "description", "tags", "<<")
front_matters = st.builds(
    FrontMatter,
    title=st.none() | words,
    description=st.none() | words,
    tags=st.lists(words.filter(lambda word: "," not in word), unique=True).map(tuple),
    rest=st.dictionaries(
        words.filter(lambda key: key not in ("title", "description", "tags", "<<")),
        values,
        max_size=4,
    ),
)
bodies = st.text(max_size=200) | st.sampled_from(
    ["---\ntitle: x\n---\n", "\n\n---\n", "", "\ufeff---\na: 1\n---"]
)


@given(front_matters, bodies)
def test_what_is_joined_splits_into_the_same_parts(front_matter, body):
    assert split(join(front_matter, body)) == (front_matter, body)


@given(
    st.text(max_size=300)
    | st.text("-:[]{}&*!|>'\"#%@`?, \nabc01", max_size=300).map("---\n{}\n---\nb".format)
)
def test_any_text_is_split_without_error_into_what_json_can_hold(source):
    front_matter, body = split(source)
    json.dumps(dict(front_matter.rest))
    assert body == source or source.endswith(body)


def test_the_known_keys_are_read_as_they_are_written():
    source = (
        "---\ntitle: No\ndescription: 2024-01-02\ntags: [2024, red, red, true]\n"
        "date: 2024-01-02\nmeta: {draft: yes, at: 2024-01-02T03:04:05Z}\n---\n\n# Hello\n"
    )
    front_matter, body = split(source)
    assert body == "# Hello\n"
    assert front_matter == FrontMatter(
        title="No",
        description="2024-01-02",
        tags=("2024", "red", "true"),
        rest={"date": "2024-01-02", "meta": {"draft": True, "at": "2024-01-02T03:04:05+00:00"}},
    )


def test_tags_may_be_one_line_with_commas():
    assert split("---\ntags: a, b , ,a\n---\n")[0].tags == ("a", "b")


def test_windows_line_ends_and_a_byte_order_mark_do_not_matter():
    assert split("\ufeff---\r\ntitle: T\r\n---\r\n\r\nbody\r\n") == (
        FrontMatter(title="T"),
        "body\r\n",
    )


@pytest.mark.parametrize(
    "source",
    [
        "no front matter",
        "---\n---\ntext",
        "---\nnever closed: true\n",
        "---\n- a\n- list\n---\n",
        "---\njust words\n---\n",
        "---\na: [\n---\nbody",
        "---\na: 1\na: 2\n---\nbody",
        "---\na: &x 1\nb: *x\n---\nbody",
        "---\na: &a {<<: *a}\n---\n",
        "---\na: !!python/object/apply:os.system ['true']\n---\nbody",
        "---\na: 2020-13-45\n---\nbody",
        "---\na: " + "9" * 5000 + "\n---\nbody",
        "---\na: " + "1" * 30 + "\n---\nbody",
        "---\na: " + "[" * 5000 + "]" * 5000 + "\n---\nbody",
        "---\n" + "x: y\n" * 10_000 + "---\nbody",
        "---\na: \x07\n---\nbody",
        "---\n? [a, b]\n: c\n---\n",
        "---\na: {1: x, '1': y}\n---\n",
        " ---\na: 1\n---\n",
        "# T\n---\na: 1\n---\n",
    ],
)
def test_what_is_no_sound_front_matter_stays_in_the_text(source):
    assert split(source) == (FrontMatter(), source)


def test_a_billion_laughs_are_not_heard():
    lines = ["a0: &a0 [lol]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    source = "---\n" + "\n".join(lines) + "\n---\nbody"
    assert split(source) == (FrontMatter(), source)


def test_a_title_that_is_no_text_is_kept_as_it_is():
    front_matter, _ = split("---\ntitle: {a: 1}\ntags: {b: 2}\n---\n")
    assert front_matter == FrontMatter(rest={"title": {"a": 1}, "tags": {"b": 2}})
