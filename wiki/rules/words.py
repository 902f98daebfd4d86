"""Roles, labels and visibilities as screens write them, in the reader's language."""

from __future__ import annotations

from wiki.i18n import lazy_gettext
from wiki.rules.roles import Role

_WORDS = {
    word: word
    for word in (
        lazy_gettext("reader"),
        lazy_gettext("commenter"),
        lazy_gettext("editor"),
        lazy_gettext("lead"),
        lazy_gettext("guest"),
        lazy_gettext("member"),
        lazy_gettext("admin"),
        lazy_gettext("public"),
        lazy_gettext("internal"),
        lazy_gettext("confidential"),
        lazy_gettext("restricted"),
        lazy_gettext("private"),
    )
}

A_ROLE = {
    Role.READER: lazy_gettext("a reader"),
    Role.COMMENTER: lazy_gettext("a commenter"),
    Role.EDITOR: lazy_gettext("an editor"),
    Role.LEAD: lazy_gettext("a lead"),
}
"""The roles as nouns with an article, for sentences."""

ROLES = {
    Role.READER: lazy_gettext("readers"),
    Role.COMMENTER: lazy_gettext("commenters"),
    Role.EDITOR: lazy_gettext("editors"),
    Role.LEAD: lazy_gettext("leads"),
}
"""Everybody who has the role, for a sentence."""


def shown(word: str) -> str:
    """Return a role, a label or a visibility, given by its name, as it is written on screens."""
    return _WORDS.get(word, word)
