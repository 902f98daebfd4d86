"""The OpenAPI document, generated from the table of operations."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Any

from flask import Response, current_app, jsonify

from wiki.api.resources import problems
from wiki.comments.signs import SIGNS
from wiki.kind import KEY, Kind
from wiki.kind_registry import registered_kinds
from wiki.text.paths import MAX_PATH
from wiki.web.errors import SENTENCES
from wiki.web.operations import PREFIX, Answer, Operation, operation, operation_of
from wiki.web.shapes import LARGEST_INTEGER, schema_of, shapes_within

VERSION = "1.0.0"

# Parts of a path contain no slashes (or characters that look like one), control characters or marks
# that change the direction of writing, and do not begin with a dot.
_NEVER = (
    r"/\\\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufdd0-\ufdef\ufffe\uffff"
    r"\u2100\u2101\u2105\u2106\ufe68\uff0f\uff3c"
)
_PART = rf"(?!-(?:/|$))[^\s.\u2024-\u2026\ufe52\uff0e{_NEVER}][^{_NEVER}]{{0,119}}"
_PATH = {"type": "string", "pattern": rf"^{_PART}(?:/{_PART})*$", "maxLength": MAX_PATH}
_NAME = {"type": "string", "pattern": r"^[a-z0-9][a-z0-9._-]{0,59}$"}
_NUMBER = {"type": "integer", "minimum": 1, "maximum": LARGEST_INTEGER}

_IN_PATH: dict[str, tuple[str, dict[str, Any]]] = {
    "space": ("Slug of the space.", {"type": "string", "pattern": "^[a-z0-9][a-z0-9-]{0,59}$"}),
    "path": (
        "Path of the page, with slashes not encoded. A page whose path ends in "
        "`revisions`, `revisions/…`, `revisions/…/undo`, `diff/…`, `blame`, "
        "`move` or `threads` is addressed with one more slash at the end.",
        _PATH,
    ),
    "file": ("Path of the file: folders and name, with slashes.", _PATH),
    "upload": ("Key of the upload.", {"type": "string"}),
    "group": ("Short name of the group.", _NAME),
    "person": ("User name of the person.", _NAME),
    "part": ("Short name of the group inside it.", _NAME),
    "photo": ("Hash of the photo.", {"type": "string", "pattern": "^[0-9a-f]{64}$"}),
    "number": ("Number of the revision.", _NUMBER),
    "old": ("Number of the revision to compare with.", _NUMBER),
    "new": ("Number of the revision to compare.", _NUMBER),
    "notice": ("Id of the notice.", _NUMBER),
    "thread": ("Id of the discussion.", _NUMBER),
    "message": ("Id of the message.", _NUMBER),
    "synonyms": ("Id of the group of synonyms.", _NUMBER),
    "built_in": ("Name of the built-in group of synonyms.", _NAME),
    "sign": ("The sign.", {"type": "string", "enum": [*SIGNS]}),
}
_ALWAYS = (400, 401, 404, 414, 422, 429)
_TITLES = {
    401: "The token is missing or invalid.",
    409: "The request conflicts with the current state.",
    410: "The content of this revision was purged.",
    412: "A condition in the headers is not met.",
    416: "The requested range is outside the file.",
    422: "Something in the request is invalid.",
    428: "The base revision is missing.",
    460: "The data does not match the checksum sent with it.",
}


@operation(
    "GET",
    "/openapi.json",
    "Read this description.",
    {200: Answer("An OpenAPI document.", dict)},
)
def describe() -> Response:
    """Return this description, in OpenAPI 3.1."""
    return jsonify(document())


def document() -> dict[str, Any]:
    """Return the description of all operations."""
    views = current_app.view_functions.values()
    operations = tuple(view for view in views if hasattr(view, "operation"))
    return _document(operations, registered_kinds())


@cache
def _document(views: tuple[Callable[..., Any], ...], kinds: tuple[Kind, ...]) -> dict[str, Any]:
    operations = [operation_of(view) for view in views]
    paths: dict[str, dict[str, Any]] = {}
    for one in operations:
        for template in one.templates:
            of_home = template != one.template
            entry = paths.setdefault(template, {"parameters": _path_parameters(template)})
            entry[one.method.lower()] = _operation(one, of_home=of_home)
    shapes = {
        shape.__name__: schema_of(shape, sent=False)
        for one in operations
        for answer in one.answers.values()
        for whole in answer.shapes
        for shape in shapes_within(whole)
    }
    shapes["Problem"] = schema_of(problems.Problem)
    for one in operations:
        if one.body is not None:
            shapes[one.body.__name__] = schema_of(one.body, sent=True)
    _describe_kinds(shapes, kinds)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Trellis",
            "version": VERSION,
            "description": "Pages, revisions, spaces, groups, search, changes and files of this "
            "wiki. What you cannot read is answered exactly like what does not exist.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": PREFIX}],
        "security": [{"token": []}, {}],
        "paths": paths,
        "components": {
            "schemas": dict(sorted(shapes.items())),
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "A token of your account or of a service account. It can be "
                    "limited to reading and to some spaces; other spaces then do not exist. "
                    "Without a token, you can read public pages.",
                }
            },
        },
    }


def _describe_kinds(shapes: dict[str, Any], kinds: Sequence[Kind]) -> None:
    """Add the schema of each kind's fields, and require it of the pages of that kind."""
    for kind in kinds:
        if not kind.inputs:
            continue
        name = kind.fields.__name__
        shapes[name] = kind.schema()
        of_kind = {"properties": {KEY: {"const": kind.name}}, "required": [KEY, "fields"]}
        fields = {"properties": {"fields": {"$ref": f"#/components/schemas/{name}"}}}
        for shape in ("Page", "SavedPage", "PageInput"):
            shapes[shape].setdefault("allOf", []).append({"if": of_kind, "then": fields})
        # The fields of a new page name a kind, too; the two must not differ.
        named = {"properties": {"fields": {**of_kind, "required": [KEY]}}, "required": ["fields"]}
        same = {"properties": {KEY: {"enum": [kind.name, None]}}}
        shapes["PageInput"]["allOf"].append({"if": named, "then": same})


