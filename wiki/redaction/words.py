"""The reader's words for what records of redactions store in English."""

from __future__ import annotations

import re

from wiki.i18n import gettext as _
from wiki.i18n import lazy_gettext

_PLACES = {
    "texts": lazy_gettext("Texts"),
    "files": lazy_gettext("Files"),
    "names of files": lazy_gettext("Names of files"),
    "former addresses": lazy_gettext("Former addresses"),
    "the log of events": lazy_gettext("The log of events"),
    "titles": lazy_gettext("Titles"),
    "addresses": lazy_gettext("Addresses"),
    "tags and properties": lazy_gettext("Tags and properties"),
    "front matter": lazy_gettext("Front matter"),
    "messages": lazy_gettext("Messages"),
    "reasons": lazy_gettext("Reasons"),
    "comments": lazy_gettext("Comments"),
    "earlier comments": lazy_gettext("Earlier comments"),
    "approvals": lazy_gettext("Approvals"),
    "share links": lazy_gettext("Share links"),
    "imports": lazy_gettext("Imports"),
    "mirrors": lazy_gettext("Mirrors"),
    "uploads": lazy_gettext("Uploads"),
    "requests for access": lazy_gettext("Requests for access"),
    "mails": lazy_gettext("Mails"),
    "jobs": lazy_gettext("Jobs"),
}
"""The names of places, as the rooms declare them with their columns."""

_LABELS = {
    "public": lazy_gettext("public"),
    "internal": lazy_gettext("internal"),
    "confidential": lazy_gettext("confidential"),
    "restricted": lazy_gettext("restricted"),
}

_WAYS = {
    "the space is public": lazy_gettext("the space is public"),
    "the space is open to members of the organisation": lazy_gettext(
        "the space is open to members of the organisation"
    ),
}


def place_words(name: str) -> str:
    """Return the name of a place where words were, with a capital."""
    return str(_PLACES.get(name, name.capitalize()))


def label_word(word: str) -> str:
    """Return the name of a label."""
    return str(_LABELS.get(word, word))


def way_words(stored: str) -> str:
    """Return through what people could read a page."""
    if stored in _WAYS:
        return str(_WAYS[stored])
    if found := re.fullmatch(r"group (.+) had a role", stored):
        return _("group %(name)s had a role", name=found[1])
    if found := re.fullmatch(r"only (.+) could (read|edit)", stored):
        if found[2] == "read":
            return _("only %(names)s could read", names=found[1])
        return _("only %(names)s could edit", names=found[1])
    return stored
