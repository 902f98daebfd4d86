"""Front matter: known keys are understood, others kept, and what is broken stays in the text."""

import json
import sys
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wiki.text.front_matter.block import FrontMatter, divide, read, split
from wiki.text.front_matter.changes import join, rewrite

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


@given(front_matters, front_matters, bodies)
def test_a_block_that_is_given_another_front_matter_says_it(before, after, body):
    block = divide(join(before, "x"))[0]
    assert split(join(after, body, block)) == (after, body)
    assert rewrite(block, before) == block


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
        rest={"date": "2024-01-02", "meta": {"draft": "yes", "at": "2024-01-02T03:04:05Z"}},
    )


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("NO", "NO"),
        ("off", "off"),
        ("0755", "0755"),
        ("1.10", "1.10"),
        ("0x1F", "0x1F"),
        ("1_000", "1_000"),
        ("12:30:45", "12:30:45"),
        (".inf", ".inf"),
        ("=", "="),
        ("9" * 40, "9" * 40),
        ("10", 10),
        ("-1.5", -1.5),
        ("True", True),
        ("~", None),
        ("", None),
        ("'10'", "10"),
        ("!!str 10", "10"),
        ("!!python/object/apply:os.system ['true']", "!!python/object/apply:os.system ['true']"),
        ("{{date}}", "{{date}}"),
        ("{1: x, '1': y}", "{1: x, '1': y}"),
        ("[" * 30 + "]" * 30, "[" * 30 + "]" * 30),
        ("{a: [1, on]}", {"a": [1, "on"]}),
        ("\N{GRINNING FACE} \N{LINE SEPARATOR}x", "\N{GRINNING FACE} \N{LINE SEPARATOR}x"),
    ],
)
def test_a_value_is_read_by_the_core_schema_and_never_loses_what_was_written(written, value):
    source = f"---\non: x\nkey: {written}\n---\n\nbody"
    front_matter, body = split(source)
    assert json.dumps(dict(front_matter.rest)) == json.dumps({"on": "x", "key": value})
    assert (body, join(front_matter, body, divide(source)[0])) == ("body", source)


def test_tags_may_be_one_line_with_commas():
    assert split("---\ntags: a, b , ,a\n---\n")[0].tags == ("a", "b")


def test_windows_line_ends_and_a_byte_order_mark_do_not_matter():
    assert split("\ufeff---\r\ntitle: T\r\n---\r\n\r\nbody\r\n") == (
        FrontMatter(title="T"),
        "body\r\n",
    )


ODD = """\
---
title: "Old"   # the title
# above the country
country: NO
mode: 0755
created: {{date}}
tags:
  - a  # first
  - b
text: |
  one

  two

# below
description: >-
  folded
  here
list: [1, 2,
  3]
base: &x {k: v}
again: *x
on: push
on: pull
---

"""


def test_only_the_values_that_differ_are_written_anew():
    said = read(ODD)
    assert said.rest["on"] == "pull"
    assert said.rest["again"] == {"k": "v"}
    assert rewrite(ODD, said) == ODD
    new = replace(
        said,
        title="New: one",
        tags=("b", "a", "c"),
        description=None,
        rest={**said.rest, "country": "on", "more": [True]},
    )
    wanted = (
        ODD.replace('"Old"', '"New: one"')
        .replace("country: NO", "country: on")
        .replace("  - a  # first\n  - b\n", "  - b\n  - a  # first\n  - c\n")
        .replace("description: >-\n  folded\n  here\n", "")
        .replace("on: pull\n", "on: pull\nmore:\n- true\n")
    )
    assert rewrite(ODD, new) == wanted
    assert read(wanted) == new
    assert rewrite(ODD.replace("\n", "\r\n"), new) == wanted.replace("\n", "\r\n")


def test_a_block_is_gone_with_its_last_value_and_new_where_an_edit_would_change_another():
    assert rewrite("---\n# nothing else\na: 1\n---\n", FrontMatter()) == ""
    block = "---\ntitle: &t One\nname: *t\n---\n"
    wanted = FrontMatter(title="Two", rest={"name": "One"})
    assert read(rewrite(block, wanted)) == wanted
    assert rewrite("---\n{title: A, b: 1}\n---\n", FrontMatter("B")) == "---\ntitle: B\n---\n\n"


def test_toml_is_read_and_edited_as_well():
    source = (
        '+++\ntitle = "Old" # said\ntags = ["a"]\ndate = 2024-01-02\nv = 1.10\n\n'
        "[params]\nx = 0x1F\n+++\n\nBody\n"
    )
    block, body = divide(source)
    said = read(block)
    rest = {"date": "2024-01-02", "v": "1.10", "params": {"x": 31}}
    assert (said, body) == (FrontMatter("Old", None, ("a",), rest), "Body\n")
    new = replace(said, title="New", tags=("a", "b"))
    wanted = source.replace('"Old"', '"New"').replace('["a"]', '["a", "b"]')
    assert join(new, body, block) == wanted
    nothing = replace(said, rest={**rest, "none": None})  # which TOML cannot say
    assert read(rewrite(block, nothing)) == nothing
    assert split("+++\nbroken\n+++\nBody") == (FrontMatter(), "+++\nbroken\n+++\nBody")


