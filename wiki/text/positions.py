"""Positions among siblings: short keys that sort in the order of the siblings, such that there is
always a key between two others.

A key is a fraction written with the digits 0-9 and a-z, without zeros at its end, so the order of
keys as strings is the order of the fractions. Placing something between two others needs one new
key; no other key changes.
"""

from __future__ import annotations

import re

UNPLACED = "~"
"""The position of what nobody has placed. It sorts after every key."""

LONGEST = 60
"""Length from which keys should be replaced by shorter ones."""

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_BASE = len(_DIGITS)
_KEY = re.compile(r"[0-9a-z]{0,99}[1-9a-z]")
_WIDTH = 6
_STEP = _BASE**3
"""Distance of keys that are placed at an end, in units of a key's sixth digit."""


def is_key(text: str) -> bool:
    """Return whether a text is a key (:data:`UNPLACED` is none)."""
    return _KEY.fullmatch(text) is not None


def keys_between(low: str, high: str, count: int = 1) -> list[str]:
    """Return new keys between two keys, in order and about equally far apart.

    :param low: the key before the new ones; empty for the beginning.
    :param high: the key after them; empty for the end.
    :raises ValueError: when ``low`` is not below ``high``.
    """
    if high and low >= high:
        raise ValueError("There is no key between these.")
    at_an_end = _at_end(low, count) if not high else [] if low else _at_beginning(high, count)
    return at_an_end or _spread(low, high, count)


def _at_end(low: str, count: int) -> list[str]:
    """Return keys at the usual distance after ``low``; none if there is not enough room."""
    start = _number(low[:_WIDTH], _WIDTH) if low else _BASE**_WIDTH // 2 - _STEP
    if start + _STEP * count >= _BASE**_WIDTH:
        return []
    return [_key(start + _STEP * place, _WIDTH) for place in range(1, count + 1)]


def _at_beginning(high: str, count: int) -> list[str]:
    start = _number(high[:_WIDTH], _WIDTH)
    if start - _STEP * count <= 0:
        return []
    return [_key(start - _STEP * place, _WIDTH) for place in range(count, 0, -1)]


def _spread(low: str, high: str, count: int) -> list[str]:
    width = max(len(low), len(high), 1)
    while True:
        start = _number(low, width)
        end = _number(high, width) if high else _BASE**width
        step = (end - start) // (count + 1)
        if step > 0:
            return [_key(start + step * place, width) for place in range(1, count + 1)]
        width += 1


def _number(key: str, width: int) -> int:
    return int(key.ljust(width, "0"), _BASE)


def _key(number: int, width: int) -> str:
    digits = []
    for _ in range(width):
        number, digit = divmod(number, _BASE)
        digits.append(_DIGITS[digit])
    return "".join(reversed(digits)).rstrip("0")
