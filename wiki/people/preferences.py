"""Preferences of people for their screens: language, time zone, theme."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from zoneinfo import available_timezones

from sqlalchemy.orm import Session

from wiki.errors import Invalid, require_allowed
from wiki.i18n import LANGUAGES
from wiki.i18n import gettext as _
from wiki.people.models import Person
from wiki.rules.access import Actor, may_change_account
from wiki.web.screens.theme import THEMES


@dataclass(frozen=True)
class Preferences:
    """A person's choices; an empty one leaves it to the browser."""

    language: str = ""
    time_zone: str = ""
    theme: str = ""


@cache
def zone_names() -> tuple[str, ...]:
    """Return the names of the time zones that people can choose, such as ``Europe/Berlin``."""
    places = (name for name in available_timezones() if "/" in name)
    return ("UTC", *sorted(name for name in places if not name.startswith(("Etc/", "SystemV/"))))


def language_choices() -> list[tuple[str, str]]:
    """Return the codes of the languages with their names, for a field of a form."""
    return [(code, each.name) for code, each in LANGUAGES.items()]


def zone_choices() -> list[tuple[str, str]]:
    """Return the names of the time zones with how they are written, for a field of a form."""
    return [(name, name.replace("_", " ")) for name in zone_names()]


def preferences_of(person: Person) -> Preferences:
    """Return a person's choices."""
    return Preferences(person.language or "", person.time_zone or "", person.theme or "")


def change_preferences(session: Session, actor: Actor, person: Person, wanted: Preferences) -> bool:
    """Change the actor's own choices; return whether any was different before.

    :raises Forbidden: for another person's account.
    :raises Invalid: for a value that cannot be chosen.
    """
    require_allowed(may_change_account(actor, person.id))
    if wanted.language and wanted.language not in LANGUAGES:
        raise Invalid(_("Choose one of the languages."), field="language")
    if wanted.time_zone and wanted.time_zone not in zone_names():
        raise Invalid(_("Choose one of the time zones."), field="time_zone")
    check_theme(wanted.theme)
    if preferences_of(person) == wanted:
        return False
    person.language = wanted.language or None
    person.time_zone = wanted.time_zone or None
    person.theme = wanted.theme or None
    return True


def check_theme(theme: str) -> None:
    """Check that a theme can be chosen; empty is the browser's.

    :raises Invalid: otherwise.
    """
    if theme and theme not in THEMES:
        raise Invalid(_("Choose light, dark or system."), field="theme")