def test_json_is_read_and_edited_as_well():
    block = (
        '{\n  "title": "Über uns",\n  "tags": ["a", "b"],\n'
        '  "version": 1.10, "nested": {\n"x": [1, null]\n},\n  "draft": false\n}\n\n'
    )
    source = block + "# Body\n"
    front_matter, body = split(source)
    assert (divide(source)[0], body) == (block, "# Body\n")
    assert (front_matter.title, front_matter.tags) == ("Über uns", ("a", "b"))
    rest = {"version": "1.10", "nested": {"x": [1, None]}, "draft": False}
    assert front_matter.rest == rest
    wanted = replace(front_matter, title="New", tags=(), rest=rest | {"more": ["é"]})
    made = rewrite(block, wanted)
    assert made == (
        '{\n  "title": "New",\n'
        '  "version": 1.10, "nested": {\n"x": [1, null]\n},\n  "draft": false,\n'
        '  "more": [\n    "é"\n  ]\n}\n\n'
    )
    assert rewrite(made.replace("\n", "\r\n"), front_matter).count("\r\n") > 8
    one_line = '\ufeff{"title": "A", "tags": "x, y"}\nbody'
    assert split(one_line) == (FrontMatter(title="A", tags=("x", "y")), "body")
    edited = rewrite(divide(one_line)[0], FrontMatter(title="B", rest={"z": 1}))
    assert edited == '\ufeff{"title": "B","z": 1}\n'


@given(front_matters, front_matters, bodies, st.sampled_from([None, 0, 2, "\t"]))
def test_a_block_of_json_that_is_given_another_front_matter_says_it(before, after, body, indent):
    block = json.dumps(before.entries(), ensure_ascii=False, indent=indent) + "\n"
    if before.entries():
        assert read(block) == before
        assert split(join(after, body, block)) == (after, body)
        assert rewrite(block, before) == block


@pytest.mark.parametrize(
    ("text", "front_matter", "unread"),
    [
        ("title: Foo: bar\nx: 1", FrontMatter("Foo: bar", rest={"x": 1}), (2,)),
        ("tags: @a, b\ntitle: *B*", FrontMatter("*B*", tags=("@a", "b")), (2, 3)),
        ("a: [\ntitle: T", FrontMatter("T", rest={"a": "["}), (2,)),
        ("a: x\n\tb: y", FrontMatter(rest={"a": "x\n\tb: y"}), (2,)),
        (
            "# c\n'a b': \x07\nl:\n- 1\n- {",
            FrontMatter(rest={"a b": "\x07", "l": "- 1\n- {"}),
            (3, 4),
        ),
        ("b: *x\na: &x 1", FrontMatter(rest={"b": "*x", "a": 1}), (2,)),
    ],
)
def test_what_is_no_valid_yaml_is_read_entry_by_entry(text, front_matter, unread):
    source = f"---\n{text}\n---\n\nBody"
    block, body = divide(source)
    found = read(block)
    assert (found, found.unread, body) == (front_matter, unread, "Body")
    assert join(found, body, block) == source
    if found.title:
        edited = rewrite(block, replace(found, title="New"))
        assert [line for line in edited.split("\n") if "title" not in line] == [
            line for line in block.split("\n") if "title" not in line
        ]
        assert read(edited).title == "New"


@pytest.mark.parametrize(
    "source",
    [
        "no front matter",
        "---\n---\ntext",
        "---\nnever closed: true\n",
        "---\n- a\n- list\n---\n",
        "---\njust words\n---\n",
        "---\n" + "x: y\n" * 10_000 + "---\nbody",
        "---\n\ta: 1\n---\nbody",
        "---\nNote: a text\nbetween rules\n---\nbody",
        "---\n%x\n---\nbody",
        "+++\na = 1\n---\n",
        "{}\nbody",
        '{"a": 1} body',
        '{"a": 1,}\nbody',
        '{"a": NaN}\nbody',
        '{"a": "\\ud800"}\nbody',
        "{{ include }}\n",
        '["a"]\nbody',
        '{"a": ' + "[" * 30_000,
        '{"a": "' + "x" * 40_000 + '"}\nbody',
        'text\n{"a": 1}\n',
        " ---\na: 1\n---\n",
        "# T\n---\na: 1\n---\n",
    ],
)
def test_what_is_no_sound_front_matter_stays_in_the_text(source):
    assert split(source) == (FrontMatter(), source)


def test_a_billion_laughs_stay_the_few_lines_that_they_are():
    lines = ["a0: &a0 [lol]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    source = "---\ntitle: Fun\n" + "\n".join(lines) + "\nme: &m [*m]\n---\nbody"
    front_matter, body = split(source)
    assert (front_matter.title, body) == ("Fun", "body")
    assert front_matter.rest["a11"] == lines[11].partition(": ")[2]
    assert front_matter.rest["me"] == "&m [*m]"
    assert len(json.dumps(dict(front_matter.rest))) < 300_000
    assert join(front_matter, body, divide(source)[0]) == source


@pytest.mark.parametrize(
    "unit", ["[", "{", "- ", "? ", "a: &x [*x", '"', "k: v\n", "&a ", "!!x ", "a: |\n"]
)
def test_no_block_takes_more_steps_than_its_length_allows(unit):
    """Lines that the interpreter runs, counted, for a block and for one twice as long."""
    steps = []
    for size in (8_000, 16_000):
        source = f"---\na: {unit * (size // len(unit))}\n---\n"

        def line(*_, count=steps):
            count[-1] += 1
            return line

        steps.append(0)
        sys.settrace(line)
        try:
            split(source)
        finally:
            sys.settrace(None)
    assert steps[1] < 2.5 * steps[0] + 1000


def test_a_title_that_is_no_text_is_kept_as_it_is():
    front_matter, _ = split("---\ntitle: {a: 1}\ntags: {b: 2}\n---\n")
    assert front_matter == FrontMatter(rest={"title": {"a": 1}, "tags": {"b": 2}})
