"""Commands for groups."""

from __future__ import annotations

from collections.abc import Sequence

import click
from sqlalchemy.orm import Session

from wiki.groups import actions as grouping
from wiki.people.actions import find_person
from wiki.people.groups import actions as groups
from wiki.people.groups import members as group_members
from wiki.people.models import Group, Person
from wiki.shell import SHELL, opened
from wiki.spaces.consent import UNASKED
from wiki.text.counts import counted


@click.group()
def group() -> None:
    """Manage groups."""


@group.command("add")
@click.argument("name")
@click.option("--title", required=True, help="Name of the group.")
@click.option("--description", default="", help="Description in one sentence.")
def add_group(name: str, title: str, description: str) -> None:
    """Create a group. NAME is its short name, used to mention it.

    Example: wiki group add finance --title "Finance"
    """
    _, database = opened()
    with database.write() as session:
        made = groups.create_group(session, SHELL, handle=name, name=title, description=description)
    click.echo(f"{made.handle} created. Add people with `wiki group put {made.handle} …`.")


@group.command("put")
@click.argument("name", metavar="GROUP")
@click.argument("who", metavar="WHO...", nargs=-1, required=True)
def put(name: str, who: Sequence[str]) -> None:
    """Add people (by user name or address) and other groups to a group: all of them or none.

    Example: wiki group put finance ada ben@example.org controlling
    """
    _move(name, who, inside=True)


@group.command("take")
@click.argument("name", metavar="GROUP")
@click.argument("who", metavar="WHO...", nargs=-1, required=True)
def take(name: str, who: Sequence[str]) -> None:
    """Remove people and other groups from a group: all of them or none.

    Example: wiki group take finance ben
    """
    _move(name, who, inside=False)


@group.command("list")
@click.option("--find", "query", default="", help="Only groups whose name contains this.")
def list_groups(query: str) -> None:
    """List groups: short name, number of people and name, separated by tabs.

    Example: wiki group list
    """
    _, database = opened()
    after = None
    with database.read() as session:
        while True:
            found = groups.list_groups(session, SHELL, query=query, after=after, limit=500)
            for row in found.rows:
                click.echo(f"{row.group.handle}\t{row.people}\t{row.group.name}")
            after = found.after
            if after is None:
                return


@group.command("people")
@click.argument("name", metavar="GROUP")
def list_people(name: str) -> None:
    """List the people in a group: user name, the groups they are in it through, and full name,
    separated by tabs.

    Example: wiki group people finance
    """
    _, database = opened()
    after = None
    with database.read() as session:
        found = _group(session, name)
        while True:
            within = group_members.people_within(session, found, after=after, limit=500)
            for row in within.rows:
                by = [found.handle] if row.alone else []
                by += [part.handle for part in row.through]
                click.echo("\t".join((row.person.handle, ", ".join(by), row.person.name)))
            after = within.after
            if after is None:
                return


@group.command("delete")
@click.argument("name", metavar="GROUP")
@click.option("--yes", is_flag=True, help="Don't ask for confirmation.")
def delete(name: str, yes: bool) -> None:
    """Delete a group and its roles in spaces. Its people keep their accounts.

    Example: wiki group delete finance
    """
    _, database = opened()
    with database.read() as session:
        found = _group(session, name)
        people = group_members.count_people(session, [found.id])[found.id]
    if not yes:
        who = counted(people, "person", "people")
        question = f"Delete the group {found.name} ({who}) and its roles in spaces?"
        click.confirm(question, abort=True)
    with database.write() as session:
        grouping.delete_group(session, SHELL, _group(session, name))
    click.echo(f"{found.handle} deleted.")


def _move(name: str, who: Sequence[str], *, inside: bool) -> None:
    _, database = opened()
    with database.write() as session:
        into = _group(session, name)
        for one in [_named(session, each) for each in who]:
            if isinstance(one, Group):
                grouping.set_part(session, SHELL, into, one, inside=inside, consent=UNASKED)
            else:
                grouping.set_member(session, SHELL, into, one, member=inside, consent=UNASKED)
        people = group_members.count_people(session, [into.id])[into.id]
    click.echo(f"{into.handle} now has {counted(people, 'person', 'people')}.")


def _group(session: Session, name: str) -> Group:
    found = groups.find_group(session, name.removeprefix("@"))
    if found is None:
        raise click.ClickException(f"There is no group {name}. Create one with `wiki group add`.")
    return found


def _named(session: Session, name: str) -> Person | Group:
    plain = name.removeprefix("@")
    found = find_person(session, plain) or groups.find_group(session, plain)
    if found is None:
        raise click.ClickException(f"There is no user or group {name}.")
    return found


COMMANDS = (group,)
