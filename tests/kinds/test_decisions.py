"""A kind of page from its declaration alone: every part of the wiki takes its fields from there."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner
from openapi_spec_validator import validate
from sqlalchemy import select, update

from tests.api.conftest import Api
from tests.cast import Scene
from tests.kinds.decision.kind import DECISION, DECISIONS
from tests.pages.test_editing_together import fields_of
from tests.pages.test_query_counts import counted
from tests.redaction.test_traces import files_with, redact, tables_with
from tests.sharing.test_share_links import shared
from tests.transfer.test_git_import import Import, Repo, bring, repo  # noqa: F401  (fixtures)
from tests.transfer.trees import write_tree
from wiki.attachments.storage import Storage
from wiki.cli import main
from wiki.kind_registry import forget, kind_names, register
from wiki.pages.models import Page
from wiki.pages.revisions import head_of
from wiki.purging.actions import purge_page, purge_revisions
from wiki.rules.access import May
from wiki.spaces.queries import see_space
from wiki.transfer.exporting import export_space
from wiki.transfer.importing import TreeImport
from wiki.transfer.sources.source import FolderSource, Limits

pytestmark = pytest.mark.every_database

LIMITS = Limits(page=100_000, file=100_000, total=1_000_000)
STATED = {"kind": "decision", "status": "accepted", "decided_on": "2026-03-31", "owner": "eve"}


def make(wiki: Scene, path: str = "d", **form: str) -> None:
    """Create a decision in the browser."""
    sent = {
        "title": "Databases",
        "body": "We use SQLite.\n",
        "path": path,
        "fields.status": "proposed",
        "fields.decided_on": "",
        "fields.owner": "ben",
        **form,
    }
    made = wiki.post("ben", "/eng/-/new?kind=decision", **sent)
    assert made.status_code == 303, made.text
    assert made.location == f"/eng/{path}"


def stored(wiki: Scene, path: str = "d", space: str = "eng") -> tuple[str, dict[str, object]]:
    """The kind of a page and the fields of its newest revision."""
    page = wiki.page(path, space=space)
    with wiki.database.read() as session:
        return page.kind, dict(head_of(session, session.get_one(Page, page.id)).fields)


def shown(html: str) -> str:
    """The main part of a screen as plain text."""
    main_part = html[html.index("<main") : html.index("</main>")]
    return " ".join(re.sub(r"<[^>]+>", " ", main_part).split())


def test_a_decision_is_created_in_the_form_and_shown_with_its_own_block(decisions: Scene) -> None:
    form = decisions.get("ben", "/eng/-/new?kind=decision").text
    assert 'name="fields.status"' in form
    assert 'type="date" value=""' in form
    assert '?kind=article&amp;under="' in form
    make(decisions)
    assert stored(decisions) == (
        "decision",
        {"kind": "decision", "status": "proposed", "owner": "ben"},
    )
    read = decisions.get("ben", "/eng/d").text
    assert '<p class="decision">This decision is proposed.</p>' in read
    assert "Status Proposed Owner ben" in shown(read)
    assert '<span class="badge">Decision</span>' in read


def test_an_article_shows_nothing_of_a_kind(decisions: Scene) -> None:
    decisions.write("a", "Some words")
    assert stored(decisions, "a") == ("article", {})
    assert "kind" not in shown(decisions.get("ben", "/eng/a").text)
    assert 'name="fields.' not in decisions.get("ben", "/eng/a/-/edit").text


def test_a_decision_is_edited_compared_by_labels_and_restored(decisions: Scene) -> None:
    make(decisions)
    sent = fields_of(decisions.get("ben", "/eng/d/-/edit"))
    sent |= {"fields.status": "accepted", "fields.decided_on": "2026-03-31", "fields.owner": ""}
    assert decisions.post("ben", "/eng/d/-/edit", **sent).status_code == 303
    assert stored(decisions)[1] == {
        "kind": "decision",
        "status": "accepted",
        "decided_on": "2026-03-31",
    }
    compared = shown(decisions.get("ben", "/eng/d/-/diff/1..2").text)
    assert re.search(r"Status \S+: proposed \S+: accepted", compared)
    assert re.search(r"Decided on .*2026-03-31 Owner \S+: ben", compared)
    assert "Decided on: none → 2026-03-31" in shown(decisions.get("ben", "/eng/d/-/history").text)
    assert decisions.post("ben", "/eng/d/-/restore", revision=1, seen=2).status_code == 303
    assert stored(decisions)[1] == {"kind": "decision", "status": "proposed", "owner": "ben"}
    assert "This decision is accepted" in decisions.get("ben", "/eng/d?revision=2").text


def test_edits_of_different_fields_are_merged_and_of_the_same_one_decided(
    decisions: Scene,
) -> None:
    make(decisions)
    opened = fields_of(decisions.get("eve", "/eng/d/-/edit"))
    selected = {"fields.status": "proposed"}
    mine = opened | selected | {"fields.owner": "eve"}
    theirs = opened | selected | {"fields.decided_on": "2026-03-31"}
    assert decisions.post("ben", "/eng/d/-/edit", **theirs).status_code == 303
    assert decisions.post("eve", "/eng/d/-/edit", **mine).status_code == 303
    both = {"kind": "decision", "status": "proposed", "decided_on": "2026-03-31", "owner": "eve"}
    assert stored(decisions)[1] == both
    conflict = decisions.post("ben", "/eng/d/-/edit", **(mine | {"fields.owner": "cai"}))
    assert conflict.status_code == 409
    assert "Owner" in shown(conflict.text)
    sent = fields_of(conflict) | {"choice-fields.owner": "mine"}
    assert decisions.post("ben", "/eng/d/-/resolve", **sent).status_code == 303
    assert stored(decisions)[1] == both | {"owner": "cai"}


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("status", "", "“Status” is missing."),
        ("status", "open", "“Status” must be one of “proposed”, “accepted”, “rejected”."),
        ("decided_on", "31 March", "“Decided on” must be a date like 2026-03-31."),
        ("decided_on", "2026-02-30", "“Decided on” must be a date like 2026-03-31."),
        ("owner", "Eve!", "“Owner” doesn’t have the expected form. A user name."),
        ("owner", "e" * 61, "“Owner” can have up to 60 characters."),
    ],
)
def test_a_bad_value_is_refused_with_one_sentence(
    decisions: Scene, name: str, value: str, sentence: str
) -> None:
    make(decisions)
    sent = fields_of(decisions.get("ben", "/eng/d/-/edit")) | {"fields.status": "accepted"}
    refused = decisions.post("ben", "/eng/d/-/edit", **(sent | {f"fields.{name}": value}))
    assert refused.status_code == 422
    assert refused.text.count(f'id="fields.{name}-error"') == 1
    assert sentence in refused.text.replace("&#34;", '"')
    api = Api(decisions)
    fields = {**STATED, name: value}
    answer = api.put("ben", "/pages/eng/d", {"body": "x", "fields": fields, "base_revision": 1})
    assert (answer.status_code, answer.json["field"]) == (422, f"fields.{name}")
    assert answer.json["detail"] == sentence
    assert decisions.page("d").head == 1


def test_a_decision_is_found_by_its_kind(decisions: Scene) -> None:
    make(decisions)
    decisions.write("a", "We use SQLite.")
    decisions.deliver()
    for question, titles in (("kind:decision", ["Databases"]), ("sqlite -kind:decision", ["a"])):
        found = decisions.get("ben", "/-/search", query_string={"q": question}).text
        hits = re.findall(r"<h2><a [^>]*>(.*?)</a></h2>", found)
        assert [re.sub("<[^>]+>", "", hit) for hit in hits] == titles


def test_the_api_writes_and_reads_a_decision_as_its_description_says(decisions: Scene) -> None:
    api = Api(decisions)
    validate(api.document)
    schemas = api.document["components"]["schemas"]
    assert schemas["Page"]["properties"]["kind"]["enum"] == kind_names()
    assert schemas["DecisionFields"]["properties"]["status"]["enum"][0] == "proposed"
    own = {name: value for name, value in STATED.items() if name != "kind"}
    made = api.put(
        "ben", "/pages/eng/d", {"body": "Words", "title": "D", "kind": "decision", "fields": own}
    )
    assert (made.status_code, made.json["kind"], made.json["fields"]) == (201, "decision", STATED)
    api.check(made.json["fields"], "DecisionFields")
    changed = api.put("ben", "/pages/eng/d", {"body": "New", "base_revision": 1})
    assert changed.json["fields"] == STATED
    fields = {**own, "status": "rejected"}
    changed = api.put("ben", "/pages/eng/d", {"body": "New", "fields": fields, "base_revision": 2})
    assert changed.json["fields"] == {**STATED, "status": "rejected"}
    read = api.get("cai", "/pages/eng/d").json
    assert (read["kind"], read["fields"]["status"]) == ("decision", "rejected")


def test_a_page_keeps_its_kind(decisions: Scene) -> None:
    make(decisions)
    decisions.write("a", "Some words")
    api = Api(decisions)
    for path, sent in (
        ("a", {"body": "x", "kind": "decision", "fields": {"status": "accepted"}}),
        ("a", {"body": "---\nkind: decision\nstatus: accepted\n---\nx"}),
        ("d", {"body": "x", "kind": "article"}),
        ("d", {"body": "---\nkind: other\n---\nx"}),
    ):
        refused = api.put("ben", f"/pages/eng/{path}", {**sent, "base_revision": 1})
        assert (refused.status_code, refused.json["field"]) == (422, "kind")
    assert api.put("ben", "/pages/eng/n", {"body": "x", "kind": "poem"}).json["field"] == "kind"
    assert decisions.get("ben", "/eng/-/new?kind=poem").status_code == 422


def export_tree(wiki: Scene, folder: Path) -> None:
    with wiki.database.read() as session:
        actor = wiki.actor("eve")
        space = see_space(session, actor, "eng").space
        export_space(session, actor, space, folder, Storage(wiki.settings.data_dir))


def import_tree(wiki: Scene, folder: Path, space: str = "lab") -> TreeImport:
    with wiki.database.read() as session:
        space_id = see_space(session, wiki.actor("eve"), space).space.id
    source = FolderSource(folder, LIMITS)
    work = TreeImport(wiki.database, wiki.settings, wiki.actor("eve"), space_id, source)
    work.run()
    return work


def test_an_export_imports_to_the_same_fields(decisions: Scene, tmp_path: Path) -> None:
    make(decisions, **{"fields.status": "accepted", "fields.decided_on": "2026-03-31"})
    export_tree(decisions, tmp_path / "out")
    written = (tmp_path / "out" / "d.md").read_text()
    assert written.startswith("---\n")
    assert "kind: decision\n" in written
    assert "status: accepted\n" in written
    assert import_tree(decisions, tmp_path / "out").report.created == 1
    assert stored(decisions, space="lab") == stored(decisions)
    assert import_tree(decisions, tmp_path / "out").report.unchanged == 1


def test_an_import_reports_a_file_with_a_bad_value(decisions: Scene, tmp_path: Path) -> None:
    tree = {
        "good.md": "---\nkind: decision\nstatus: accepted\ndecided_on: 2026-03-31\n---\n# Good\n",
        "bad.md": "---\nkind: decision\nstatus: perhaps\n---\n# Bad\n",
        "other.md": "---\nkind: something\nstatus: perhaps\n---\n# Other\n",
    }
    report = import_tree(decisions, write_tree(tmp_path / "tree", tree)).finish()
    assert [(one.where, one.sentence) for one in report.problems] == [
        ("bad.md", "“Status” must be one of “proposed”, “accepted”, “rejected”.")
    ]
    assert stored(decisions, "good", "lab")[0] == "decision"
    assert stored(decisions, "other", "lab") == (
        "article",
        {"kind": "something", "status": "perhaps"},
    )


def rows(wiki: Scene) -> list[tuple[object, ...]]:
    with wiki.database.read() as session:
        found = session.execute(select(DECISIONS).order_by(DECISIONS.c.page_id))
        return [tuple(row[1:]) for row in found]


def test_the_table_of_a_kind_follows_the_head_and_is_put_right(
    decisions: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(decisions)
    decisions.write("a", "Some words")
    decisions.deliver()
    assert rows(decisions) == [("proposed", None, "ben")]
    sent = fields_of(decisions.get("ben", "/eng/d/-/edit"))
    sent |= {"fields.status": "accepted", "fields.decided_on": "2026-03-31"}
    decisions.post("ben", "/eng/d/-/edit", **sent)
    decisions.deliver()
    assert rows(decisions) == [("accepted", date(2026, 3, 31), "ben")]
    opened = decisions.settings, decisions.database
    monkeypatch.setattr("wiki.commands.check.opened", lambda: opened)
    assert "No problems found." in CliRunner().invoke(main, ["check"]).output
    with decisions.database.write() as session:
        session.execute(update(DECISIONS).values(status="rejected"))
    wrong = CliRunner().invoke(main, ["check"]).output
    assert "Kinds: 1 page is listed with other fields" in wrong
    assert rows(decisions) == [("accepted", date(2026, 3, 31), "ben")]
    with decisions.database.write() as session:
        session.execute(DECISIONS.delete())
    CliRunner().invoke(main, ["check"])
    assert rows(decisions) == [("accepted", date(2026, 3, 31), "ben")]


@pytest.mark.git
def test_a_history_brings_decisions(
    decisions: Scene,
    repo: Repo,  # noqa: F811
    bring: Import,  # noqa: F811
) -> None:
    repo.commit({"d.md": "# Words\n\nOnly text.\n"})
    repo.commit({"d.md": "---\nkind: decision\nstatus: proposed\n---\n# Words\n"})
    repo.commit({"d.md": "---\nkind: decision\nstatus: accepted\n---\n# Words\n"})
    bring()
    decisions.deliver()
    assert stored(decisions) == ("decision", {"kind": "decision", "status": "accepted"})
    assert rows(decisions) == [("accepted", None, "")]
    repo.commit({"d.md": "---\nkind: decision\nstatus: maybe\n---\n# Words\n"})
    report = bring()
    assert "“Status” must be one of" in report.problems[-1].sentence
    assert stored(decisions)[1]["status"] == "accepted"


def test_a_secret_in_a_field_is_noticed(decisions: Scene) -> None:
    token = "ghp_" + "a1B2c3D4e5F6" * 3
    sent = {"title": "D", "body": "x", "path": "d", "fields.status": "proposed"}
    refused = decisions.post("ben", "/eng/-/new?kind=decision", **sent, **{"fields.owner": token})
    assert refused.status_code == 422
    lower = "glpat-" + "x1y2z3w4v5" * 2
    refused = decisions.post("ben", "/eng/-/new?kind=decision", **sent, **{"fields.owner": lower})
    assert refused.status_code == 422
    assert 'name="seen"' in refused.text


def test_a_redaction_reaches_the_fields_and_their_table(decisions: Scene) -> None:
    make(decisions, **{"fields.owner": "quinsyberry"})
    decisions.deliver()
    assert rows(decisions) == [("proposed", None, "quinsyberry")]
    page = decisions.page("d")
    assert redact(decisions, "eve", page.id, "quinsyberry").status_code == 303
    decisions.deliver()
    assert "quinsyberry" not in str(stored(decisions)[1])
    assert "quinsyberry" not in str(rows(decisions))
    assert files_with(decisions, "quinsyberry") == []
    if not decisions.database.is_sqlite:
        assert tables_with(decisions, "quinsyberry") == []
    assert "[redacted]" in decisions.get("ben", "/eng/d").text


def test_a_kind_says_who_creates_its_pages_and_whether_the_tree_has_them(
    decisions: Scene,
) -> None:
    register(replace(DECISION, create=May.MANAGE, in_tree=False))
    form = decisions.get("ben", "/eng/-/new").text
    assert "?kind=decision" not in form
    sent = {"title": "D", "body": "x", "path": "under/d", "fields.status": "proposed"}
    assert decisions.post("ben", "/eng/-/new?kind=decision", **sent).status_code == 403
    api = Api(decisions)
    whole = {"body": "x", "kind": "decision", "fields": {"status": "proposed"}}
    assert api.put("ben", "/pages/eng/under/d", whole).status_code == 403
    assert decisions.post("eve", "/eng/-/new?kind=decision", **sent).status_code == 303
    decisions.write("other", "Some words")
    tree = decisions.get("ben", "/eng/-/tree").text
    assert "/eng/other" in tree
    assert "under" not in tree
    assert decisions.post("ben", "/eng/under/d/-/edit", **sent, base=1).status_code == 303


def test_pages_of_a_kind_that_was_removed_stay_readable(decisions: Scene) -> None:
    make(decisions)
    forget(DECISION)
    assert decisions.get("ben", "/eng/d").status_code == 200
    sent = fields_of(decisions.get("ben", "/eng/d/-/edit")) | {"body": "New words"}
    assert decisions.post("ben", "/eng/d/-/edit", **sent).status_code == 303
    assert stored(decisions) == (
        "decision",
        {"kind": "decision", "status": "proposed", "owner": "ben"},
    )


def test_pages_from_before_a_kind_was_registered_become_pages_of_it(
    decisions: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    forget(DECISION)
    block = "---\nkind: decision\nstatus: accepted\n---\n"
    sent = {"title": "D", "body": f"{block}Words", "path": "d"}
    assert decisions.post("ben", "/eng/-/new", **sent).status_code == 303
    decisions.deliver()
    assert stored(decisions)[0] == "article"
    register(DECISION)
    sent = fields_of(decisions.get("ben", "/eng/d/-/edit")) | {"body": "More words"}
    assert decisions.post("ben", "/eng/d/-/edit", **sent).status_code == 303
    assert stored(decisions)[0] == "article"
    opened = decisions.settings, decisions.database
    monkeypatch.setattr("wiki.commands.check.opened", lambda: opened)
    assert "differs from its newest revision in kind. Repaired." in (
        CliRunner().invoke(main, ["check"]).output
    )
    assert stored(decisions)[0] == "decision"
    assert "Accepted" in decisions.get("ben", "/eng/d").text
    assert rows(decisions) == [("accepted", None, "")]


def test_a_shared_decision_shows_its_fields(decisions: Scene) -> None:
    sent = {"title": "D", "body": "x", "path": "d", "fields.status": "accepted"}
    assert decisions.post("ben", "/lab/-/new?kind=decision", **sent).status_code == 303
    assert "Status Accepted" in shown(decisions.get("nobody", shared(decisions, "d")).text)


def test_a_kind_costs_no_queries(decisions: Scene) -> None:
    register(replace(DECISION, projection=None))
    decisions.alone()
    make(decisions)
    decisions.write("a", "We use PostgreSQL.\n")
    decisions.deliver()
    counts = []
    for path, more in (("a", {}), ("d", {"fields.status": "accepted"})):
        opened = fields_of(decisions.get("ben", f"/eng/{path}/-/edit"))
        decisions.post("ben", f"/eng/{path}/-/edit", **(opened | more | {"body": f"First {path}"}))
        decisions.deliver()
        opened = fields_of(decisions.get("ben", f"/eng/{path}/-/edit"))
        with counted(decisions) as statements:
            decisions.post(
                "ben", f"/eng/{path}/-/edit", **(opened | more | {"body": f"Second {path}"})
            )
        saving = len(statements)
        with counted(decisions) as statements:
            decisions.get("ben", f"/eng/{path}")
            decisions.get("ben", f"/eng/{path}/-/edit")
            decisions.get("ben", f"/eng/{path}/-/diff/1..2")
        counts.append((saving, len(statements)))
    assert counts[0] == counts[1]


def test_a_purge_takes_the_fields_and_their_row(decisions: Scene) -> None:
    make(decisions, **{"fields.owner": "quinsyberry"})
    sent = fields_of(decisions.get("ben", "/eng/d/-/edit")) | {"fields.status": "accepted"}
    decisions.post("ben", "/eng/d/-/edit", **(sent | {"fields.owner": "eve"}))
    decisions.deliver()
    page = decisions.page("d")
    with decisions.database.write() as session:
        purge_revisions(session, decisions.actor("ada"), page.id, [1], seen=2)
    decisions.deliver()
    assert files_with(decisions, "quinsyberry") == []
    if not decisions.database.is_sqlite:
        assert tables_with(decisions, "quinsyberry") == []
    assert rows(decisions) == [("accepted", None, "eve")]
    with decisions.database.write() as session:
        purge_page(session, decisions.actor("ada"), page.id, seen=2)
    assert rows(decisions) == []
