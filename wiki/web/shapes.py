"""Conversion of dataclasses to and from JSON, with sentences for errors, and to JSON Schema."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import MISSING, Field, field, fields, is_dataclass
from datetime import UTC, datetime
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from wiki.errors import Invalid

Shape = TypeVar("Shape")

LARGEST_INTEGER = 2**53 - 1
"""The largest integer that every program reads from JSON unchanged."""

VISIBLE = r"[^\s\u001c-\u001f\u0085\ufeff]"
"""Pattern of a text that is not blank, valid in every dialect of regular expressions."""


def told(description: str, default: Any = MISSING, **schema: Any) -> Any:
    """Return a field with its description and other keywords of its schema. A function stands for
    a value that is not known yet when the module is imported."""
    return field(default=default, metadata={"schema": {"description": description, **schema}})


def to_json(value: Any) -> Any:
    """Convert a value of dataclasses, lists and plain values to what JSON can represent."""
    if is_dataclass(value) and not isinstance(value, type):
        return {one.name: to_json(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, Mapping):
        return {key: to_json(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_json(one) for one in value]
    return value


def from_json(shape: type[Shape], sent: Any) -> Shape:
    """Build a dataclass from a JSON object.

    :raises Invalid: naming the field that is missing, unknown or not of its type.
    """
    if not isinstance(sent, dict):
        raise Invalid("Send a JSON object.")
    known = {one.name: one for one in _fields(shape)}
    for name in sent:
        if name not in known:
            raise Invalid(f"Unknown field “{name[:60]}”.", field=name[:60])
    types = _types(shape)
    given = {}
    for name, one in known.items():
        if name in sent:
            given[name] = _checked(sent[name], types[name], name)
            _within_bounds(given[name], one.metadata.get("schema", {}), name)
        elif one.default is MISSING:
            raise Invalid(f"The field “{name}” is missing.", field=name)
    return shape(**given)


def schema_of(shape: type, *, sent: bool = False) -> dict[str, Any]:
    """Return the JSON Schema of a dataclass; other dataclasses in it are ``$ref``\\ s.

    :param sent: True if clients send it: fields with a default are then optional, and unknown
        fields are not accepted.
    """
    types = _types(shape)
    properties = {}
    required = []
    for one in _fields(shape):
        about = {
            key: value() if callable(value) else value
            for key, value in one.metadata.get("schema", {}).items()
        }
        described = _schema(types[one.name])
        if "$ref" in described:
            described = {"allOf": [described]}
        if sent and one.default is not MISSING and one.default is not None:
            about["default"] = one.default
        properties[one.name] = _described(described, about)
        if not sent or one.default is MISSING:
            required.append(one.name)
    described = {
        "type": "object",
        "description": " ".join((shape.__doc__ or "").split()),
        "properties": properties,
        "required": required,
    }
    return described | {"additionalProperties": False} if sent else described


def _described(described: dict[str, Any], about: dict[str, Any]) -> dict[str, Any]:
    """Merge a schema with the constraints of a field; for a list, also with those of its
    entries."""
    if "items" in about:
        lists = described.get("anyOf", [described])
        for one in lists:
            if one.get("type") == "array":
                one["items"] = {**one["items"], **about["items"]}
    return {**described, **{key: value for key, value in about.items() if key != "items"}}


def shapes_within(shape: type) -> Iterable[type]:
    """Yield the dataclass itself and all dataclasses in it."""
    yield shape
    for kind in _types(shape).values():
        yield from _within(kind)


def _within(kind: Any) -> Iterable[type]:
    if isinstance(kind, type) and is_dataclass(kind):
        yield from shapes_within(kind)
    for part in get_args(kind):
        yield from _within(part)


def _types(shape: type) -> dict[str, Any]:
    return get_type_hints(shape)


def _fields(shape: type) -> tuple[Field[Any], ...]:
    return fields(shape)


def _is_union(kind: Any) -> bool:
    return get_origin(kind) in (Union, UnionType)


_PLAIN: dict[Any, dict[str, Any]] = {
    str: {"type": "string"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    datetime: {"type": "string", "format": "date-time"},
    NoneType: {"type": "null"},
    Any: {},
}


def _schema(kind: Any) -> dict[str, Any]:
    if kind in _PLAIN:
        return dict(_PLAIN[kind])
    if is_dataclass(kind):
        return {"$ref": f"#/components/schemas/{kind.__name__}"}  # type: ignore[union-attr]
    if _is_union(kind):
        return {"anyOf": [_schema(part) for part in get_args(kind)]}
    origin, args = get_origin(kind), get_args(kind)
    if origin is Literal:
        return {"enum": list(args)}
    if origin is list:
        return {"type": "array", "items": _schema(args[0])}
    if origin is dict:
        return {"type": "object", "additionalProperties": _schema(args[1])}
    raise TypeError(f"{kind} has no schema")


_WORDS = {
    str: "a string",
    bool: "true or false",
    int: "a whole number",
    list: "a list",
    dict: "an object",
}


def _checked(value: Any, kind: Any, name: str) -> Any:
    if _is_union(kind):
        choices = get_args(kind)
        if value is None and NoneType in choices:
            return None
        return _checked(value, next(one for one in choices if one is not NoneType), name)
    origin, args = get_origin(kind) or kind, get_args(kind)
    if origin is Any:
        return _no_half_characters(value, name)
    if origin is Literal:
        if value not in args or isinstance(value, bool):
            words = ", ".join(f"“{one}”" for one in args)
            raise Invalid(f"“{name}” must be one of {words}.", field=name)
        return value
    if origin is int and isinstance(value, float) and value.is_integer():
        value = int(value)  # 1.0 is a whole number in JSON Schema
    if not isinstance(value, origin) or (origin is int and isinstance(value, bool)):
        raise Invalid(f"“{name}” must be {_WORDS[origin]}.", field=name)
    if origin is int and abs(value) > LARGEST_INTEGER:
        raise Invalid(f"“{name}” is too large.", field=name)
    if origin is list:
        return [_checked(one, args[0], name) for one in value]
    return _no_half_characters(value, name)


def _within_bounds(value: Any, schema: Mapping[str, Any], name: str) -> None:
    """Check a value against the bounds in its description.

    :raises Invalid: when it is too long or too small. A blank value is left to the action, which
        has a better message for it.
    """
    if isinstance(value, str) and len(value) > schema.get("maxLength", len(value)):
        raise Invalid(f"“{name}” can have up to {schema['maxLength']} characters.", field=name)
    if isinstance(value, list):
        if len(value) > schema.get("maxItems", len(value)):
            raise Invalid(f"“{name}” can have up to {schema['maxItems']} entries.", field=name)
        for one in value:
            _within_bounds(one, schema.get("items", {}), name)
    if isinstance(value, int) and value < schema.get("minimum", value):
        raise Invalid(f"“{name}” must be at least {schema['minimum']}.", field=name)
    if isinstance(value, int) and value > schema.get("maximum", value):
        raise Invalid(f"“{name}” must be at most {schema['maximum']}.", field=name)


def _no_half_characters(value: Any, name: str) -> Any:
    r"""Check that strings contain no half of a character, such as ``"\ud800"``, which cannot be
    stored.

    :raises Invalid:
    """
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            waiting += [*one, *one.values()]
        elif isinstance(one, list):
            waiting += one
        elif isinstance(one, str):
            try:
                one.encode()
            except UnicodeEncodeError:
                sentence = f"“{name}” contains invalid characters that can’t be stored."
                raise Invalid(sentence, field=name) from None
    return value
