"""Names of devices for the list of sign-ins, guessed from the User-Agent."""

from __future__ import annotations

from wiki.i18n import lazy_gettext
from wiki.web.origin import BROWSERS

SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Macintosh", "Mac"),
    ("Linux", "Linux"),
)


def device(user_agent: str) -> str:
    """Return a name such as ``Firefox on Linux``, or as much of it as is known."""
    browser = _first(BROWSERS, user_agent)
    system = _first(SYSTEMS, user_agent)
    if browser and system:
        return lazy_gettext("%(browser)s on %(system)s", browser=browser, system=system)
    return browser or system or lazy_gettext("Unknown device")


def _first(table: tuple[tuple[str, str], ...], user_agent: str) -> str:
    return next((words for mark, words in table if mark in user_agent), "")
