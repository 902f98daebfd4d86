"""Callers of the API, each with a token, whose every answer is held to the OpenAPI document."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator, FormatChecker
from werkzeug.exceptions import HTTPException
from werkzeug.test import TestResponse

from tests.cast import Scene
from wiki.people.models import ApiToken
from wiki.people.one_time import hash_token, new_token
from wiki.rooms import ROOMS
from wiki.web.operations import operation_of

V1 = "/-/api/v1"
OPERATIONS = {view.__name__: operation_of(view) for room in ROOMS for view in room.operations}


class Api:
    """Calls operations as somebody; an answer that the description does not promise fails."""

    def __init__(self, wiki: Scene) -> None:
        self.wiki = wiki
        self.document: dict[str, Any] = wiki.app.test_client().get(f"{V1}/openapi.json").json
        self._tokens: dict[tuple[str, bool], str] = {}

    def token(self, who: str, *, writes: bool = True) -> str:
        """A token of somebody's; the same one each time."""
        if (who, writes) not in self._tokens:
            token = new_token()
            with self.wiki.database.write() as session:
                session.add(
                    ApiToken(
                        token_hash=hash_token(token),
                        person_id=self.wiki.actor(who).person_id,
                        name="test",
                        writes=writes,
                    )
                )
            self._tokens[who, writes] = token
        return self._tokens[who, writes]

    def call(self, who: str, method: str, address: str, **options: Any) -> TestResponse:
        """Call ``method`` of an address below the prefix, as somebody or ``nobody``."""
        headers = dict(options.pop("headers", {}))
        if who != "nobody":
            headers["Authorization"] = f"Bearer {self.token(who)}"
        client: FlaskClient = self.wiki.app.test_client()
        response = client.open(f"{V1}{address}", method=method, headers=headers, **options)
        assert "Set-Cookie" not in response.headers
        self._hold_to_the_description(response, method)
        return response

    def get(self, who: str, address: str, **options: Any) -> TestResponse:
        return self.call(who, "GET", address, **options)

    def put(self, who: str, address: str, sent: Any, **options: Any) -> TestResponse:
        return self.call(who, "PUT", address, json=sent, **options)

    def post(self, who: str, address: str, sent: Any, **options: Any) -> TestResponse:
        return self.call(who, "POST", address, json=sent, **options)

    def _operation(self, path: str, method: str) -> tuple[str, str] | None:
        """The template and method that the description has for an address, if it is one."""
        addresses = self.wiki.app.url_map.bind("localhost")
        try:
            endpoint, found = addresses.match(path, method=method)
        except HTTPException:
            return None
        templates = OPERATIONS[endpoint.removeprefix("api.")].templates
        return templates[-1 if found.get("path") == "" else 0], method.lower()

    def _hold_to_the_description(self, response: TestResponse, method: str) -> None:
        called = self._operation(response.request.path, method)
        if called is None:
            assert response.content_type == "application/problem+json"
            self.check(response.json, "Problem")
            return
        described = self.document["paths"][called[0]][called[1]]["responses"]
        promised = described[str(response.status_code)]
        if "content" not in promised:
            assert response.data == b""
            return
        (kind, content), *_ = promised["content"].items()
        if kind == "*/*":
            return
        assert response.content_type == kind
        shapes = content["schema"].get("anyOf", [content["schema"]])
        names = [one["$ref"].rpartition("/")[2] for one in shapes if "$ref" in one]
        if "Problem" in names and len(names) > 1:
            kinds = self.document["components"]["schemas"]
            own = [name for name in names if set(kinds[name]["required"]) <= response.json.keys()]
            names = own[:1]
        for name in names:
            self.check(response.json, name)

    def check(self, value: Any, name: str) -> None:
        """Hold a value to a schema, which must know all of its fields."""
        schemas = _closed(self.document["components"]["schemas"])
        schema = {"$ref": f"#/components/schemas/{name}", "components": {"schemas": schemas}}
        if name == "Problem":
            schemas[name].pop("additionalProperties")
        Draft202012Validator(schema, format_checker=FormatChecker()).validate(value)


def _closed(schemas: dict[str, Any]) -> dict[str, Any]:
    return {name: {**schema, "additionalProperties": False} for name, schema in schemas.items()}


@pytest.fixture
def api(wiki: Scene) -> Api:
    """The API of a wiki with the cast in it."""
    return Api(wiki)
