"""Groups from the shell."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from click.testing import CliRunner, Result

from tests.cast import Scene
from wiki.cli import main

Run = Callable[..., Result]


@pytest.fixture
def run(wiki: Scene, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs `wiki group` on the cast's wiki, in which there is Finance."""
    monkeypatch.setattr("wiki.groups.commands.opened", lambda: (wiki.settings, wiki.database))

    def run(*words: str, typed: str = "") -> Result:
        return CliRunner().invoke(main, ["group", *words], input=typed)

    assert run("add", "finance", "--title", "Finance").exit_code == 0
    return run


def test_groups_are_made_filled_and_listed(run: Run) -> None:
    assert run("add", "Company", "--title", "All of us", "--description", "x").exit_code == 0
    assert run("put", "finance", "ben", "@cai").output == "finance now has 2 people.\n"
    assert run("put", "company", "finance", "Eve@Example.org").exit_code == 0
    assert run("list").output == "company\t3\tAll of us\nfinance\t2\tFinance\n"
    assert run("list", "--find", "US").output == "company\t3\tAll of us\n"
    assert run("people", "company").output == (
        "ben\tfinance\tBen\ncai\tfinance\tCai\neve\tcompany\tEve\n"
    )
    assert run("take", "finance", "ben").output == "finance now has 1 person.\n"
    assert run("take", "company", "finance", "eve").output == "company now has 0 people.\n"


def test_of_several_all_are_put_in_or_none(run: Run) -> None:
    refused = run("put", "finance", "ben", "nobody")
    assert refused.exit_code == 1
    assert refused.output == "Error: There is no user or group nobody.\n"
    assert run("put", "finance", "ben", "finance").output == (
        "Error: A group can’t contain itself.\n"
    )
    assert run("list").output == "finance\t0\tFinance\n"


@pytest.mark.parametrize(
    "words",
    [
        ("put", "nothing", "ben"),
        ("take", "nothing", "ben"),
        ("people", "nothing"),
        ("delete", "nothing", "--yes"),
        ("add", "ben", "--title", "Ben"),
        ("add", "finance", "--title", "Finance"),
        ("add", "not a name", "--title", "X"),
        ("add", "x", "--title", "x" * 201),
        ("put", "finance"),
        ("add", "x"),
    ],
)
def test_what_cannot_be_is_refused_in_a_line(run: Run, words: tuple[str, ...]) -> None:
    refused = run(*words)
    assert refused.exit_code in (1, 2)
    assert refused.output.splitlines()[-1].startswith("Error: ")
    assert "Traceback" not in refused.output


def test_a_group_is_deleted_once_one_is_sure(run: Run) -> None:
    assert run("delete", "finance", typed="n\n").exit_code == 1
    assert run("list").output != ""
    assert run("delete", "finance", typed="y\n").exit_code == 0
    assert run("list").output == ""
