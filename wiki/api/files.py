"""Operations on files, by their place in a space's tree."""

from __future__ import annotations

from flask import Response, request, url_for

from wiki.api import wire
from wiki.api.resources import files as file_resources
from wiki.api.resources import problems
from wiki.attachments.actions import (
    AttachRules,
    FileInUse,
    attach_file,
    checked_file_path,
    remove_file,
    restore_file,
)
from wiki.attachments.handing import hand_out
from wiki.attachments.limits import limits_of
from wiki.attachments.queries import FileSeen, files_of_space, find_file
from wiki.attachments.uses import uses_of
from wiki.attachments.versions import VersionRange, find_versions
from wiki.attachments.views import storage
from wiki.errors import NotFound
from wiki.rules.access import May
from wiki.spaces.queries import see_space
from wiki.text.paths import name_of
from wiki.web.errors import problem
from wiki.web.limits.rate_limit import costs
from wiki.web.operations import (
    Answer,
    answer,
    limit_query,
    number_asked,
    number_query,
    operation,
    sent_body,
    with_next,
)
from wiki.web.request import actor, reading, settings, writing
from wiki.web.shapes import LARGEST_INTEGER, to_json

MOST_FILES = 1000
AT = "/files/{space}/{file}"


@operation(
    "GET",
    "/files/{space}",
    "List the files of a space.",
    {200: Answer("Files, in the order in which they were attached.", file_resources.FileList)},
    queries=(
        number_query("after", "Id after which to continue.", least=0, default=0),
        limit_query(100, MOST_FILES),
    ),
)
def list_files(slug: str) -> Response:
    """Return all files of the space, slice by slice."""
    seen = see_space(reading(), actor(), slug)
    after = number_asked("after")
    limit = number_asked("limit")
    found = files_of_space(reading(), actor(), seen.space, after=after, limit=limit + 1)
    shown, following = found[:limit], None
    if len(found) > limit:
        following = url_for("api.list_files", slug=slug, after=shown[-1].id, limit=limit)
    files = [wire.file(slug, row) for row in shown]
    return with_next(answer(file_resources.FileList(files, following)), following)


@operation(
    "GET",
    AT,
    "Download a file.",
    {
        200: Answer("The bytes.", is_bytes=True),
        206: Answer("The requested range of bytes.", is_bytes=True),
        304: Answer("The file matches the `If-None-Match` header."),
    },
    queries=(
        number_query(
            "version",
            "Number of an earlier version; only for editors.",
            most=file_resources.LAST_VERSION,
        ),
        number_query(
            "width",
            "Width in pixels: for a wider image, a thumbnail (WebP) of about this width. "
            "If there is none, the image itself.",
        ),
    ),
    problems=(416,),
)
def read_file(slug: str, file: str) -> Response:
    """With a `Range` header, return a part of the file."""
    if "version" in request.args:
        return hand_out(storage(), _version(slug, file, number_asked("version", 1)))
    return hand_out(storage(), find_file(reading(), actor(), slug, file))


@operation(
    "PUT",
    AT,
    "Attach a file.",
    {
        200: Answer("The file replaced another one, or was already there.", file_resources.File),
        201: Answer("The new file.", file_resources.File),
    },
    takes_bytes=True,
    writes=True,
    problems=(403, 413),
)
@costs("files")
def put_file(slug: str, file: str) -> Response:
    """The body is the content of the file, of any type. An existing file at this path is kept as an
    earlier version and can be restored."""
    seen = see_space(reading(), actor(), slug)
    seen.require(May.EDIT)
    path = checked_file_path(file)
    stored = storage().put(
        request.stream,
        name=name_of(path),
        max_bytes=settings().max_file_mb << 20,
    )
    with writing() as session:
        attached = attach_file(
            session, actor(), seen.space, path, stored, AttachRules(limits_of(settings()))
        )
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
    {
        204: Answer("The file was removed from its page; its versions can be restored."),
        409: Answer("Pages show the file or link to it.", problems.FileInUseProblem),
    },
    writes=True,
    problems=(403,),
)
def take_file(slug: str, file: str) -> Response:
    """Remove a file from its page. Its content is kept. A file used by pages that you can read is
    not removed: edit those pages first."""
    seen = see_space(reading(), actor(), slug)
    seen.require(May.EDIT)
    try:
        with writing() as session:
            found = find_file(session, actor(), slug, file)
            remove_file(session, actor(), found.file.id)
    except FileInUse as used:
        pages = [to_json(wire.use(page)) for page in used.pages]
        kind = "urn:trellis:problem:file-in-use"
        return problem(used.status, used.title, used.sentence, type=kind, pages=pages)
    return Response(status=204)


@operation(
    "GET",
    "/versions/{space}/{file}",
    "List the versions of a file.",
    {200: Answer("Versions, newest first.", file_resources.FileVersionList)},
    queries=(
        number_query("before", "Id before which to continue.", default=LARGEST_INTEGER),
        limit_query(100, MOST_FILES),
    ),
)
def list_versions(slug: str, file: str) -> Response:
    """Return all versions at this path, including replaced and removed files, to editors; only the
    current version to others."""
    limit = number_asked("limit")
    before = number_asked("before")
    which = VersionRange(before, limit=limit + 1)
    _, found = find_versions(reading(), actor(), slug, file, which)
    shown, following = found[:limit], None
    if len(found) > limit:
        following = url_for(
            "api.list_versions", slug=slug, file=file, before=shown[-1].id, limit=limit
        )
    versions = [wire.file_version(slug, row) for row in shown]
    return with_next(answer(file_resources.FileVersionList(versions, following)), following)


@operation(
    "POST",
    "/versions/{space}/{file}",
    "Restore a version of a file.",
    {
        200: Answer(
            "The file, with the restored content as its latest version.", file_resources.File
        )
    },
    body=file_resources.VersionInput,
    writes=True,
    problems=(403, 413, 415),
)
def bring_back(slug: str, file: str) -> Response:
    """Make the version the latest one; the current file is kept as an earlier version. A removed
    file is restored."""
    see_space(reading(), actor(), slug).require(May.EDIT)
    old = _version(slug, file, sent_body(file_resources.VersionInput).version)
    with writing() as session:
        back = restore_file(session, actor(), old.file.id, limits=limits_of(settings()))
        sent = wire.file(slug, back.file)
    return answer(sent)


@operation(
    "GET",
    "/uses/{space}/{file}",
    "List the pages that use a file.",
    {200: Answer("Pages, by title.", file_resources.FileUses)},
)
def list_uses(slug: str, file: str) -> Response:
    """Return the pages whose latest text shows the file or links to it."""
    found = find_file(reading(), actor(), slug, file)
    uses = uses_of(reading(), actor(), found, limit=MOST_FILES + 1)
    pages = [wire.use(one) for one in uses[:MOST_FILES]]
    return answer(file_resources.FileUses(pages, len(uses) > MOST_FILES))


def _version(slug: str, file: str, number: int) -> FileSeen:
    """Return one version of a file. :raises NotFound:"""
    seen, found = find_versions(
        reading(), actor(), slug, file, VersionRange(number=number, limit=1)
    )
    if not found:
        raise NotFound
    return FileSeen(found[0], seen)
