"""Operations of the API as rooms declare them: addresses, parameters, bodies and answers.

Routes, authentication and the OpenAPI document are generated from them in ``wiki/api/``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import FunctionType, ModuleType, UnionType
from typing import Any, TypedDict, TypeVar, Unpack, get_args

from flask import Response, current_app, jsonify, request
from werkzeug.exceptions import BadRequest

from wiki.errors import Invalid, WikiError
from wiki.web.paging import StrictCursor
from wiki.web.public import public
from wiki.web.shapes import LARGEST_INTEGER, from_json, to_json

PREFIX = "/-/api/v1"
MOST_CHANGES = 1000

View = TypeVar("View", bound=Callable[..., Any])
Shape = TypeVar("Shape")


@dataclass(frozen=True)
class Query:
    """A query parameter or a header."""

    name: str
    description: str
    schema: Mapping[str, Any] = field(default_factory=lambda: {"type": "string"})
    required: bool = False

    def check(self, raw: str) -> None:
        """Check a value against the schema.

        :raises Invalid: when it is not one of the possible values, not a number or out of bounds.
        """
        wanted = ""
        if choices := self.schema.get("enum"):
            if raw not in choices:
                wanted = " or ".join(f"“{choice}”" for choice in choices)
        elif self.schema.get("type") == "integer":
            least, most = self.schema["minimum"], self.schema["maximum"]
            if not re.fullmatch(r"[0-9]{1,16}", raw) or not least <= int(raw) <= most:
                wanted = f"a whole number from {least} to {most}"
        if wanted:
            raise Invalid(f"“{self.name}” must be {wanted}.", field=self.name)


@dataclass(frozen=True)
class Answer:
    """A possible answer of an operation: JSON of one of several shapes, bytes, or no content."""

    description: str
    shape: type | UnionType | None = None
    is_bytes: bool = False

    @property
    def shapes(self) -> tuple[type, ...]:
        """The dataclasses that the answer may have."""
        if self.shape in (None, dict):
            return ()
        return get_args(self.shape) or (self.shape,)


@dataclass(frozen=True)
class Operation:
    """One method of one address. ``writes`` is True if it requires a token that may write."""

    name: str
    method: str
    template: str
    summary: str
    answers: Mapping[int, Answer]
    queries: tuple[Query, ...] = ()
    headers: tuple[Query, ...] = ()
    body: type | None = None
    takes_bytes: bool = False
    writes: bool = False
    problems: tuple[int, ...] = ()

    @property
    def templates(self) -> list[str]:
        """Its addresses: one for pages with a path and, if it has a path, one for the home page."""
        home = self.template.replace("/{path}", "")
        return [self.template] if home == self.template else [self.template, home]


class Rest(TypedDict, total=False):
    """The optional parts of an operation, as in :class:`Operation`. ``problems`` are the status
    codes of problems, besides 400, 401, 404 and 422."""

    queries: tuple[Query, ...]
    headers: tuple[Query, ...]
    body: type | None
    takes_bytes: bool
    writes: bool
    problems: tuple[int, ...]


def operation(
    method: str,
    template: str,
    summary: str,
    answers: Mapping[int, Answer],
    **rest: Unpack[Rest],
) -> Callable[[View], View]:
    """Mark a view as an operation, which its room declares in ``Room.operations``."""

    def register(view: View) -> View:
        view.operation = Operation(  # type: ignore[attr-defined]
            view.__name__, method, template, summary, answers, **rest
        )
        return public(view)

    return register


def operations_in(*modules: ModuleType) -> tuple[Callable[..., Any], ...]:
    """Return the views of these modules that are operations, in the order of their definition."""
    return tuple(
        one
        for module in modules
        for one in vars(module).values()
        if type(one) is FunctionType and hasattr(one, "operation")
    )


def operation_of(view: Callable[..., Any]) -> Operation:
    """Return the description of a view that is an operation."""
    found: Operation = view.operation  # type: ignore[attr-defined]
    return found


def called() -> Operation:
    """Return the operation that this request calls."""
    return operation_of(current_app.view_functions[request.endpoint or ""])


class Malformed(WikiError):
    """An error for a body that cannot be parsed."""

    status = 400
    title = "Invalid JSON"


class WrongType(WikiError):
    """An error for a body of another media type."""

    status = 415
    title = "JSON expected"


def sent_body(shape: type[Shape]) -> Shape:
    """Return the body of the request as an instance of this shape.

    :raises Malformed: :raises WrongType: :raises Invalid:
    """
    if request.mimetype != "application/json":
        raise WrongType("Send the body as JSON, with “Content-Type: application/json”.")
    try:
        sent = request.get_json()
    except BadRequest as error:
        cause = error.__cause__ or error.__context__
        why = str(cause) if isinstance(cause, ValueError) else ""
        raise Malformed(f"The body can’t be read as JSON. {why}".strip()) from None
    except RecursionError:
        raise Malformed("The body is nested too deeply.") from None
    return from_json(shape, sent)


def answer(shape: Any, status: int = 200) -> Response:
    """Return a dataclass as a JSON response."""
    response = jsonify(to_json(shape))
    response.status_code = status
    return response


def with_next(response: Response, url: str | None) -> Response:
    """Add the address of the next slice as a header."""
    if url:
        response.headers["Link"] = f'<{url}>; rel="next"'
    return response


def number_query(
    name: str,
    description: str,
    *,
    least: int = 1,
    most: int = LARGEST_INTEGER,
    default: int | None = None,
) -> Query:
    """Return the description of a query parameter that :func:`number_asked` reads."""
    schema: dict[str, Any] = {"type": "integer", "minimum": least, "maximum": most}
    if default is not None:
        schema["default"] = default
    return Query(name, description, schema)


def number_asked(name: str, default: int | None = None) -> int:
    """Return a number from the query string.

    :param default: the number to use if none was sent and the description has no default.
    """
    if default is None:
        schema = next(query.schema for query in called().queries if query.name == name)
        default = schema["default"]
    return int(request.args.get(name, default))


AFTER = Query("after", "The end of the previous slice, given as its `next`.")


def cursor_asked() -> StrictCursor | None:
    """Return the sent :data:`AFTER`, if any."""
    raw = request.args.get("after")
    return None if raw is None else StrictCursor(raw)


def limit_query(default: int, most: int) -> Query:
    """Return the parameter ``limit`` of a list."""
    return number_query("limit", "The maximum number of entries.", most=most, default=default)
