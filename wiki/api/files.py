"""Files: listed, read, attached, removed, by their place in a space's tree."""

from __future__ import annotations

from flask import Response, request, url_for

from wiki.api import resources, wire
from wiki.api.operations import (
    Answer,
    Query,
    answer,
    limit_query,
    number_asked,
    operation,
    with_next,
)
from wiki.attachments.actions import attach_file, checked_file_path, remove_file
from wiki.attachments.handing import hand_out
from wiki.attachments.queries import files_of_space, find_file
from wiki.attachments.views import storage
from wiki.rules.access import May
from wiki.spaces.queries import see_space
from wiki.text.paths import name_of
from wiki.web.request import actor, reading, settings, writing

MOST_FILES = 1000
AT = "/files/{space}/{file}"


@operation(
    "GET",
    "/files/{space}",
    "List the files of a space.",
    {200: Answer("Files, in the order in which they were attached.", resources.FileList)},
    queries=(
        Query("after", "Id behind which to go on.", {"type": "integer", "minimum": 0}),
        limit_query(100, MOST_FILES),
    ),
)
def list_files(slug: str) -> Response:
    """All of them, slice by slice."""
    seen = see_space(reading(), actor(), slug)
    after = number_asked("after", 0, least=0, most=2**53)
    limit = number_asked("limit", 100, least=1, most=MOST_FILES)
    found = files_of_space(reading(), actor(), seen.space, after=after, limit=limit + 1)
    shown, following = found[:limit], None
    if len(found) > limit:
        following = url_for("api.list_files", slug=slug, after=shown[-1].id, limit=limit)
    files = [wire.file(slug, row) for row in shown]
    return with_next(answer(resources.FileList(files, following)), following)


@operation(
    "GET",
    AT,
    "Read a file's bytes.",
    {
        200: Answer("The bytes.", is_bytes=True),
        206: Answer("The range of bytes that was asked for.", is_bytes=True),
        304: Answer("They are those of the `If-None-Match` header."),
    },
    problems=(416,),
)
def read_file(slug: str, file: str) -> Response:
    """With `Range`, a part of them."""
    return hand_out(storage(), find_file(reading(), actor(), slug, file))


@operation(
    "PUT",
    AT,
    "Attach a file.",
    {
        200: Answer("The file took the place of another, or was there already.", resources.File),
        201: Answer("The new file.", resources.File),
    },
    takes_bytes=True,
    writes=True,
    problems=(403, 413),
)
def put_file(slug: str, file: str) -> Response:
    """The body is the file's bytes, whatever their type. What was at this place is kept and can be
    brought back in the browser."""
    seen = see_space(reading(), actor(), slug)
    seen.require(May.EDIT)
    path = checked_file_path(file)
    stored = storage().put(
        request.stream,
        name=name_of(path),
        max_bytes=settings().max_file_mb << 20,
    )
    with writing() as session:
        attached = attach_file(session, actor(), seen.space, path, stored)
        is_new = attached.changed and not attached.replaced
        sent = wire.file(slug, attached.file)
    response = answer(sent, 201 if is_new else 200)
    if is_new:
        response.headers["Location"] = url_for("api.read_file", slug=slug, file=sent.path)
    return response


@operation(
    "DELETE",
    AT,
    "Remove a file.",
    {204: Answer("The file is off its page; it can be brought back in the browser.")},
    writes=True,
    problems=(403,),
)
def take_file(slug: str, file: str) -> Response:
    """Take a file off its page. Its bytes are kept."""
    seen = see_space(reading(), actor(), slug)
    seen.require(May.EDIT)
    with writing() as session:
        found = find_file(session, actor(), slug, file)
        remove_file(session, actor(), found.file.id)
    return Response(status=204)
