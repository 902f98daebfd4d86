"""Writes the reference of settings and commands, and the code in the guide to rooms: `make docs`.

The pages are in the repository, so that they can be read there; a test holds them to the code.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import click

from wiki.cli import main
from wiki.config import PREFIX, Settings
from wiki.i18n import SOURCE, speaking

HERE = Path(__file__).parent / "administrators"
ROOT = Path(__file__).parents[1]
GUIDE = ROOT / "docs" / "contributors" / "adding-a-room.md"

ABOUT_SETTINGS = """\
# Settings

Every setting is an environment variable. The site's name, default language and time zone, the mail
server and the sender of emails can also be set in the browser, under *Administration*, *Settings*,
where a change has effect at once; what the environment sets wins and is shown as fixed there. The
password of the mail server is stored encrypted with the secret key and isn't shown again.

The wiki refuses to start with a setting that isn't in this table or with an invalid value, and
names it.

"""

AFTER_SETTINGS = """
## Mail

`WIKI_SMTP_URL=smtp://user:password@mail.example.org` uses port 587 unless the address has another
one, and encrypts if the server supports it; without encryption no password is sent, except to the
same machine. `smtps://…` encrypts from the first byte (port 465). Write characters such as `@` in
a password as `%40`. An email that can't be sent is retried for about two hours.

## Sign-in with a provider

See [OpenID](openid.md). All `WIKI_OIDC_…` settings need `WIKI_OIDC_ISSUER`, which in turn needs a
client ID, a secret and a `WIKI_BASE_URL` with `https://` (or on this machine, to try it out).

## Behind a proxy

Sign-ins are limited per IP address. Behind a proxy, all of them come from its address unless
`WIKI_TRUSTED_PROXIES` says how many proxies are in front of the wiki: 1 uses the last address in
`X-Forwarded-For`, 2 the one before it. If the number is too high, visitors can claim any
address; if it's too low, they share one. Links in emails are always created from
`WIKI_BASE_URL`, never from a request.
"""

ABOUT_COMMANDS = """\
# Commands

`wiki COMMAND --help` shows the same. A command exits with 0, or prints one line on standard error
and exits with another number. Settings come from the environment: see
[Settings](settings.md).

"""


def settings_page() -> str:
    """The table of all settings in English, from their fields."""
    rows = ["| setting | default | is |", "| --- | --- | --- |"]
    with speaking(SOURCE):
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


def guide_page() -> str:
    """Return the guide to rooms with the present code of the files that it shows."""
    shown = re.compile(r"^`([\w/]+\.\w+)`\n\n```(\w+)\n.*?```$", re.DOTALL | re.MULTILINE)
    return shown.sub(
        lambda found: f"`{found[1]}`\n\n```{found[2]}\n{(ROOT / found[1]).read_text()}```",
        GUIDE.read_text(),
    )


if __name__ == "__main__":
    (HERE / "settings.md").write_text(settings_page())
    (HERE / "commands.md").write_text(commands_page())
    GUIDE.write_text(guide_page())
