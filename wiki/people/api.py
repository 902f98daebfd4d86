"""Operations on one's own preferences."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace

from flask import Response

from wiki.errors import require_allowed
from wiki.people.me import myself
from wiki.people.preferences import Preferences, change_preferences, preferences_of
from wiki.rules.access import may_change_account
from wiki.web.operations import Answer, answer, operation, sent_body
from wiki.web.request import actor, reading, writing
from wiki.web.shapes import told

_LANGUAGE = "Code of a language, such as `de`; empty for the browser's."
_ZONE = "Name of a time zone, such as `Europe/Berlin`; empty for the browser's."
_THEME = "`light` or `dark`; empty for the device's."


@dataclass(frozen=True)
class AccountPreferences:
    """The preferences of a person for their screens."""

    language: str = told(_LANGUAGE)
    time_zone: str = told(_ZONE)
    theme: str = told(_THEME)


@dataclass(frozen=True)
class PreferenceChanges:
    """New preferences; what is left out stays as it is."""

    language: str | None = told(_LANGUAGE, None, maxLength=20)
    time_zone: str | None = told(_ZONE, None, maxLength=64)
    theme: str | None = told(_THEME, None, maxLength=10)


@operation(
    "GET",
    "/me/preferences",
    "Read your preferences.",
    {200: Answer("Your preferences.", AccountPreferences)},
    problems=(403,),
)
def read_preferences() -> Response:
    """A token that is limited to some spaces cannot read them."""
    person = myself(reading())
    require_allowed(may_change_account(actor(), person.id))
    return _answer(preferences_of(person))


@operation(
    "PATCH",
    "/me/preferences",
    "Change your preferences.",
    {200: Answer("Your new preferences.", AccountPreferences)},
    body=PreferenceChanges,
    writes=True,
    problems=(403, 413, 415),
)
def patch_preferences() -> Response:
    """They have effect on your next screen, in every browser in which you are signed in."""
    sent = asdict(sent_body(PreferenceChanges))
    with writing() as session:
        person = myself(session)
        changes = {name: value for name, value in sent.items() if value is not None}
        wanted = replace(preferences_of(person), **changes)
        change_preferences(session, actor(), person, wanted)
    return _answer(wanted)


def _answer(chosen: Preferences) -> Response:
    return answer(AccountPreferences(chosen.language, chosen.time_zone, chosen.theme))
