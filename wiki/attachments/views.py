"""Views of files: delivery of their content, the list of a page's files, upload, removal."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import FileStorage

from wiki.attachments import actions, queries, versions
from wiki.attachments.actions import (
    MOST_USES,
    AttachRules,
    FileInUse,
    attach_file,
    checked_file_path,
)
from wiki.attachments.handing import hand_out
from wiki.attachments.limits import limits_of
from wiki.attachments.links import (
    described,
    face_of,
    file_url,
    links_from,
    markdown_for,
    plain_name,
)
from wiki.attachments.models import Attachment
from wiki.attachments.pictures.showing import with_sizes
from wiki.attachments.queries import FileSeen, place_of
from wiki.attachments.storage import Storage
from wiki.attachments.uses import Use, use_counts, uses_of
from wiki.errors import WikiError
from wiki.i18n import gettext as _
from wiki.i18n import ngettext
from wiki.pages.page_context import frame, page_frame, place_at
from wiki.pages.queries import Place
from wiki.pages.saving.unseen import name_notice
from wiki.rules.access import May
from wiki.spaces.models import Space
from wiki.text.paths import join, name_of, title_from
from wiki.web.errors import flash, wants_json
from wiki.web.limits.rate_limit import costs
from wiki.web.paging import decode_cursor, encode_cursor
from wiki.web.public import public
from wiki.web.request import actor, reading, settings, writing
from wiki.web.urls import verb

blueprint = Blueprint("attachments", __name__)

PER_SCREEN = 200


def storage() -> Storage:
    """Return the storage of file contents."""
    return Storage(settings().data_dir)


@blueprint.app_template_filter()
def with_pictures(html: str, space: Space) -> str:
    """Return a page's HTML with the sizes and thumbnails of its pictures."""
    return with_sizes(reading(), actor(), space, html)


@verb(blueprint, "files/<path:name>")
@public
def read(slug: str, path: str, name: str) -> ResponseReturnValue:
    """Send the content of a file. Permission to read its page is checked on every request."""
    found = queries.find_file(reading(), actor(), slug, join(path, name))
    if found.moved:
        return redirect(file_url(found.seen.space.slug, found.path), 302)
    return hand_out(storage(), found)


@blueprint.get("/-/f/<int:file_id>")
@public
def read_by_id(file_id: int) -> ResponseReturnValue:
    """Send the content of one version of a file, current or earlier."""
    return hand_out(storage(), queries.get_file(reading(), actor(), file_id))


@verb(blueprint, "files")
@public
def files(slug: str, path: str) -> ResponseReturnValue:
    """List the files of a page, or of a folder without one."""
    return _files_screen(place_at(slug, path))


@verb(blueprint, "files", methods=["POST"])
@costs("files")
def upload(slug: str, path: str) -> ResponseReturnValue:
    """Attach files.

    Scripts request JSON and receive the Markdown that shows each file. They send ``replace`` if a
    file of the same name is to be replaced instead of kept beside the new one.
    """
    place = place_at(slug, path)
    place.seen.require(May.EDIT)
    for_script = wants_json()
    added: list[Attachment] = []
    refused: list[tuple[str, str]] = []
    for sent in request.files.getlist("file"):
        name = _name_sent(sent)
        if not name:
            continue
        try:
            added.append(
                _attach(place, name, sent, keep_both=for_script and "replace" not in request.form)
            )
        except WikiError as error:
            refused.append((name, error.sentence))
    say_unseen_names(*added)
    if not added and not refused:
        refused = [("", _("Choose a file."))]
    if for_script:
        answer = {
            "files": [described(place.space.slug, file, _links_from(place)) for file in added],
            "refused": [{"name": name, "sentence": sentence} for name, sentence in refused],
        }
        return jsonify(answer), 201 if added else 422
    if added:
        names = [name_of(file.name) for file in added]
        flash(
            ngettext("%(name)s attached.", "%(num)s files attached.", len(names), name=names[0]),
        )
    if refused:
        return _files_screen(place_at(slug, path), refused)
    return redirect(url_for("attachments.files", slug=slug, path=place.path), 303)


def say_unseen_names(*added: Attachment) -> None:
    """Show a notice that names invisible characters in the names of attached files."""
    for told in filter(None, (name_notice(name_of(file.name)) for file in added)):
        flash(told, "note")


def _attach(place: Place, name: str, sent: FileStorage, *, keep_both: bool) -> Attachment:
    """Store the content of an uploaded file, then attach it to the page."""
    path = checked_file_path(join(place.path, name))
    stored = storage().put(sent.stream, name=name, max_bytes=settings().max_file_mb << 20)
    with writing() as session:
        return attach_file(
            session,
            actor(),
            place.space,
            path,
            stored,
            AttachRules(limits_of(settings()), keep_both),
        ).file


