"""The icon and colour of a space: those that its leads chose, or ones derived from its slug."""

from __future__ import annotations

import re
from dataclasses import dataclass
from zlib import crc32

from wiki.errors import Invalid
from wiki.i18n import gettext as _
from wiki.spaces.models import Space

ICONS = (
    "book-open", "briefcase", "building-2", "bug", "calendar", "code", "compass", "database",
    "flask-conical", "globe", "graduation-cap", "heart", "landmark", "leaf", "lightbulb", "map",
    "megaphone", "package", "palette", "rocket", "scale", "shield", "truck", "wrench",
)  # fmt: skip
"""Icons to choose from, as Lucide names them. The front end's build adds these to its icons."""

COLOURS = (
    "red", "orange", "amber", "olive", "green", "teal",
    "cyan", "blue", "indigo", "violet", "magenta", "pink",
)  # fmt: skip
"""Colours to choose from, in the order of the classes ``hue-0`` to ``hue-11`` in
``static/src/css/avatar.css``. The ink on each reads at 4.5:1, light and dark."""

_SIGNS = r"\u00a9\u00ae\u203c\u2049\u2122\u2139\u3030\u303d\u3297\u3299"
_ONE = rf"[{_SIGNS}\u2190-\u2bff\U0001f000-\U0001faff]"
_MARKED = rf"{_ONE}(?:\ufe0f|[\U0001f3fb-\U0001f3ff])?"
EMOJI = re.compile(
    rf"(?:[\U0001f1e6-\U0001f1ff]{{2}}"
    rf"|[0-9#*]\ufe0f?\u20e3"
    rf"|\U0001f3f4[\U000e0020-\U000e007f]{{1,8}}"
    rf"|{_MARKED}(?:\u200d{_MARKED}){{0,4}})"
)
"""One emoji: a flag, a keycap, or signs that are joined into one."""


@dataclass(frozen=True)
class Look:
    """The look of a space: one of icon name and text (an emoji or an initial), and a CSS class of
    its colour."""

    icon: str
    text: str
    hue: str


def look_of(space: Space) -> Look:
    """Return how a space is shown."""
    colour = COLOURS.index(space.colour) if space.colour in COLOURS else crc32(space.slug.encode())
    hue = f"hue-{colour % len(COLOURS)}"
    if space.icon in ICONS:
        return Look(space.icon, "", hue)
    initial = next((sign for sign in space.title if sign.isalnum()), space.slug[0])
    return Look("", space.icon or initial.upper(), hue)


def checked_icon(icon: str) -> str:
    """Return an icon's name, an emoji, or nothing for the derived one.

    :raises Invalid: for anything else.
    """
    icon = icon.strip()
    if not icon or icon in ICONS or EMOJI.fullmatch(icon):
        return icon
    raise Invalid(_("Choose an icon from the list, or enter one emoji."), field="icon")


def checked_colour(colour: str) -> str:
    """Return a colour's name, or nothing for the derived one.

    :raises Invalid: for anything else.
    """
    if not colour or colour in COLOURS:
        return colour
    raise Invalid(_("Choose a color from the list."), field="color")
