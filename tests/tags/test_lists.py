"""Lists of pages by tag, author and date of the last change, in three orders."""

from __future__ import annotations

import html
import re
from datetime import UTC, date, datetime, timedelta
from itertools import product
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import select

from tests.cast import Scene
from wiki.db import at
from wiki.rules.access import Actor
from wiki.spaces.models import Space
from wiki.tags.lists import Order, Wanted, list_pages
from wiki.web.paging import encode_cursor

pytestmark = pytest.mark.every_database

NEW_YEAR = datetime(2026, 1, 1, 12, tzinfo=UTC)


def shown(text: str) -> list[str]:
    """The paths of the listed pages."""
    return re.findall(r'class="row-title" href="/[^/]+/([^"]*)"', text)


def next_of(text: str) -> str:
    found = re.search(r'rel="next" href="([^"]+)"', text)
    return html.unescape(found[1]) if found else ""


def walk(wiki: Scene, url: str, who: str = "cai") -> list[str]:
    """All pages of a list, slice after slice."""
    found: list[str] = []
    while url:
        text = wiki.get(who, url).text
        found += shown(text)
        url = next_of(text)
    return found


@pytest.fixture
def year(wiki: Scene) -> Scene:
    """Four pages of a year: what is made in a month is changed in the month after it."""
    for month, (path, title, tags) in enumerate(
        [
            ("a", "zebra", ("x",)),
            ("b", "Apple", ("x", "y")),
            ("c", "mango", ("y",)),
            ("d", "Élan", ()),
        ]
    ):
        with at(NEW_YEAR + timedelta(days=31 * month)):
            wiki.write(path, "1", title=title, tags=tags, by="ben" if month % 2 else "eve")
    for month, path in enumerate("ab"):
        with at(NEW_YEAR + timedelta(days=31 * (month + 4))):
            wiki.write(path, "2", tags=("x", "y")[: month + 1], by="ben")
    wiki.deliver()
    return wiki


def test_pages_are_sorted_by_last_change_by_age_or_by_title(year: Scene) -> None:
    assert shown(year.get("cai", "/eng/-/pages").text) == ["b", "a", "d", "c"]
    assert shown(year.get("cai", "/eng/-/pages?sort=created").text) == ["d", "c", "b", "a"]
    assert shown(year.get("cai", "/eng/-/pages?sort=title").text)[:3] == ["b", "c", "a"]
    assert shown(year.get("cai", "/-/pages").text) == ["b", "a", "d", "c"]


CONDITIONS = [
    ("tag=x", "ba"),
    ("tag=Y&sort=created", "cb"),
    ("author=eve", "ac"),
    ("author=@ben", "bad"),
    ("author=nobody-of-that-name", ""),
    ("since=2026-04-01&until=2026-05-05", "ad"),
    ("since=2026-05-05", "ba"),
    ("until=2026-03-04", "c"),
    ("until=2026-03-03", ""),
    ("tag=x&author=eve", "a"),
    ("tag=y&author=ben&since=2026-06-01&sort=title", "b"),
    ("tag=x&until=2026-05-31", "a"),
    ("until=9999-12-31&since=0001-01-01", "badc"),
]


def test_conditions_are_combined(year: Scene) -> None:
    for (query, expected), where in product(CONDITIONS, ("/eng/-/pages", "/-/pages")):
        answer = year.get("cai", f"{where}?{query}")
        assert answer.status_code == 200, (where, query)
        assert "".join(shown(answer.text)) == expected, (where, query)
        assert expected or "No matching pages" in answer.text, (where, query)


NONSENSE = [
    ("since=yesterday", "“yesterday” isn’t a valid date. Use the form 2026-01-31."),
    ("until=2026-02-30", "isn’t a valid date"),
    ("since=2026-02-01&until=2026-01-01", "The first day is after the last one."),
    ("sort=colour", "Pages can be sorted by"),
]


def test_what_makes_no_sense_is_said(year: Scene) -> None:
    for query, sentence in NONSENSE:
        answer = year.get("cai", f"/eng/-/pages?{query}")
        assert answer.status_code == 422, query
        assert sentence in html.unescape(answer.text), query
        assert shown(answer.text) == [], query


CURSORS_OF_OTHERS = [
    "x",
    "WyJ4Il0",
    encode_cursor(["2026-01-01", 1]),
    encode_cursor(["not a time", 1]),
    encode_cursor(["0001-01-01T00:00:00+14:00", 1]),
    encode_cursor(["2026-01-01T00:00:00+00:00", 2**70]),
    encode_cursor(["\ud800", 1]),
    encode_cursor(["\0", 1]),
]


