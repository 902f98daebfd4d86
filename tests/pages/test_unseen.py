"""Characters that nobody sees: shown with any source, and named to those who bring them in."""

from io import BytesIO
from pathlib import Path

import pytest

from tests.cast import Scene
from wiki.spaces.queries import see_space
from wiki.transfer.importing import TreeImport
from wiki.transfer.sources.source import FolderSource, limits_of

ZWSP, ZWNJ, RLO = "\u200b", "\u200c", "\u202e"
SENTENCE = "contains invisible characters"


def test_what_nobody_sees_is_shown_in_comparisons_and_blame_and_named_on_save(wiki: Scene) -> None:
    wiki.post("ben", "/eng/-/new", title="Code", body="if admin:\n    pass\n")
    body = "if ad\u200bmin:\n    pass \u202e# x\n"
    saved = wiki.post("ben", "/eng/code/-/edit", title="Code", body=body, base=1)
    assert saved.status_code == 303
    told = wiki.get("ben", "/eng/code").text
    assert "ZERO WIDTH SPACE (U+200B) in line 1" in told
    assert "RIGHT-TO-LEFT OVERRIDE (U+202E) in line 2" in told
    mark = '<span class="unseen" title="RIGHT-TO-LEFT OVERRIDE (U+202E)">U+202E</span>'
    for screen in ("diff/1..2", "diff/1..2?view=unified", "blame"):
        shown = wiki.get("cai", f"/eng/code/-/{screen}").text
        assert mark in shown
        assert "\u202e" not in shown
    assert wiki.get("cai", "/eng/code/-/raw").text == body
    again = body + "more\n"
    wiki.post("ben", "/eng/code/-/edit", title="Code", body=again, base=2)
    assert "RIGHT-TO-LEFT OVERRIDE" not in wiki.get("ben", "/eng/code").text


@pytest.mark.parametrize(
    ("field", "sent", "place"),
    [
        ("title", f"Ad{ZWSP}min", "ZERO WIDTH SPACE (U+200B) in the title"),
        ("tags", f"ad{ZWSP}min", "in the tags"),
        ("description", f"For ad{RLO}min", "RIGHT-TO-LEFT OVERRIDE (U+202E) in the description"),
        ("body", f"---\nowner: ad{ZWSP}min\n---\nText", "in the fields"),
        ("path", f"ad{ZWNJ}min", "ZERO WIDTH NON-JOINER (U+200C) in the address"),
    ],
)
def test_a_save_names_what_is_hidden_in_the_properties(
    wiki: Scene, field: str, sent: str, place: str
) -> None:
    form = {"title": "Code", "body": "Text\n", "path": "code"} | {field: sent}
    where = wiki.post("ben", "/eng/-/new", **form).location
    told = wiki.get("ben", where).text
    assert place in told
    saved = form | {"body": "Other text\n" if field != "body" else sent + " more\n"}
    wiki.post("ben", f"{where}/-/edit", **saved, base=1)
    assert SENTENCE not in wiki.get("ben", where).text, "it was there before"


def test_a_restored_revision_and_a_move_name_what_they_bring(wiki: Scene) -> None:
    wiki.write("code", f"ad{ZWSP}min\n", title=f"Co{RLO}de")
    wiki.write("code", "admin\n", title="Code")
    wiki.post("ben", "/eng/code/-/restore", revision=1, head=2)
    told = wiki.get("ben", "/eng/code").text
    assert (
        "ZERO WIDTH SPACE (U+200B) in line 1; RIGHT-TO-LEFT OVERRIDE (U+202E) in the title" in told
    )
    where = wiki.post("ben", "/eng/code/-/move", path=f"a{ZWNJ}b/code", space="eng").location
    assert "ZERO WIDTH NON-JOINER (U+200C) in the address" in wiki.get("ben", where).text
    where = wiki.post("ben", f"{where}/-/move", path=f"a{ZWNJ}b/more", space="eng").location
    assert SENTENCE not in wiki.get("ben", where).text


def test_the_name_of_a_file_is_named(wiki: Scene) -> None:
    wiki.write("code", "Text\n")
    for name, told in ((f"ad{ZWNJ}min.txt", True), ("admin.txt", False)):
        wiki.post("ben", "/eng/code/-/files", file=(BytesIO(name.encode()), name))
        shown = wiki.get("ben", "/eng/code/-/files").text
        assert (f"The name of “{name}” {SENTENCE}" in shown) is told


def test_an_import_names_them_in_one_line_for_each_page(wiki: Scene, tmp_path: Path) -> None:
    (tmp_path / "code.md").write_text(f"# Co{RLO}de\n\nad{ZWSP}min and ad{ZWSP}min\n")
    (tmp_path / "plain.md").write_text("# Plain\n")
    with wiki.database.read() as session:
        space_id = see_space(session, wiki.actor("eve"), "eng").space.id
    source = FolderSource(tmp_path, limits_of(wiki.settings))
    tree = TreeImport(wiki.database, wiki.settings, wiki.actor("eve"), space_id, source)
    tree.run()
    found = [one for one in tree.finish().problems if one.kind.name == "UNSEEN"]
    assert [(one.where, one.sentence) for one in found] == [
        (
            "code.md",
            "RIGHT-TO-LEFT OVERRIDE (U+202E) in line 1 and the title; "
            "ZERO WIDTH SPACE (U+200B) in line 3.",
        )
    ]