def _path_parameters(template: str) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "description": _IN_PATH[name][0],
            "schema": _IN_PATH[name][1],
        }
        for name in re.findall(r"\{(\w+)\}", template)
    ]


def _operation(one: Operation, *, of_home: bool) -> dict[str, Any]:
    refusals = (403, 507) if one.writes else ()  # a read-only token, and a full disk
    described: dict[str, Any] = {
        "operationId": f"{one.name}_of_home" if of_home else one.name,
        "summary": f"{one.summary[:-1]} (the home page of a space)." if of_home else one.summary,
        "description": _about(one),
        "responses": {
            **{str(status): _answer(answer) for status, answer in one.answers.items()},
            **_problems({*_ALWAYS, *one.problems, *refusals, 500} - set(one.answers)),
        },
    }
    parameters = [("query", query) for query in one.queries]
    parameters += [("header", header) for header in one.headers]
    if parameters:
        described["parameters"] = [
            {
                "name": asked.name,
                "in": where,
                "description": asked.description,
                "required": asked.required,
                "schema": asked.schema,
            }
            for where, asked in parameters
        ]
    if one.body is not None:
        schema = {"$ref": f"#/components/schemas/{one.body.__name__}"}
        content: dict[str, Any] = {"application/json": {"schema": schema}}
        described["requestBody"] = {"required": True, "content": content}
    elif one.takes_bytes:
        described["requestBody"] = {  # an empty file has no body
            "required": False,
            "content": {"application/octet-stream": {}},
        }
    if one.writes:
        described["security"] = [{"token": []}]
    return described


def _about(one: Operation) -> str:
    view = current_app.view_functions[f"api.{one.name}"]
    return " ".join((view.__doc__ or "").split())


def _answer(answer: Answer) -> dict[str, Any]:
    described: dict[str, Any] = {"description": answer.description}
    if answer.shape is dict:
        described["content"] = {"application/json": {"schema": {"type": "object"}}}
    elif answer.shapes:
        kind = "application/json"
        if issubclass(answer.shapes[0], problems.Problem):
            kind = "application/problem+json"
        schemas = [{"$ref": f"#/components/schemas/{shape.__name__}"} for shape in answer.shapes]
        schema = schemas[0] if len(schemas) == 1 else {"anyOf": schemas}
        described["content"] = {kind: {"schema": schema}}
    elif answer.is_bytes:
        described["content"] = {"*/*": {}}
    return described


def _problems(statuses: Iterable[int]) -> dict[str, Any]:
    schema = {"schema": {"$ref": "#/components/schemas/Problem"}}
    return {
        str(status): {
            "description": _TITLES.get(status) or SENTENCES[status][1],
            "content": {"application/problem+json": schema},
        }
        for status in sorted(statuses)
    }
