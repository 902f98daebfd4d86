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
    fits = all(type(value) is kind for value, kind in zip(values, types, strict=True))
    return values if fits else None


@dataclass(frozen=True)
class Slice(Generic[Row]):
    """One screenful: its rows, and the cursor of the next one, if there is more."""

    rows: Sequence[Row]
    after: str | None
