"""Making, reading, changing, moving, deleting and restoring pages in the browser."""

from tests.cast import Scene


def test_an_editor_makes_a_page_and_everybody_reads_it(wiki: Scene) -> None:
    made = wiki.post("ben", "/eng/-/new", title="On call", body="Be *awake*.", message="Begin")
    assert made.status_code == 303
    assert made.location == "/eng/on-call"
    shown = wiki.get("cai", "/eng/on-call")
    assert shown.status_code == 200
    assert "<em>awake</em>" in shown.text


def test_a_red_link_leads_to_a_form_with_its_path(wiki: Scene) -> None:
    missing = wiki.get("ben", "/eng/teams/on-call")
    assert missing.status_code == 404
    assert "/eng/-/new?path=teams/on-call" in missing.text
    form = wiki.get("ben", "/eng/-/new?path=teams/on-call")
    assert 'value="On call"' in form.text


def test_a_reader_cannot_edit(wiki: Scene) -> None:
    wiki.write("rota", "Ben, Eve")
    assert wiki.get("cai", "/eng/rota").status_code == 200
    assert wiki.get("cai", "/eng/rota/-/edit").status_code == 403
    assert wiki.post("cai", "/eng/rota/-/edit", title="r", body="x", base=1).status_code == 403
    assert "Ben, Eve" in wiki.get("cai", "/eng/rota").text


def test_a_save_adds_a_revision_and_the_old_one_stays(wiki: Scene) -> None:
    wiki.write("rota", "first words")
    saved = wiki.post("ben", "/eng/rota/-/edit", title="Rota", body="second words", base=1)
    assert saved.status_code == 303
    assert "second words" in wiki.get("cai", "/eng/rota").text
    assert "first words" in wiki.get("cai", "/eng/rota?revision=1").text
    assert wiki.get("cai", "/eng/rota?revision=3").status_code == 404


def test_edits_of_different_lines_are_merged(wiki: Scene) -> None:
    wiki.write("list", "one\n\ntwo\n\nthree\n")
    wiki.post("ben", "/eng/list/-/edit", title="list", body="ONE\n\ntwo\n\nthree\n", base=1)
    merged = wiki.post(
        "eve", "/eng/list/-/edit", title="list", body="one\n\ntwo\n\nTHREE\n", base=1
    )
    assert merged.status_code == 303
    raw = wiki.get("cai", "/eng/list").text
    assert "ONE" in raw
    assert "THREE" in raw


def test_edits_of_the_same_line_are_shown_side_by_side_and_nothing_is_lost(wiki: Scene) -> None:
    wiki.write("list", "limit 3\n")
    wiki.post("ben", "/eng/list/-/edit", title="list", body="limit 5\n", base=1)
    conflict = wiki.post("eve", "/eng/list/-/edit", title="list", body="limit 8\n", base=1)
    assert conflict.status_code == 409
    assert "limit <ins>5</ins>" in conflict.text
    assert "limit <ins>8</ins>" in conflict.text
    assert "limit 3" in conflict.text
    assert wiki.page("list").head == 2


def test_a_moved_page_is_found_under_its_old_path(wiki: Scene) -> None:
    wiki.write("teams", "All teams")
    wiki.write("teams/a", "Team A")
    moved = wiki.post("ben", "/eng/teams/-/move", path="groups", space="eng", subtree="1")
    assert moved.location == "/eng/groups"
    assert wiki.get("cai", "/eng/teams/a").location == "/eng/groups/a"
    assert "Team A" in wiki.get("cai", "/eng/groups/a").text


def test_a_taken_path_is_refused_with_a_sentence(wiki: Scene) -> None:
    wiki.write("a", "A")
    wiki.write("b", "B")
    refused = wiki.post("ben", "/eng/a/-/move", path="B", space="eng")
    assert refused.status_code == 422
    assert "already a page" in refused.text
    again = wiki.post("ben", "/eng/-/new", title="A", path="a", body="another")
    assert again.status_code == 422
    assert "another" in again.text


def test_a_deleted_page_is_gone_for_readers_and_comes_back_whole(wiki: Scene) -> None:
    page = wiki.write("old", "Old words")
    assert wiki.post("ben", "/eng/old/-/delete").status_code == 303
    assert "Old words" not in wiki.get("cai", "/eng/old").text
    assert wiki.get("cai", "/eng/old").status_code == 404
    assert f"/-/p/{page.id}/restore" in wiki.get("ben", "/eng/old").text
    assert wiki.get("cai", f"/-/p/{page.id}").status_code == 404
    assert wiki.post("ben", f"/-/p/{page.id}/restore").status_code == 303
    assert "Old words" in wiki.get("cai", "/eng/old").text


