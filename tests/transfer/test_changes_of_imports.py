"""Recent changes that came with a history: marked as imported, with what their authors said."""

from __future__ import annotations

import re
from html import unescape

import pytest

from tests.cast import Scene
from tests.transfer.test_git_import import Import, Repo, bring, repo  # noqa: F401 fixtures

pytestmark = pytest.mark.git


def changes(wiki: Scene, who: str = "cai") -> list[str]:
    """The words of each entry of the list of changes."""
    shown = wiki.get(who, "/eng/-/changes").text.partition("<main")[2]
    entries = re.findall(r"<div><p>(.*?)</div>", shown, re.DOTALL)
    return [" ".join(unescape(re.sub("<[^>]+>", " ", one)).split()) for one in entries]


def test_moves_and_deletions_of_a_history_are_marked_as_imported(
    wiki: Scene,
    repo: Repo,  # noqa: F811
    bring: Import,  # noqa: F811
) -> None:
    repo.commit({"a.md": "# A\n", "gone.md": "# Gone\n"})
    repo.move({"a.md": "b.md"}, "Rename it")
    repo.commit({"gone.md": None})
    bring()
    wiki.write("own", "x\n", by="eve")
    wiki.post("eve", "/eng/own/-/move", path="mine", space="eng")
    moved, _, deleted, of_history, *_ = changes(wiki, "eve")
    assert moved.startswith("Eve moved ")
    assert "imported" not in moved
    assert deleted == "Ben deleted Gone imported"
    assert of_history == "Eve moved A imported Rename it"


def test_pages_of_one_entry_have_the_messages_of_their_commits(
    wiki: Scene,
    repo: Repo,  # noqa: F811
    bring: Import,  # noqa: F811
) -> None:
    for name in ("a", "b", "c"):
        repo.commit({f"{name}.md": f"# {name}\n"}, f"Begin {name}", by="Ben")
    bring()
    (told,) = changes(wiki)
    assert told.startswith("Ben created 3 pages imported c ")
    for name in ("a", "b", "c"):
        assert told.count(f"Begin {name}") == 1


def test_one_commit_of_many_pages_says_its_message_once(
    wiki: Scene,
    repo: Repo,  # noqa: F811
    bring: Import,  # noqa: F811
) -> None:
    repo.commit({f"{name}.md": f"# {name}\n" for name in "abc"}, "Begin the handbook")
    bring()
    (told,) = changes(wiki)
    assert told.startswith("Ben created 3 pages imported Begin the handbook ")
    assert told.count("Begin the handbook") == 1
