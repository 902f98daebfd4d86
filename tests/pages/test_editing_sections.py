"""One section of a page is edited on its own, and saved as an edit of the page."""

from __future__ import annotations

import re
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from tests.cast import Scene
from tests.pages.test_editing_together import fields_of
from tests.surroundings import examples
from wiki.pages.revisions import head_of
from wiki.pages.texts.stored import get_text
from wiki.text.markdown.context import RenderContext
from wiki.text.markdown.markup import render
from wiki.text.rewrite.section_text import section_text

TEXT = "Intro.\n\n## Setup\n\nInstall it.\n\n### Linux\n\nUse apt.\n\n## Use\n\nRun it.\n"
SETUP = "## Setup\n\nInstall it.\n\n### Linux\n\nUse apt.\n"


@pytest.fixture
def manual(wiki: Scene) -> Scene:
    wiki.write("manual", TEXT, title="Manual", tags=("how",))
    return wiki


def _open(wiki: Scene, handle: str = "ben", section: str = "sec-setup") -> TestResponse:
    return wiki.client(handle).get(f"/eng/manual/-/edit?section={section}")


def _save(wiki: Scene, handle: str, body: str, **fields: object) -> TestResponse:
    sent = fields_of(_open(wiki)) | {"body": body}
    return wiki.post(handle, "/eng/manual/-/edit", **sent | fields)


def _body(wiki: Scene) -> str:
    with wiki.database.read() as session:
        return get_text(session, head_of(session, wiki.page("manual")).content_hash)


def test_editors_find_a_link_at_each_heading_and_readers_do_not(manual: Scene) -> None:
    page = manual.client("ben").get("/eng/manual").text
    assert re.findall(r'href="([^"]*)" aria-label="Edit section “([^”]*)”', page) == [
        (f"/eng/manual/-/edit?section=sec-{name.lower()}", name)
        for name in ("Setup", "Linux", "Use")
    ]
    assert "Edit section" not in manual.client("cai").get("/eng/manual").text
    manual.write("manual", "## Newer\n", title="Manual")
    assert "Edit section" not in manual.client("ben").get("/eng/manual?revision=1").text


def test_a_section_is_edited_alone_and_the_rest_stays(manual: Scene) -> None:
    form = fields_of(_open(manual))
    assert form["body"] == SETUP
    saved = _save(manual, "ben", "## Setup\r\n\r\nDownload it.", message="Newer")
    assert saved.location == "/eng/manual#sec-setup"
    assert _body(manual) == TEXT.replace(SETUP, "## Setup\n\nDownload it.\n")
    with manual.database.read() as session:
        head = head_of(session, manual.page("manual"))
        assert (head.title, head.tags, head.message) == ("Manual", ["how"], "Newer")
    renamed = _save(manual, "ben", "## First *steps*\n")
    assert renamed.location == "/eng/manual#sec-first-steps"


def test_an_edit_of_another_section_is_merged(manual: Scene) -> None:
    mine = fields_of(_open(manual)) | {"body": SETUP.replace("apt", "dnf")}
    manual.write("manual", TEXT.replace("Run", "Start"), title="Manual", by="eve")
    assert manual.post("ben", "/eng/manual/-/edit", **mine).status_code == 303
    assert _body(manual) == TEXT.replace("Run", "Start").replace("apt", "dnf")


@pytest.mark.parametrize(
    "theirs",
    [
        TEXT.replace(SETUP, ""),  # removed
        TEXT.replace(SETUP + "\n", "") + "\n" + SETUP,  # moved
        TEXT.replace("Use apt", "Use zypper"),
    ],
)
def test_a_section_that_others_moved_or_changed_is_a_conflict(manual: Scene, theirs: str) -> None:
    mine = fields_of(_open(manual)) | {"body": SETUP.replace("apt", "dnf")}
    manual.write("manual", theirs, title="Manual", by="eve")
    shown = manual.post("ben", "/eng/manual/-/edit", **mine)
    assert shown.status_code == 409
    assert _body(manual) == theirs
    form = fields_of(shown)
    assert form["body"] == TEXT.replace("apt", "dnf")  # the whole page, with the author's section
    mine_kept = dict.fromkeys(re.findall(r'name="(choice-[^"]+)"', shown.text), "mine")
    manual.post("ben", "/eng/manual/-/resolve", **form | mine_kept)
    assert "dnf" in _body(manual)


def test_two_sections_saved_at_the_same_time_are_both_kept(manual: Scene) -> None:
    forms = [fields_of(_open(manual, section=f"sec-{name}")) for name in ("setup", "use")]
    start = threading.Barrier(2)
    answers = []

    def send(form: dict[str, str], old: str, new: str) -> None:
        start.wait()
        form = form | {"body": form["body"].replace(old, new)}
        answers.append(manual.post("ben", "/eng/manual/-/edit", **form).status_code)

    threads = [
        threading.Thread(target=send, args=(forms[0], "Install", "Fetch")),
        threading.Thread(target=send, args=(forms[1], "Run", "Start")),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [303, 303]
    assert _body(manual) == TEXT.replace("Install", "Fetch").replace("Run", "Start")


@pytest.mark.parametrize("section", ["sec-nothing", "x" * 5000, "\ud7ff%00", "sec-setup%22%3E"])
def test_a_section_that_is_not_there_opens_the_whole_page(manual: Scene, section: str) -> None:
    shown = _open(manual, section=section)
    assert shown.status_code == 200
    assert fields_of(shown)["body"] == TEXT
    assert "section" not in fields_of(shown)
    assert "whole page" in shown.text


@pytest.mark.parametrize("changed", [{"section": "sec-nothing"}, {"base": 7}, {"base": "x"}])
def test_a_form_that_fits_no_section_is_refused_with_its_text(
    manual: Scene, changed: dict[str, object]
) -> None:
    refused = _save(manual, "ben", "## Setup\n\nMy words.\n", **changed)
    assert refused.status_code == 422
    assert "Copy your text" in refused.text
    assert fields_of(refused)["body"] == "## Setup\n\nMy words.\n"
    assert _body(manual) == TEXT


def test_a_refused_save_comes_back_with_the_text(manual: Scene) -> None:
    key = "AKIA" + "Q3EGRIZ7KM5XTPQL"
    secret = _save(manual, "ben", SETUP + f"\naws_access_key_id = {key}\n")
    assert secret.status_code == 422
    assert fields_of(secret)["body"].startswith("Intro.")  # now the whole page
    assert key in fields_of(secret)["body"]
    assert "section" not in fields_of(secret)
    assert _body(manual) == TEXT


def test_readers_and_outsiders_edit_no_section(manual: Scene) -> None:
    assert _open(manual, "cai").status_code == 403
    assert _open(manual, "gus").data == manual.client("gus").get("/eng/nothing").data


_LINES = st.sampled_from(
    """# A|## B|## B|### C *d*|Setext|=====|---|> ## Q|- ## Item|||x|```|    ## code|## E {#own}
|!!! note|    ## In note|<h2>raw</h2>|[^1]: f""".replace("\n", "").split("|")
)


@given(st.lists(_LINES, max_size=14))
@settings(max_examples=examples(200), deadline=None)
def test_every_heading_of_a_page_is_found_where_it_stands(lines: list[str]) -> None:
    source = "\n".join(lines)
    shown = render(source, RenderContext("eng", "x", False, "X"))
    for heading in shown.headings:
        found = section_text(source, heading.id)
        if found is None:
            assert "[^1]" in source  # only footnotes move their text
            continue
        assert found.title == heading.text
        assert found.before + found.text + found.after == source
        assert found.replaced(found.text) == source
