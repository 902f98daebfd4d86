"""Signs with which people react to messages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from wiki.i18n import lazy_gettext


@dataclass(frozen=True)
class Sign:
    """The emoji of a sign, and its name."""

    emoji: str
    words: str


SIGNS: Mapping[str, Sign] = {
    "agree": Sign("👍", lazy_gettext("Agree")),
    "thanks": Sign("❤️", lazy_gettext("Thanks")),
    "celebrate": Sign("🎉", lazy_gettext("Celebrate")),
    "smile": Sign("😄", lazy_gettext("Smile")),
    "looking": Sign("👀", lazy_gettext("Looking into it")),
    "done": Sign("✅", lazy_gettext("Done")),
}
