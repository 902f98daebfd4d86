"""Notices about invisible characters in pages, addresses and file names."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from wiki.pages.merging import Text
from wiki.pages.models import Revision
from wiki.pages.revising import text_of
from wiki.pages.saving.edit import Saved
from wiki.text.scan.unseen import Unseen, deceptive, deceptive_in, notice

_NOTHING = Text("", "")


def unseen_in(text: Text, before: Text = _NOTHING) -> list[Unseen]:
    """Return the deceptive characters of a text and its properties that were not in the text
    before."""
    in_body = deceptive(text.body)
    if in_body and before.body:
        in_body = deceptive(text.body, set(before.body.split("\n")))
    return [
        *in_body,
        *deceptive_in("title", text.title, before.title),
        *deceptive_in("tags", "\n".join(text.tags), "\n".join(before.tags)),
        *deceptive_in("description", text.description, before.description),
        *deceptive_in("fields", _words(text.fields), _words(before.fields)),
    ]


def unseen_in_path(path: str, before: str = "") -> list[Unseen]:
    """Return the deceptive characters of a page's path that were not in the path before."""
    return deceptive_in("address", path.replace("/", "\n"), before.replace("/", "\n"))


def unseen_notice(session: Session, saved: Saved) -> str:
    """Return a notice about deceptive characters that a save introduced, with their line numbers in
    the saved text; "" if there are none. The database is queried only if the text or the properties
    of the page contain such characters.
    """
    one = saved.revision
    written = Text(one.title, saved.body, tuple(one.tags), one.description, dict(one.fields))
    if not saved.changed or not (unseen_in(written) or unseen_in_path(one.path)):
        return ""
    rows = session.scalars(
        select(Revision).where(
            Revision.page_id == saved.page.id,
            Revision.number.in_([one.number - 1, one.number]),
            Revision.purged_at.is_(None),
        )
    )
    known = {row.number: row for row in rows}
    new, old = known.get(one.number), known.get(one.number - 1)
    if new is None:
        return ""
    found = unseen_in(text_of(session, new), text_of(session, old) if old else _NOTHING)
    return notice([*found, *unseen_in_path(new.path, old.path if old else "")])


def name_notice(name: str) -> str:
    """Return a notice about deceptive characters in the name of a file; "" if there are none."""
    return notice([Unseen(one.name) for one in deceptive(name)], name)


def _words(value: Any) -> str:
    """Return all texts within a value of front matter, one to a line."""
    if isinstance(value, dict):
        return "\n".join(f"{key}\n{_words(one)}" for key, one in value.items())
    return "\n".join(map(_words, value)) if isinstance(value, list) else str(value)
