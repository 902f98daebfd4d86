"""Accounts and tokens from the shell."""

from collections.abc import Callable

import click
import pytest
from click.testing import CliRunner, Result

from tests.cast import PASSWORD, Scene
from wiki.cli import main
from wiki.people.one_time import hash_token

Run = Callable[..., Result]


@pytest.fixture
def run(wiki: Scene, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command on the cast's wiki."""
    opened = (wiki.settings, wiki.database)
    for module in ("commands", "token_commands"):
        monkeypatch.setattr(f"wiki.profiles.{module}.opened", lambda: opened)

    def run(*arguments: str, typed: str = "") -> Result:
        return CliRunner().invoke(main, list(arguments), input=typed)

    return run


def signs_in(wiki: Scene, login: str, password: str = PASSWORD) -> bool:
    form = {"login": login, "password": password}
    return wiki.new_client().post("/-/login", data=form).status_code == 303


def test_people_are_listed_one_a_line(run: Run) -> None:
    lines = run("user", "list").output.splitlines()
    assert lines[0] == "ada\tadmin\tenabled\tada@example.org\tAda"
    assert len(lines) == 6
    assert run("user", "list", "--find", "GUS").output.startswith("gus\tguest")


def test_an_account_is_made_disabled_and_enabled(run: Run, wiki: Scene) -> None:
    made = run("user", "add", "Hal", "--password-stdin", typed=PASSWORD + "\n")
    assert made.output == "Account hal created.\n"
    assert signs_in(wiki, "hal")
    assert run("user", "disable", "hal").exit_code == 0
    assert not signs_in(wiki, "hal")
    assert "disabled" in run("user", "list", "--find", "hal").output
    assert run("user", "enable", "hal").exit_code == 0
    assert signs_in(wiki, "hal")


def test_a_password_is_set_and_ends_the_sign_ins(run: Run, wiki: Scene) -> None:
    browser = wiki.new_client("ben")
    done = run("user", "password", "ben", typed="another long one\nanother long one\n")
    assert done.exit_code == 0
    assert browser.get("/-/me").status_code == 302
    assert signs_in(wiki, "ben", "another long one")
    refused = run("user", "password", "ben", "--password-stdin", typed="short\n")
    assert refused.exit_code == 1
    assert refused.output == "Error: Use at least 10 characters for the password.\n"


def test_a_role_is_changed_but_not_the_last_admins(run: Run, wiki: Scene) -> None:
    assert run("user", "role", "ben", "admin").output == "ben is now an admin.\n"
    assert wiki.get("ben", "/-/admin/people").status_code == 200
    assert run("user", "role", "ben", "member").exit_code == 0
    for refused in (run("user", "role", "ada", "guest"), run("user", "disable", "ada")):
        assert refused.exit_code == 1
        assert refused.output.startswith("Error: The wiki needs at least one admin")
    assert run("user", "role", "ben", "emperor").exit_code == 2


def test_a_token_is_printed_once_and_works(run: Run, wiki: Scene) -> None:
    wiki.write("rota", "words")
    token = run("token", "ben", "--read-only").output.strip()
    assert token.startswith("wiki_")
    bearer = {"Authorization": f"Bearer {token}"}
    browser = wiki.new_client()
    assert browser.get("/-/api/v1/pages/eng/rota", headers=bearer).status_code == 200
    assert browser.delete("/-/api/v1/pages/eng/rota", headers=bearer).status_code == 403
    assert hash_token(token) not in wiki.get("ben", "/-/me").text
    assert "the shell" in wiki.get("ben", "/-/me").text


@pytest.mark.parametrize("command", ["disable", "enable", "password"])
def test_nobody_of_that_name_is_one_clear_line(run: Run, command: str) -> None:
    refused = run("user", command, "zed")
    assert refused.exit_code == 1
    assert refused.output == "Error: There is no user zed.\n"


def every_command(group: click.Group, *way: str) -> list[tuple[tuple[str, ...], click.Command]]:
    found = []
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            found += every_command(command, *way, name)
        else:
            found.append(((*way, name), command))
    return found


@pytest.mark.parametrize(
    ("way", "command"),
    every_command(main),
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_every_command_explains_itself_with_an_example(
    way: tuple[str, ...], command: click.Command
) -> None:
    shown = CliRunner().invoke(main, [*way, "--help"])
    assert shown.exit_code == 0
    assert f"wiki {' '.join(way)}" in shown.output.split("Example:")[1]
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, f"{' '.join(way)} {parameter.name}"
