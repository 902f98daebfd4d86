"""Commands for accounts and API tokens."""

from __future__ import annotations

import click

from wiki.errors import NotFound
from wiki.people import actions, queries, tokens
from wiki.people.factors.queries import clear_factors
from wiki.people.imported.account_merge import merge_by_hand
from wiki.rules.roles import SiteRole
from wiki.shell import SHELL, asked_password, opened
from wiki.spaces.commands import named
from wiki.spaces.members import spaces_without_lead
from wiki.spaces.token_views import chosen_spaces

ROLES = [role.value for role in (SiteRole.GUEST, SiteRole.MEMBER, SiteRole.ADMIN)]


@click.group()
def user() -> None:
    """Manage accounts."""


@user.command("add")
@click.argument("name")
@click.option("--email", help="Email address, also used to sign in.")
@click.option("--full-name", help="Name shown to others.")
@click.option("--admin", is_flag=True, help="Make the account an admin.")
@click.option(
    "--guest",
    is_flag=True,
    help="Make the account a guest, who sees only spaces they are added to.",
)
@click.option(
    "--service", is_flag=True, help="Create an account for programs, with tokens and no password."
)
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
def add_user(
    name: str,
    email: str | None,
    full_name: str | None,
    admin: bool,
    guest: bool,
    service: bool,
    password_stdin: bool,
) -> None:
    """Create an account.

    Example: echo "$PASSWORD" | wiki user add ada --email ada@example.org --admin --password-stdin
    """
    if admin and guest:
        raise click.UsageError("An account can't be both an admin and a guest.")
    if service:
        if admin or email or password_stdin:
            raise click.UsageError(
                "A service account can't have a password or email or be an admin."
            )
        _add_service(name, full_name, SiteRole.GUEST if guest else SiteRole.MEMBER)
        return
    hashed = actions.hash_password(asked_password(password_stdin))
    _, database = opened()
    with database.write() as session:
        person = actions.create_person(
            session,
            SHELL,
            handle=name,
            name=full_name or name,
            credentials=actions.Credentials(email, hashed),
            site_role=SiteRole.ADMIN if admin else SiteRole.GUEST if guest else SiteRole.MEMBER,
        )
    click.echo(f"Account {person.handle} created.")


def _add_service(name: str, full_name: str | None, role: SiteRole) -> None:
    _, database = opened()
    with database.write() as session:
        person = tokens.create_service(
            session, SHELL, handle=name, name=full_name or name, site_role=role
        )
    click.echo(f"Account {person.handle} created. Create tokens with `wiki token {person.handle}`.")


@user.command("list")
@click.option(
    "--find", "query", default="", help="Only accounts whose name or address contains this."
)
@click.option("--imported", is_flag=True, help="List authors of imported work who have no account.")
def list_users(query: str, imported: bool) -> None:
    """List accounts: user name, role, state, address and full name, separated by tabs.

    Example: wiki user list --find example.org
    """
    _, database = opened()
    after = None
    with database.read() as session:
        while True:
            found = queries.list_people(
                session, SHELL, query=query, imported=imported, after=after, limit=500
            )
            for row in found.rows:
                person = row.person
                state = "disabled" if person.disabled_at else "enabled"
                role, address = person.site_role, person.email or "-"
                if imported:
                    role, state, address = "-", "imported", ", ".join(row.addresses) or "-"
                click.echo("\t".join((person.handle, role, state, address, person.name)))
            after = found.after
            if after is None:
                return


@user.command("disable")
@click.argument("name")
def disable_user(name: str) -> None:
    """Disable an account. Its sessions and API tokens end at once; its work is kept.

    Example: wiki user disable ben
    """
    _, database = opened()
    with database.write() as session:
        person = named(session, name)
        actions.disable(session, SHELL, person)
        left = spaces_without_lead(session, person)
    click.echo(f"{person.handle} can no longer sign in.")
    if left:
        slugs = ", ".join(space.slug for space in left)
        click.echo(
            f"Now without a lead: {slugs}. An admin can take the lead role in the administration."
        )


@user.command("enable")
@click.argument("name")
def enable_user(name: str) -> None:
    """Enable a disabled account.

    Example: wiki user enable ben
    """
    _, database = opened()
    with database.write() as session:
        person = named(session, name)
        actions.enable(session, SHELL, person)
    click.echo(f"{person.handle} can sign in again.")


@user.command("password")
@click.argument("name")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
def set_password(name: str, password_stdin: bool) -> None:
    """Set a new password for an account. Its sessions end.

    Example: echo "$PASSWORD" | wiki user password ben --password-stdin
    """
    _, database = opened()
    with database.read() as session:
        named(session, name)
    hashed = actions.hash_password(asked_password(password_stdin))
    with database.write() as session:
        person = named(session, name)
        actions.set_password(session, SHELL, person, hashed)
    click.echo(f"The password of {person.handle} was changed.")


@user.command("role")
@click.argument("name")
@click.argument("role", type=click.Choice(ROLES))
def set_role(name: str, role: str) -> None:
    """Make an account a guest, a member or an admin.

    Example: wiki user role ben admin
    """
    _, database = opened()
    with database.write() as session:
        person = named(session, name)
        actions.set_site_role(session, SHELL, person, SiteRole(role))
    click.echo(f"{person.handle} is now {'an' if role == 'admin' else 'a'} {role}.")


@user.command("forget-factors")
@click.argument("name")
def forget_factors(name: str) -> None:
    """Remove all second factors of a person who has lost them. They are notified by email.

    Example: wiki user forget-factors ben
    """
    settings, database = opened()
    with database.write() as session:
        person = named(session, name)
        count = clear_factors(session, SHELL, settings, person)
    if not count:
        click.echo(f"{person.handle} has no second factor.")
        return
    click.echo(f"{person.handle} now signs in with a password only.")


@user.command("merge")
@click.argument("placeholder")
@click.argument("name")
def merge_users(placeholder: str, name: str) -> None:
    """Assign the imported work of an author without an account to an account.

    Example: wiki user merge "~jane-doe" jane
    """
    _, database = opened()
    with database.write() as session:
        try:
            imported = queries.get_person(session, SHELL, placeholder)
        except NotFound:
            raise click.ClickException(f"There is no user {placeholder}.") from None
        into = named(session, name)
        merge_by_hand(session, SHELL, imported, into)
    click.echo(f"Work imported as {imported.name} is now assigned to {into.handle}.")


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


COMMANDS = (
    user,
    token,
)
