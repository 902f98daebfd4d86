"""The name, description, icon and color of a space, in a file beside its exported pages.

An import gives them to a space whose leads have not chosen their own.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from sqlalchemy.orm import Session

from wiki.errors import Invalid
from wiki.rules.access import Actor, May
from wiki.rules.roles import Role, Visibility
from wiki.spaces.actions import SpaceValues, change_space
from wiki.spaces.models import Space
from wiki.spaces.queries import see_space_by_id
from wiki.text.paths import title_from

SPACE_FILE = ".trellis/space.json"
_NAMES = {"title": "title", "description": "description", "icon": "icon", "color": "colour"}


def written_space(space: Space) -> str:
    """Return the text of the file for a space; empty if it has nothing but a name from its slug."""
    values = {name: getattr(space, column) for name, column in _NAMES.items()}
    if not _is_chosen(space, "title"):
        del values["title"]
    chosen = {name: value for name, value in values.items() if value}
    return json.dumps(chosen, ensure_ascii=False, indent=1) + "\n" if chosen else ""


def read_space(text: str) -> dict[str, str]:
    """Return the values in the text of the file; what :func:`written_space` would not write is left
    out."""
    try:
        sent: Any = json.loads(text) if text else {}
    except (ValueError, RecursionError):
        return {}
    if not isinstance(sent, dict):
        return {}
    return {name: sent[name] for name in _NAMES if isinstance(sent.get(name), str) and sent[name]}


def restore_space(session: Session, actor: Actor, space_id: int, kept: dict[str, str]) -> None:
    """Give a space that the actor leads each value that it lacks. A name that is still the one that
    follows from the slug counts as missing; a value that cannot be used is skipped."""
    seen = see_space_by_id(session, actor, space_id)
    if not seen.may(May.MANAGE):
        return
    space = seen.space
    for name, value in kept.items():
        column = _NAMES[name]
        if _is_chosen(space, column):
            continue
        values = SpaceValues(
            space.title,
            space.description,
            Visibility(space.visibility),
            Role(space.member_role),
            icon=space.icon,
            colour=space.colour,
        )
        changed: dict[str, Any] = {column: value}
        try:
            change_space(session, seen, replace(values, **changed))
        except Invalid:
            continue


def _is_chosen(space: Space, column: str) -> bool:
    value: str = getattr(space, column)
    return bool(value) and (column != "title" or value != title_from(space.slug))
