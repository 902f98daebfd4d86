"""Keyset paging, with an opaque cursor that contains the last row's sort values."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import Select, SQLColumnExpression, tuple_
from sqlalchemy.orm import Session

from wiki.errors import Invalid

Row = TypeVar("Row")


class StrictCursor(str):
    """A cursor sent by an API client, which gets an error if the cursor is invalid."""


def encode_cursor(values: Sequence[Any]) -> str:
    """Return a URL-safe cursor for these values."""
    return base64.urlsafe_b64encode(json.dumps(list(values)).encode()).decode().rstrip("=")


def decode_cursor(raw: str | None, types: Sequence[type]) -> list[Any] | None:
    """Return the values of a cursor, or None if it is absent or invalid.

    :raises Invalid: when a strict cursor is invalid.
    """
    values = _decoded(raw, types)
    if values is None:
        give_up(raw)
    return values


def give_up(raw: str | None) -> None:
    """Handle a cursor that is absent or invalid: the list starts at its beginning.

    :raises Invalid: when the cursor is a strict one.
    """
    if isinstance(raw, StrictCursor):
        raise Invalid(
            "“after” isn’t a position in this list. Send the value of “next” unchanged.",
            field="after",
        )


def _decoded(raw: str | None, types: Sequence[type]) -> list[Any] | None:
    if not raw or len(raw) > 500:
        return None
    try:
        values = json.loads(base64.urlsafe_b64decode(raw + "=" * (-len(raw) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        return None
    if not isinstance(values, list) or len(values) != len(types):
        return None
    fits = all(_fits(value, kind) for value, kind in zip(values, types, strict=True))
    return values if fits else None


def _fits(value: Any, kind: type) -> bool:
    """Return whether a value has the given type and can be used in a query on every database."""
    if type(value) is not kind:
        return False
    if isinstance(value, str):
        return "\0" not in value and not any("\ud800" <= one <= "\udfff" for one in value)
    return not isinstance(value, int) or abs(value) <= 2**53


@dataclass(frozen=True)
class Slice(Generic[Row]):
    """One page of rows, and the cursor of the next page if there is one."""

    rows: Sequence[Row]
    after: str | None


def slice_of(
    session: Session,
    query: Select[*tuple[Any, ...]],
    order: Sequence[SQLColumnExpression[Any]],
    after: str | None,
    limit: int,
) -> Slice[Any]:
    """Return the rows of a query after a cursor, in ascending order.

    Each row has the values of ``order`` at its end, as the database computes them: its lower case
    can differ from Python's.

    :param order: expressions whose values are unique together.
    """
    place = tuple_(*order)
    types = [one.type.python_type for one in place.clauses]
    if object in types:
        raise TypeError("The type of an expression is not known: pass `type_` to its function.")
    cursor = decode_cursor(after, types)
    if cursor:
        query = query.where(place > tuple(cursor))
    rows = session.execute(query.add_columns(*order).order_by(*order).limit(limit + 1)).all()
    last = rows[limit - 1][-len(order) :] if len(rows) > limit else None
    return Slice(rows[:limit], encode_cursor(last) if last else None)
