"""Triggers that record what a transaction changes. They are created for every table, after every
migration."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence

from sqlalchemy import Connection, inspect, text

from wiki.changes.rules import (
    EVERYTHING,
    RULES,
    Rule,
    any_scope,
    presence_scope,
)

TABLE = "changes"
UNWATCHED = frozenset({TABLE, "alembic_version"})

_PREFIX = "changes_"
_EXISTING = {
    "sqlite": "SELECT name, tbl_name FROM sqlite_master WHERE type = 'trigger'",
    "postgresql": "SELECT tgname, tgrelid::regclass::text FROM pg_trigger WHERE NOT tgisinternal",
}
_RAISE = {
    # The number is above all others before the previous row of the scope is deleted.
    "sqlite": (
        "INSERT INTO changes (scope, at) SELECT {scope}, coalesce(max(at), 0) + 1 FROM changes;"
        " DELETE FROM changes WHERE scope = {scope} AND at < (SELECT max(at) FROM changes);"
    ),
    # A row for each transaction, so that none waits for another one.
    "postgresql": (
        "INSERT INTO changes (scope, at)"
        " VALUES ({scope}, pg_current_xact_id()::text::bigint) ON CONFLICT DO NOTHING;"
    ),
}


def is_watched(connection: Connection) -> bool:
    """Return whether all triggers are as they must be."""
    wanted = {name for name, *_ in _wanted(connection)}
    return bool(wanted) and wanted == _existing(connection).keys()


def unwatch(connection: Connection) -> None:
    """Drop the triggers, because they refer to columns that a migration may drop."""
    for name, table in _existing(connection).items():
        on = f" ON {table}" if connection.dialect.name == "postgresql" else ""
        connection.execute(text(f"DROP TRIGGER {name}{on}"))
        if on:
            connection.execute(text(f"DROP FUNCTION {name}()"))


def watch(connection: Connection) -> None:
    """Create the triggers, and let everything count as changed. Does nothing in a schema that is
    older than the table of changes."""
    dialect = connection.dialect.name
    for name, table, when, condition, scopes in _wanted(connection):
        body = " ".join(_RAISE[dialect].format(scope=scope) for scope in scopes)
        guard = f" WHEN ({condition})" if condition else ""
        event = f"AFTER {when} ON {table} FOR EACH ROW{guard}"
        if dialect == "postgresql":
            code = f"$$ BEGIN {body} RETURN NULL; END $$"
            made = f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger"
            connection.exec_driver_sql(f"{made} LANGUAGE plpgsql AS {code}")
            body = f"EXECUTE FUNCTION {name}()"
        else:
            body = f"BEGIN {body} END"
        connection.exec_driver_sql(f"CREATE TRIGGER {name} {event} {body}")
    if inspect(connection).has_table(TABLE):
        raise_everything(connection)


def raise_everything(connection: Connection) -> None:
    """Let everything count as changed."""
    raised = _RAISE[connection.dialect.name].format(scope=f"'{EVERYTHING}'")
    for statement in filter(str.strip, raised.split(";")):
        connection.exec_driver_sql(statement)


def _existing(connection: Connection) -> dict[str, str]:
    """Return the triggers in the database by name, with their tables."""
    rows = connection.execute(text(_EXISTING[connection.dialect.name]))
    return {name: table for name, table in rows if name.startswith(_PREFIX)}


_Trigger = tuple[str, str, str, str, tuple[str, ...]]


def _wanted(connection: Connection) -> Iterator[_Trigger]:
    """Yield the triggers of the schema: name, table, event, condition, scopes as expressions."""
    found = inspect(connection)
    tables = found.get_table_names()
    if TABLE not in tables:
        return
    kind = connection.dialect.name
    for table in sorted(set(tables) - UNWATCHED):
        rule = RULES.get(table)
        columns = [column["name"] for column in found.get_columns(table)] if rule else []
        for when, condition, scopes in _of_table(table, rule or Rule(), columns, kind):
            digest = hashlib.sha256(repr((when, condition, scopes, _RAISE[kind])).encode())
            name = f"{_PREFIX}{table}_{when.split()[0].lower()}_{digest.hexdigest()[:8]}"
            yield name, table, when, condition, scopes


def _of_table(
    table: str, rule: Rule, columns: Sequence[str], dialect: str
) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Yield event, condition and scopes of the triggers of a table."""
    whole = (f"'{table}'",)
    yield "INSERT", "", _of_owner(rule, "NEW") if rule.inserts else whole
    yield "DELETE", "", _of_owner(rule, "OLD") if rule.deletes else whole
    present = {*rule.presence, *rule.prolonged}
    narrow = (set(columns) - {rule.column} if rule.all_others else set(rule.updates)) - present
    differs = "IS NOT" if dialect == "sqlite" else "IS DISTINCT FROM"

    def differ(names: Iterable[str]) -> list[str]:
        return [f"OLD.{name} {differs} NEW.{name}" for name in names]

    if not narrow | present:
        yield "UPDATE", "", whole
        return
    wide = differ(name for name in columns if name not in narrow | present)
    shortened = [f"OLD.{name} > NEW.{name}" for name in rule.prolonged]
    yield "UPDATE", " OR ".join(wide if narrow else [*wide, *shortened]), whole
    if narrow:
        concerns = [*differ(sorted(narrow)), *shortened] if present else []
        yield "UPDATE", " OR ".join(concerns), _of_owner(rule, "NEW")
    if present:
        yield "UPDATE", " OR ".join(differ(sorted(present))), (f"'{presence_scope(table)}'",)


def _of_owner(rule: Rule, row: str) -> tuple[str, ...]:
    either = f"'{any_scope(rule.owner)}'"
    if not rule.column:
        return (either,)
    owner = f"{row}.{rule.column}"
    if rule.through:
        owner = f"(SELECT {rule.owner}_id FROM {rule.through} WHERE id = {owner})"
    return (either, f"'{rule.owner}:' || {owner}")
