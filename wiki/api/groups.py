"""Operations on groups: read by members of the organisation, changed by administrators."""

from __future__ import annotations

from flask import Response, request, url_for

from wiki.api import wire
from wiki.api.agreeing import CONSENT, agreed
from wiki.api.resources import groups as resources
from wiki.errors import Invalid, NotFound, require_allowed
from wiki.groups import actions as grouping
from wiki.people.actions import find_person
from wiki.people.groups import actions as groups
from wiki.people.groups import members as group_members
from wiki.people.models import Group
from wiki.people.names import checked_name
from wiki.rules.access import may_administer
from wiki.web.operations import (
    AFTER,
    Answer,
    Query,
    answer,
    cursor_asked,
    limit_query,
    number_asked,
    operation,
    sent_body,
    with_next,
)
from wiki.web.request import actor, reading, writing

MOST = 500
AT = "/groups/{group}"


@operation(
    "GET",
    "/groups",
    "List groups.",
    {200: Answer("Groups, each with the number of its members.", resources.GroupList)},
    queries=(
        Query("q", "Only groups whose name or short name contains this."),
        AFTER,
        limit_query(group_members.ROWS, MOST),
    ),
)
def list_groups() -> Response:
    """Return groups by name, to members of the organisation only."""
    limit = number_asked("limit")
    query = request.args.get("q", "")
    found = groups.list_groups(reading(), actor(), query=query, after=cursor_asked(), limit=limit)
    following = None
    if found.after:
        following = url_for("api.list_groups", q=query or None, limit=limit, after=found.after)
    listed = resources.GroupList([wire.group_line(row) for row in found.rows], following)
    return with_next(answer(listed), following)


@operation("GET", AT, "Read a group.", {200: Answer("The group.", resources.Group)})
def read_group(group: str) -> Response:
    """Return the name of a group, the groups in it, and the groups that it is in."""
    return answer(_whole(groups.see_group(reading(), actor(), group)))


@operation(
    "PUT",
    AT,
    "Create a group, or change its name and description.",
    {
        200: Answer("The updated group.", resources.Group),
        201: Answer("The new group.", resources.Group),
    },
    body=resources.GroupInput,
    writes=True,
    problems=(403, 409, 413, 415),
)
def put_group(group: str) -> Response:
    """Only for admins. A group can't have a short name that is a user name."""
    _require_admin()
    sent = sent_body(resources.GroupInput)
    if not checked_name(sent.name):
        raise Invalid("A group needs a name.", field="name")
    with writing() as session:
        there = groups.find_group(session, group)
        if there is None:
            row = groups.create_group(
                session, actor(), handle=group, name=sent.name, description=sent.description
            )
        else:
            row = there
            groups.change_group(session, actor(), row, name=sent.name, description=sent.description)
    return answer(_whole(row), 201 if there is None else 200)


@operation(
    "DELETE",
    AT,
    "Delete a group.",
    {204: Answer("The group was deleted, along with its roles in spaces.")},
    writes=True,
    problems=(403,),
)
def remove_group(group: str) -> Response:
    """Only for admins. The accounts of its members are not changed. Refused if a space would have
    no lead without it."""
    _require_admin()
    with writing() as session:
        grouping.delete_group(session, actor(), groups.see_group(session, actor(), group))
    return Response(status=204)


@operation(
    "GET",
    f"{AT}/people",
    "List the members of a group.",
    {200: Answer("All members, direct or through a nested group.", resources.GroupPeople)},
    queries=(AFTER, limit_query(group_members.ROWS, MOST)),
)
def list_people_of_group(group: str) -> Response:
    """Return members by name, including those of nested groups at any depth."""
    limit = number_asked("limit")
    row = groups.see_group(reading(), actor(), group)
    found = group_members.people_within(reading(), row, after=cursor_asked(), limit=limit)
    following = None
    if found.after:
        following = url_for(
            "api.list_people_of_group", group=row.handle, limit=limit, after=found.after
        )
    listed = resources.GroupPeople([wire.person_within(one) for one in found.rows], following)
    return with_next(answer(listed), following)


@operation(
    "PUT",
    f"{AT}/people/{{person}}",
    "Add a person to a group.",
    {204: Answer("The person is a member of the group.")},
    queries=(CONSENT,),
    writes=True,
    problems=(403, 409),
)
def put_person_into_group(group: str, person: str) -> Response:
    """Only for admins."""
    return _set_person(group, person, member=True)


@operation(
    "DELETE",
    f"{AT}/people/{{person}}",
    "Remove a person from a group.",
    {204: Answer("The person is no longer a direct member of the group.")},
    writes=True,
    problems=(403,),
)
def take_person_out_of_group(group: str, person: str) -> Response:
    """Only for admins and the person themselves. They can still be a member through a nested group.
    Refused if a space would have no lead without them."""
    return _set_person(group, person, member=False)


@operation(
    "PUT",
    f"{AT}/parts/{{part}}",
    "Add a group to a group.",
    {204: Answer("All its members are now members of the other group too.")},
    queries=(CONSENT,),
    writes=True,
    problems=(403, 409),
)
def put_part_into_group(group: str, part: str) -> Response:
    """Only for admins. Refused if a group would contain itself."""
    return _set_part(group, part, inside=True)


@operation(
    "DELETE",
    f"{AT}/parts/{{part}}",
    "Remove a group from a group.",
    {204: Answer("The group is no longer in the other one.")},
    writes=True,
    problems=(403,),
)
def take_part_out_of_group(group: str, part: str) -> Response:
    """Only for admins."""
    return _set_part(group, part, inside=False)


def _set_person(group: str, person: str, *, member: bool) -> Response:
    with writing() as session:
        into = groups.see_group(session, actor(), group)
        who = find_person(session, person)
        if member or who is None or who.id != actor().person_id:
            _require_admin()  # also if there is no such person, which others must not learn
        if who is None:
            raise NotFound
        agreed(
            session,
            lambda: grouping.set_member(session, actor(), into, who, member=member),
        )
    return Response(status=204)


def _set_part(group: str, part: str, *, inside: bool) -> Response:
    with writing() as session:
        into = groups.see_group(session, actor(), group)
        one = groups.see_group(session, actor(), part)
        agreed(session, lambda: grouping.set_part(session, actor(), into, one, inside=inside))
    return Response(status=204)


def _whole(row: Group) -> resources.Group:
    session = reading()
    people = group_members.count_people(session, [row.id])[row.id]
    return wire.group(
        groups.GroupSeen(row, people),
        groups.parts_of(session, row),
        groups.wholes_of(session, row),
    )


def _require_admin() -> None:
    """Check that the actor is an administrator; a guest gets the same error as for reading groups.

    :raises Forbidden:
    """
    groups.require_seeing(actor())
    require_allowed(may_administer(actor()))