def test_a_deleted_page_whose_place_is_taken_is_restored_elsewhere(wiki: Scene) -> None:
    page = wiki.write("old", "Old words")
    wiki.post("ben", "/eng/old/-/delete")
    wiki.write("old", "New words")
    assert wiki.post("ben", f"/-/p/{page.id}/restore").status_code == 422
    done = wiki.post("ben", f"/-/p/{page.id}/restore", path="older")
    assert done.location == "/eng/older"
    assert "Old words" in wiki.get("cai", "/eng/older").text
    assert "New words" in wiki.get("cai", "/eng/old").text


def test_the_permalink_survives_a_move(wiki: Scene) -> None:
    page = wiki.write("here", "x")
    wiki.agree("ben", wiki.post("ben", "/eng/here/-/move", path="there", space="open"))
    assert wiki.get("nobody", f"/-/p/{page.id}").location == "/open/there"


def test_a_path_is_the_same_page_in_any_case(wiki: Scene) -> None:
    wiki.write("Team-Straße", "x")
    assert wiki.get("cai", "/eng/team-STRASSE").location == "/eng/Team-Stra%C3%9Fe"


def test_folders_without_a_page_are_in_the_tree(wiki: Scene) -> None:
    wiki.write("deep/down/below", "x")
    tree = wiki.get("cai", "/eng/-/tree").text
    assert "deep" in tree
    assert wiki.get("cai", "/eng/deep/down").status_code == 200
    wiki.post("ben", "/eng/deep/down/below/-/delete")
    assert "deep" not in wiki.get("cai", "/eng/-/tree").text


def test_a_preview_without_scripts_shows_the_page_and_saves_nothing(wiki: Scene) -> None:
    wiki.write("rota", "old")
    shown = wiki.post("ben", "/eng/rota/-/edit", title="Rota", body="*new*", base=1, preview=1)
    assert shown.status_code == 200
    assert "<em>new</em>" in shown.text
    assert ">\n*new*</textarea>" in shown.text
    assert wiki.page("rota").head == 1
    made = wiki.post("ben", "/eng/-/new", title="Fresh", body="*new*", preview=1)
    assert "<em>new</em>" in made.text
    assert wiki.get("cai", "/eng/fresh").status_code == 404


def test_what_a_save_left_to_be_rendered_is_stored_by_whoever_comes_first(wiki: Scene) -> None:
    def rendered() -> tuple[int, int]:
        page = wiki.page("rota")
        return page.rendered, page.head

    wiki.write("rota", "Ben, Eve")
    form = {"title": "Rota", "body": "[Nobody](nobody.md)", "base": 1}
    saved = wiki.post("ben", "/eng/rota/-/edit", **form)  # its process dies before it has answered
    assert saved.status_code == 303
    assert rendered() == (1, 2)
    wiki.deliver()
    assert rendered() == (2, 2)

    wiki.post("ben", "/eng/rota/-/edit", **{**form, "body": "[Somebody](somebody.md)", "base": 2})
    assert rendered() == (2, 3)
    assert 'missing" href="/eng/somebody"' in wiki.get("cai", "/eng/rota").text
    assert rendered() == (3, 3)

    last = wiki.post("ben", "/eng/rota/-/edit", **{**form, "body": "*Done*", "base": 3})
    last.close()  # the answer is out
    assert rendered() == (4, 4)


def test_a_verb_of_a_page_that_moved_leads_to_the_same_verb_there(wiki: Scene) -> None:
    wiki.write("old", "text")
    wiki.post("ben", "/eng/old/-/move", path="new/place")
    for verb in ("edit", "move", "delete", "backlinks", "history", "raw", "blame", "diff/1..2"):
        answer = wiki.get("ben", f"/eng/old/-/{verb}?x=1")
        assert (answer.status_code, answer.location) == (302, f"/eng/new/place/-/{verb}?x=1"), verb
    assert wiki.post("ben", "/eng/old/-/delete").status_code == 404
    assert wiki.get("dot", "/lab/old/-/edit").status_code == 404


def test_a_page_has_one_heading_of_the_first_level_and_lines_however_they_end(wiki: Scene) -> None:
    body = "<!-- x -->\r# Rota\rBen\r\r# Part\r\n<h1>Other</h1>\n"
    wiki.post("ben", "/eng/-/new", title="Rota", body=body, description="one\rtwo")
    shown = wiki.get("cai", "/eng/rota").text
    assert shown.count("<h1") == 1
    assert '<h2 id="sec-part">Part' in shown
    assert shown.count(">Rota</h") == 1
    raw = wiki.get("cai", "/eng/rota/-/raw")
    assert raw.text == body.replace("\r\n", "\n").replace("\r", "\n")


def test_only_the_first_block_of_front_matter_is_taken_off_a_text(wiki: Scene) -> None:
    shown = "---\nowner: ben\n---\nThis is front matter.\n"
    sent = {"title": "Front matter", "path": "front-matter", "body": f"---\nlevel: 1\n---\n{shown}"}
    assert wiki.post("ben", "/eng/-/new", **sent).status_code == 303
    assert wiki.get("ben", "/eng/front-matter/-/raw").text == shown
