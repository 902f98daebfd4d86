"""Views of the page about one file: its properties, its uses, and all its versions."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from wiki.attachments import queries
from wiki.attachments import versions as file_versions
from wiki.attachments.actions import MOST_USES
from wiki.attachments.links import face_of, file_url, links_from, markdown_for
from wiki.attachments.models import Attachment, Picture
from wiki.attachments.queries import FileSeen
from wiki.attachments.uses import uses_of
from wiki.attachments.views import list_url
from wiki.errors import NotFound
from wiki.pages.page_context import frame
from wiki.rules.access import May
from wiki.text.paths import name_of, path_key
from wiki.web.public import public
from wiki.web.request import actor, reading

blueprint = Blueprint("versions", __name__)

PER_SCREEN = 50


@blueprint.get("/-/f/<int:file_id>/versions")
@public
def versions(file_id: int) -> ResponseReturnValue:
    """Show a file with its versions (only the current one unless the actor may edit) and, if
    requested, the version ``beside`` next to the current one."""
    session = reading()
    found = queries.get_file(session, actor(), file_id)
    page, space = found.file.page, found.seen.space
    if page is not None and page.deleted_at is not None:
        raise NotFound
    can_edit = bool(found.seen.may(May.EDIT))
    current = file_versions.current_at(session, actor(), space, path_key(found.path))[:1]
    rows, older = _listed(found, can_edit)
    shown = current[0] if current else found.file
    other = _beside(found, shown) if can_edit else None
    pictures = file_versions.pictures_of(session, [*rows, shown, *([other] if other else ())])
    uses = uses_of(session, actor(), found, limit=MOST_USES + 1)
    name = name_of(found.path)
    return render_template(
        "attachments/versions.html",
        **frame(found.seen, page.path if page else "", page.title if page else None),
        name=name,
        page=page,
        file=shown,
        is_there=bool(current),
        url=file_url(space.slug, found.path) if current else "",
        list_url=list_url(found),
        markdown=markdown_for(shown, found.path, links_from(page)),
        look=_look(shown, pictures),
        other=_look(other, pictures) if other else None,
        versions=[_look(row, pictures) for row in rows],
        older=older,
        uses=uses[:MOST_USES],
        more_uses=len(uses) > MOST_USES,
        can_edit=can_edit,
        may_redact=actor().is_admin or bool(found.seen.may(May.MANAGE)),
    )


def _listed(found: FileSeen, can_edit: bool) -> tuple[list[Attachment], str]:
    """Return the versions for this page of the list, and the address of the next page."""
    if not can_edit:
        return [found.file], ""
    rows = file_versions.versions_at(
        reading(),
        actor(),
        found.seen.space,
        path_key(found.path),
        file_versions.VersionRange(request.args.get("before", type=int), limit=PER_SCREEN + 1),
    )
    shown = list(rows[:PER_SCREEN])
    if len(rows) <= PER_SCREEN:
        return shown, ""
    return shown, url_for("versions.versions", file_id=found.file.id, before=shown[-1].id)


def _beside(found: FileSeen, shown: Attachment) -> Attachment | None:
    """Return the version to be shown beside the current one, if requested.

    :raises NotFound: when it is not a version of this file.
    """
    asked = request.args.get("beside", type=int)
    if asked is None or asked == shown.id:
        return None
    other = queries.get_file(reading(), actor(), asked)
    if other.seen.space.id != found.seen.space.id or path_key(other.path) != path_key(found.path):
        raise NotFound
    return other.file


def _look(file: Attachment, pictures: dict[str, Picture]) -> dict[str, Any]:
    """Return a version as the template needs it."""
    url = url_for("attachments.read_by_id", file_id=file.id)
    picture = pictures.get(file.sha256)
    return {
        "row": file,
        "url": url,
        "face": face_of(url, file, picture),
        "picture": picture if picture and not picture.failure else None,
    }
