"""Keyset paging: a cursor of the last row's sort values, opaque in addresses."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

Row = TypeVar("Row")


def encode_cursor(values: Sequence[Any]) -> str:
    """A cursor that fits an address."""
    return base64.urlsafe_b64encode(json.dumps(list(values)).encode()).decode().rstrip("=")


def decode_cursor(raw: str | None, types: Sequence[type]) -> list[Any] | None:
    """The values of a cursor, or None when it is absent or not one of ours."""
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
    """Whether a value is of its type, and one that every database can look for."""
    if type(value) is not kind:
        return False
    if isinstance(value, str):
        return "\0" not in value and not any("\ud800" <= one <= "\udfff" for one in value)
    return not isinstance(value, int) or abs(value) <= 2**53


@dataclass(frozen=True)
class Slice(Generic[Row]):
    """One screenful: its rows, and the cursor of the next one, if there is more."""

    rows: Sequence[Row]
    after: str | None
