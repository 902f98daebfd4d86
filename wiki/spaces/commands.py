"""The commands of spaces, and the people that commands name and act as."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from wiki.people.actions import find_person
from wiki.people.models import Person
from wiki.rules.access import Actor, May, decide
from wiki.rules.labels import Label
from wiki.rules.roles import Role, SiteRole, Visibility
from wiki.shell import SHELL, opened
from wiki.spaces.actions import SpaceValues, create_space, give_role
from wiki.spaces.looks import COLOURS
from wiki.spaces.members import leads_of
from wiki.spaces.models import Scope, Space
from wiki.text.paths import title_from

_MOST_NAMED = 10


def named(session: Session, name: str) -> Person:
    """Return the person with that user name or address.

    :raises click.ClickException: when there is none.
    """
    person = find_person(session, name)
    if person is None:
        raise click.ClickException(f"There is no user {name}.")
    return person


def writer(session: Session, slug: str, handle: str | None) -> Actor:
    """Return the actor of a transfer: the named account, or the shell. If the shell may not write
    in the space, or pages are restricted, a lead of the space.

    :raises click.ClickException: when there is no such account, space or lead.
    """
    if handle:
        return named(session, handle).actor()
    space = session.scalar(select(Space).where(Space.slug == slug))
    if space is None:
        raise click.ClickException(
            f"There is no space {slug}. Create one with `wiki space add`, or with `wiki import "
            "--create`."
        )
    hides = session.scalar(select(Scope.id).where(Scope.space_id == space.id).limit(1)) is not None
    if decide(May.EDIT, SHELL, space.facts(Role.NONE)) and not hides:
        return SHELL
    for person in leads_of(session, [space.id]).get(space.id, ()):
        if person.disabled_at is None:
            return person.actor()
    raise click.ClickException(f"{slug} has no lead. Name an account with --as.")


@dataclass(frozen=True)
class NewSpace:
    """A new space as described by the options of a command. ``lead`` is the user name of its lead.
    ``maker`` is the user name of the person who creates it; without a maker, the shell does."""

    slug: str
    title: str = ""
    description: str = ""
    lead: str | None = None
    private: bool = False
    public: bool = False
    maker: str | None = None
    icon: str = ""
    colour: str = ""
    label: Label = Label.PUBLIC

    def __post_init__(self) -> None:
        if self.private and self.public:
            raise click.UsageError("A space can't be both private and public.")

    @property
    def visibility(self) -> Visibility:
        """Visibility of the space."""
        if self.private:
            return Visibility.PRIVATE
        return Visibility.PUBLIC if self.public else Visibility.INTERNAL


@click.group()
def space() -> None:
    """Manage spaces."""


@space.command("add")
@click.argument("slug")
@click.option("--title", required=True, help="Title of the space.")
@click.option("--description", default="", help="What belongs in the space.")
@click.option("--lead", help="User name of the lead; by default the only admin.")
@click.option("--private", is_flag=True, help="Only members can see it.")
@click.option("--public", is_flag=True, help="Everyone can read it.")
@click.option("--icon", default="", help="Name of an icon, or an emoji; by default an initial.")
@click.option("--color", "colour", type=click.Choice(COLOURS), default=None, help="Its color.")
def add_space(slug: str, **options: Any) -> None:
    """Create a space.

    Example: wiki space add handbook --title "The handbook" --lead ada
    """
    settings, database = opened()
    label = Label.named(database.adjust(settings).space_label)
    new = NewSpace(slug, **options | {"colour": options["colour"] or "", "label": label})
    with database.write() as session:
        led = make_space(session, new)
    click.echo(f"Space /{slug}/ created.")
    if not led:
        say_leaderless(slug)


def make_space(session: Session, new: NewSpace) -> bool:
    """Create a space with a lead: the named person, else the maker, else the only administrator.
    Return False if the wiki has no administrator yet.

    :raises click.ClickException: when there are several administrators, or the named person cannot
        lead.
    :raises Forbidden: :raises Invalid: as :func:`create_space`.
    """
    maker = named(session, new.maker).actor() if new.maker else SHELL
    lead = None
    if new.lead:
        lead = named(session, new.lead)
        if lead.disabled_at or lead.imported_at or lead.service_at:
            raise click.ClickException(f"{new.lead} can't sign in and so can't lead a space.")
    elif not new.maker:
        lead = _only_admin(session)
    made = create_space(
        session,
        maker,
        new.slug,
        SpaceValues(
            new.title or title_from(new.slug),
            description=new.description,
            visibility=new.visibility,
            label=new.label,
            icon=new.icon,
            colour=new.colour,
        ),
    )
    if lead is not None and lead.id != maker.person_id:
        give_role(session, SHELL, made, lead.id, Role.LEAD)
    return lead is not None or new.maker is not None


def say_leaderless(slug: str) -> None:
    """Print that a new space has no lead, and how to give it one."""
    click.echo(
        f"{slug} has no lead yet. Create an admin (`wiki user add NAME --admin`), who can take "
        "the lead role in the administration, under Spaces.",
        err=True,
    )


def has_space(session: Session, slug: str) -> bool:
    """Return whether a space exists at this address."""
    return session.scalar(select(Space.id).where(Space.slug == slug)) is not None


def _only_admin(session: Session) -> Person | None:
    admins = session.scalars(
        select(Person)
        .where(
            Person.site_role == SiteRole.ADMIN.value,
            Person.disabled_at.is_(None),
            Person.service_at.is_(None),
        )
        .order_by(Person.handle)
        .limit(_MOST_NAMED + 1)
    ).all()
    if len(admins) > 1:
        names = ", ".join(one.handle for one in admins[:_MOST_NAMED])
        more = ", …" if len(admins) > _MOST_NAMED else ""
        raise click.ClickException(
            f"This wiki has several admins ({names}{more}). Choose the lead of the space with "
            "--lead NAME."
        )
    return admins[0] if admins else None


COMMANDS = (space,)