def test_a_cursor_that_is_none_of_ours_begins_at_the_beginning(year: Scene) -> None:
    for after, sort in product(CURSORS_OF_OTHERS, Order):
        answer = year.get("cai", f"/eng/-/pages?sort={sort}&after={after}")
        assert answer.status_code == 200, (after, sort)
        if sort is not Order.TITLE:
            assert len(shown(answer.text)) == 4, (after, sort)
    for after, by in product(CURSORS_OF_OTHERS, ("name", "pages")):
        answer = year.get("cai", f"/eng/-/tags?sort={by}&after={after}")
        assert answer.status_code == 200, (after, by)


@pytest.mark.thorough
def test_every_page_is_listed_once_also_where_many_are_alike(wiki: Scene) -> None:
    with at(NEW_YEAR):
        for number in range(120):
            title = ("same", "SAME", "other")[number % 3]
            wiki.write(f"page-{number:03}", "x", title=title, tags=("t",), by="ben")
    wiki.deliver()
    queries = ("", "sort=created", "sort=title", "tag=t", "tag=t&sort=title", "author=ben")
    for where, query in product(("/eng/-/pages", "/-/pages"), queries):
        found = walk(wiki, f"{where}?{query}")
        assert len(found) == 120, (where, query)
        assert len(set(found)) == 120, (where, query)


def test_an_address_of_a_list_can_be_shared_and_carries_its_conditions_on(wiki: Scene) -> None:
    for number in range(60):
        wiki.write(f"page-{number}", "x", tags=("R&D",))
    wiki.deliver()
    url = "/eng/-/pages?tag=R%26D&author=eve&sort=title"
    text = wiki.get("cai", url).text
    assert 'value="R&amp;D"' in text
    asked = parse_qs(urlsplit(next_of(text)).query)
    assert asked.pop("after")
    assert asked == {"tag": ["R&D"], "author": ["eve"], "sort": ["title"]}
    second = wiki.get("cai", next_of(text)).text
    assert len(shown(text)) + len(shown(second)) == 60
    first = re.search(r'rel="prev" href="([^"]+)"', second)
    assert first
    assert parse_qs(urlsplit(html.unescape(first[1])).query) == asked


def test_nobody_is_shown_what_they_may_not_read(wiki: Scene) -> None:
    wiki.write("plan", "x", space="lab", tags=("t",))
    wiki.write("news", "x", space="open", tags=("t",))
    wiki.write("gone", "x", space="open", tags=("t",))
    wiki.deliver()
    wiki.post("eve", "/open/gone/-/delete")
    for query in ("", "tag=t", "author=eve", "sort=title", "sort=created", "tag=t&sort=title"):
        for who, expected in (("cai", {"plan", "news"}), ("dot", {"news"}), ("nobody", {"news"})):
            assert set(shown(wiki.get(who, f"/-/pages?{query}").text)) == expected
    assert wiki.get("dot", "/lab/-/pages").status_code == 404


def test_an_empty_space_says_what_belongs_there(wiki: Scene) -> None:
    assert "No pages yet" in wiki.get("ben", "/eng/-/pages").text
    assert "/eng/-/new" in wiki.get("ben", "/eng/-/pages").text
    assert (
        "No more pages"
        in wiki.get("ben", "/eng/-/pages?after=" + encode_cursor([NEW_YEAR.isoformat(), 1])).text
    )


def test_each_order_is_read_along_an_index(wiki: Scene) -> None:
    """On SQLite, where a plan is sure."""
    if not wiki.database.is_sqlite:
        return
    actor: Actor = wiki.actor("cai")
    plans: list[str] = []
    with wiki.database.read() as session:
        space = session.scalars(select(Space).where(Space.slug == "eng")).one()
        connection = session.connection()
        execute = connection.exec_driver_sql
        from sqlalchemy import event

        @event.listens_for(connection, "before_cursor_execute")
        def explain(_c: object, _cursor: object, statement: str, given: object, *_: object) -> None:
            if statement.startswith(("SELECT", "WITH")):
                told = execute(f"EXPLAIN QUERY PLAN {statement}", given)  # type: ignore[arg-type]
                plans.append("\n".join(row[-1] for row in told))

        cursor = encode_cursor([NEW_YEAR.isoformat(), 1])
        for order in Order:
            for where in (space, None):
                after = encode_cursor(["x", 1]) if order is Order.TITLE else cursor
                list_pages(session, actor, Wanted(order=order), space=where, after=after)
        for where in (space, None):
            list_pages(session, actor, Wanted(tag="x", since=date(2026, 1, 1)), space=where)
    assert len(plans) == 8
    for plan in plans:
        assert "TEMP B-TREE" not in plan
        assert "SCAN pages" not in plan.replace("SCAN pages_1 USING INDEX", "")
