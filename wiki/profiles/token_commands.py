"""Commands about API tokens."""

from __future__ import annotations

import click

from wiki.errors import NotFound
from wiki.people import tokens
from wiki.profiles.commands import user
from wiki.shell import SHELL, opened
from wiki.spaces.commands import named
from wiki.spaces.token_views import chosen_spaces


@user.command("tokens")
@click.argument("name", required=False)
def list_tokens(name: str | None) -> None:
    """List all API tokens or those of one account: number, user name, scope, number of spaces,
    last use, expiry and name, separated by tabs.

    Example: wiki user tokens ben
    """
    _, database = opened()
    after = None
    with database.read() as session:
        if name:
            for row in tokens.tokens_of(session, SHELL, named(session, name)):
                click.echo(_line(row))
            return
        while True:
            found = tokens.list_tokens(session, SHELL, after=after, limit=500)
            for row in found.rows:
                click.echo(_line(row))
            after = found.after
            if after is None:
                return


def _line(row: tokens.TokenRow) -> str:
    token = row.token
    return "\t".join(
        (
            str(token.id),
            row.person.handle,
            "write" if token.writes else "read",
            "all" if row.within is None else str(len(row.within)),
            f"{token.used_at:%Y-%m-%d}" if token.used_at else "never",
            f"{token.expires_at:%Y-%m-%d}" if token.expires_at else "-",
            token.name,
        )
    )


@user.command("revoke-token")
@click.argument("number", type=click.IntRange(1, 2**53))
def revoke_token(number: int) -> None:
    """Revoke the API token with this number, as listed by `wiki user tokens`.

    Example: wiki user revoke-token 12
    """
    _, database = opened()
    with database.write() as session:
        try:
            row = tokens.revoke_token(session, SHELL, number)
        except NotFound:
            raise click.ClickException(f"There is no token {number}.") from None
    click.echo(f"Token “{row.name}” revoked.")


@click.command()
@click.argument("name")
@click.option("--for", "purpose", default="the shell", show_default=True, help="Name of the token.")
@click.option("--read-only", is_flag=True, help="Create a token that can't change anything.")
@click.option(
    "--space", "slugs", multiple=True, help="Limit the token to this space. Can be repeated."
)
@click.option(
    "--days",
    type=click.IntRange(0, tokens.LONGEST_DAYS),
    default=tokens.DAYS,
    show_default=True,
    help="Lifetime in days; 0 for no expiry.",
)
def token(name: str, purpose: str, read_only: bool, slugs: tuple[str, ...], days: int) -> None:
    """Create an API token for an account and print it. It is shown only once.

    Example: wiki token ben --for "nightly export" --read-only --space handbook
    """
    _, database = opened()
    with database.write() as session:
        person = named(session, name)
        _, made = tokens.create_token(
            session,
            SHELL,
            person,
            tokens.TokenScope(
                not read_only, chosen_spaces(session, person.actor(), slugs) if slugs else None
            ),
            name=purpose,
            days=days or None,
        )
    click.echo(made)


COMMANDS = (user, token)
