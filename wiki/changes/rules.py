"""The scopes of changes: names of tables and, for some changes, pages.

Every change of a table raises the scope with its name. The only exceptions are the rules here: they
name the changes that a save makes to one page, which raise the scope of that page instead. A table
without a rule can only make more answers out of date than necessary, never fewer.
"""

from __future__ import annotations

from dataclasses import dataclass

EVERYTHING = "*"
"""The scope on which every answer depends."""

ANY_PAGE = "page:*"
"""The scope of what concerns a single page, whichever it is."""


def page_scope(page_id: int) -> str:
    """Return the scope of what concerns one page only."""
    return f"page:{page_id}"


@dataclass(frozen=True)
class PageRule:
    """Changes of a table that concern only the readers of one page.

    :param page: the column with the id of the page. Without one nobody who has read a row of the
        table can be affected by a new one, only those who found none.
    :param inserts: whether new rows are such changes; also ``deletes``.
    :param columns: the columns whose update is such a change. ``all_others`` are all but ``page``.
    """

    page: str = ""
    inserts: bool = False
    deletes: bool = False
    columns: tuple[str, ...] = ()
    all_others: bool = False


RULES = {
    # A save without a new title or path, and the rendering of its text.
    "pages": PageRule("id", columns=("head", "rendered", "updated_at", "updated_by_id")),
    # Revisions are rewritten only by redaction and purging, which concern everybody.
    "revisions": PageRule("page_id", inserts=True),
    "page_links": PageRule("page_id", inserts=True, deletes=True, all_others=True),
    "renderings": PageRule("page_id", inserts=True, deletes=True, all_others=True),
    # Stored under a hash of what they contain.
    "contents": PageRule(inserts=True),
}
