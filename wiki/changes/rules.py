"""The scopes of changes: names of tables and, for some changes, pages and people.

Every change of a table raises the scope with its name. The only exceptions are the rules here: they
name the changes that concern one page or one person, which raise the scope of that page or person
instead, and those that only say that somebody is here. A table without a rule can only make more
answers out of date than necessary, never fewer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

EVERYTHING = "*"
"""The scope on which every answer depends."""

Owner = Literal["page", "person", "reader"]
"""Whom a change concerns. What somebody is told concerns them as a ``reader``, and no answer that
depends on the person only."""

ANY_PAGE = "page:*"
"""The scope of what concerns a single page, whichever it is."""


def any_scope(owner: Owner) -> str:
    """Return the scope of what concerns a single page or person, whichever it is."""
    return f"{owner}:*"


def page_scope(page_id: int) -> str:
    """Return the scope of what concerns one page only."""
    return f"page:{page_id}"


def person_scope(person_id: int) -> str:
    """Return the scope of what concerns one person only."""
    return f"person:{person_id}"


def reader_scope(person_id: int) -> str:
    """Return the scope of what is told to one person only."""
    return f"reader:{person_id}"


def presence_scope(table: str) -> str:
    """Return the scope of the changes of a table that only say that somebody is here."""
    return f"{table}:presence"


@dataclass(frozen=True)
class Rule:
    """Changes of a table that concern only the readers of one page, or only one person.

    :param column: the column with the id of the page or the person. Without one nobody who has read
        a row of the table can be affected by such a new one, only those who found none.
    :param through: the table that has ``<owner>_id`` in the row that ``column`` refers to, if
        ``column`` is not that id itself. It is a table of which a deleted row takes the rows of
        this one along, so deletions are never such changes.
    :param inserts: whether new rows are such changes; also ``deletes``.
    :param updates: the columns whose update is such a change. ``all_others`` are all but
        ``column``.
    :param presence: columns that only say that somebody is here. Their updates raise the scope
        ``presence_scope`` instead, and so does a later time in a column of ``prolonged``.
    """

    column: str = ""
    owner: Owner = "page"
    through: str = ""
    inserts: bool = False
    deletes: bool = False
    updates: tuple[str, ...] = ()
    all_others: bool = False
    presence: tuple[str, ...] = ()
    prolonged: tuple[str, ...] = ()

    @property
    def is_narrow(self) -> bool:
        """True if some changes raise the scope of a page or a person."""
        return self.inserts or self.deletes or self.all_others or bool(self.updates)


RULES = {
    # A save without a new title or path, and the rendering of its text.
    "pages": Rule("id", updates=("head", "rendered", "updated_at", "updated_by_id")),
    # Revisions are rewritten only by redaction and purging, which concern everybody.
    "revisions": Rule("page_id", inserts=True),
    "page_links": Rule("page_id", inserts=True, deletes=True, all_others=True),
    "renderings": Rule("page_id", inserts=True, deletes=True, all_others=True),
    # Stored under a hash of what they contain.
    "contents": Rule(inserts=True),
    "threads": Rule("page_id", inserts=True, all_others=True),
    "anchors": Rule("page_id", inserts=True, all_others=True),
    "messages": Rule("thread_id", through="threads", inserts=True, all_others=True),
    "bookmarks": Rule("person_id", "person", inserts=True, deletes=True, all_others=True),
    "notices": Rule("person_id", "reader", inserts=True, deletes=True, all_others=True),
    "people": Rule(presence=("seen_at", "left_at")),
    "login_sessions": Rule(
        "person_id",
        "person",
        inserts=True,
        deletes=True,
        all_others=True,
        presence=("seen_at", "address"),
        prolonged=("expires_at",),
    ),
}
