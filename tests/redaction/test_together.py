"""Redactions beside others' work: saves in the same moment, exports, mirrors and imports."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.cast import Scene
from tests.pages.test_two_at_one_path import waits_for_a_lock
from tests.redaction.test_traces import CANARY, canary_page, redact
from tests.transfer import gits
from tests.transfer.test_git_import import Import, Repo, bring, repo  # noqa: F401 fixtures
from wiki.attachments.storage import Storage
from wiki.errors import Invalid
from wiki.pages.actions import delete_page
from wiki.pages.merging import Text
from wiki.pages.saving.edit import Edit
from wiki.pages.saving.redacted import Redacted
from wiki.pages.saving.submit import submit
from wiki.people.models import Person
from wiki.redaction.actions import redact_span
from wiki.redaction.targets import SpanTarget
from wiki.spaces.queries import see_space
from wiki.transfer.git.mirroring import export_to_git
from wiki.transfer.git.mirrors import add_mirror

pytestmark = pytest.mark.every_database

REASON = "It was told in confidence"


@pytest.mark.parametrize("what", ["save", "redaction"])
def test_who_comes_second_waits_and_does_not_bring_it_back(wiki: Scene, what: str) -> None:
    body = f"The {CANARY} is secret.\n"
    page = wiki.write("plan", body)
    storage = Storage(wiki.settings.data_dir)

    def save() -> None:
        with wiki.database.write() as session:
            text = Text("plan", f"{body}\nAnd more.\n")
            submit(session, wiki.actor("ben"), Edit(page.id, text, base=1))

    def again() -> None:
        with wiki.database.write() as session:
            redact_span(session, wiki.actor("ada"), storage, SpanTarget(CANARY, [page.id]), REASON)

    second: Callable[[], None] = save if what == "save" else again
    with ThreadPoolExecutor(1) as pool:
        with wiki.database.write() as session:
            redact_span(session, wiki.actor("eve"), storage, SpanTarget(CANARY, [page.id]), REASON)
            under_way = pool.submit(second)
            while not wiki.database.is_sqlite and not waits_for_a_lock(wiki):
                assert not under_way.done()
        with pytest.raises(Redacted if what == "save" else Invalid):
            under_way.result()
    assert wiki.get("eve", "/eng/plan/-/raw").text == "The [redacted] is secret.\n"
    wiki.deliver()


@pytest.mark.git
def test_an_export_made_after_it_has_nothing_of_it(wiki: Scene) -> None:
    page_id = canary_page(wiki)
    redact(wiki, "eve", page_id)
    repository = wiki.settings.data_dir / "git"
    with wiki.database.read() as session:
        space = see_space(session, wiki.actor("eve"), "eng").space
        export_to_git(session, wiki.actor("eve"), wiki.settings, space, repository)
    said = gits.git(repository, "log", "-p", "--text", "--stat", "main")
    assert "The [redacted] is secret." in said
    assert "plans/redacted.txt" in said
    assert CANARY not in said.lower()


@pytest.mark.git
def test_a_mirror_goes_on_without_it(wiki: Scene, tmp_path: Path) -> None:
    page = wiki.write("plan", f"The {CANARY} is secret.\n")
    mirror = tmp_path / "mirror"
    with wiki.database.read() as session:
        space = see_space(session, wiki.actor("ada"), "eng").space
        export_to_git(session, wiki.actor("eve"), wiki.settings, space, mirror)
    with wiki.database.write() as session:
        eve = session.get_one(Person, wiki.actor("eve").person_id)
        add_mirror(session, wiki.actor("ada"), space, mirror, eve)
    wiki.write("plan", f"The {CANARY} is secret still.\n")
    wiki.deliver()
    assert CANARY in gits.text(mirror, "plan.md")
    redact(wiki, "eve", page.id)
    wiki.deliver()
    assert "The [redacted] is secret still." in gits.text(mirror, "plan.md")
    wiki.write("other", "On it goes.\n")
    wiki.deliver()
    assert "other.md" in gits.files(mirror)


@pytest.mark.git
def test_a_history_is_imported_with_marks(wiki: Scene, repo: Repo, bring: Import) -> None:  # noqa: F811
    repo.commit({"plan.md": f"# Plan\n\nThe {CANARY}.\n"}, f"Adds the {CANARY}")
    bring()
    wiki.deliver()
    redact(wiki, "eve", wiki.page("plan").id)
    repo.commit({"plan.md": f"# Plan\n\nThe {CANARY}, again.\n"}, f"More of the {CANARY}")
    bring()
    assert "The [redacted], again." in wiki.get("eve", "/eng/plan/-/raw").text
    history = wiki.get("eve", "/eng/plan/-/history").text
    assert "More of the [redacted]" in history
    with wiki.database.write() as session:
        delete_page(session, wiki.actor("eve"), wiki.page("plan").id)
    repo.move({"plan.md": "elsewhere.md"})
    repo.commit({"elsewhere.md": f"# Elsewhere\n\nThe {CANARY}.\n"})
    bring()
    assert CANARY not in wiki.get("eve", "/eng/elsewhere/-/raw").text
