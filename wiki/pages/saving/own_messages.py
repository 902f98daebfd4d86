"""Messages of revisions that the wiki writes itself.

They are stored in English, as messages of commits are, because exports, the API and searches read
them; screens show them in the reader's language.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from wiki.i18n import SOURCE, lazy_gettext, ngettext, reader, speaking

# The first one that matches is shown, so special ones come before general ones.
_MESSAGES: Mapping[str, str] = {
    "moved-from-home": lazy_gettext("Moved from the home page to %(new)s"),
    "moved": lazy_gettext("Moved from %(old)s to %(new)s"),
    "renamed": lazy_gettext("Renamed from “%(old)s” to “%(new)s”"),
    "repaired": lazy_gettext("Links repaired: %(changes)s"),
    "undone": lazy_gettext("Undo revision %(number)s"),
    "suggested": lazy_gettext("Accept a suggestion"),
    "ticked": lazy_gettext("Tick “%(item)s”"),
    "cleared": lazy_gettext("Clear “%(item)s”"),
    "secret-tag-renamed": lazy_gettext("Tag renamed: one that looks like a secret → %(new)s"),
    "secret-tag-merged": lazy_gettext("Tag merged: one that looks like a secret → %(new)s"),
    "secret-tag-removed": lazy_gettext("Tag removed: one that looks like a secret"),
    "tag-renamed": lazy_gettext("Tag renamed: %(old)s → %(new)s"),
    "tag-merged": lazy_gettext("Tag merged: %(old)s → %(new)s"),
    "tag-removed": lazy_gettext("Tag removed: %(old)s"),
    "imported": lazy_gettext("Imported from %(file)s"),
}

_LINKS_UPDATED = re.compile(r"(.+); updated (\d+) links? in it")


def _pattern(english: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"%\\\((\w+)\\\)s", r"(?P<\1>.+?)", re.escape(english)))


with speaking(SOURCE):
    _ENGLISH = {code: f"{text}" for code, text in _MESSAGES.items()}
_PATTERNS = {code: _pattern(text) for code, text in _ENGLISH.items()}


def own_message(code: str, *, links: int = 0, **values: object) -> str:
    """Return a message of the wiki's own, to be stored.

    :param links: number of links that were updated in the page.
    """
    message = _ENGLISH[code] % values
    return f"{message}; updated {links} link{'' if links == 1 else 's'} in it" if links else message


def message_in_words(message: str) -> str:
    """Return the message of a revision as screens show it: one of the wiki's own in the reader's
    language, and one of an author as it is."""
    if not message or reader().language.code == SOURCE:
        return message
    updated = _LINKS_UPDATED.fullmatch(message)
    if updated:
        return ngettext(
            "%(moved)s; updated %(num)s link in it",
            "%(moved)s; updated %(num)s links in it",
            int(updated[2]),
            moved=message_in_words(updated[1]),
        )
    for code, pattern in _PATTERNS.items():
        found = pattern.fullmatch(message)
        if found:
            return str(_MESSAGES[code]) % found.groupdict()
    return message
