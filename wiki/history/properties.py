"""Properties of revisions (title, path, tags, …), and the differences between two revisions."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from wiki.kind_registry import kind_of
from wiki.pages.models import Revision
from wiki.pages.saving.checks import same_form
from wiki.rules.access import Actor
from wiki.spaces.models import Space
from wiki.spaces.queries import readable_by
from wiki.text.compare.words import Effort, Span, mark

_ABSENT = object()
LONGEST = 1_000
"""Maximum number of characters of a value that are shown."""
MOST_WORDS = 10_000
"""Maximum number of characters of a value, before and after, of which the words are compared."""
MOST = 40
"""Maximum number of properties in a comparison."""
EFFORT = 10_000
"""Maximum number of steps for comparing the words of a property; a screen of a history has fifty of
these comparisons."""
_FOLDER, _PAGE = "a folder's page", "a page"


@dataclass(frozen=True)
class ValueChange:
    """A property of the page that differs. ``old`` and ``new`` are None if the property is absent.

    ``kind`` is ``words`` for prose, with spans; ``set`` for a set with added and removed entries;
    ``files`` for files, which can also be replaced; and ``data`` for anything else. ``label`` is
    the label of a field of the page's kind.
    """

    name: str
    kind: Literal["words", "set", "files", "data"]
    old: tuple[Span, ...] | None = None
    new: tuple[Span, ...] | None = None
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    replaced: tuple[str, ...] = ()
    label: str = ""


def slugs_of(
    session: Session, actor: Actor, revisions: Iterable[Revision | None]
) -> dict[int, str]:
    """Return the slugs of the revisions' spaces by id, limited to spaces that the actor may
    read."""
    ids = {revision.space_id for revision in revisions if revision}
    rows = session.execute(
        select(Space.id, Space.slug).where(and_(Space.id.in_(ids), readable_by(actor)))
    )
    return {row[0]: row[1] for row in rows}


def value_changes(old: Revision, new: Revision, slugs: dict[int, str]) -> list[ValueChange]:
    """Return the properties in which ``new`` differs from ``old``.

    :param slugs: slugs of the spaces that the actor may read, by id.
    """

    def place(revision: Revision) -> str:
        if old.space_id == new.space_id:
            return revision.path or "/"
        slug = slugs.get(revision.space_id)
        return f"{slug}/{revision.path}" if slug else "a space you can’t read"

    changes = [
        _words("title", old.title, new.title),
        _words("path", place(old), place(new)),
        _words("description", old.description, new.description),
    ]
    gone, come = set(old.tags) - set(new.tags), set(new.tags) - set(old.tags)
    if gone or come:
        changes.append(
            ValueChange("tags", "set", added=tuple(sorted(come)), removed=tuple(sorted(gone)))
        )
    keys = [
        key
        for key in sorted({**old.fields, **new.fields})
        if old.fields.get(key, _ABSENT) != new.fields.get(key, _ABSENT)
    ]
    labels = kind_of(old.fields).labels | kind_of(new.fields).labels
    for key in keys[:MOST]:
        before, after = (_plain(one.fields.get(key, _ABSENT)) for one in (old, new))
        label = labels.get(key, "")
        changes.append(ValueChange(key[:LONGEST], "data", before, after, label=label))
    if keys[MOST:]:
        changes.append(ValueChange(f"and {len(keys) - MOST} more", "set"))
    if not any(changes) and not same_form(new.front_matter, old.front_matter):
        changes.append(_words("front matter", old.front_matter, new.front_matter))
    if old.folder != new.folder:
        before, after = (_plain(_FOLDER if one.folder else _PAGE) for one in (old, new))
        changes.append(ValueChange("kind", "data", before, after))
    return [change for change in changes if change]


def _words(name: str, old: str, new: str) -> ValueChange | None:
    if old == new:
        return None
    if len(old) + len(new) > MOST_WORDS:
        return ValueChange(name, "words", _plain(old or _ABSENT), _plain(new or _ABSENT))
    before, after = mark(old, new, Effort(EFFORT))
    return ValueChange(name, "words", before if old else None, after if new else None)


def _plain(value: Any) -> tuple[Span, ...] | None:
    if value is _ABSENT:
        return None
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return (Span(text if len(text) <= LONGEST else f"{text[:LONGEST]} …", False),)
