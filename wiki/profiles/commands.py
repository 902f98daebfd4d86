"""Commands for accounts and API tokens."""

from __future__ import annotations

import click

from wiki.errors import NotFound
from wiki.people import actions, passwords, queries, tokens
from wiki.people.factors.queries import clear_factors
from wiki.people.imported.account_merge import merge_by_hand
from wiki.rules.roles import SiteRole
from wiki.shell import SHELL, asked_password, opened
from wiki.spaces.commands import named
from wiki.spaces.members import spaces_without_lead

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
    hashed = passwords.hash_password(asked_password(password_stdin))
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
    hashed = passwords.hash_password(asked_password(password_stdin))
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
