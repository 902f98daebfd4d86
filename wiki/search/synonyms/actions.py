"""Changes of the site's synonyms by admins."""

from __future__ import annotations

import re

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from wiki.db import insert_into
from wiki.errors import Invalid, NotFound, Unsuitable, require_allowed
from wiki.i18n import gettext as _
from wiki.outbox.actions import publish
from wiki.rules.access import Actor, may_administer
from wiki.search.language.synonyms import MOST_WORDS, Expression, expression
from wiki.search.synonyms.events import (
    BuiltInSynonymsSwitchedOff,
    BuiltInSynonymsSwitchedOn,
    SynonymsAdded,
    SynonymsChanged,
    SynonymsRemoved,
)
from wiki.search.synonyms.models import SynonymGroup
from wiki.search.synonyms.queries import built_in_groups, list_own, see_group

MOST_GROUPS = 300
"""Maximum number of groups of a site."""
MOST_EXPRESSIONS = 12
"""Maximum number of expressions of a group."""
LONGEST = 600
"""Maximum number of characters of a group."""


def add_group(session: Session, actor: Actor, words: str) -> SynonymGroup:
    """Add a group of synonyms.

    :param words: its expressions, separated by commas.
    :raises Forbidden: unless the actor is an admin.
    :raises Invalid: when it is no group, or there are too many.
    :raises Unsuitable: when there is the same group already.
    """
    require_allowed(may_administer(actor))
    text = _checked(session, actor, words)
    count = session.scalar(select(func.count()).where(SynonymGroup.built_in.is_(None))) or 0
    if count >= MOST_GROUPS:
        raise Invalid(
            _("There are %(number)s groups, which is the limit. Remove one first.", number=count),
            field="words",
        )
    group = SynonymGroup(words=text)
    session.add(group)
    session.flush()
    publish(session, actor, SynonymsAdded(text))
    return group


def change_group(
    session: Session, actor: Actor, group_id: int, words: str, *, seen: str | None = None
) -> SynonymGroup:
    """Change the expressions of a group.

    :param seen: the expressions that the actor saw before; None for any.
    :raises NotFound: when there is no such group any more.
    :raises Unsuitable: when somebody else has changed it since, or there is the same group already.
    """
    group = see_group(session, actor, group_id)
    if seen is not None and seen != group.words:
        raise Unsuitable(
            _("Someone else changed this group to “%(words)s” in the meantime.", words=group.words),
            field="words",
        )
    text = _checked(session, actor, words, but=group)
    if text != group.words:
        before, group.words = group.words, text
        session.flush()
        publish(session, actor, SynonymsChanged(text, before))
    return group


def remove_group(session: Session, actor: Actor, group_id: int) -> str:
    """Remove a group, and return its expressions.

    :raises NotFound: when there is no such group any more.
    """
    group = see_group(session, actor, group_id)
    words = group.words
    session.delete(group)
    session.flush()
    publish(session, actor, SynonymsRemoved(words))
    return words


def switch_built_in(session: Session, actor: Actor, name: str, *, is_on: bool) -> str:
    """Switch a built-in group on or off, and return its expressions.

    :raises Forbidden: unless the actor is an admin.
    :raises NotFound: when there is no built-in group of that name.
    """
    require_allowed(may_administer(actor))
    if name not in built_in_groups():
        raise NotFound
    words = ", ".join(built_in_groups()[name])
    if is_on:
        changed = session.execute(
            delete(SynonymGroup).where(SynonymGroup.built_in == name).returning(SynonymGroup.id)
        ).all()
    else:
        changed = session.execute(
            insert_into(session, SynonymGroup)
            .values(words="", built_in=name)
            .on_conflict_do_nothing(index_elements=["built_in"])
            .returning(SynonymGroup.id)
        ).all()
    if changed:
        event = BuiltInSynonymsSwitchedOn if is_on else BuiltInSynonymsSwitchedOff
        publish(session, actor, event(words))
    return words


def _checked(session: Session, actor: Actor, words: str, but: SynonymGroup | None = None) -> str:
    """Return the expressions of a group as they are stored: each once, separated by commas."""
    if len(words) > LONGEST:
        raise _refused(_("Use at most %(number)s characters.", number=LONGEST))
    words = "".join(c if c.isprintable() else "," if c == "\n" else " " for c in words)
    given = [" ".join(one.split()) for one in re.split("[,，、;；]", words)]
    found: dict[Expression, str] = {}
    for one in filter(None, given):
        key = expression(one)
        if not key:
            raise _refused(
                _(
                    "“%(text)s” can’t be searched for. Use one to %(number)s words.",
                    text=one,
                    number=MOST_WORDS,
                )
            )
        found.setdefault(key, one)
    if len(found) < 2:
        raise _refused(_("Enter at least two expressions, separated by commas."))
    if len(found) > MOST_EXPRESSIONS:
        raise _refused(
            _("Use at most %(number)s expressions in one group.", number=MOST_EXPRESSIONS)
        )
    for other in list_own(session, actor):
        if other is not but and {expression(one) for one in other.words.split(",")} == set(found):
            raise Unsuitable(_("There is already a group with these expressions."), field="words")
    return ", ".join(found.values())


def _refused(sentence: str) -> Invalid:
    return Invalid(sentence, field="words")
