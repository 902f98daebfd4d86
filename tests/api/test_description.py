"""The OpenAPI document: valid, whole, and true of the routes."""

import re

from openapi_spec_validator import OpenAPIV31SpecValidator, validate

from tests.api.conftest import OPERATIONS, V1, Api
from tests.cast import Scene


def test_it_is_valid_openapi(api: Api) -> None:
    validate(api.document, cls=OpenAPIV31SpecValidator)


def test_every_route_is_described_and_every_description_has_a_route(wiki: Scene, api: Api) -> None:
    routed = set()
    for rule in wiki.app.url_map.iter_rules():
        if rule.rule.startswith(V1):
            template = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule.removeprefix(V1))
            template = template.replace("{slug}", "{space}").rstrip("/")
            routed |= {(template, method) for method in rule.methods - {"HEAD", "OPTIONS"}}
    described = {
        (template, method.upper())
        for template, entry in api.document["paths"].items()
        for method in entry
        if method != "parameters"
    }
    assert routed == described


def test_every_operation_that_needs_a_token_says_so(api: Api) -> None:
    for one in OPERATIONS.values():
        for template in one.templates:
            described = api.document["paths"][template][one.method.lower()]
            assert described.get("security") == ([{"token": []}] if one.writes else None)
            assert (one.method == "GET") != one.writes


def test_every_schema_is_used_and_every_field_is_explained(api: Api) -> None:
    text = str(api.document)
    for name, schema in api.document["components"]["schemas"].items():
        assert f"#/components/schemas/{name}'" in text
        assert schema["description"]
        for field in schema["properties"].values():
            assert field["description"]
