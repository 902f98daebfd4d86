"""The flow of labels: what is narrower than a page is not shown on it, and nothing tells of it."""

from __future__ import annotations

import re

import pytest

from tests.cast import Scene
from tests.pages.test_includes import keep_to, label, prose
from wiki.rules.labels import Label
from wiki.rules.roles import Role
from wiki.spaces.actions import give_role
from wiki.spaces.models import Space
from wiki.spaces.queries import see_space

EDIT = "/eng/rota/-/edit"


def form(body: str, base: int = 1, **more: str) -> dict[str, str]:
    return {"title": "Rota", "body": body, "base": str(base), **more}


@pytest.fixture(autouse=True)
def figures(wiki: Scene) -> None:
    """A confidential page with a picture and a file, and one that everybody in the space reads."""
    wiki.write("figures", "## Pay\n\nwolpertinger", title="Figures")
    wiki.attach("figures/chart.png", b"bytes")
    wiki.attach("figures/sums.xlsx", b"bytes")
    label(wiki, "figures", Label.CONFIDENTIAL)
    wiki.write("rota", "Words.")


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("![[figures]]", 'shows the page <a href="/eng/figures">Figures</a>'),
        ("![[figures#Pay]]", 'shows the page <a href="/eng/figures">Figures</a>'),
        ("![chart](figures/chart.png)", "shows the picture <code>chart.png</code>"),
        ('<img src="/eng/figures/-/files/chart.png">', "shows the picture <code>chart.png</code>"),
        ("[sums][1]\n\n[1]: figures/sums.xlsx", "leads to the file <code>sums.xlsx</code>"),
    ],
)
def test_a_save_is_refused_with_the_line_and_loses_nothing(
    wiki: Scene, text: str, what: str
) -> None:
    sent = form(f"---\ntags: [duty]\n---\nWords.\n\n{text}\n", message="Why not")
    refused = wiki.post("ben", EDIT, **sent)
    assert refused.status_code == 422
    assert "this page is public but shows confidential content" in refused.text
    line = 8 if "[1]:" in text else 6
    assert f'data-line="{line}" data-column="1">Line {line}</a> {what}' in refused.text
    assert "which is confidential</li>" in refused.text
    assert 'value="Why not"' in refused.text
    assert "tags: [duty]" in refused.text.partition("<textarea")[2]
    assert wiki.page("rota").head == 1


def test_raising_the_label_and_saving_is_one_press(wiki: Scene) -> None:
    body = "Words.\n\n![[figures]]\n"
    refused = wiki.post("ben", EDIT, **form(body)).text
    assert "Label it confidential and save" in refused
    first = re.search(r"<button[^>]*type=\"submit\"[^>]*>", refused.partition('class="editor"')[2])
    assert first
    assert "raise" not in first[0]  # which Return in a field presses
    saved = wiki.post("ben", EDIT, **form(body), **{"raise": "confidential"})
    assert saved.status_code == 303
    page = wiki.page("rota")
    assert (page.head, page.label) == (2, Label.CONFIDENTIAL)
    assert "wolpertinger" in prose(wiki, "rota", "ben")
    assert wiki.get("cai", "/eng/rota").status_code == 404


def test_a_new_page_is_refused_and_made_alike(wiki: Scene) -> None:
    sent = {"title": "Plan", "path": "plan", "body": "![[figures]]"}
    refused = wiki.post("ben", "/eng/-/new", **sent)
    assert refused.status_code == 422
    assert "Label it confidential and save" in refused.text
    assert wiki.get("ben", "/eng/plan").status_code == 404
    made = wiki.post("ben", "/eng/-/new", **sent, **{"raise": "confidential"})
    assert made.status_code == 303
    assert wiki.page("plan").label == Label.CONFIDENTIAL
    assert wiki.get("cai", "/eng/plan").status_code == 404
    below = {**sent, "path": "plan/below"}
    assert wiki.post("ben", "/eng/-/new", **below).status_code == 303  # its label comes from above


