"""Recording of the scopes that a request reads, from the text of its statements."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence, Set
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import Engine, event

from wiki.changes.rules import (
    RULES,
    any_scope,
    page_scope,
    person_scope,
    presence_scope,
    reader_scope,
)

_NOTED = "scopes_noted"

_reads: ContextVar[set[str] | None] = ContextVar("reads", default=None)
_WORD = re.compile(r"\w+|\*")
# These stand for no columns.
_NO_COLUMNS = re.compile(r"exists\s*\(\s*select\s+\*|count\(\*\)")


@cache
def _where_named(table: str) -> re.Pattern[str]:
    """Return the pattern of a table's name where it does not belong to a column."""
    return re.compile(rf'(?<![\w.]){table}(?![\w."])')


@contextmanager
def recording() -> Iterator[set[str]]:
    """Collect the scopes that are read inside the block. A block around it gets them too."""
    around, found = _reads.get(), set[str]()
    token = _reads.set(found)
    try:
        yield found
    finally:
        _reads.reset(token)
        if around is not None:
            around |= found


def note(scopes: Set[str]) -> None:
    """Add the scopes of a value that was read earlier."""
    found = _reads.get()
    if found is not None:
        found |= scopes


def of_noted(*tables: str) -> dict[str, Any]:
    """Return the execution options of a statement that reads rows of some tables with a rule, and
    only rows of pages and people for which the caller calls :func:`note_page`, :func:`note_person`
    and :func:`note_reader`. Of a table that says who is here, it does not depend on that."""
    return {_NOTED: frozenset(tables)}


def note_page(*page_ids: int) -> None:
    """Add the scopes of pages, of which a statement with :func:`of_noted` reads rows."""
    note({page_scope(page_id) for page_id in page_ids})


def note_person(person_id: int | None) -> None:
    """Add the scope of a person, of whom a statement with :func:`of_noted` reads rows."""
    if person_id is not None:
        note({person_scope(person_id)})


def note_reader(person_id: int) -> None:
    """Add the scope of what is told to a person, of which a statement with :func:`of_noted` reads
    rows."""
    note({reader_scope(person_id)})


@lru_cache(maxsize=1024)
def scopes_read(statement: str, noted: Set[str], tables: frozenset[str]) -> frozenset[str]:
    """Return the scopes that a statement in SQL can read: the tables whose names are among its
    words, and every page or person, if it uses what changes for each of them in a table that is not
    ``noted``. A table that it reads twice, such as in a subquery, is not noted.

    :param tables: the names of all tables.
    """
    lowered = statement.lower()
    words = frozenset(_WORD.findall(_NO_COLUMNS.sub("", lowered)))
    found = words & tables
    more = set()
    for name in found:
        if name in noted and len(_where_named(name).findall(lowered)) == 1:
            continue
        rule = RULES.get(name)
        if rule is None:
            continue
        if rule.is_narrow and (not rule.updates or _names_any(words, rule.updates)):
            more.add(any_scope(rule.owner))
        if _names_any(words, (*rule.presence, *rule.prolonged)):
            more.add(presence_scope(name))
    return found | more


def _names_any(words: Set[str], columns: Sequence[str]) -> bool:
    return bool(columns) and ("*" in words or not words.isdisjoint(columns))


def listen_to(engine: Engine, tables: Callable[[], frozenset[str]]) -> None:
    """Record what the statements of an engine read.

    :param tables: returns the names of all tables.
    """

    @event.listens_for(engine, "before_cursor_execute")
    def record(
        _connection: Any, _cursor: Any, statement: str, _values: Any, context: Any, _many: bool
    ) -> None:
        found = _reads.get()
        if found is not None:
            options = context.execution_options if context is not None else {}
            found |= scopes_read(statement, options.get(_NOTED, frozenset()), tables())