def _name_sent(sent: FileStorage) -> str:
    """Return the last part of the name that a browser sent, whichever separator it uses."""
    return plain_name(sent.filename or "")


def _links_from(place: Place) -> str:
    """Return the folder from which relative links of the page at this place resolve."""
    return place.path if place.page is None else links_from(place.page)


def _files_screen(
    place: Place, refused: list[tuple[str, str]] | None = None
) -> ResponseReturnValue:
    session, space = reading(), place.space
    can_edit = bool(place.seen.may(May.EDIT))
    title = place.page.title if place.page else title_from(place.path) or space.title
    folder = _links_from(place)
    cursor = decode_cursor(request.args.get("after"), (str, int))
    rows = queries.list_files(
        session,
        actor(),
        space,
        place.path,
        after=(cursor[0], cursor[1]) if cursor else None,
        limit=PER_SCREEN + 1,
    )
    more, rows = len(rows) > PER_SCREEN, rows[:PER_SCREEN]
    pictures = versions.pictures_of(session, rows)
    used = use_counts(session, actor(), space, rows)
    found = [
        {
            "row": file,
            "name": _within(place, path := place_of(file)),
            "url": (url := file_url(space.slug, path)),
            "face": face_of(url, file, pictures.get(file.sha256)),
            "markdown": markdown_for(file, path, folder),
            "used": used.get(file.id, 0),
        }
        for file in rows
    ]
    earlier = (
        queries.list_removed_files(session, actor(), space, place.path)
        if can_edit and not cursor
        else ()
    )
    older = ""
    if more:
        after = encode_cursor([rows[-1].name_key, rows[-1].id])
        older = url_for("attachments.files", slug=space.slug, path=place.path, after=after)
    around = (
        page_frame(place, place.page)
        if place.page
        else frame(place.seen, place.path, title) | {"can_edit": can_edit}
    )
    body = render_template(
        "attachments/files.html",
        **around,
        path=place.path,
        title=title,
        files=found,
        earlier=[(file, _within(place, place_of(file))) for file in earlier],
        older=older,
        first_url=url_for("attachments.files", slug=space.slug, path=place.path) if cursor else "",
        max_mb=settings().max_file_mb,
        refused=refused or (),
    )
    return body, 422 if refused else 200


def _within(place: Place, path: str) -> str:
    """Return a file's name for the list of a page at or above it: its path relative to the page."""
    return path.split("/", place.path.count("/") + 1)[-1] if place.path else path


@blueprint.route("/-/f/<int:file_id>/remove", methods=["GET", "POST"])
def remove(file_id: int) -> ResponseReturnValue:
    """Remove a file from its page after confirmation; refuse with the list of pages while some use
    it."""
    if request.method == "POST":
        try:
            with writing() as session:
                gone = actions.remove_file(session, actor(), file_id)
        except FileInUse as used:
            return _remove_screen(queries.get_file(reading(), actor(), file_id), used.pages), 409
        flash(_("%(name)s removed. You can restore it below.", name=name_of(gone.file.name)))
        return redirect(list_url(gone), 303)
    found = queries.get_file(reading(), actor(), file_id)
    found.seen.require(May.EDIT)
    if found.file.removed_at is not None:
        return redirect(list_url(found), 302)
    return _remove_screen(found, uses_of(reading(), actor(), found, limit=MOST_USES))


def _remove_screen(found: FileSeen, uses: Sequence[Use]) -> str:
    page = found.file.page
    path = page.path if page else ""
    url = file_url(found.seen.space.slug, found.path)
    picture = versions.picture_of(reading(), found.file.sha256)
    return render_template(
        "attachments/remove.html",
        **frame(found.seen, path, page.title if page else None),
        file=found.file,
        name=name_of(found.file.name),
        face=face_of(url, found.file, picture),
        uses=uses,
        list_url=list_url(found),
    )


@blueprint.post("/-/f/<int:file_id>/restore")
def restore(file_id: int) -> ResponseReturnValue:
    """Restore a version of a file that was removed or replaced."""
    with writing() as session:
        back = actions.restore_file(session, actor(), file_id, limits=limits_of(settings()))
    flash(_("%(name)s restored.", name=name_of(back.file.name)))
    if request.form.get("to") == "versions":
        return redirect(url_for("versions.versions", file_id=back.file.id), 303)
    return redirect(list_url(back), 303)


def list_url(found: FileSeen) -> str:
    """Return the address of the list that contains a file."""
    path = found.file.page.path if found.file.page else ""
    return url_for("attachments.files", slug=found.seen.space.slug, path=path)
