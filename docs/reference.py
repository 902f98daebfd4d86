"""Writes the reference of settings and commands from the code: `make docs`.

Both pages are in the repository, so that they can be read there; a test holds them to the code.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import click

from wiki.cli import main
from wiki.config import PREFIX, Settings

HERE = Path(__file__).parent / "administrators"

ABOUT_SETTINGS = """\
# Settings

Every setting is an environment variable. One that is not in this table, or a value that cannot be,
is refused at the start with a sentence that names it.

"""

AFTER_SETTINGS = """
## Mail

`WIKI_SMTP_URL=smtp://user:password@mail.example.org` speaks with port 587 unless the address names
another one, and encrypts when the server offers it; without encryption no password is sent, except
to the same machine. `smtps://…` encrypts from the first byte (port 465). Characters such as `@` in
a password are written as `%40`. A mail that cannot be sent is tried again for about two hours.

## Signing in by a provider

See [OpenID](openid.md). All of `WIKI_OIDC_…` is refused without `WIKI_OIDC_ISSUER`, which needs an
id, a secret and a `WIKI_BASE_URL` with `https://` (or on this machine, to try it out).

## Behind a proxy

Sign-ins are limited for each address they come from. Behind a proxy all come from the proxy, unless
`WIKI_TRUSTED_PROXIES` says how many of them stand in a row: 1 takes the last address in
`X-Forwarded-For`, 2 the one before it. With a number that is too high, visitors can claim any
address; with one that is too low, they share one. Links in mails are always made from
`WIKI_BASE_URL`, never from what a request says.
"""

ABOUT_COMMANDS = """\
# Commands

`wiki COMMAND --help` shows the same. Every command exits with 0, or says one clear line on standard
error and exits with another number. Settings come from the environment: see
[Settings](settings.md).

"""


def settings_page() -> str:
    """The table of all settings, from their fields."""
    rows = ["| setting | default | is |", "| --- | --- | --- |"]
    for setting in fields(Settings):
        default = f"`{setting.default}`" if str(setting.default) else "empty"
        rows.append(
            f"| `{PREFIX}{setting.name.upper()}` | {default} | {setting.metadata['help']} |"
        )
    return ABOUT_SETTINGS + "\n".join(rows) + "\n" + AFTER_SETTINGS


def commands_page() -> str:
    """All commands with what they take, from the tree of commands."""
    return ABOUT_COMMANDS + "\n".join(_section(way, one) for way, one in commands(main, "wiki"))


def commands(group: click.Group, *way: str) -> Iterator[tuple[str, click.Command]]:
    """Every command below a group with the words that call it, in order."""
    for name, command in sorted(group.commands.items()):
        if isinstance(command, click.Group):
            yield from commands(command, *way, name)
        elif not command.hidden:
            yield " ".join((*way, name)), command


def _section(way: str, command: click.Command) -> str:
    about, _, example = (command.help or "").partition("Example:")
    arguments = "".join(
        f" {parameter.human_readable_name}"
        for parameter in command.params
        if isinstance(parameter, click.Argument)
    )
    lines = [f"## {way}{arguments}", "", " ".join(about.split()), ""]
    lines += [f"    {' '.join(example.split())}", ""]
    options = [one for one in command.params if isinstance(one, click.Option)]
    if options:
        lines += ["| option | is |", "| --- | --- |"]
        lines += [f"| `{_spelling(option)}` | {_meaning(option)} |" for option in options]
        lines.append("")
    return "\n".join(lines)


def _spelling(option: click.Option) -> str:
    names = ", ".join(option.opts)
    kind = option.type.name.removesuffix(" range").upper()
    return names if option.is_flag else f"{names} {kind}"


def _meaning(option: click.Option) -> str:
    notes = " Required." if option.required else ""
    if option.show_default and option.default is not None:
        notes += f" By default {option.default}."
    return f"{option.help}{notes}"


if __name__ == "__main__":
    (HERE / "settings.md").write_text(settings_page())
    (HERE / "commands.md").write_text(commands_page())
