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
    """Accounts."""


@user.command("add")
@click.argument("name")
@click.option("--email", help="Address for mails and sign-in.")
@click.option("--full-name", help="The name that others see.")
@click.option("--admin", is_flag=True, help="Let them administer the site.")
@click.option("--guest", is_flag=True, help="A guest sees only spaces they were invited to.")
@click.option("--service", is_flag=True, help="An account of programs: tokens, no password.")
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
    """Make an account.

    Example: echo "$PASSWORD" | wiki user add ada --email ada@example.org --admin --password-stdin
    """
    if admin and guest:
        raise click.UsageError("An account is an admin's or a guest's, not both.")
    if service:
        if admin or email or password_stdin:
            raise click.UsageError("A service account has no password or e-mail, and is no admin.")
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
            email=email,
            password_hash=hashed,
            site_role=SiteRole.ADMIN if admin else SiteRole.GUEST if guest else SiteRole.MEMBER,
        )
    click.echo(f"{person.handle} can sign in now.")


def _add_service(name: str, full_name: str | None, role: SiteRole) -> None:
    _, database = opened()
    with database.write() as session:
        person = tokens.create_service(
            session, SHELL, handle=name, name=full_name or name, site_role=role
        )
    click.echo(f"{person.handle} is there; `wiki token {person.handle}` makes its tokens.")


@user.command("list")
@click.option("--find", "query", default="", help="Only those with this in name or address.")
@click.option("--imported", is_flag=True, help="List those without an account, by imported work.")
def list_users(query: str, imported: bool) -> None:
    """List accounts: user name, role, state, address, full name, parted by tabs.

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
    """Shut somebody out: sign-ins and API tokens end at once, what they wrote is kept.

    Example: wiki user disable ben
    """
    _, database = opened()
    with database.write() as session:
        person = named(session, name)
        actions.disable(session, SHELL, person)
        left = spaces_without_lead(session, person)
    click.echo(f"{person.handle} cannot sign in any more.")
    if left:
        slugs = ", ".join(space.slug for space in left)
        click.echo(f"Nobody leads {slugs} now: an admin can take the lead in the administration.")


@user.command("enable")
@click.argument("name")
def enable_user(name: str) -> None:
    """Let somebody in again.

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
    """Give somebody another password; their sign-ins end.

    Example: echo "$PASSWORD" | wiki user password ben --password-stdin
    """
    _, database = opened()
    with database.read() as session:
        named(session, name)
    hashed = actions.hash_password(asked_password(password_stdin))
    with database.write() as session:
        person = named(session, name)
        actions.set_password(session, SHELL, person, hashed)
    click.echo(f"{person.handle} has another password now.")


@user.command("role")
@click.argument("name")
@click.argument("role", type=click.Choice(ROLES))
def set_role(name: str, role: str) -> None:
    """Make somebody a guest, a member or an admin.

    Example: wiki user role ben admin
    """
    _, database = opened()
    with database.write() as session:
        person = named(session, name)
        actions.set_site_role(session, SHELL, person, SiteRole(role))
    click.echo(f"{person.handle} is {'an' if role == 'admin' else 'a'} {role} now.")


@user.command("forget-factors")
@click.argument("name")
def forget_factors(name: str) -> None:
    """Remove all second factors of somebody who has lost them; they are told by mail.

    Example: wiki user forget-factors ben
    """
    settings, database = opened()
    with database.write() as session:
        person = named(session, name)
        count = clear_factors(session, SHELL, settings, person)
    if not count:
        click.echo(f"{person.handle} has no second factor.")
        return
    click.echo(f"{person.handle} signs in with the password alone now.")


@user.command("merge")
@click.argument("placeholder")
@click.argument("name")
def merge_users(placeholder: str, name: str) -> None:
    """Make the imported work of somebody without an account the work of one who has one.

    Example: wiki user merge "~jane-doe" jane
    """
    _, database = opened()
    with database.write() as session:
        try:
            imported = queries.get_person(session, SHELL, placeholder)
        except NotFound:
            raise click.ClickException(f"Nobody is called {placeholder}.") from None
        into = named(session, name)
        merge_by_hand(session, SHELL, imported, into)
    click.echo(f"What was imported as {imported.name} is {into.handle}'s work now.")


@user.command("tokens")
@click.argument("name", required=False)
def list_tokens(name: str | None) -> None:
    """List API tokens, of everybody or of one person: number, user name, scope, number of spaces,
    last use, end, what for, parted by tabs.

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
    """End the API token of that number, as `wiki user tokens` lists it.

    Example: wiki user revoke-token 12
    """
    _, database = opened()
    with database.write() as session:
        try:
            row = tokens.revoke_token(session, SHELL, number)
        except NotFound:
            raise click.ClickException(f"There is no token {number}.") from None
    click.echo(f"The token “{row.name}” no longer works.")


@click.command()
@click.argument("name")
@click.option("--for", "purpose", default="the shell", show_default=True, help="What it is for.")
@click.option("--read-only", is_flag=True, help="A token that changes nothing.")
@click.option(
    "--space", "slugs", multiple=True, help="The only space it is for; can be given repeatedly."
)
@click.option(
    "--days",
    type=click.IntRange(0, tokens.LONGEST_DAYS),
    default=tokens.DAYS,
    show_default=True,
    help="How long it lasts; 0 for no end.",
)
def token(name: str, purpose: str, read_only: bool, slugs: tuple[str, ...], days: int) -> None:
    """Print a new API token of somebody's. It is shown this once.

    Example: wiki token ben --for "nightly export" --read-only --space handbook
    """
    _, database = opened()
    with database.write() as session:
        person = named(session, name)
        _, made = tokens.create_token(
            session,
            SHELL,
            person,
            name=purpose,
            writes=not read_only,
            within=chosen_spaces(session, person.actor(), slugs) if slugs else None,
            days=days or None,
        )
    click.echo(made)


COMMANDS = (
    user,
    token,
)
