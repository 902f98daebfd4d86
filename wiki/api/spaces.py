"""Operations on spaces: list, read, create, change."""

from __future__ import annotations

from flask import Response, url_for

from wiki.api import wire
from wiki.api.resources import spaces as resources
from wiki.rules.access import May
from wiki.rules.labels import Label
from wiki.rules.roles import Role, Visibility
from wiki.spaces.actions import SpaceValues, change_space, create_space
from wiki.spaces.queries import list_editable_spaces, list_spaces, see_space
from wiki.web.operations import Answer, answer, operation, sent_body
from wiki.web.request import actor, reading, settings, writing


@operation(
    "GET",
    "/spaces",
    "List the spaces you can read.",
    {200: Answer("The spaces.", resources.SpaceList)},
)
def read_spaces() -> Response:
    """Return spaces by title."""
    editable = {row.id for row in list_editable_spaces(reading(), actor())}
    found = list_spaces(reading(), actor())
    return answer(
        resources.SpaceList([wire.space(row, can_edit=row.id in editable) for row in found])
    )


@operation(
    "GET",
    "/spaces/{space}",
    "Read a space.",
    {200: Answer("The space.", resources.Space)},
)
def read_space(slug: str) -> Response:
    """Return the title and the visibility of a space."""
    seen = see_space(reading(), actor(), slug)
    return answer(wire.space(seen.space, can_edit=bool(seen.may(May.EDIT))))


@operation(
    "POST",
    "/spaces",
    "Create a space.",
    {201: Answer("The new space.", resources.Space)},
    body=resources.SpaceInput,
    writes=True,
    problems=(403, 409, 413, 415),
)
def make_space() -> Response:
    """Create a space; the caller becomes its lead."""
    sent = sent_body(resources.SpaceInput)
    with writing() as session:
        made = create_space(
            session,
            actor(),
            sent.slug,
            SpaceValues(
                sent.title,
                description=sent.description,
                visibility=Visibility(sent.visibility),
                member_role=Role.named(sent.member_role),
                label=Label.named(settings().space_label),
                icon=sent.icon,
                colour=sent.color,
            ),
        )
    response = answer(wire.space(made, can_edit=True), 201)
    response.headers["Location"] = url_for("api.read_space", slug=made.slug)
    return response


@operation(
    "PATCH",
    "/spaces/{space}",
    "Change the name and the look of a space.",
    {200: Answer("The space with its new values.", resources.Space)},
    body=resources.SpaceChanges,
    writes=True,
    problems=(403, 413, 415),
)
def patch_space(slug: str) -> Response:
    """Leads of the space can change it."""
    with writing() as session:
        seen = see_space(session, actor(), slug)
        sent, space = sent_body(resources.SpaceChanges), seen.space
        change_space(
            session,
            seen,
            SpaceValues(
                space.title if sent.title is None else sent.title,
                description=space.description if sent.description is None else sent.description,
                visibility=Visibility(space.visibility),
                member_role=Role(space.member_role),
                icon=sent.icon,
                colour=sent.color,
            ),
        )
    return answer(wire.space(space, can_edit=bool(seen.may(May.EDIT))))