def test_who_cannot_raise_it_is_told_whom_to_ask(wiki: Scene) -> None:
    label(wiki, "figures", Label.RESTRICTED)
    assert wiki.post("ben", EDIT, **form("![[figures]]")).status_code == 303  # not there for Ben
    refused = wiki.post("eve", EDIT, **form("![[figures]] ", base=2, title="Duty"))
    assert "Label it restricted and save" in refused.text
    wiki.write("deep", "x", space="lab")
    wiki.write("start", "x", space="open")
    eng_only = wiki.post("ben", "/open/start/-/edit", **form("![[lab:deep]]"))
    assert eng_only.status_code == 303  # both spaces of the cast are labelled public
    with wiki.database.write() as session:
        space = wiki.page("deep", space="lab").space_id
        session.get_one(Space, space).label = int(Label.RESTRICTED)
    refused = wiki.post("ben", "/open/start/-/edit", **form("![[lab:deep]]\n", base=2))
    assert refused.status_code == 422
    assert "Remove it, or ask Eve to label the page restricted." in refused.text
    assert 'name="raise"' not in refused.text


def test_what_one_may_not_read_is_refused_as_little_as_what_does_not_exist(wiki: Scene) -> None:
    keep_to(wiki, "figures", "eve")
    body = "![[figures]]\n\n![x](figures/chart.png)"
    assert wiki.post("ben", EDIT, **form(body)).status_code == 303
    absent = "![[serugif]]\n\n![x](serugif/chart.png)"
    assert wiki.post("ben", EDIT, **form(absent, base=2)).status_code == 303
    assert wiki.post("eve", EDIT, **form(body, base=3)).status_code == 422


def test_a_page_with_the_same_label_or_only_a_link_passes(wiki: Scene) -> None:
    assert wiki.post("ben", EDIT, **form("See [[figures]], `![[figures]]`.")).status_code == 303
    label(wiki, "rota", Label.CONFIDENTIAL)
    sent = form("![[figures]] \n\n![c](figures/chart.png)", base=2)
    assert wiki.post("ben", EDIT, **sent).status_code == 303


def test_restoring_and_merging_are_saves(wiki: Scene) -> None:
    wiki.write("later", "later")
    wiki.write("rota", "one\n\n![[later]]\n\ntwo")
    wiki.write("rota", "one\n\ntwo")
    label(wiki, "later", Label.CONFIDENTIAL)
    url = "/eng/rota/-/restore"
    refused = wiki.post("ben", url, revision="2", head="3")
    assert refused.status_code == 422
    assert 'Line 3 shows the page <a href="/eng/later">later</a>' in refused.text
    wiki.write("rota", "zero\n\none\n\ntwo")
    sent = form("one\n\ntwo\n\nthree\n\n![[later]]", base=3)
    merged = wiki.post("ben", EDIT, **sent)
    assert merged.status_code == 422
    assert wiki.page("rota").head == 4
    raised = wiki.post("ben", EDIT, **sent, **{"raise": "confidential"})
    assert raised.status_code == 303
    assert wiki.get("ben", "/eng/rota/-/raw").text.startswith("zero\n\none")
    assert wiki.page("rota").label == Label.CONFIDENTIAL


def test_a_label_is_not_lowered_under_what_pages_show(wiki: Scene) -> None:
    label(wiki, "rota", Label.CONFIDENTIAL)
    wiki.write("rota/below", "![[figures]]", title="Below")
    wiki.write("rota/beside", "[sums](/eng/figures/-/files/sums.xlsx)", title="Beside")
    refused = wiki.post("ben", "/eng/rota/-/access", label="public")
    assert refused.status_code == 422
    below, beside = (wiki.page(f"rota/{name}").id for name in ("below", "beside"))
    shown = f'<a href="/-/p/{below}">Below</a> shows the page <a href="/eng/figures">Figures</a>'
    assert shown in refused.text
    assert f'<a href="/-/p/{beside}">Beside</a> leads to the file' in refused.text
    assert wiki.page("rota").label == Label.CONFIDENTIAL
    wiki.write("rota/below", "nothing")
    wiki.write("rota/beside", "nothing")
    answer = wiki.post("ben", "/eng/rota/-/access", label="public")
    assert wiki.agree("ben", answer).status_code == 303
    assert wiki.page("rota").label == Label.PUBLIC


