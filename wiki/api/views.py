"""The blueprint of the API, made from the operations that the rooms declare."""

from __future__ import annotations

import re
from collections.abc import Iterable

from flask import Blueprint, Response, request

from wiki.api.bearer import identify
from wiki.errors import Forbidden, Invalid, SignInRequired
from wiki.room import Room
from wiki.web.limits.rate_limit import apply_rate_limit
from wiki.web.operations import PREFIX, Operation, called, operation_of
from wiki.web.request import act_as, parts, reading, settings

# The route converter of each parameter of a template.
_CONVERTERS = {
    "space": "<space:slug>",
    "path": "<page:path>",
    "file": "<path:file>",
    "upload": "<string:upload>",
    "group": "<string:group>",
    "person": "<string:person>",
    "part": "<string:part>",
    "photo": "<string:photo>",
    "number": "<int:number>",
    "old": "<int:old>",
    "new": "<int:new>",
    "notice": "<apiid:notice>",
    "thread": "<apiid:thread>",
    "message": "<apiid:message>",
    "sign": "<string:sign>",
    "synonyms": "<apiid:synonyms>",
    "built_in": "<string:built_in>",
}


def make_blueprint(rooms: Iterable[Room]) -> Blueprint:
    """Return a blueprint with the operations of all rooms."""
    blueprint = Blueprint("api", __name__, url_prefix=PREFIX)
    blueprint.before_request(authenticate)
    blueprint.after_request(vary)
    for room in rooms:
        for view in room.operations:
            one = operation_of(view)
            for address in one.templates:
                rule = _rule(address)
                blueprint.add_url_rule(
                    rule,
                    one.name,
                    view,
                    methods=[one.method],
                    defaults={} if address == one.template else {"path": ""},
                    strict_slashes=not rule.endswith("/"),
                )
    return blueprint


def _rule(address: str) -> str:
    rule = re.sub(r"\{(\w+)\}", lambda match: _CONVERTERS[match[1]], address)
    if rule.endswith("<page:path>"):
        return rule.replace("<page:path>", "<apipage:path>")
    return f"{rule}/" if rule == "/pages/<space:slug>" else rule


def authenticate() -> None:
    """Identify the caller, and check that the caller may call this operation."""
    one = called()
    if one.takes_bytes:
        request.max_content_length = settings().max_file_mb << 20
    else:
        # A character takes up to six bytes in JSON.
        request.max_content_length = 6 * settings().max_page_kb * 1024 + (1 << 20)
    caller = identify(reading(), parts().database)
    act_as(caller.actor)
    apply_rate_limit()
    if one.writes and caller.actor.is_anonymous:
        raise SignInRequired
    if one.writes and not caller.writes:
        raise Forbidden("This token is read-only.")
    _check_query(one)


def _check_query(one: Operation) -> None:
    """Refuse parameters that the operation does not have and invalid values, so that none is
    ignored."""
    known = {query.name: query for query in one.queries}
    for name, values in request.args.lists():
        if name not in known:
            has = ", ".join(f"“{other}”" for other in known)
            more = f" Known parameters: {has}." if known else ""
            raise Invalid(f"Unknown parameter “{name[:40]}”.{more}", field=name)
        if len(values) > 1:
            raise Invalid(f"“{name}” was sent {len(values)} times. Send it once.", field=name)
        known[name].check(values[0])


def vary(response: Response) -> Response:
    """Tell caches that answers depend on the token."""
    response.vary.add("Authorization")
    return response
