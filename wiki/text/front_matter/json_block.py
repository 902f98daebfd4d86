"""Front matter in JSON: an object at the very start of a file. Edits keep the bytes of all other
entries."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from wiki.text.front_matter.yaml_edits import Change
from wiki.text.front_matter.yaml_entries import Json, NotJson, number_or_text

_SPACE = re.compile(r"[ \t\n]*")


def _no_json(constant: str) -> Json:
    raise NotJson(constant)


_DECODER = json.JSONDecoder(
    parse_int=number_or_text, parse_float=number_or_text, parse_constant=_no_json
)


def read_object(text: str) -> tuple[dict[str, Json], int] | None:
    """Return the object that a text begins with, and its end; None if there is none or it is empty.

    Numbers that JSON would write differently are returned as texts.
    """
    try:
        found, end = _DECODER.raw_decode(text)
        json.dumps(found, ensure_ascii=False).encode()  # rejects lone surrogates
    except (ValueError, RecursionError):
        return None
    return (found, end) if isinstance(found, dict) and found else None


@dataclass
class _Member:
    """An entry with the white space around it; its value lies between two positions."""

    key: str
    source: str
    start: int
    end: int


def edit_object(text: str, changes: Sequence[Change]) -> str:
    """Return an object, as :func:`read_object` reads it, with some entries changed."""
    members, tail = _members(text)
    space = _SPACE.match(members[0].source)
    lead = space[0] if space else ""
    for change in changes:
        same = [one for one in members if one.key == change.key]
        if change.is_removal:
            members = [one for one in members if one.key != change.key]
            continue
        value = _dumped(change.value, lead)
        if same:  # the last one counts
            one = same[-1]
            one.source = one.source[: one.start] + value + one.source[one.end :]
            one.end = one.start + len(value)
        else:
            key = json.dumps(change.key, ensure_ascii=False)
            members.append(_Member(change.key, f"{lead}{key}: {value}", 0, 0))
    return "{" + ",".join(one.source for one in members) + tail + "}"


def _members(text: str) -> tuple[list[_Member], str]:
    """Return the entries of an object, and the white space before its end."""
    found: list[_Member] = []
    begin = 1
    while True:
        key, at = _DECODER.raw_decode(text, _after_space(text, begin))
        start = _after_space(text, _after_space(text, at) + 1)
        _, end = _DECODER.raw_decode(text, start)
        stop = _after_space(text, end)
        is_last = text[stop] == "}"
        source = text[begin : end if is_last else stop]
        found.append(_Member(key, source, start - begin, end - begin))
        if is_last:
            return found, text[end:stop]
        begin = stop + 1


def _after_space(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _dumped(value: Json, lead: str) -> str:
    unit = lead.rpartition("\n")[2] if "\n" in lead else ""
    if not unit:
        return json.dumps(value, ensure_ascii=False)
    return json.dumps(value, ensure_ascii=False, indent=unit).replace("\n", f"\n{unit}")