def test_a_page_does_not_move_to_where_it_would_show_what_is_narrower(wiki: Scene) -> None:
    wiki.write("secret", "home")
    label(wiki, "secret", Label.CONFIDENTIAL)
    wiki.write("secret/plan", "![[figures]]\n\n![own](plan/own.png)", title="Plan")
    wiki.attach("secret/plan/own.png", b"bytes")
    url = "/eng/secret/plan/-/move"
    refused = wiki.post("ben", url, path="plan", space="eng")
    assert refused.status_code == 422
    assert "Nothing was moved" in refused.text
    assert "shows the page" in refused.text
    assert "own.png" not in refused.text
    assert wiki.post("ben", url, path="secret/plans", space="eng").status_code == 303
    wiki.write("secret/plans", "![own](plans/own.png)")
    answer = wiki.post("ben", "/eng/secret/plans/-/move", path="plan", space="eng")
    assert wiki.agree("ben", answer).status_code == 303


def test_files_by_a_former_path_and_of_the_nearest_page_count(wiki: Scene) -> None:
    sent = {"path": "numbers", "space": "eng"}
    assert wiki.post("ben", "/eng/figures/-/move", **sent).status_code == 303
    for body in ("![x](figures/chart.png)", "![[figures]]", "![x](numbers/chart.png)"):
        assert wiki.post("ben", EDIT, **form(body)).status_code == 422
    wiki.write("figures", "open")
    wiki.attach("figures/chart.png", b"others")
    assert wiki.post("ben", EDIT, **form("![x](figures/chart.png)")).status_code == 303


def test_files_of_a_space_have_its_label_for_those_who_may_read_it(wiki: Scene) -> None:
    wiki.attach("plan.png", b"bytes", space="lab")
    with wiki.database.write() as session:
        lab = see_space(session, wiki.actor("eve"), "lab").space
        lab.label = int(Label.CONFIDENTIAL)
    body = "![plan](/lab/-/files/plan.png)"
    refused = wiki.post("ben", EDIT, **form(body))
    assert "shows the picture <code>plan.png</code>" in refused.text
    with wiki.database.write() as session:
        lab = see_space(session, wiki.actor("eve"), "lab").space
        ben = wiki.actor("ben").person_id or 0
        give_role(session, wiki.actor("eve"), lab, ben, Role.NONE)
    assert wiki.post("ben", EDIT, **form(body)).status_code == 303


def test_what_looks_like_a_secret_and_a_label_can_both_be_answered(wiki: Scene) -> None:
    body = "![[figures]]\n\nThe key is AKIA" + "Y34FZKBOKMUTVV7Q."
    first = wiki.post("ben", EDIT, **form(body)).text
    seen = re.search(r'name="seen" value="([^"]*)"', first)
    assert seen
    second = wiki.post("ben", EDIT, **form(body, allow="meant", seen=seen[1])).text
    assert 'name="allow" value="meant"' in second
    assert f'name="seen" value="{seen[1]}"' in second
    raised = {"raise": "confidential"}
    saved = wiki.post("ben", EDIT, **form(body, allow="meant", seen=seen[1]), **raised)
    assert saved.status_code == 303


def test_the_label_of_a_space_is_not_lowered_under_what_its_pages_show(wiki: Scene) -> None:
    settings = {"title": "Eng", "visibility": "internal", "member_role": "reader"}
    answer = wiki.post("eve", "/eng/-/settings", label="confidential", **settings)
    assert wiki.agree("eve", answer).status_code == 303
    for body in ("![[figures]]", "![x](figures/chart.png)"):
        base = wiki.page("rota").head
        assert wiki.post("ben", EDIT, **form(body, base=base)).status_code == 303
        wiki.deliver()
        refused = wiki.post("eve", "/eng/-/settings", label="internal", **settings)
        assert refused.status_code == 422
        name = "chart.png of " if "chart" in body else ""
        said = f"“Rota” shows {name}“Figures”, which is confidential."
        assert said in refused.text
    wiki.write("rota", "Words.")
    answer = wiki.post("eve", "/eng/-/settings", label="internal", **settings)
    assert wiki.agree("eve", answer).status_code == 303
