"""The preview beside the text says from which line each of its blocks is."""

from __future__ import annotations

from tests.cast import Scene


def test_front_matter_does_not_shift_the_lines(wiki: Scene) -> None:
    form = {"title": "T", "body": "---\ntags: a\n---\n\n# Words\n\n- one\n"}
    answer = wiki.post("ben", "/eng/-/preview", **form)
    shown = answer.get_json()
    assert 'data-line="1"' in shown["html"]
    assert 'id="sec-words"' in shown["html"]
    assert form["body"].split("\n")[shown["above"]] == "# Words"


def test_pages_have_no_numbers_of_lines(wiki: Scene) -> None:
    wiki.write("lines", '# Words\n\n<p data-line="3">one</p>\n', title="T")
    assert "data-line" not in wiki.client("ben").get("/eng/lines").text
