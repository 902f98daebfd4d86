"""Revisions as rows: the only module that inserts them and makes them the heads of their pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, TypedDict, cast

from sqlalchemy import Update, bindparam, case, insert, update
from sqlalchemy.orm import Session, make_transient_to_detached
from sqlalchemy.orm.attributes import set_committed_value
from sqlalchemy.orm.util import identity_key

from wiki.pages.merging import Text
from wiki.pages.models import Action, Page, Revision

MAX_MESSAGE = 500


def checked_message(message: str) -> str:
    """Return a message as a single line, cut to the maximum length."""
    return " ".join(message.replace("\0", " ").split())[:MAX_MESSAGE].rstrip()


class RevisionRow(TypedDict):
    """The columns of a new revision."""

    page_id: int
    number: int
    action: str
    space_id: int
    path: str
    folder: bool
    title: str
    description: str
    tags: list[str]
    fields: dict[str, Any]
    front_matter: str
    content_hash: str
    message: str
    base: int | None
    author_id: int | None
    created_at: datetime


@dataclass(frozen=True)
class Attribution:
    """Author, time and message of a revision."""

    author_id: int | None
    at: datetime
    message: str = ""


def revision_of(
    page: Page,
    text: Text,
    content_hash: str,
    action: Action,
    by: Attribution,
    base: int | None = None,
) -> RevisionRow:
    """Return the next revision of a page, with this text.

    :param content_hash: the hash under which the body is stored.
    """
    return {
        "page_id": page.id,
        "number": page.head + 1,
        "action": action.value,
        "space_id": page.space_id,
        "path": page.path,
        "folder": page.folder,
        "title": text.title,
        "description": text.description,
        "tags": list(text.tags),
        "fields": text.fields,
        "front_matter": text.front_matter,
        "content_hash": content_hash,
        "message": checked_message(by.message),
        "base": base,
        "author_id": by.author_id,
        "created_at": by.at,
    }


def revision_after(head: Revision, action: Action, by: Attribution, **changed: Any) -> RevisionRow:
    """Return the next revision of a page, which repeats its head except for what has changed.

    :param changed: the columns that differ.
    """
    row: RevisionRow = {
        "page_id": head.page_id,
        "number": head.number + 1,
        "action": action.value,
        "space_id": head.space_id,
        "path": head.path,
        "folder": head.folder,
        "title": head.title,
        "description": head.description,
        "tags": list(head.tags),
        "fields": dict(head.fields),
        "front_matter": head.front_matter,
        "content_hash": head.content_hash,
        "message": checked_message(by.message),
        "base": None,
        "author_id": by.author_id,
        "created_at": by.at,
    }
    return cast(RevisionRow, {**row, **changed})


def write_revisions(
    session: Session,
    rows: Sequence[RevisionRow],
    *,
    heads: bool = True,
    same_rendering: bool = False,
) -> None:
    """Insert revisions and make each the head of its page. The caller has locked the pages.

    :param heads: False if the caller updates the pages itself, because a page gets several
        revisions at once.
    :param same_rendering: whether the rendering of the former head holds for the new one.
    """
    if not rows:
        return
    session.flush()  # writes pending changes of the pages themselves
    session.connection().execute(_INSERT, rows)
    if heads:
        _set_heads(session, rows, _head_with_rendering() if same_rendering else _head())


def write_revision(session: Session, row: RevisionRow, *, is_first: bool = False) -> Revision:
    """Do the same for one revision, and return it.

    :param is_first: whether the page was inserted with this revision as its head.
    """
    session.flush()
    id = session.connection().execute(_INSERT_ONE, row).scalar_one()
    revision = Revision(id=id, **row)
    make_transient_to_detached(revision)
    session.add(revision)
    if not is_first:
        _set_heads(session, [row], _head())
    return revision


def _set_heads(session: Session, rows: Sequence[RevisionRow], statement: Update) -> None:
    heads = [
        {
            "of_page": row["page_id"],
            "seen": row["number"] - 1,
            "head": row["number"],
            "title": row["title"],
            "updated_at": row["created_at"],
            "updated_by_id": row["author_id"],
        }
        for row in rows
    ]
    changed = session.connection().execute(statement, heads if heads[1:] else heads[0])
    # The lock makes this impossible; the check ensures that nothing is ever overwritten.
    if changed.rowcount != len(heads):
        raise RuntimeError("The head moved under a locked page.")
    for values in heads:
        page = session.identity_map.get(identity_key(Page, values["of_page"]))
        for name in _OF_HEAD if page is not None else ():
            set_committed_value(page, name, values[name])


# Building a statement costs more than running it, so these are built once.
_INSERT = insert(Revision)
_INSERT_ONE = insert(Revision).returning(Revision.id)


@cache
def _head() -> Update:
    return (
        update(Page)
        .where(Page.id == bindparam("of_page"), Page.head == bindparam("seen"))
        .values({name: bindparam(name) for name in _OF_HEAD})
        .execution_options(synchronize_session=False)
    )


@cache
def _head_with_rendering() -> Update:
    as_before = case((Page.rendered == bindparam("seen"), bindparam("head")), else_=Page.rendered)
    return _head().values(rendered=as_before)


_OF_HEAD = ("head", "title", "updated_at", "updated_by_id")
