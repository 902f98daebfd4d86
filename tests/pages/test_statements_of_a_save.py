"""A save asks the database a limited number of questions, however it begins."""

import pytest

from tests.cast import Scene
from tests.pages.test_query_counts import counted

pytestmark = pytest.mark.every_database

MOST = {"sqlite": 14, "postgresql": 15}
"""PostgreSQL reads the newest revision after it has locked the page."""


def statements_of(wiki: Scene, url: str, **form: object) -> int:
    """The number of statements of a request of Ben's, whose session is known already."""
    wiki.get("ben", "/")
    with counted(wiki) as statements:
        assert wiki.post("ben", url, **form).status_code == 303
    return len([one for one in statements if "login_sessions" not in one])


def test_a_save_needs_few_statements(wiki: Scene) -> None:
    wiki.write("plan", "one")
    wiki.write("notes", "first\n\nmiddle\n\nlast")
    wiki.write("notes", "first, changed\n\nmiddle\n\nlast")
    wiki.deliver()
    merged, linked = "first\n\nmiddle\n\nlast, changed", "[plan](plan.md) and [[wanted]]"
    counts = {
        "create": statements_of(wiki, "/eng/-/new", title="New", body="words", tags="a, b"),
        "edit": statements_of(wiki, "/eng/plan/-/edit", title="plan", body="two", base=1),
        "restore": statements_of(wiki, "/eng/plan/-/restore", revision=1, head=2),
        "merge": statements_of(wiki, "/eng/notes/-/edit", title="notes", body=merged, base=1),
        "links": statements_of(wiki, "/eng/notes/-/edit", title="notes", body=linked, base=3),
        "undo": statements_of(wiki, "/eng/plan/-/undo", revision=2, head=3),
    }
    assert {
        how: count
        for how, count in counts.items()
        if count > MOST[wiki.database.writer.dialect.name]
    } == {}
